"""Aggregates of many rows, in memory that depends on users and items and not on events."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from batchrec.report.facts import Change, LongTail, Popularity

MOST_DATES = 200
_POINTS = 100  # of a long tail
_PENDING_ROWS = 8_000_000  # counts that wait to be summed up
_BUCKETS = (0.01, 0.05, 0.2, 0.5, 1.0)  # ends, as shares of the items with events
_PARTS = 16  # of the pairs that are compared at a time
_EPOCH = date(1970, 1, 1)


class Tally:
    """Counts how often each text occurs, piece by piece."""

    def __init__(self) -> None:
        self._pending: list[pa.Table] = []

    def add(self, texts: pa.Array | pa.ChunkedArray) -> None:
        """Count a piece; nulls are left out."""
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


Pairs = Iterable[pa.RecordBatch]  # two columns: who is asked about, and what is recommended


def change(before: str, now: Pairs, earlier: Pairs) -> Change:
    """Compare lists with those of the run before, as sets.

    A pair of ids is held as one number: of 25 million pairs, 200 MB.

    Args:
        before: name of the earlier run.
        now: rows of this run's table.
        earlier: rows of the earlier run's table.
    """
    encoded = [_encoded(batch) for batch in now]
    size = len(encoded)
    encoded += [_encoded(batch) for batch in earlier]
    if not encoded:
        return Change(before, 0, 0.0, 0.0, 0, 0)
    who, what = (_codes(list(column)) for column in zip(*encoded, strict=True))
    base = max((len(each.dictionary) for each in what), default=0)
    pairs = [
        pc.add(pc.multiply(asked.indices.cast(pa.int64()), base), answers.indices)
        for asked, answers in zip(who, what, strict=True)
    ]
    counts = [_different(who[:size]), _different(who[size:])]
    everybody = max((len(each.dictionary) for each in who), default=0)
    mine, theirs = (pa.chunked_array(each, pa.int64()) for each in (pairs[:size], pairs[size:]))
    both = equal = 0
    overlap = 0.0
    part = max(-(-everybody // _PARTS), 1)
    for start in range(0, everybody, part):
        low, high = start * base, (start + part) * base
        lists = _compared(_between(mine, low, high), _between(theirs, low, high), base)
        hits, sizes = lists["hit_sum"], lists["who_count"]
        is_same = pc.and_(pc.equal(hits, sizes), pc.equal(hits, lists["earlier_count"]))
        both += len(lists)
        equal += pc.sum(is_same).as_py() or 0
        overlap += pc.sum(pc.divide(hits.cast(pa.float64()), sizes)).as_py() or 0.0
    return Change(
        before,
        asked=both,
        changed=1 - equal / both if both else 0.0,
        overlap=overlap / both if both else 0.0,
        added=counts[0] - both,
        removed=counts[1] - both,
    )


def _encoded(batch: pa.RecordBatch) -> tuple[pa.DictionaryArray, pa.DictionaryArray]:
    """Return both columns as codes and their own small dictionaries."""
    return batch.column(0).dictionary_encode(), batch.column(1).dictionary_encode()


def _codes(columns: list[pa.DictionaryArray]) -> list[pa.DictionaryArray]:
    """Give the pieces of a column one dictionary."""
    kind = pa.dictionary(pa.int32(), pa.string())
    unified: list[pa.DictionaryArray] = pa.chunked_array(columns, kind).unify_dictionaries().chunks
    return unified


def _different(columns: list[pa.DictionaryArray]) -> int:
    return len(pa.chunked_array([each.indices for each in columns], pa.int32()).unique())


def _between(numbers: pa.ChunkedArray, low: int, high: int) -> pa.Array:
    return numbers.filter(pc.and_(pc.greater_equal(numbers, low), pc.less(numbers, high))).unique()


def _compared(mine: pa.Array, theirs: pa.Array, base: int) -> pa.Table:
    """Count, for each who is in both: who_count, earlier_count, and in both lists, hit_sum."""
    hit = pc.is_in(mine, value_set=theirs).cast(pa.int64())
    now = pa.table({"who": pc.divide(mine, base), "hit": hit})
    earlier = pa.table({"who": pc.divide(theirs, base)})
    counted = now.group_by("who").aggregate([("who", "count"), ("hit", "sum")])
    before = earlier.group_by("who").aggregate([("who", "count")])
    before = before.rename_columns({"who_count": "earlier_count"})
    return counted.join(before, "who", join_type="inner")
