"""Who is shown: a few of all that were asked about, from the most active to those without events.

The choice depends on nothing but the data: the same run always shows the same.
"""

import pyarrow as pa
import pyarrow.compute as pc

_MOST_ACTIVE = 0.1  # shares of the sample
_COLD = 0.2


def choose(asked: pa.Array, counts: pa.Table, size: int) -> list[tuple[str, int]]:
    """Choose ids, with their numbers of events, the most active first.

    A tenth are the most active; a fifth, if there are so many, have no event; the others lie at
    even distances between, by their number of events and then their id.

    Args:
        asked: ids, each once.
        counts: of `statistics.Tally.counts`, of their events.
        size: how many to choose at most.
    """
    ranks = pc.index_in(asked, value_set=counts["id"])
    cold = asked.filter(pc.is_null(ranks)).sort().to_pylist()
    warm = counts.take(pc.drop_null(ranks).sort())
    cold_size = min(len(cold), max(round(size * _COLD), size - len(warm)))
    warm_size = min(len(warm), size - cold_size)
    first = min(round(size * _MOST_ACTIVE), warm_size)
    positions = [*range(first), *_spread(first, len(warm), warm_size - first)]
    chosen = warm.take(pa.array(positions, pa.int64()))
    pairs = zip(chosen["id"].to_pylist(), chosen["events"].to_pylist(), strict=True)
    return [*pairs, *((cold[each], 0) for each in _spread(0, len(cold), cold_size))]


def _spread(start: int, end: int, size: int) -> list[int]:
    """Return positions at even distances, the last one included."""
    if size <= 1:
        return [end - 1] * size
    return [start + each * (end - 1 - start) // (size - 1) for each in range(size)]
