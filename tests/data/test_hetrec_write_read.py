import gzip
from pathlib import Path

import pandas as pd
import pytest

from batchrec.data import hetrec
from batchrec.errors import BatchrecError

RATINGS = pd.DataFrame(
    {
        "userId": [78, 75, 75, 75],
        "movieId": [1, 110, 3, 32],
        "rating": [0.5, 4.0, 1.0, 4.5],
        "timestamp": [1162161009, 1162161008, 1162160236, 1162160624],
    }
)
# The first three rows are those of the data set itself.
FILE = (
    b"userID\tmovieID\trating\ttimestamp\r\n"
    b"75\t3\t1\t1162160236000\r\n"
    b"75\t32\t4.5\t1162160624000\r\n"
    b"75\t110\t4\t1162161008000\r\n"
    b"78\t1\t0.5\t1162161009000\r\n"
)
ROWS = [
    ("75", "3", 1.0, 1162160236),
    ("75", "32", 4.5, 1162160624),
    ("75", "110", 4.0, 1162161008),
    ("78", "1", 0.5, 1162161009),
]


def rows(path: Path) -> list[tuple[object, ...]]:
    return list(hetrec.read(path).itertuples(index=False, name=None))


def test_writes_the_format_byte_for_byte(tmp_path: Path) -> None:
    hetrec.write(RATINGS, tmp_path / "ratings.dat")

    assert (tmp_path / "ratings.dat").read_bytes() == FILE


def test_writes_gzip_under_a_name_in_gz(tmp_path: Path) -> None:
    hetrec.write(RATINGS, tmp_path / "ratings.dat.gz")

    assert gzip.decompress((tmp_path / "ratings.dat.gz").read_bytes()) == FILE


def test_writing_leaves_the_ratings_as_they_are(tmp_path: Path) -> None:
    before = RATINGS.copy(deep=True)

    hetrec.write(RATINGS, tmp_path / "ratings.dat")

    pd.testing.assert_frame_equal(RATINGS, before)


@pytest.mark.parametrize(
    "content",
    [FILE, FILE.replace(b"\r\n", b"\n"), b"\xef\xbb\xbf" + FILE, FILE.rstrip()],
    ids=["crlf", "lf", "byte order mark", "no last line end"],
)
def test_reads_the_copies_in_circulation(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ratings.dat"
    path.write_bytes(content)

    hetrec.require_readable(path)
    assert rows(path) == ROWS


def test_reads_gzip(tmp_path: Path) -> None:
    path = tmp_path / "ratings.dat.gz"
    path.write_bytes(gzip.compress(FILE))

    hetrec.require_readable(path)
    assert rows(path) == ROWS


def test_columns_have_the_documented_types(tmp_path: Path) -> None:
    path = tmp_path / "ratings.dat"
    path.write_bytes(FILE)

    table = hetrec.read(path)

    assert list(table.columns) == ["user_id", "item_id", "rating", "timestamp"]
    assert pd.api.types.is_string_dtype(table["user_id"])
    assert pd.api.types.is_string_dtype(table["item_id"])
    assert table["rating"].dtype == "float64"
    assert table["timestamp"].dtype == "int64"


def test_skips_rows_that_cannot_be_used_and_keeps_odd_ids(tmp_path: Path) -> None:
    path = tmp_path / "ratings.dat"
    path.write_text(
        "userID\tmovieID\trating\ttimestamp\n"
        "007\tNA\t3\t1162160236000\n"
        '"q\tCafé\t3\t1162160236\n'  # seconds already
        "1\t2\t3\n"
        "\n"
        "\t2\t3\t1162160236000\n"
        "1\t\t3\t1162160236000\n"
        "1\t2\tgood\t1162160236000\n"
        "1\t2\tinf\t1162160236000\n"
        "1\t2\t3\tyesterday\n"
        "1\t2\t3\t-5\n"
        "1\t2\t3\t1e300\n",
        encoding="utf-8",
    )

    assert rows(path) == [("007", "NA", 3.0, 1162160236), ('"q', "Café", 3.0, 1162160236)]


def test_reading_what_is_no_ratings_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(BatchrecError, match="no such file"):
        hetrec.read(tmp_path / "missing.dat")


def test_only_the_wanted_users_are_read(tmp_path: Path) -> None:
    path = tmp_path / "ratings.dat"
    rows = "".join(f"{user}\t{item}\t4\t1162160236000\r\n" for user in "abc" for item in "12")
    path.write_text(f"userID\tmovieID\trating\ttimestamp\r\n{rows}")
    read = hetrec.read(path, users={"b"})
    assert read["user_id"].tolist() == ["b", "b"]
    assert read["item_id"].tolist() == ["1", "2"]
    assert hetrec.read(path, users=["nobody"]).empty
