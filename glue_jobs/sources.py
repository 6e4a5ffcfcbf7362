"""Read a source as records: each with its text as it stands, and the wanted columns as strings."""

import csv
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import files
import outcomes
from configuration import Format
from outcomes import Reason
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - PySpark's own convention
from pyspark.sql import types as T  # noqa: N812

TASK_BYTES = 32 * 1024 * 1024  # of a source that one task reads
WHOLE_FILE_BYTES = 512 * 1024 * 1024  # a file with multi-line values is one value in memory
_EXPANSION = {".gz": 6, ".parquet": 4}  # bytes of rows in a byte of file, roughly
_SHOWN_CHARACTERS = 200
_BYTE_ORDER_MARK = "\ufeff"


class UnusableInputError(ValueError):
    """The source as a whole cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Records:
    """A source's records.

    `frame` has `record` (string: the record as it stands, without its line end), `fault` (int: the
    outcome of a record that can't be taken apart, else null) and for each wanted column `column_0`
    … (string; null or empty where there is no value).
    """

    frame: DataFrame
    bytes: int  # of the rows that the source holds, roughly
    may_hold_line_breaks: bool  # in a value


def read(spark: SparkSession, urls: Sequence[str], form: Format, columns: Sequence[str]) -> Records:
    """Read all files under `urls`, each a file or a prefix; .gz files are unpacked.

    Args:
        spark: a session of the caller's own; settings for reading are made in it.
        urls: files or prefixes; a prefix is read with the folders in it.
        form: the files' format.
        columns: the source's names of the wanted columns. In JSON and Parquet a dot leads into an
            object.

    Raises:
        UnusableInputError: nothing lies there, or a file can't be read with this configuration.
    """
    spark.conf.set("spark.sql.files.maxPartitionBytes", TASK_BYTES)
    spark.conf.set("spark.sql.parquet.binaryAsString", "true")
    sizes: dict[str, int] = {}
    for url in urls:
        found = files.sizes(spark, url)
        if not found:
            raise UnusableInputError(
                f"Nothing lies at {url}. Upload the data there, or correct the folder."
            )
        sizes |= found
    reader = {"csv": _read_csv, "json": _read_json, "parquet": _read_parquet}[form.type]
    return Records(
        frame=reader(spark, list(urls), form, list(columns), sizes),
        bytes=sum(
            size * next((times for end, times in _EXPANSION.items() if name.endswith(end)), 1)
            for name, size in sizes.items()
        ),
        may_hold_line_breaks=form.multiline or form.type != "csv",
    )


# CSV


def _read_csv(
    spark: SparkSession, urls: list[str], form: Format, columns: list[str], sizes: dict[str, int]
) -> DataFrame:
    header = None if form.column_names else _header(spark, form, sizes)
    names = form.column_names or _split_header(header or "", form)
    _require_columns(", ".join(urls), columns, names, header)
    lines = spark.read.text(urls, recursiveFileLookup=True, wholetext=form.multiline)
    text = _decoded(F.col("value"), form)
    if form.multiline:
        _require_small(sizes)
        records = lines.select(F.explode(_split_records(text, form)).alias("record"))
    else:
        records = lines.select(text.alias("record"))
    if header is not None:
        records = records.where(F.col("record") != header)
    # In a step of its own, so that a line is split once for all columns.
    split = records.select("record", _fields(F.col("record"), form, len(names)).alias("fields"))
    fields = F.col("fields")
    is_whole = F.coalesce(F.size(fields), F.lit(-1)) == len(names)
    fault = (
        F.when(F.trim("record") == "", outcomes.code(Reason.BLANK_LINE))
        .when(fields.isNull(), outcomes.code(Reason.UNBALANCED_QUOTES))
        .otherwise(outcomes.code(Reason.WRONG_COLUMN_COUNT))
    )
    return split.select(
        "record",
        F.when(~is_whole, fault).alias("fault"),
        *(
            F.get(fields, F.lit(names.index(column))).alias(f"column_{number}")
            for number, column in enumerate(columns)
        ),
    )


def _header(spark: SparkSession, form: Format, sizes: dict[str, int]) -> str | None:
    """Return the first line that all files share; None if all of them are empty."""
    # Opening an object is a wait for the network, not work: ask for many at a time.
    urls = sorted(sizes)
    with ThreadPoolExecutor(max_workers=16) as pool:
        starts = list(pool.map(lambda url: files.first_line(spark, url), urls))
    headers: dict[str, str] = {}
    for url, start in zip(urls, starts, strict=True):
        if start is not None:
            _require_text(url, start)
            line = start.decode(form.encoding, errors="replace").removeprefix(_BYTE_ORDER_MARK)
            headers.setdefault(line, url)
    if len(headers) > 1:
        (one, first), (other, second) = list(headers.items())[:2]
        raise UnusableInputError(
            "The files of a source must have the same header line.\n"
            f"  {first}: {one[:_SHOWN_CHARACTERS]!r}\n"
            f"  {second}: {other[:_SHOWN_CHARACTERS]!r}\n"
            "Give each file that header line, or name the columns with format.column_names if the"
            " files have none."
        )
    return next(iter(headers), None)


def _require_text(url: str, start: bytes) -> None:
    kinds = {
        b"\x1f\x8b": "compressed with gzip: let its name end in .gz",
        b"PK\x03\x04": "a zip: unpack it",
        b"PAR1": 'a Parquet file: set format.type to "parquet"',
    }
    for magic, kind in kinds.items():
        if start.startswith(magic):
            raise UnusableInputError(f"{url} is {kind}.")
    if b"\0" in start:
        raise UnusableInputError(
            f"{url} holds zero bytes: it is no text, or one in UTF-16. Convert it to UTF-8."
        )


def _split_header(header: str, form: Format) -> list[str]:
    if not form.quote:
        return header.split(form.delimiter) if header else []
    return next(csv.reader([header], delimiter=form.delimiter, quotechar=form.quote), [])


def _require_columns(where: str, columns: list[str], names: list[str], header: str | None) -> None:
    missing = sorted({column for column in columns if column not in names})
    if missing and header is None and names == []:
        raise UnusableInputError(f"{where} holds nothing but empty files. Upload the data there.")
    if missing:
        found = f"\n  header: {header[:_SHOWN_CHARACTERS]!r}" if header is not None else ""
        raise UnusableInputError(
            f"{where} has no column {', '.join(map(repr, missing))}; it has"
            f" {', '.join(map(repr, names))}.{found}\n"
            "Name the data's own columns in the configuration (user_id, item_id, timestamp.column,"
            " …), and its format.delimiter if the line above isn't taken apart."
        )
    twice = sorted({column for column in columns if names.count(column) > 1})
    if twice:
        raise UnusableInputError(
            f"The header of {where} names {', '.join(map(repr, twice))} more than once."
        )


def _require_small(sizes: dict[str, int]) -> None:
    for url, size in sizes.items():
        if size > WHOLE_FILE_BYTES:
            raise UnusableInputError(
                f"{url} is {size:,} bytes. A file with format.multiline is read as a whole, and may"
                f" have {WHOLE_FILE_BYTES:,}: split it into smaller ones."
            )


def _split_records(text: Column, form: Format) -> Column:
    """Split a whole file at the line ends that are outside of quotes; nothing is left out."""
    quote = re.escape(form.quote)
    inside = (
        f"[^{quote}]++|{quote}{quote}"
        if form.escape == form.quote
        else f"[^{quote}{re.escape(form.escape)}]++|{re.escape(form.escape)}(?s:.)"
    )
    # A quoted value that doesn't end runs to the end of the file.
    record = rf"((?:[^{quote}\n]++|{quote}(?:{inside})*+(?:{quote}|\z))*+)(?:\n|\z)"
    start = F.regexp_replace(text, rf"\A{_BYTE_ORDER_MARK}", "")
    ended = F.regexp_replace(start, r"\r?\n\z", "")
    found = F.regexp_extract_all(F.concat(ended, F.lit("\n")), F.lit(record), F.lit(1))
    # The match at the very end is the one after the last line end.
    records = F.slice(found, F.lit(1), F.size(found) - 1)
    whole = F.transform(records, lambda each: F.regexp_replace(each, r"\r?\n?\z", ""))
    return F.when(ended != "", whole)


def _fields(record: Column, form: Format, count: int) -> Column:
    """Return a line's values; null if its quotes are unbalanced, too few if it is malformed."""
    special = form.delimiter in r".$|()[{^?*+\-"
    unquoted = F.split(record, ("\\" if special else "") + form.delimiter, -1)
    if not form.quote:
        return unquoted
    names = [f"c{number}" for number in range(count)]
    schema = ", ".join(f"{name} string" for name in [*names, "malformed"])
    parsed = F.from_csv(
        record,
        schema,
        {
            "sep": form.delimiter,
            "quote": form.quote,
            "escape": form.escape,
            "columnNameOfCorruptRecord": "malformed",
            "maxCharsPerColumn": "-1",
            "maxColumns": str(max(count + 1, 20480)),
        },
    )
    values = F.array(*(parsed.getField(name) for name in names))
    own = record
    if form.escape != form.quote:
        own = F.regexp_replace(record, re.escape(form.escape) + "(?s:.)", "")
    quotes = F.length(own) - F.length(F.replace(own, F.lit(form.quote), F.lit("")))
    quoted = F.when(
        quotes % 2 == 0, F.when(parsed["malformed"].isNull(), values).otherwise(F.array())
    )
    # Without a quotation mark there is nothing to parse, and splitting is several times faster.
    return F.when(F.contains(record, F.lit(form.quote)), quoted).otherwise(unquoted)


# JSON lines


def _read_json(
    spark: SparkSession, urls: list[str], form: Format, columns: list[str], sizes: dict[str, int]
) -> DataFrame:
    del sizes
    lines = spark.read.text(urls, recursiveFileLookup=True)
    records = lines.select(_decoded(F.col("value"), form).alias("record"))
    schema = _json_schema(columns).add("_malformed", T.StringType())
    options = {"columnNameOfCorruptRecord": "_malformed"}
    parsed = records.select("record", F.from_json("record", schema, options).alias("json"))
    is_malformed = F.col("json").isNull() | F.col("json._malformed").isNotNull()
    fault = F.when(F.trim("record") == "", outcomes.code(Reason.BLANK_LINE)).when(
        is_malformed, outcomes.code(Reason.MALFORMED_JSON)
    )
    return parsed.select(
        "record",
        fault.alias("fault"),
        *(
            F.col(f"json.{_quoted(column)}").alias(f"column_{number}")
            for number, column in enumerate(columns)
        ),
    )


def _json_schema(columns: Sequence[str]) -> T.StructType:
    """Return a schema of strings that reaches each path; a number becomes its digits."""
    children: dict[str, list[str]] = {}
    for column in dict.fromkeys(columns):
        first, _, rest = column.partition(".")
        children.setdefault(first, []).append(rest)
    schema = T.StructType()
    for name, paths in children.items():
        inner = [path for path in paths if path]
        if inner and len(inner) < len(paths):
            raise UnusableInputError(f"{name} is mapped both as a value and as an object.")
        schema.add(name, _json_schema(inner) if inner else T.StringType())
    return schema


def _quoted(path: str) -> str:
    return ".".join(f"`{part}`" for part in path.split("."))


# Parquet


def _read_parquet(
    spark: SparkSession, urls: list[str], form: Format, columns: list[str], sizes: dict[str, int]
) -> DataFrame:
    del form
    url = ", ".join(urls)
    try:
        # The schema of one file's footer, not an inference from the rows.
        table = spark.read.parquet(*urls, recursiveFileLookup=True)
    except AnalysisException as error:
        raise UnusableInputError(f"{url} holds no Parquet file that can be read.") from error
    except Exception as error:
        if "is not a Parquet file" not in str(error):
            raise
        raise UnusableInputError(
            f"{url} holds files that are not Parquet, such as {min(sizes)}. Set format.type to what"
            " they are."
        ) from error
    values = []
    for column in columns:
        # Looked up in the schema: SQL knows some names, such as user, without a column.
        path = [column] if column in table.columns else column.split(".")
        kind = _type_at(table.schema, path)
        if kind is None:
            raise UnusableInputError(
                f"{url} has no column {column!r}; it has {', '.join(map(repr, table.columns))}."
            )
        values.append(_as_text(F.col(".".join(f"`{name}`" for name in path)), kind, column, url))
    return table.select(
        F.to_json(F.struct("*")).alias("record"),
        F.lit(None).cast("int").alias("fault"),
        *(value.alias(f"column_{number}") for number, value in enumerate(values)),
    )


def _type_at(kind: T.DataType, path: list[str]) -> T.DataType | None:
    for name in path:
        if not isinstance(kind, T.StructType) or name not in kind.names:
            return None
        kind = kind[name].dataType
    return kind


def _as_text(value: Column, kind: T.DataType, column: str, url: str) -> Column:
    if isinstance(kind, T.ArrayType):
        return F.to_json(value)  # as JSON lines have it
    if isinstance(kind, T.FloatType | T.DoubleType):
        # pandas turns whole numbers into these where a column has gaps.
        is_whole = (value == F.floor(value)) & (F.abs(value) < 2**53)
        return F.when(is_whole, value.cast("bigint").cast("string")).otherwise(value.cast("string"))
    if isinstance(kind, T.StructType | T.MapType | T.BinaryType):
        raise UnusableInputError(
            f"The column {column!r} of {url} is of the type {kind.simpleString()}; a string,"
            " number, boolean, time or list is needed."
        )
    return value.cast("string")


def _decoded(text: Column, form: Format) -> Column:
    # Spark takes every text for UTF-8.
    return text if form.encoding == "UTF-8" else F.decode(text.cast("binary"), form.encoding)
