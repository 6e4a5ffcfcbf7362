"""The ratings file of HetRec 2011, `user_ratedmovies-timestamps.dat`.

A header line, then one rating a line: user, movie, rating from 0.5 to 5, and the time in Unix
milliseconds, separated by single tabs. Copies with CRLF and with LF are in circulation.
"""

import csv
import gzip
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from batchrec.errors import BatchrecError

HEADER = ("userID", "movieID", "rating", "timestamp")

_NAME = "user_ratedmovies-timestamps.dat"
_HEAD_BYTES = 64 * 1024
_ROWS_AT_A_TIME = 1_000_000
_GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGIC = b"PK\x03\x04"

# Seconds reach this number in the year 5138, milliseconds did in 1973.
_FIRST_MILLISECONDS = 10**11
_LAST_MILLISECONDS = 10**14


def write(ratings: pd.DataFrame, path: Path) -> None:
    """Write ratings as HetRec does: CRLF, whole stars without `.0`, by user and then movie.

    Args:
        ratings: columns userId, movieId, rating, timestamp (whole epoch seconds).
        path: the file to write; compressed if its name ends in .gz.
    """
    ordered = ratings.sort_values(["userId", "movieId"], kind="stable")
    columns = (
        ordered["userId"],
        ordered["movieId"],
        ordered["rating"].map("{:g}".format),
        ordered["timestamp"] * 1000,
    )
    table = pd.DataFrame(dict(zip(HEADER, columns, strict=True)))
    table.to_csv(path, sep="\t", index=False, lineterminator="\r\n", compression=_compression(path))


def read(path: Path, users: Collection[str] | None = None) -> pd.DataFrame:
    """Read a ratings file, leaving out the rows that can't be used; a fifth field is ignored.

    Args:
        path: the file.
        users: read only their ratings; memory then depends on them, not on the file's size.

    Returns:
        Columns user_id (str), item_id (str), rating (float), timestamp (int, epoch seconds), in
        the file's order.

    Raises:
        BatchrecError: as for `require_readable`.
    """
    require_readable(path)
    with pd.read_csv(
        path,
        sep="\t",
        usecols=list(HEADER),
        dtype=str,
        quoting=csv.QUOTE_NONE,
        encoding="utf-8-sig",
        encoding_errors="replace",
        on_bad_lines="skip",
        keep_default_na=False,
        compression=_compression(path),
        chunksize=_ROWS_AT_A_TIME,
    ) as chunks:
        wanted = (
            chunk if users is None else chunk[chunk["userID"].isin(list(users))] for chunk in chunks
        )
        return pd.concat(map(_usable, wanted), ignore_index=True)


def _usable(table: pd.DataFrame) -> pd.DataFrame:
    rating = pd.to_numeric(table["rating"], errors="coerce")
    time = pd.to_numeric(table["timestamp"], errors="coerce")
    time = time.where(time < _FIRST_MILLISECONDS, time // 1000)
    usable = (
        (table["userID"] != "")
        & (table["movieID"] != "")
        & np.isfinite(rating)
        & time.between(0, _LAST_MILLISECONDS // 1000)
    )
    return pd.DataFrame(
        {
            "user_id": table["userID"][usable],
            "item_id": table["movieID"][usable],
            "rating": rating[usable].astype("float64"),
            "timestamp": time[usable].astype("int64"),
        }
    )


def require_readable(path: Path) -> None:
    """Look at the start of a file: is it a ratings file that is worth starting for?

    A byte order mark, LF or CRLF, and gzip (with a name in .gz) are all right.

    Raises:
        BatchrecError: it isn't; the message says what is wrong and what to do.
    """
    lines = _text(path, _head(path)).splitlines()
    if not lines or not any(line.strip() for line in lines):
        raise BatchrecError(f"{path} is empty. Give a ratings file: {_expected()}")
    if lines[0].split("\t") != list(HEADER):
        raise BatchrecError(
            f"{path} has the wrong header.\n"
            f"  expected: {' '.join(HEADER)} (separated by single tabs)\n"
            f"  found:    {lines[0][:200]!r}\n"
            f"{_advice(lines[0])}"
        )
    if not any(line.strip() for line in lines[1:]):
        raise BatchrecError(f"{path} has a header but no ratings. Give a file that has some.")


def _head(path: Path) -> bytes:
    """Read the first bytes, unpacked."""
    if path.is_dir():
        raise BatchrecError(f"{path} is a folder. Give the ratings file in it, such as {_NAME}.")
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except FileNotFoundError:
        raise BatchrecError(f"{path}: no such file. Give a ratings file: {_expected()}") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BatchrecError(
            f"{path} is named .gz but can't be unpacked ({error}). "
            "Fetch it again, or rename it if it isn't compressed."
        ) from error
    except OSError as error:
        raise BatchrecError(f"{path} can't be read: {error.strerror}.") from error


def _text(path: Path, head: bytes) -> str:
    if head.startswith(_GZIP_MAGIC):
        raise BatchrecError(f"{path} is compressed with gzip: rename it to end in .gz.")
    if head.startswith(_ZIP_MAGIC):
        raise BatchrecError(f"{path} is a zip archive: unpack it and give the {_NAME} in it.")
    if b"\0" in head:
        raise BatchrecError(
            f"{path} is not a text file in UTF-8 (it holds zero bytes). "
            f"Give a ratings file: {_expected()}"
        )
    return head.decode("utf-8-sig", errors="replace")


def _expected() -> str:
    return f"tab-separated text with the columns {', '.join(HEADER)}, such as HetRec's {_NAME}."


def _advice(header: str) -> str:
    if "date_day" in header:
        return (
            "This looks like the sibling user_ratedmovies.dat, whose date_day … date_second "
            f"columns are in local time. Give {_NAME} of the same data set instead."
        )
    if "\t" not in header:
        return "The columns must be separated by tabs, and the first line must name them."
    return "Rename, reorder or remove columns so that the first line is the expected one."


def _compression(path: Path) -> Literal["gzip"] | None:
    return "gzip" if path.suffix == ".gz" else None
