"""Photograph reports for the documents: tools/screenshots.py good=report.html failed=….

The first screen of each NAME=FILE becomes docs/images/report-NAME.png; with --all, there are also
-dark, -phone and two of its sections. Debian's Chromium is used, or else playwright's own.
"""

import argparse
import shutil
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize, sync_playwright

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Shot:
    """One photograph."""

    ending: str  # of its name
    size: ViewportSize
    is_dark: bool = False
    section: str = ""  # where the screen begins


FIRST_SCREEN = [Shot("", DESKTOP)]
ALL = [
    Shot("", DESKTOP),
    Shot("-dark", DESKTOP, is_dark=True),
    Shot("-phone", PHONE),
    Shot("-model", DESKTOP, section="model"),
    Shot("-recommendations", DESKTOP, section="recommendations"),
]


def take(browser: Browser, report: Path, name: str, shots: list[Shot]) -> None:
    """Photograph one report."""
    for shot in shots:
        page = browser.new_page(
            viewport=shot.size,
            color_scheme="dark" if shot.is_dark else "light",
            reduced_motion="reduce",
        )
        page.goto(f"{report.resolve().as_uri()}#{shot.section}")
        target = IMAGES / f"report-{name}{shot.ending}.png"
        page.screenshot(path=target)
        print(f"{target}: {target.stat().st_size:,} bytes")  # noqa: T201 (a tool's answer)
        page.close()


def main() -> None:
    """Photograph the reports that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reports", nargs="+", metavar="NAME=FILE")
    parser.add_argument("--all", action="store_true", help="not only the first screen")
    arguments = parser.parse_args()
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for each in arguments.reports:
            name, _, report = each.partition("=")
            take(browser, Path(report), name, ALL if arguments.all else FIRST_SCREEN)


if __name__ == "__main__":
    main()
