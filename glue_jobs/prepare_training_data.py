"""Glue job: raw ratings in the HetRec 2011 format become what Amazon Personalize imports.

    <transformed_prefix>/interactions/*.csv        USER_ID,ITEM_ID,TIMESTAMP (epoch seconds)
    <transformed_prefix>/batch_users_input/*.json  {"userId": "…"}, one line a user, sorted
    <transformed_prefix>/report.json               the counts; written last: the run is complete
    <quarantine_prefix>/*.json                     {"file", "line", "reason"}, if there are any

The prefixes belong to one run: another start with the same prefixes replaces what lies there. Runs
unchanged under Glue 5.0 (Spark 3.5.4, Python 3.11) and under plain PySpark, where the URLs may be
local paths.
"""

import argparse
import json
import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Any

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, DataFrameWriter, Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - PySpark's own convention

HEADER = "userID\tmovieID\trating\ttimestamp"
COLUMN_COUNT = len(HEADER.split("\t"))
INTERACTIONS_HEADER = "USER_ID,ITEM_ID,TIMESTAMP"

MAX_ID_CHARACTERS = 256  # Amazon Personalize endpoints and quotas: user and item ids
FIRST_MILLISECONDS = 10**11  # as seconds this is the year 5138, as milliseconds March 1973
EARLIEST_SECONDS = 631_152_000  # 1990-01-01T00:00:00Z
DAY_SECONDS = 86_400
BYTES_PER_FILE = 64 * 1024 * 1024
QUARANTINED_ROWS_PER_FILE = 1_000_000

# Personalize does not document what an import does with objects that are not CSV, so none may lie
# beside the data: no _SUCCESS, and no .crc where the URL is a local path. The fs.file settings only
# concern the file scheme; the uncached instance keeps the session's own file system as it is.
HADOOP_OPTIONS = {
    "mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    "fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
    "fs.file.impl.disable.cache": "true",
}


class UnusableInputError(ValueError):
    """The source as a whole cannot be used; the message says why and what to do."""


class Reason(StrEnum):
    """Why a row is in quarantine. A row with several faults carries the first in this order."""

    WRONG_COLUMN_COUNT = "wrong_column_count"  # not 4 tab-separated columns; also a blank line
    MISSING_USER_ID = "missing_user_id"  # empty or only spaces
    MISSING_ITEM_ID = "missing_item_id"  # empty or only spaces
    ID_TOO_LONG = "id_too_long"  # user or item id of more than 256 characters
    INVALID_RATING = "invalid_rating"  # not a plain decimal number >= 0
    INVALID_TIMESTAMP = "invalid_timestamp"  # not an integer
    TIMESTAMP_OUT_OF_RANGE = "timestamp_out_of_range"  # before 1990 or over a day after the start


KEPT, FILTERED = "kept", "filtered"  # the outcomes of a usable row


def read_lines(spark: SparkSession, source: str) -> DataFrame:
    """Read every line under `source` (a file or a prefix, gzip by its extension) but the headers.

    Returns:
        `file` (URL of the line's file) and `line` (verbatim, without LF or CRLF).

    Raises:
        UnusableInputError: nothing lies at `source`, or a file starts with another header.
    """
    try:
        lines = spark.read.text(source, recursiveFileLookup=True)
    except AnalysisException as error:
        if error.getErrorClass() != "PATH_NOT_FOUND":
            raise
        raise UnusableInputError(
            f"Nothing lies at --source {source}. Upload the ratings there, or correct the URL."
        ) from error
    urls = sorted(lines.inputFiles())
    # Opening an object is a wait for the network, not work: ask for many at a time.
    with ThreadPoolExecutor(max_workers=16) as pool:
        first_lines = list(pool.map(lambda url: _first_line(spark, url), urls))
    for url, found in zip(urls, first_lines, strict=True):
        if found not in (None, HEADER):
            raise UnusableInputError(
                f"{url} does not start with the header of the HetRec 2011 format.\n"
                f"  expected: {HEADER!r}\n  found:    {found!r}\n"
                "Give it that tab-separated header line (and columns in that order), or point "
                "--source at the right file."
            )
    is_header = F.col("value") == HEADER
    return lines.where(~is_header).select(
        F.col("_metadata.file_path").alias("file"), F.col("value").alias("line")
    )


