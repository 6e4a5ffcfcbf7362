"""A browser for the pages, one for all tests, and the pages of runs made by hand."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import made_facts
import pytest
from open_report import Visit
from playwright.sync_api import Browser, sync_playwright

from batchrec.report import page
from batchrec.report.facts import Facts

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MADE: dict[str, Callable[[], Facts]] = {
    "good": lambda: made_facts.GOOD,
    "import failed": lambda: made_facts.IMPORT_FAILED,
    "gate closed": lambda: made_facts.GATE_CLOSED,
    "quarantined": lambda: made_facts.QUARANTINED,
    "huge": made_facts.huge,
}


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Write the report of a run made by hand, once; its path."""
    folder = tmp_path_factory.mktemp("reports")

    def report(name: str) -> Path:
        path: Path = folder / f"{name}.html"
        if not path.exists():
            page.write(MADE[name](), path)
        return path

    return report


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        missing = f"There is no browser ({', '.join(BROWSERS)}): apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, reports: Callable[[str], Path]) -> Iterator[Callable[..., Visit]]:
    """Open a report; afterwards nothing may have been said or loaded but the file itself."""
    visits = []

    def open_(name: str, *, width: int = 1280, height: int = 800, **options: Any) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        visited = Visit(context.new_page())
        visits.append(visited)
        visited.page.goto(reports(name).as_uri())
        return visited

    yield open_
    for visited in visits:
        assert visited.said == []
        urls = [url for url in visited.requested if not url.startswith("data:")]
        assert set(urls) == {visited.page.url.partition("#")[0]}
        visited.page.context.close()
