"""How the lists of two runs differ."""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from batchrec.report.facts import Change

_PARTS = 16  # of those who are asked about: one is compared at a time

Pairs = Iterable[pa.RecordBatch]  # two columns: who is asked about, and what is recommended


def compare(before: str, now: Pairs, earlier: Pairs) -> Change:
    """Compare lists with those of the run before, as sets.

    A pair of ids is held as one number. Of 25 million pairs in each run these are 400 MB; while
    they are made, 800 MB and the texts of the ids, each several times.

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
    del encoded
    everybody, base = len(who[0].dictionary), len(what[0].dictionary)
    pairs = [
        pc.add(pc.multiply(asked.indices.cast(pa.int64()), base), answers.indices)
        for asked, answers in zip(who, what, strict=True)
    ]
    counts = [_different(who[:size]), _different(who[size:])]
    del who, what
    mine, theirs = (pa.chunked_array(each, pa.int64()) for each in (pairs[:size], pairs[size:]))
    del pairs
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
