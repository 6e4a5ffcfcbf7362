"""What the metrics of popularity are computed from, and what is said where they aren't."""

import sys
from collections.abc import Iterator
from typing import Any, cast

import pyarrow as pa
import pytest

import batchrec
from batchrec.pipeline import Pipeline
from batchrec.published import imported
from batchrec.report import offline

NOWHERE = cast("Pipeline", None)  # interactions are given
Row = tuple[str, str, int, str, float | None]

# 40 users see what all see, and buy something of their own that few others do.
VIEWS: list[Row] = [
    (f"u{user}", f"seen{item}", 100 + item, "view", 1.0) for user in range(40) for item in range(12)
]
BUYS: list[Row] = [
    (f"u{user}", f"bought{(user * 3 + item) % 30}", 200 + item, "buy", 5.0)
    for user in range(40)
    for item in range(12)
]
FREE: list[Row] = [(user, f"free {item}", at, "buy", None) for user, item, at, _, _ in BUYS]


def metrics(
    monkeypatch: pytest.MonkeyPatch, rows: list[Row], **solution: Any
) -> tuple[dict[str, float] | None, str | None]:
    def interactions(_: Pipeline, __: str, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
        names = ("USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE", "EVENT_VALUE")
        middle = len(rows) // 2
        for part in (rows[:middle], rows[middle:]):
            found = pa.RecordBatch.from_pylist([dict(zip(names, row, strict=True)) for row in part])
            yield found.select(list(columns))

    monkeypatch.setattr(imported, "interactions", interactions)
    monkeypatch.setattr(imported, "is_there", lambda *_: True)
    return offline.popularity(NOWHERE, "run", solution, {}, len(rows))


@pytest.mark.parametrize(
    ("solution", "kept"),
    [
        ({"event_type": "buy"}, BUYS),
        ({"event_type": "view"}, VIEWS),
        ({"solution_config": {"EventValueThreshold": "2"}}, BUYS),
        ({"solution_config": {"EventValueThreshold": "5"}}, BUYS),
        ({"event_type": "buy", "solution_config": {"EventValueThreshold": "1"}}, BUYS),
    ],
)
def test_only_events_that_the_solution_learns_from_count(
    monkeypatch: pytest.MonkeyPatch, solution: dict[str, Any], kept: list[Row]
) -> None:
    rows = [*VIEWS, *BUYS]
    found, _ = metrics(monkeypatch, rows, **solution)
    assert found
    assert found == metrics(monkeypatch, kept)[0]
    assert found != metrics(monkeypatch, rows)[0]


def test_with_a_threshold_events_without_a_value_do_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threshold = {"EventValueThreshold": "2"}
    found, _ = metrics(monkeypatch, [*BUYS, *FREE], solution_config=threshold)
    assert found
    assert found == metrics(monkeypatch, BUYS)[0]


def test_of_very_many_interactions_they_are_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline, "MOST_INTERACTIONS", len(VIEWS) - 1)
    found, said = metrics(monkeypatch, VIEWS)
    assert found is None
    assert said is not None
    assert "for more than 479 interactions they aren't computed" in said
    monkeypatch.setattr(offline, "MOST_INTERACTIONS", len(VIEWS))
    assert metrics(monkeypatch, VIEWS)[0]


def test_without_the_extra_it_is_said_which_one_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(batchrec, "recommender", raising=False)
    monkeypatch.setitem(sys.modules, "batchrec.recommender", None)
    found, said = metrics(monkeypatch, VIEWS)
    assert found is None
    assert said is not None
    assert "batchrec's extra `rehearsal`" in said


def test_nobody_has_enough_events_to_be_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    found, said = metrics(monkeypatch, VIEWS[:2])
    assert found is None
    assert said is not None
    assert said.startswith("The metrics of popularity are unknown: ")
