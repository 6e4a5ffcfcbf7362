"""Read what a run published, through the manifest, as consumers do."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# What is asked about, by the member of an answer's input.
_ASKED = {"userId": "users", "itemId": "items", "itemAttributes": "item attributes"}
# What is answered, by the member of its output: documented are recommendedUsers, and real are
# usersList.
_ANSWERED = {"recommendedItems": "items", "usersList": "users", "recommendedUsers": "users"}


@dataclass(frozen=True)
class Published:
    """The published answers of one solution."""

    counts: dict[str, int]  # of the manifest: inputs, answered, errors, recommendations
    asked: str = "inputs"  # users, items or item attributes, if anything is answered
    answered: str = "items"  # or users
    answers: dict[str, list[str]] = field(default_factory=dict)  # what is asked → ids, best first


def read_published(folder: Path, prefix: str = "") -> dict[str, Published]:
    """Read the answers of each solution, by its key.

    The tables hold the same; these are the files as Amazon Personalize wrote them.

    Args:
        folder: a copy of the bucket with `curated/`.
        prefix: what stands before `curated/` in the bucket's keys, and doesn't in the copy.
    """
    manifest = json.loads((folder / "curated" / "latest.json").read_text(encoding="utf-8"))
    return {
        key: _read(
            folder / urlsplit(entry["results_prefix"]).path.lstrip("/").removeprefix(prefix),
            entry["counts"],
        )
        for key, entry in manifest["solutions"].items()
    }


def _read(folder: Path, counts: dict[str, int]) -> Published:
    """Read every `*.out` in a folder.

    The shapes are those of the Developer Guide, "Batch inference job output examples" and "Batch
    segment job output examples", and of real files that differ from them.
    """
    asked, answered = Published.asked, Published.answered
    answers: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.out")):
        with path.open(encoding="utf-8") as lines:
            for line in map(json.loads, lines):
                if line.get("error"):
                    continue
                # A segment of item attributes is documented without `input`.
                about, asked = _member(line.get("input", line), _ASKED)
                ids, answered = _member(line["output"], _ANSWERED)
                answers.setdefault(about, []).extend(ids)  # one line for each theme, if there are
    return Published(counts, asked, answered, answers)


def _member(given: dict[str, Any], kinds: dict[str, str]) -> tuple[Any, str]:
    return next((given[name], kind) for name, kind in kinds.items() if given.get(name) is not None)
