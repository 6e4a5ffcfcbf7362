"""Aggregates of many rows, in memory that depends on users and items and not on events."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from batchrec.report.facts import LongTail, Popularity

MOST_DATES = 200
_POINTS = 100  # of a long tail
_PENDING_ROWS = 8_000_000  # counts that wait to be summed up
_BUCKETS = (0.01, 0.05, 0.2, 0.5, 1.0)  # ends, as shares of the items with events
_EPOCH = date(1970, 1, 1)


class Tally:
    """Counts how often each text occurs, piece by piece."""

    def __init__(self) -> None:
        self._pending: list[pa.Table] = []

    def add(self, texts: pa.Array | pa.ChunkedArray) -> None:
        """Count a piece, of texts or of codes of a dictionary; nulls are left out."""
        ids, counts = pc.value_counts(pc.drop_null(texts)).flatten()
        self._pending.append(pa.table({"id": ids.cast(pa.string()), "events": counts}))
        if sum(map(len, self._pending)) > _PENDING_ROWS:
            self._pending = [self._sum()]

    def counts(self) -> pa.Table:
        """Return `id` (string) and `events` (int64), the most frequent first, equal ones by id."""
        return self._sum().sort_by([("events", "descending"), ("id", "ascending")])

    def _sum(self) -> pa.Table:
        if not self._pending:
            return pa.table({"id": pa.array([], pa.string()), "events": pa.array([], pa.int64())})
        summed = pa.concat_tables(self._pending).group_by("id").aggregate([("events", "sum")])
        return summed.select(["id", "events_sum"]).rename_columns(["id", "events"])


def long_tail(kind: str, counts: pa.Table) -> LongTail | None:
    """Say how events are spread over users or items; None if there are none.

    Args:
        kind: users or items.
        counts: of `Tally.counts`.
    """
    total = pc.sum(counts["events"]).as_py()
    if not total:
        return None
    size = len(counts)
    cumulated = pc.cumulative_sum(counts["events"].combine_chunks())
    shares = [(0.0, 0.0)]
    for point in range(1, _POINTS + 1):
        last = max(round(size * point / _POINTS), 1)
        shares.append((last / size, cumulated[last - 1].as_py() / total))
    return LongTail(kind, size, list(dict.fromkeys(shares)), gini(counts))


def gini(counts: pa.Table) -> float:
    """Return the Gini coefficient: 0 if all have as many events, near 1 if one has them all.

    G = (n + 1 - 2 * sum of cumulated shares) / n, over the n counts from the smallest on; with the
    largest first, as they are here, the sum is that of the rest.
    """
    size, total = len(counts), pc.sum(counts["events"]).as_py()
    # In floating point: of a million counts, the sum of sums may not fit into 64 bits.
    cumulated = pc.cumulative_sum(counts["events"].combine_chunks().cast(pa.float64()))
    above = pc.sum(cumulated).as_py() / total
    return float((2 * above - size - 1) / size)


def over_time(days: Counter[int]) -> list[tuple[date, int]]:
    """Return the number of events by day, week, month, quarter or year: at most 200.

    Args:
        days: events by day, counted from 1970-01-01.

    Returns:
        The first day of each (weeks start on Monday), in order, also of those without an event.
    """
    if not days:
        return []
    by_day = {_EPOCH + timedelta(days=day): events for day, events in days.items()}
    for start, following in _PERIODS:
        counted: Counter[date] = Counter()
        for day, events in by_day.items():
            counted[start(day)] += events
        first, last = min(counted), max(counted)
        dates = [first]
        while dates[-1] < last and len(dates) <= MOST_DATES:
            dates.append(following(dates[-1]))
        if len(dates) <= MOST_DATES:
            break
    return [(day, counted[day]) for day in dates]


_PERIODS: list[tuple[Callable[[date], date], Callable[[date], date]]] = [
    (lambda day: day, lambda day: day + timedelta(days=1)),
    (lambda day: day - timedelta(days=day.weekday()), lambda day: day + timedelta(days=7)),
    (lambda day: day.replace(day=1), lambda day: (day + timedelta(days=31)).replace(day=1)),
    (
        lambda day: day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
        lambda day: (day + timedelta(days=95)).replace(day=1),
    ),
    (lambda day: day.replace(month=1, day=1), lambda day: day.replace(year=day.year + 1)),
]


def popularity(items: pa.Table, recommended: pa.Table) -> Popularity | None:
    """Say how popular items are that users had, and that are recommended; None if there are none.

    Args:
        items: events by item, of `Tally.counts`.
        recommended: how often each item is recommended, of `Tally.counts`.
    """
    events, answers = (pc.sum(each["events"]).as_py() for each in (items, recommended))
    if not events or not answers:
        return None
    size = len(items)
    # The rank of each recommended item among those that users had; null: none had it.
    ranks = pc.index_in(recommended["id"], value_set=items["id"])
    names, consumed, shares, start = [], [], [], 0
    for before, share in zip((0.0, *_BUCKETS), _BUCKETS, strict=False):
        end = round(size * share)
        if end == start:
            continue  # there are too few items for it
        names.append(f"{before:.0%} to {share:.0%}" if start else f"most popular {share:.0%}")
        consumed.append((pc.sum(items["events"][start:end]).as_py() or 0) / events)
        inside = pc.and_(pc.greater_equal(ranks, start), pc.less(ranks, end))
        shares.append(_sum_where(recommended, inside) / answers)
        start = end
    if unknown := _sum_where(recommended, pc.is_null(ranks)):
        names.append("without events")
        consumed.append(0.0)
        shares.append(unknown / answers)
    return Popularity(names, consumed, shares)


def _sum_where(counts: pa.Table, wanted: pa.ChunkedArray) -> int:
    return pc.sum(counts["events"].filter(wanted)).as_py() or 0
