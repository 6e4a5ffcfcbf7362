"""One CSV file of an import, checked against the dataset's schema.

Developer Guide, Bulk data format guidelines for all types of data; Endpoints and quotas (lengths);
Error messages (the texts on missing columns and on lengths; all others are our own).
"""

import io
import re
from collections.abc import Iterable, Iterator

import pandas as pd

from batchrec.localaws.personalize.exceptions import JobFailure
from batchrec.localaws.personalize.schemas import Field

IDS = ("USER_ID", "ITEM_ID", "ACTION_ID")
MAXIMUM_ID_LENGTH = 256
MAXIMUM_STRING_LENGTH = 1000  # a categorical value with all that `|` separates, an impression
TIMES = ("TIMESTAMP", "CREATION_TIMESTAMP", "EXPIRATION_TIMESTAMP", "ACTION_EXPIRATION_TIMESTAMP")
LATEST_TIME = 9_999_999_999  # in the year 2286; milliseconds are above it since April 1970

_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_BITS = {"int": 31, "long": 63}


def parse(
    content: bytes, name: str, columns: list[Field], dataset_type: str, keywords: Iterable[str]
) -> pd.DataFrame:
    """Read and check a file.

    Args:
        content: the file.
        name: what errors call it.
        columns: the schema's.
        dataset_type: in capitals.
        keywords: names that can't be values.

    Returns:
        One column a field: int64 where whole numbers of type long are always there, else texts as
        categories, "" where there is none.

    Raises:
        JobFailure: with the `failureReason` that the import job ends with.
    """
    _require_header(content, name, columns, dataset_type)
    rows = _read(content, name, [c.name for c in columns if not _is_long(c)])
    if not isinstance(rows.index, pd.RangeIndex):  # what pandas makes of it
        raise JobFailure(f"{name}: its rows have more values than its header has columns.")
    for column in columns:
        if _is_long(column) and rows[column.name].dtype != "int64":
            # Once more as text, to name what is wrong.
            texts = _read(content, name, [column.name])[column.name]
            _check(texts, column, name, keywords)
            rows[column.name] = texts.astype("str").astype("int64")
        elif not _is_long(column):
            _check(rows[column.name], column, name, keywords)
        if column.name in TIMES:
            _require_seconds(rows[column.name], column.name, name)
    return rows


def _require_header(content: bytes, name: str, columns: list[Field], dataset_type: str) -> None:
    """Check the first line: the fields' names in the schema's order, without quotation marks."""
    line, _, _ = content.partition(b"\n")
    try:
        found = line.rstrip(b"\r").decode("utf-8").split(",")
    except UnicodeDecodeError as error:
        raise JobFailure(f"{name} is not a valid CSV file in UTF-8: {error}") from error
    wanted = [column.name for column in columns]
    missing = [column for column in wanted if column not in found]
    if missing:
        hint = f" {name} begins with a byte order mark." if found[0].startswith("\ufeff") else ""
        hint = hint or (" Headers can't be in quotation marks." if '"' in "".join(found) else "")
        raise JobFailure(
            f"Failed to create a data import job {dataset_type} dataset."
            f"Input CSV is missing the following columns:[{', '.join(missing)}].{hint}"
        )
    if found != wanted:
        # The documentation wants the schema's order, and data that match the schema; what AWS does
        # with others isn't documented.
        raise JobFailure(
            f"{name}: the columns [{', '.join(found)}] are not those of the schema, in its order:"
            f" [{', '.join(wanted)}]."
        )


def _read(content: bytes, name: str, texts: list[str]) -> pd.DataFrame:
    """Read a file, some columns as text in categories.

    pandas would make categories itself, but of "1" and "01" one number.
    """
    try:
        rows = pd.read_csv(
            io.BytesIO(content),
            dtype=dict.fromkeys(texts, "str"),
            keep_default_na=False,
            escapechar="\\",
            encoding="utf-8",
            low_memory=False,
        )
    except (UnicodeDecodeError, pd.errors.ParserError) as error:
        raise JobFailure(f"{name} is not a valid CSV file in UTF-8: {error}") from error
    return rows.astype(dict.fromkeys(texts, "category"))


def _check(values: pd.Series, column: Field, file: str, keywords: Iterable[str]) -> None:
    """Check each distinct value once."""
    texts = set(values.cat.categories)
    if "" in texts and not column.nullable:
        raise JobFailure(f"{file}: {column.name} is empty in {(values == '').sum()} rows.")
    wrong = next(_unfit(texts - {""}, column), None)
    if wrong is not None:
        raise JobFailure(
            f"{file}: {column.name} must be of type {column.type}; found '{wrong:.100}'."
        )
    if column.type != "string" or column.textual:
        return
    limit = MAXIMUM_ID_LENGTH if column.name in IDS else MAXIMUM_STRING_LENGTH
    if any(len(text) > limit for text in texts):
        raise JobFailure(
            f"Length cannot be more than {limit} characters for {column.name}. If no values"
            " exceed the character limit, make sure your data follows the formatting"
            " guidelines listed in"
            " https://docs.aws.amazon.com/personalize/latest/dg/data-prep-formatting.html."
        )
    if taken := sorted(texts.intersection(keywords)):
        raise JobFailure(f"{file}: {column.name} can't have the reserved keyword {taken[0]}.")


def _unfit(texts: set[str], column: Field) -> Iterator[str]:
    """Find texts that are no values of the column's type; a record is on a single line."""
    if column.type == "string":
        yield from (text for text in texts if "\n" in text or "\r" in text)
    elif column.type == "boolean":
        yield from (text for text in texts if text.lower() not in ("true", "false"))
    elif column.type in _BITS:
        limit = 2 ** _BITS[column.type]
        yield from (
            text for text in texts if not _WHOLE.fullmatch(text) or not -limit <= int(text) < limit
        )
    else:
        yield from (text for text in texts if not _DECIMAL.fullmatch(text))


def _require_seconds(values: pd.Series, column: str, file: str) -> None:
    """Refuse milliseconds.

    The documentation wants seconds, and doesn't say what becomes of others.
    """
    numbers = pd.to_numeric(values.astype("str")) if values.dtype != "int64" else values
    late = numbers > LATEST_TIME
    if late.any():
        raise JobFailure(f"{file}: {column} must be in seconds; found {values[late].iloc[0]}.")


def _is_long(column: Field) -> bool:
    return column.type == "long" and not column.nullable
