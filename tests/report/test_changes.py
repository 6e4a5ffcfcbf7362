"""What changed from one run to the next, on lists that can be compared by hand."""

import pyarrow as pa
import pytest

from batchrec.report import changes


def rows(**lists: str) -> list[pa.RecordBatch]:
    pairs = [(asked, answer) for asked, answers in lists.items() for answer in answers]
    middle = len(pairs) // 2
    return [
        pa.record_batch({"asked": [a for a, _ in part], "answer": [b for _, b in part]})
        for part in (pairs[:middle], pairs[middle:])
        if part
    ]


def test_change_is_that_of_sets() -> None:
    now = rows(same="abc", reordered="abc", other="abc", shorter="ab", new="a", twice="aab")
    before = rows(same="abc", reordered="cba", other="xyz", shorter="abc", gone="a", twice="ab")
    change = changes.compare("before", now, before)
    assert (change.asked, change.added, change.removed) == (5, 1, 1)
    assert change.changed == pytest.approx(2 / 5)  # other and shorter
    assert change.overlap == pytest.approx((1 + 1 + 0 + 1 + 1) / 5)


def test_change_without_anybody_in_common() -> None:
    change = changes.compare("before", rows(a="x"), rows(b="x"))
    assert (change.asked, change.changed, change.overlap) == (0, 0, 0)
    assert (change.added, change.removed) == (1, 1)


def test_two_empty_tables() -> None:
    change = changes.compare("before", [], [])
    assert (change.asked, change.changed, change.added, change.removed) == (0, 0, 0, 0)
