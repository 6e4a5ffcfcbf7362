import gzip
from pathlib import Path

import pandas as pd
import pytest

from batchrec.data import clickstream

EVENTS = pd.DataFrame(
    {
        "timestamp": [1433221332117, 1433224214164, 1433224214165],
        "visitorid": [257597, 992329, 992329],
        "event": ["view", "addtocart", "transaction"],
        "itemid": [355908, 248676, 248676],
        "transactionid": pd.array([None, None, 4000], dtype="Int64"),
    }
)
FILE = (
    b"timestamp,visitorid,event,itemid,transactionid\n"
    b"1433221332117,257597,view,355908,\n"
    b"1433224214164,992329,addtocart,248676,\n"
    b"1433224214165,992329,transaction,248676,4000\n"
)
ROWS = [
    ("257597", "355908", "view", 1433221332117),
    ("992329", "248676", "addtocart", 1433224214164),
    ("992329", "248676", "transaction", 1433224214165),
]


def rows(path: Path) -> list[tuple[object, ...]]:
    return list(clickstream.read(path).itertuples(index=False, name=None))


def test_writes_the_format_byte_for_byte(tmp_path: Path) -> None:
    clickstream.write(EVENTS, tmp_path / "events.csv")

    assert (tmp_path / "events.csv").read_bytes() == FILE


@pytest.mark.parametrize(
    "content",
    [
        FILE,
        FILE.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + FILE,
        FILE.rstrip(),
        b"\n".join(b'"' + line.replace(b",", b'","') + b'"' for line in FILE.splitlines()),
        b"\n".join(b"x," + line.rpartition(b",")[0] for line in FILE.splitlines()),
    ],
    ids=["lf", "crlf", "byte order mark", "no last line end", "quoted", "other columns"],
)
def test_reads_what_the_transform_reads(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(content)

    clickstream.require_readable(path)
    assert rows(path) == ROWS


def test_reads_columns_in_another_order(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("itemid,event,timestamp,visitorid\n355908,view,1433221332117,257597\n")

    assert rows(path) == ROWS[:1]


def test_reads_gzip(tmp_path: Path) -> None:
    path = tmp_path / "events.csv.gz"
    path.write_bytes(gzip.compress(FILE))

    clickstream.require_readable(path)
    assert rows(path) == ROWS


def test_skips_rows_that_cannot_be_used_and_keeps_odd_values(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(
        "timestamp,visitorid,event,itemid,transactionid\n"
        "1433221332,007,wish,NA,\n"  # seconds, and an event of its own
        "1433221332117,1,view\n"
        "\n"
        "1433221332117,,view,2,\n"
        "1433221332117,1,,2,\n"
        "1433221332117,1,view,,\n"
        "yesterday,1,view,2,\n"
        "-5,1,view,2,\n"
        "1e300,1,view,2,\n"
        '1433221332117,"1,view,2,\n'  # a quote that is never closed
        "1433221332117,1,view,3,\n"
    )

    assert rows(path) == [
        ("007", "NA", "wish", 1433221332000),
        ("1", "2", "view", 1433221332117),
        ("1", "3", "view", 1433221332117),
    ]


def test_only_the_wanted_users_are_read(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(FILE)

    assert clickstream.read(path, users=["257597"])["item_id"].tolist() == ["355908"]
    assert clickstream.read(path, users={"nobody"}).empty
