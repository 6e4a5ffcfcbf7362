"""Files of interactions: a header line, then one interaction a line, a delimiter between values.

A byte order mark, LF or CRLF, and gzip (with a name in .gz) are all right. The needed columns may
come in any order, and further columns are ignored: the transform looks them up by name too.
"""

import csv
import gzip
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from batchrec.errors import BatchrecError

_HEAD_BYTES = 64 * 1024
_ROWS_AT_A_TIME = 1_000_000
_SHOWN_HEADER = 200
_GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGIC = b"PK\x03\x04"
_SEPARATORS = {"\t": ("tab", "tabs"), ",": ("comma", "commas")}

# Seconds reach this number in the year 5138, milliseconds did in 1973.
_FIRST_MILLISECONDS = 10**11
_LAST_MILLISECONDS = 10**14


@dataclass(frozen=True)
class Layout:
    """What the files of one kind look like."""

    kind: str  # what a line is, in the plural
    columns: tuple[str, ...]  # the needed ones
    user: str  # the column with the user ids
    delimiter: str  # a tab or a comma
    quote: str  # what may stand around a value; "": nothing
    file_name: str  # of the file that people have
    origin: str  # whose file that is
    advise: Callable[[str], str | None]  # header → what to do about it, if it is a known one


def require_readable(path: Path, layout: Layout) -> None:
    """Look at the start of a file: is it one of this layout that is worth starting for?

    Raises:
        BatchrecError: it isn't; the message says what is wrong and what to do.
    """
    _header(path, layout)


def chunks(
    path: Path, layout: Layout, users: Collection[str] | None = None
) -> Iterator[pd.DataFrame]:
    """Read a file in pieces of at most a million lines; lines that can't be split are left out.

    Args:
        path: the file.
        layout: what it looks like.
        users: read only their lines.

    Yields:
        The layout's columns, as strings (missing where a line is too short), in the file's order.

    Raises:
        BatchrecError: as for `require_readable`.
    """
    names = _header(path, layout)
    positions = sorted(names.index(column) for column in layout.columns)
    # Quotes are taken off here: pandas would let one that is never closed swallow the other lines.
    with pd.read_csv(
        path,
        sep=layout.delimiter,
        header=0,
        usecols=positions,
        dtype=str,
        quoting=csv.QUOTE_NONE,
        encoding="utf-8-sig",
        encoding_errors="replace",
        on_bad_lines="skip",
        keep_default_na=False,
        compression=compression(path),
        chunksize=_ROWS_AT_A_TIME,
    ) as pieces:
        for piece in pieces:
            table = piece.set_axis([names[position] for position in positions], axis="columns")
            if layout.quote:
                table = table.apply(lambda values: values.str.strip(layout.quote))
            yield table if users is None else table[table[layout.user].isin(list(users))]


def milliseconds(times: pd.Series) -> pd.Series:
    """Take times as numbers.

    Args:
        times: strings, Unix seconds or milliseconds.

    Returns:
        Floats, epoch milliseconds; missing where a time is no number or out of every reason.
    """
    numbers = pd.to_numeric(times, errors="coerce").astype("float64")
    numbers = numbers.where(numbers >= _FIRST_MILLISECONDS, numbers * 1000)
    return numbers.where(numbers.between(0, _LAST_MILLISECONDS))


def compression(path: Path) -> Literal["gzip"] | None:
    """Say how a file of this name is compressed, in pandas' words."""
    return "gzip" if path.suffix == ".gz" else None


def _header(path: Path, layout: Layout) -> list[str]:
    """Return the names of the columns of a file that is all right."""
    lines = _text(path, _head(path, layout), layout).splitlines()
    if not any(line.strip() for line in lines):
        raise BatchrecError(f"{path} is empty. {_request(layout)}")
    names = [name.strip(layout.quote) for name in lines[0].split(layout.delimiter)]
    missing = [column for column in layout.columns if column not in names]
    repeated = [column for column in layout.columns if names.count(column) > 1]
    if missing or repeated:
        _, separators = _SEPARATORS[layout.delimiter]
        raise BatchrecError(
            f"{path} has the wrong header.\n"
            f"  expected: {' '.join(layout.columns)} (separated by single {separators})\n"
            f"  found:    {lines[0][:_SHOWN_HEADER]!r}\n"
            f"{_advice(lines[0], layout, missing, repeated)}"
        )
    if not any(line.strip() for line in lines[1:]):
        raise BatchrecError(f"{path} has a header but no {layout.kind}. Give a file that has some.")
    return names


def _head(path: Path, layout: Layout) -> bytes:
    """Read the first bytes, unpacked."""
    if path.is_dir():
        raise BatchrecError(
            f"{path} is a folder. Give the {layout.kind} file in it, such as {layout.file_name}."
        )
    try:
        with gzip.open(path) if compression(path) else path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except FileNotFoundError:
        raise BatchrecError(f"{path}: no such file. {_request(layout)}") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BatchrecError(
            f"{path} is named .gz but can't be unpacked ({error}). "
            "Fetch it again, or rename it if it isn't compressed."
        ) from error
    except OSError as error:
        raise BatchrecError(f"{path} can't be read: {error.strerror}.") from error


def _text(path: Path, head: bytes, layout: Layout) -> str:
    if head.startswith(_GZIP_MAGIC):
        raise BatchrecError(f"{path} is compressed with gzip: rename it to end in .gz.")
    if head.startswith(_ZIP_MAGIC):
        raise BatchrecError(
            f"{path} is a zip archive: unpack it and give the {layout.file_name} in it."
        )
    if b"\0" in head:
        raise BatchrecError(
            f"{path} is not a text file in UTF-8 (it holds zero bytes). {_request(layout)}"
        )
    return head.decode("utf-8-sig", errors="replace")


def _request(layout: Layout) -> str:
    separator, _ = _SEPARATORS[layout.delimiter]
    return (
        f"Give a file of {layout.kind}: {separator}-separated text with the columns"
        f" {', '.join(layout.columns)}, such as {layout.origin}'s {layout.file_name}."
    )


def _advice(header: str, layout: Layout, missing: list[str], repeated: list[str]) -> str:
    if known := layout.advise(header):
        return known
    if layout.delimiter not in header:
        _, separators = _SEPARATORS[layout.delimiter]
        return f"The columns must be separated by {separators}, and the first line must name them."
    faults = [f"Missing: {', '.join(missing)}."] if missing else []
    faults += [f"More than once: {', '.join(repeated)}."] if repeated else []
    return (
        f"{' '.join(faults)} Rename columns so that the first line is the expected one; the order"
        " is free, and more columns do no harm."
    )
