"""What the page's search holds: who was asked about, what they had, what is recommended."""

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from batchrec.report.facts import Answer, Asked, SolutionFacts

MAXIMUM_BYTES = 2_500_000  # of the page's 5 MB
_TITLE_CHARACTERS = 160


@dataclass(frozen=True)
class Search:
    """What is searched, as JSON that may stand in a script element."""

    data: str
    held_of: dict[str, int]  # how many, by kind: users, items or item attributes
    left_out: int  # for the page's size

    @property
    def held(self) -> int:
        """How many there are of all kinds."""
        return sum(self.held_of.values())


def search(solutions: list[SolutionFacts], maximum: int = MAXIMUM_BYTES) -> Search:
    """Collect the samples of all solutions, each id and title once, up to a size.

    The script batchrec/report/templates/page.js reads them: `names` has [id, title]; `asked` has
    what was asked about, with `history` [name, day, event type] and `answers` [solution, [name,
    score]…], with the theme after the score if there is one. Names and solutions are told by their
    place.
    """
    names: dict[tuple[str, str | None], int] = {}
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    size = 0
    for place, solution, asked in _in_turn(solutions):
        key, known = (solution.asked, asked.id), len(names)
        group = groups.get(key) or _group(solution.asked, asked, names)
        answers = [place, [_answer(each, names) for each in asked.answers]]
        new = [*itertools.islice(names, known, None), answers, *([] if key in groups else [group])]
        size += len(_json(new).encode())
        if size > maximum:
            break
        groups[key] = group
        group["answers"].append(answers)
    data = {
        "solutions": [[each.key, each.answered] for each in solutions],
        "names": list(names),
        "asked": list(groups.values()),
    }
    everyone = {(each.asked, asked.id) for each in solutions for asked in each.sample}
    held_of = Counter(kind for kind, _ in groups)
    return Search(_json(data), dict(held_of), len(everyone) - len(groups))


def _in_turn(solutions: list[SolutionFacts]) -> Iterator[tuple[int, SolutionFacts, Asked]]:
    """Take one of each solution's sample after the other: what doesn't fit is of all of them."""
    for row in itertools.zip_longest(*(each.sample for each in solutions)):
        for place, asked in enumerate(row):
            if asked is not None:
                yield place, solutions[place], asked


def _group(kind: str, asked: Asked, names: dict[tuple[str, str | None], int]) -> dict[str, Any]:
    return {
        "kind": kind,
        "name": _name(asked.id, asked.title, names),
        "cold": asked.is_cold,
        "events": asked.events,
        "history": [
            [_name(event.item, event.title, names), event.at.date().isoformat(), event.event_type]
            for event in asked.history
        ],
        "answers": [],
    }


def _answer(answer: Answer, names: dict[tuple[str, str | None], int]) -> list[Any]:
    theme = [] if answer.theme is None else [answer.theme]
    return [_name(answer.id, answer.title, names), _score(answer.score), *theme]


def _name(id_: str, title: str | None, names: dict[tuple[str, str | None], int]) -> int:
    if title is not None and len(title) > _TITLE_CHARACTERS:
        title = title[:_TITLE_CHARACTERS] + "…"
    return names.setdefault((id_, title), len(names))


def _score(score: float | None) -> float | None:
    return None if score is None else float(f"{score:.4g}")


def _json(data: object) -> str:
    """Write JSON in which no element can end or begin, whatever an id or a title says."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