def parse_lines(lines: DataFrame) -> DataFrame:
    """Split lines at tabs (the format knows no quoting).

    Args:
        lines: `file`, `line`.

    Returns:
        `file`, `line`, `column_count`, and the strings `user_id`, `item_id`, `rating` and
        `timestamp`, null where the line is too short.
    """
    columns = F.split("line", "\t", -1)
    return lines.select(
        "file",
        "line",
        F.size(columns).alias("column_count"),
        F.get(columns, F.lit(0)).alias("user_id"),
        F.get(columns, F.lit(1)).alias("item_id"),
        F.get(columns, F.lit(2)).alias("rating"),
        F.get(columns, F.lit(3)).alias("timestamp"),
    )


def classify(rows: DataFrame, minimum_rating: float, started_at: int) -> DataFrame:
    """Say of each row what becomes of it.

    Timestamps are Unix seconds or milliseconds; Personalize reads seconds only (Amazon Personalize
    Developer Guide, "Preparing training data"), and takes milliseconds for the far future.

    Args:
        rows: what `parse_lines` returns.
        minimum_rating: rows below it are filtered.
        started_at: the run's start, epoch seconds; events over a day later are out of range.

    Returns:
        `file`, `line`, `outcome` (`KEPT`, `FILTERED` or a `Reason`), `user_id`, `item_id`, and
        `seconds` (long, epoch seconds; null where it isn't a number).
    """
    is_plain_number = F.col("rating").rlike(r"\A[0-9]{1,15}(\.[0-9]+)?\z")
    is_integer = F.col("timestamp").rlike(r"\A-?[0-9]+\z")
    is_milliseconds = F.col("number") >= FIRST_MILLISECONDS
    is_too_long = (F.length("user_id") > MAX_ID_CHARACTERS) | (
        F.length("item_id") > MAX_ID_CHARACTERS
    )
    is_in_range = F.col("seconds").between(EARLIEST_SECONDS, started_at + DAY_SECONDS)
    outcome = (
        F.when(F.col("column_count") != COLUMN_COUNT, Reason.WRONG_COLUMN_COUNT.value)
        .when(F.trim("user_id") == "", Reason.MISSING_USER_ID.value)
        .when(F.trim("item_id") == "", Reason.MISSING_ITEM_ID.value)
        .when(is_too_long, Reason.ID_TOO_LONG.value)
        .when(~is_plain_number, Reason.INVALID_RATING.value)
        .when(~is_integer, Reason.INVALID_TIMESTAMP.value)
        # An integer that a long cannot hold has no seconds: out of range too.
        .when(~F.coalesce(is_in_range, F.lit(False)), Reason.TIMESTAMP_OUT_OF_RANGE.value)
        # try_cast: a plain cast raises where the session has ANSI mode on.
        .when(F.expr("try_cast(rating AS double)") < minimum_rating, FILTERED)
        .otherwise(KEPT)
    )
    return (
        rows.withColumn("number", F.when(is_integer, F.expr("try_cast(timestamp AS bigint)")))
        .withColumn(
            "seconds", F.when(is_milliseconds, F.expr("number div 1000")).otherwise(F.col("number"))
        )
        .select("file", "line", outcome.alias("outcome"), "user_id", "item_id", "seconds")
    )


def tally(classified: DataFrame) -> DataFrame:
    """Bring equal rows together and count them, so that everything else needs no second read.

    Only kept rows have an interaction here and only unusable ones a line: the filtered ones are a
    single row, and a duplicate is a copy of an interaction.

    Returns:
        `outcome`, `USER_ID`, `ITEM_ID`, `TIMESTAMP`, `file`, `line`, `copies` (long, >= 1).
    """
    is_kept = F.col("outcome") == KEPT
    is_unusable = ~F.col("outcome").isin(KEPT, FILTERED)
    rows = classified.select(
        "outcome",
        F.when(is_kept, F.col("user_id")).alias("USER_ID"),
        F.when(is_kept, F.col("item_id")).alias("ITEM_ID"),
        F.when(is_kept, F.col("seconds")).alias("TIMESTAMP"),
        F.when(is_unusable, F.col("file")).alias("file"),
        F.when(is_unusable, F.col("line")).alias("line"),
    )
    return rows.groupBy(*rows.columns).agg(F.count(F.lit(1)).alias("copies"))


