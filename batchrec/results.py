"""Read what a batch inference job wrote."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Recommendations:
    """The answers of one solution."""

    by_user: dict[str, list[str]]  # user id → item ids, the best first
    errors: dict[str, str]  # user id → Personalize's inline error

    @property
    def count(self) -> int:
        """The number of recommended items over all users."""
        return sum(map(len, self.by_user.values()))


def read_recommendations(folder: Path) -> Recommendations:
    """Read every `*.out` in a folder (Developer Guide, Batch inference job output examples)."""
    by_user: dict[str, list[str]] = {}
    errors: dict[str, str] = {}
    for path in sorted(folder.glob("*.out")):
        with path.open(encoding="utf-8") as lines:
            for answer in map(json.loads, lines):
                user = answer["input"].get("userId", "")
                if answer.get("error"):
                    errors[user] = answer["error"]
                else:
                    by_user[user] = answer["output"]["recommendedItems"]
    return Recommendations(by_user, errors)
