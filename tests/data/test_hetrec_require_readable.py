"""Each thing that people give instead of a ratings file gets told what it is and what to do."""

import gzip
from pathlib import Path

import pytest

from batchrec.data import hetrec
from batchrec.errors import BatchrecError

HEADER = b"userID\tmovieID\trating\ttimestamp\r\n"
NAME = "user_ratedmovies-timestamps.dat"


def message(path: Path) -> str:
    with pytest.raises(BatchrecError) as error:
        hetrec.require_readable(path)
    return str(error.value)


def message_for(tmp_path: Path, content: bytes, name: str = "ratings.dat") -> str:
    path = tmp_path / name
    path.write_bytes(content)
    text = message(path)
    assert str(path) in text
    return text


def test_no_such_file(tmp_path: Path) -> None:
    text = message(tmp_path / "missing.dat")

    assert "missing.dat: no such file" in text
    assert NAME in text


def test_a_folder(tmp_path: Path) -> None:
    assert f"is a folder. Give the ratings file in it, such as {NAME}" in message(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\r\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file(tmp_path: Path, content: bytes) -> None:
    assert "is empty" in message_for(tmp_path, content)


def test_an_empty_gzip_file(tmp_path: Path) -> None:
    assert "is empty" in message_for(tmp_path, gzip.compress(b""), "ratings.dat.gz")


@pytest.mark.parametrize("content", [HEADER, HEADER.strip(), HEADER + b"\r\n \r\n"])
def test_only_a_header(tmp_path: Path, content: bytes) -> None:
    assert "has a header but no ratings" in message_for(tmp_path, content)


def test_the_sibling_file_with_dates(tmp_path: Path) -> None:
    columns = b"userID movieID rating date_day date_month date_year date_hour date_minute"
    content = (
        columns.replace(b" ", b"\t") + b"\tdate_second\r\n75\t3\t1\t29\t10\t2006\t23\t17\t16\r\n"
    )

    text = message_for(tmp_path, content)

    assert "expected: userID movieID rating timestamp" in text
    assert r"found:    'userID\tmovieID\trating\tdate_day" in text
    assert "the sibling user_ratedmovies.dat" in text
    assert f"Give {NAME}" in text


@pytest.mark.parametrize(
    "first", ["userId,movieId,rating,timestamp", "1::1193::5::978300760", "userID movieID rating"]
)
def test_another_separator(tmp_path: Path, first: str) -> None:
    text = message_for(tmp_path, f"{first}\n1,31,2.5,1260759144\n".encode())

    assert f"found:    {first!r}" in text
    assert "must be separated by tabs" in text


@pytest.mark.parametrize(
    "first", ["75\t3\t1\t1162160236000", "userid\tmovieid\trating\ttimestamp", "userID\tmovieID"]
)
def test_other_columns(tmp_path: Path, first: str) -> None:
    text = message_for(tmp_path, f"{first}\n75\t3\t1\t1162160236000\n".encode())

    assert f"found:    {first!r}" in text
    assert "the first line is the expected one" in text


def test_a_long_first_line_is_cut(tmp_path: Path) -> None:
    assert len(message_for(tmp_path, b"x" * 100_000)) < 1000


@pytest.mark.parametrize("content", [bytes(range(256)), HEADER.decode().encode("utf-16")])
def test_not_text(tmp_path: Path, content: bytes) -> None:
    assert "not a text file in UTF-8" in message_for(tmp_path, content)


def test_a_zip_archive(tmp_path: Path) -> None:
    text = message_for(tmp_path, b"PK\x03\x04" + bytes(50), "hetrec2011-movielens-2k-v2.zip")

    assert f"is a zip archive: unpack it and give the {NAME} in it" in text


def test_gzip_under_a_plain_name(tmp_path: Path) -> None:
    assert "rename it to end in .gz" in message_for(tmp_path, gzip.compress(HEADER + b"1\t2\t3\t4"))


@pytest.mark.parametrize(
    "content",
    [HEADER, gzip.compress(HEADER * 99)[:-20], gzip.compress(HEADER)[:12] + b"\xff" * 30],
    ids=["not compressed", "cut off", "damaged"],
)
def test_a_gz_name_without_sound_gzip(tmp_path: Path, content: bytes) -> None:
    text = message_for(tmp_path, content, "ratings.dat.gz")

    assert "is named .gz but can't be unpacked" in text


def test_a_file_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "ratings.dat"
    path.touch()
    monkeypatch.setattr(Path, "open", refuse)

    assert "can't be read: Permission denied" in message(path)
