"""Links in the documents lead to files and headings that exist."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDERS = ("benchmarks", "docs", "examples", "modules", "policies", "tests")
DOCUMENTS = [
    *REPOSITORY.glob("*.md"),
    *(file for folder in FOLDERS for file in (REPOSITORY / folder).rglob("*.md")),
]


def anchors(document: Path) -> set[str]:
    """The fragments that GitHub makes of a document's headings."""
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.S | re.M)
    headings = re.findall(r"^#+ (.*)$", text, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    "document", DOCUMENTS, ids=[str(file.relative_to(REPOSITORY)) for file in DOCUMENTS]
)
def test_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"```.*?```", "", document.read_text(), flags=re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, fragment = link.partition("#")
        if ":" in path:
            continue  # of another site
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        if fragment:
            assert fragment in anchors(target), link
