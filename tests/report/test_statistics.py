"""Aggregates, on small data whose results are known by hand."""

from collections import Counter
from datetime import date

import pyarrow as pa
import pytest

from batchrec.report import statistics
from batchrec.report.facts import Popularity
from batchrec.report.statistics import Tally


def counts(**events: int) -> pa.Table:
    tally = Tally()
    for id_, number in events.items():
        tally.add(pa.array([id_] * number))
    return tally.counts()


def day(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def test_a_tally_sums_pieces_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "_PENDING_ROWS", 2)
    tally = Tally()
    for piece in (["b", "a", None], ["c", "a"], ["b", "a"], []):
        tally.add(pa.array(piece, pa.string()))
    assert tally.counts().to_pylist() == [
        {"id": "a", "events": 3},
        {"id": "b", "events": 2},
        {"id": "c", "events": 1},
    ]


def test_nothing_has_no_tail() -> None:
    assert statistics.long_tail("users", counts()) is None


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ({"a": 4, "b": 4}, 0),
        ({"a": 3, "b": 1}, 0.25),
        ({"a": 5}, 0),
        ({"a": 5, "b": 3, "c": 1}, 8 / 27),
    ],
)
def test_gini(events: dict[str, int], expected: float) -> None:
    assert statistics.gini(counts(**events)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("last", "points", "first_date", "second_date"),
    [
        ("2024-01-04", 3, "2024-01-02", "2024-01-03"),  # days
        ("2024-12-31", 53, "2024-01-01", "2024-01-08"),  # weeks from Mondays on
        ("2033-12-31", 120, "2024-01-01", "2024-02-01"),  # months
        ("2053-12-31", 120, "2024-01-01", "2024-04-01"),  # quarters
        ("2103-12-31", 80, "2024-01-01", "2025-01-01"),  # years
    ],
)
def test_time_is_divided_so_that_it_can_be_drawn(
    last: str, points: int, first_date: str, second_date: str
) -> None:
    shown = statistics.over_time(Counter({day("2024-01-02"): 3, day(last): 2}))
    assert len(shown) == points
    assert [str(when) for when, _ in shown[:2]] == [first_date, second_date]
    assert (shown[0][1], shown[-1][1], sum(events for _, events in shown)) == (3, 2, 5)


def test_no_events_have_no_time() -> None:
    assert statistics.over_time(Counter()) == []


def test_recommended_items_by_how_popular_they_are() -> None:
    items = counts(**{f"i{n:02}": 21 - n for n in range(1, 21)})  # i01 has 20 events, i20 has 1
    recommended = counts(i01=5, i20=2, new=3)
    # Of 20 items, one percent is none and five percent are one.
    assert statistics.popularity(items, recommended) == Popularity(
        buckets=[
            "most popular 5%",
            "5% to 20%",
            "20% to 50%",
            "50% to 100%",
            "without events",
        ],
        consumed=[20 / 210, (19 + 18 + 17) / 210, 81 / 210, 55 / 210, 0],
        recommended=[0.5, 0, 0, 0.2, 0.3],
    )


def test_popularity_of_nothing() -> None:
    assert statistics.popularity(counts(), counts(a=1)) is None
    assert statistics.popularity(counts(a=1), counts()) is None