def to_interactions(tallied: DataFrame) -> DataFrame:
    """Return the rows to import: `USER_ID`, `ITEM_ID` (strings), `TIMESTAMP` (epoch seconds)."""
    return tallied.where(F.col("outcome") == KEPT).select("USER_ID", "ITEM_ID", "TIMESTAMP")


def to_batch_users(interactions: DataFrame) -> DataFrame:
    """Return `userId`, one row a user: the input of a USER_PERSONALIZATION batch inference job."""
    return interactions.select(F.col("USER_ID").alias("userId")).distinct()


def to_quarantine(tallied: DataFrame) -> DataFrame:
    """Return the unusable rows, as often as they were read: `file`, `line`, `reason`."""
    copies = F.explode(F.sequence(F.lit(1), F.col("copies")))
    return (
        tallied.where(~F.col("outcome").isin(KEPT, FILTERED))
        .select("file", "line", F.col("outcome").alias("reason"), copies)
        .select("file", "line", "reason")
    )


def count_outcomes(tallied: DataFrame) -> dict[str, Row]:
    """Return for each outcome: `rows`, `unique`, `id_characters`, `first` and `last` (seconds)."""
    counts = tallied.groupBy("outcome").agg(
        F.sum("copies").alias("rows"),
        F.count(F.lit(1)).alias("unique"),
        F.sum(F.length("USER_ID") + F.length("ITEM_ID")).alias("id_characters"),
        F.min("TIMESTAMP").alias("first"),
        F.max("TIMESTAMP").alias("last"),
    )
    return {row["outcome"]: row for row in counts.collect()}


def prepare(
    spark: SparkSession,
    source: str,
    transformed_prefix: str,
    quarantine_prefix: str,
    minimum_rating: float,
) -> dict[str, Any]:
    """Transform `source` into the outputs that the module's docstring lists; return the report.

    Raises:
        UnusableInputError: there is no source, a wrong header, no row, or no row to keep.
        RuntimeError: what lies in the outputs doesn't account for every row read.
    """
    spark = spark.newSession()  # with settings of its own
    lines = read_lines(spark, source)
    # Spark doesn't merge the small partitions of a persisted shuffle: as many as the source has.
    partitions = max(lines.rdd.getNumPartitions(), spark.sparkContext.defaultParallelism)
    spark.conf.set("spark.sql.shuffle.partitions", partitions)
    started_at = int(time.time())
    tallied = tally(classify(parse_lines(lines), minimum_rating, started_at)).persist()
    outcomes = count_outcomes(tallied)
    read = sum(row["rows"] for row in outcomes.values())
    filtered = outcomes[FILTERED]["rows"] if FILTERED in outcomes else 0
    by_reason = {str(reason): outcomes[reason]["rows"] for reason in Reason if reason in outcomes}
    if read == 0:
        raise UnusableInputError(
            f"--source {source} holds no row of data, only headers or nothing. Upload the ratings "
            "there, or correct the URL."
        )

    # What an earlier attempt of this run left would contradict this one's report.
    _delete(spark, f"{transformed_prefix}/report.json")
    _delete(spark, quarantine_prefix)
    quarantined = 0
    if by_reason:
        files = math.ceil(sum(by_reason.values()) / QUARANTINED_ROWS_PER_FILE)
        _writer(to_quarantine(tallied).coalesce(files)).json(quarantine_prefix)
        quarantined = spark.read.text(quarantine_prefix).count()
    if KEPT not in outcomes:
        reasons = ", ".join(f"{reason} {rows}" for reason, rows in by_reason.items())
        mend = f", or mend the rows that lie in {quarantine_prefix}" if quarantined else ""
        raise UnusableInputError(
            f"No row of {source} reaches the minimum rating of {minimum_rating:g}: {read} read, "
            f"{filtered} filtered, {quarantined} quarantined{f' ({reasons})' if reasons else ''}. "
            f"Lower --minimum_rating{mend}."
        )

    kept = outcomes[KEPT]
    interactions = to_interactions(tallied)
    interactions_url = f"{transformed_prefix}/interactions/"
    csv_bytes = kept["id_characters"] + kept["unique"] * len(",,1162160236\n")
    _writer(interactions.coalesce(math.ceil(csv_bytes / BYTES_PER_FILE))).csv(
        interactions_url,
        header=True,
        # White space in an id is part of the id; the default trims it.
        ignoreLeadingWhiteSpace=False,
        ignoreTrailingWhiteSpace=False,
    )
    users = to_batch_users(interactions).persist()
    _writer(users.coalesce(1).sortWithinPartitions("userId")).json(
        f"{transformed_prefix}/batch_users_input/"
    )

    # Counted in the files, not in the plan that wrote them; an id holds no line break.
    is_record = F.col("value") != INTERACTIONS_HEADER
    rows = {
        "read": read,
        "written": spark.read.text(interactions_url).where(is_record).count(),
        "filtered": filtered,
        "duplicate": kept["rows"] - kept["unique"],
        "quarantined": quarantined,
    }
    if read != sum(rows.values()) - read:
        raise RuntimeError(f"The outputs don't account for every row read: {rows}")
    report = {
        "rows": rows,
        "quarantined_by_reason": by_reason,
        "users": users.count(),
        "items": interactions.select("ITEM_ID").distinct().count(),
        "timestamps": {"first": kept["first"], "last": kept["last"]},
        "minimum_rating": minimum_rating,
        "source": source,
    }
    _write_text(spark, f"{transformed_prefix}/report.json", json.dumps(report, indent=2) + "\n")
    users.unpersist()
    tallied.unpersist()
    return report


