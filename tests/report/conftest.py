"""A browser for the pages, one for all tests, and the pages of runs made by hand."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import made_facts
import pytest
from open_report import Visit
from playwright.sync_api import Browser

from batchrec.report import page
from batchrec.report.facts import Facts

MADE: dict[str, Callable[[], Facts]] = {
    "good": lambda: made_facts.GOOD,
    "import failed": lambda: made_facts.IMPORT_FAILED,
    "gate closed": lambda: made_facts.GATE_CLOSED,
    "quarantined": lambda: made_facts.QUARANTINED,
    "huge": made_facts.huge,
    "same ids": made_facts.same_ids,
    "many problems": made_facts.many_problems,
    "data gone": made_facts.data_gone,
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
