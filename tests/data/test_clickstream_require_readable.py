"""Messages for events files; what files of all kinds share is tested with the ratings files."""

import gzip
from pathlib import Path

import pytest

from batchrec.data import clickstream
from batchrec.errors import BatchrecError

HEADER = b"timestamp,visitorid,event,itemid,transactionid\n"
ROW = b"1433221332117,257597,view,355908,\n"


def message_for(tmp_path: Path, content: bytes, name: str = "events.csv") -> str:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BatchrecError) as error:
        clickstream.require_readable(path)
    assert str(path) in str(error.value)
    return str(error.value)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(BatchrecError) as error:
        clickstream.require_readable(tmp_path / "missing.csv")

    assert "missing.csv: no such file" in str(error.value)
    assert (
        "comma-separated text with the columns timestamp, visitorid, event, itemid, such as"
        " RetailRocket's events.csv" in str(error.value)
    )


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(BatchrecError, match="Give the events file in it, such as events"):
        clickstream.require_readable(tmp_path)


def test_an_empty_file(tmp_path: Path) -> None:
    assert "is empty. Give a file of events" in message_for(tmp_path, b"\n")


@pytest.mark.parametrize("content", [HEADER, HEADER.strip(), HEADER + b" \r\n"])
def test_only_a_header(tmp_path: Path, content: bytes) -> None:
    assert "has a header but no events" in message_for(tmp_path, content)


@pytest.mark.parametrize(
    ("header", "sibling"),
    [
        (b"timestamp,itemid,property,value\n", "item_properties_part1.csv"),
        (b"categoryid,parentid\n", "category_tree.csv"),
    ],
)
def test_the_sibling_files(tmp_path: Path, header: bytes, sibling: str) -> None:
    text = message_for(tmp_path, header + b"1,2,3,4\n")

    assert f"the sibling {sibling}" in text
    assert "Give events.csv of the same data set" in text


@pytest.mark.parametrize("separator", [b";", b"\t"])
def test_another_separator(tmp_path: Path, separator: bytes) -> None:
    text = message_for(tmp_path, (HEADER + ROW).replace(b",", separator))

    assert "expected: timestamp visitorid event itemid (separated by single commas)" in text
    assert "must be separated by commas" in text


def test_a_missing_column(tmp_path: Path) -> None:
    text = message_for(tmp_path, b"timestamp,visitorid,type,itemid\n" + ROW)

    assert "found:    'timestamp,visitorid,type,itemid'" in text
    assert "Missing: event." in text


def test_a_repeated_column(tmp_path: Path) -> None:
    text = message_for(tmp_path, b"timestamp,visitorid,event,itemid,itemid\n" + ROW)

    assert "More than once: itemid." in text


def test_a_zip_archive(tmp_path: Path) -> None:
    text = message_for(tmp_path, b"PK\x03\x04" + bytes(50), "archive.zip")

    assert "is a zip archive: unpack it and give the events.csv in it" in text


def test_gzip_under_a_plain_name(tmp_path: Path) -> None:
    assert "rename it to end in .gz" in message_for(tmp_path, gzip.compress(HEADER + ROW))
