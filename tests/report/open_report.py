"""A report that is open in a browser."""

import os
import shutil

import pytest
from playwright.sync_api import Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def find_browser() -> str:
    """Skip the test where there is no browser; in CI, where one is installed, fail it."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        missing = f"There is no browser ({', '.join(BROWSERS)}): apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return found


class Visit:
    """An open page, and what it asked for and said meanwhile."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requested: list[str] = []
        self.said: list[str] = []
        page.on("request", lambda request: self.requested.append(request.url))
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