def main(argv: Sequence[str] | None = None) -> None:
    """Run the job with Glue's arguments; the ones that Glue adds are ignored."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--source", required=True)
    parser.add_argument("--transformed_prefix", required=True)
    parser.add_argument("--quarantine_prefix", required=True)
    parser.add_argument("--minimum_rating", type=float, default=3.5)
    arguments, _ = parser.parse_known_args(argv)

    is_own_session = SparkSession.getActiveSession() is None
    spark = SparkSession.builder.getOrCreate()
    spark.sparkContext.setLogLevel("WARN")
    try:
        report = prepare(
            spark,
            arguments.source,
            arguments.transformed_prefix.rstrip("/"),
            arguments.quarantine_prefix.rstrip("/"),
            arguments.minimum_rating,
        )
    finally:
        if is_own_session:
            spark.stop()
    counts = ", ".join(f"{rows} {name}" for name, rows in report["rows"].items())
    print(f"Rows: {counts}; {report['users']} users, {report['items']} items")  # noqa: T201


def _writer(frame: DataFrame) -> DataFrameWriter:
    return frame.write.mode("overwrite").options(**HADOOP_OPTIONS)


def _hadoop_path(spark: SparkSession, url: str, *, is_encoded: bool = False) -> tuple[Any, Any]:
    """Return the Hadoop path of `url` and its file system (the scheme decides which)."""
    jvm: Any = spark._jvm
    configuration = jvm.org.apache.hadoop.conf.Configuration(spark._jsc.hadoopConfiguration())
    for key, value in HADOOP_OPTIONS.items():
        configuration.set(key, value)
    path = jvm.org.apache.hadoop.fs.Path(jvm.java.net.URI(url) if is_encoded else url)
    return path, path.getFileSystem(configuration)


def _first_line(spark: SparkSession, url: str) -> str | None:
    """Return the start of a file's first line without a byte order mark; None for an empty file."""
    jvm: Any = spark._jvm
    path, file_system = _hadoop_path(spark, url, is_encoded=True)  # as DataFrame.inputFiles has it
    codecs = jvm.org.apache.hadoop.io.compress.CompressionCodecFactory(file_system.getConf())
    codec = codecs.getCodec(path)
    stream = file_system.open(path)
    try:
        text = jvm.org.apache.hadoop.io.Text()
        reader = jvm.org.apache.hadoop.util.LineReader(
            codec.createInputStream(stream) if codec else stream
        )
        consumed = reader.readLine(text, 200, 100_000)
        return text.toString().removeprefix("\ufeff") if consumed else None
    finally:
        stream.close()


def _delete(spark: SparkSession, url: str) -> None:
    path, file_system = _hadoop_path(spark, url)
    file_system.delete(path, True)


def _write_text(spark: SparkSession, url: str, text: str) -> None:
    path, file_system = _hadoop_path(spark, url)
    stream = file_system.create(path, True)
    try:
        stream.write(bytearray(text, "utf-8"))
    finally:
        stream.close()


if __name__ == "__main__":
    main()
