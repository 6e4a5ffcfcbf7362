"""Glue job: raw interactions, users and items become what Amazon Personalize imports and is asked.

    <transformed_prefix>/interactions/*.csv          in the columns of the dataset's schema
    <transformed_prefix>/users/*.csv, items/*.csv    if they are configured
    <transformed_prefix>/batch_<key>_input/*.json    the lines that batch jobs are asked
    <transformed_prefix>/report.json                 the counts; written last: the run is complete
    <quarantine_prefix>/<dataset>/*.json             unusable rows: file, record, reason

Both prefixes belong to one run: another start with them first deletes what lies there, and without
report.json nothing there is complete. docs/data.md describes the configuration and the outputs.

Runs unchanged under Glue 5.0 (Spark 3.5.4, Python 3.11) and under plain PySpark, where the URLs may
be local paths. The modules it imports lie beside it; on Glue they come through --extra-py-files.
"""

import argparse
import dataclasses
import hashlib
import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import batch_inputs
import configuration
import data_gate
import datasets
import files
import outcomes
import timestamps
from configuration import Configuration, Dataset
from data_gate import DataGateError, InteractionCounts, SourceCounts
from outcomes import FILTERED, KEPT
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - PySpark's own convention
from sources import UnusableInputError

BYTES_PER_FILE = 32 * 1024 * 1024
QUARANTINED_ROWS_PER_FILE = 1_000_000
SHOWN_EVENT_TYPES = 1000

# The rules of this script are those of Spark without ANSI mode: a cast that fails gives null.
SETTINGS = {
    "spark.sql.ansi.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    # A plan that changes while it runs would lose how persisted rows are partitioned.
    "spark.sql.adaptive.enabled": "false",
    # Rows are persisted for a minute; compressing them costs more than it saves.
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
}


@dataclass(frozen=True)
class Examined:
    """Everything that is known after one pass over each source."""

    configuration: Configuration
    started_at: int  # epoch seconds
    urls: dict[str, list[str]]  # of the sources, by dataset
    rows: dict[str, DataFrame]  # by dataset, see datasets.py
    users: DataFrame  # id, events, first, last: of the interactions to be written
    items: DataFrame  # id, events
    counts: dict[str, SourceCounts]
    interactions: InteractionCounts
    persisted: list[DataFrame]

    @property
    def breaches(self) -> list[str]:
        """What the data gate refuses."""
        return data_gate.breaches(self.counts, self.interactions, self.configuration)

    @property
    def warnings(self) -> list[str]:
        """What is legal and foolish."""
        return data_gate.warnings(self.counts, self.interactions, self.started_at)


def configured(settings: Configuration) -> dict[str, Dataset]:
    """Return the datasets of a configuration, by name."""
    named = {
        "interactions": settings.interactions,
        "users": settings.users,
        "items": settings.items,
    }
    return {name: dataset for name, dataset in named.items() if dataset is not None}


def new_session(spark: SparkSession) -> SparkSession:
    """Return a session with settings of its own, on the same Spark."""
    session = spark.newSession()
    for name, value in SETTINGS.items():
        session.conf.set(name, value)
    return session


def examine(spark: SparkSession, settings: Configuration, urls: dict[str, list[str]]) -> Examined:
    """Read each source once, classify its rows and count them.

    Args:
        spark: a session of `new_session`.
        settings: the configuration.
        urls: where the source of each configured dataset lies.

    Raises:
        UnusableInputError: a source can't be read, or holds no row.
        ConfigurationError: Spark can't use a time zone or pattern.
    """
    started_at = int(time.time())
    rows = {}
    for name, dataset in configured(settings).items():
        read_time = datasets.time_of(dataset)
        if read_time and (read_time.pattern or read_time.time_zone != "UTC"):
            timestamps.require_usable(spark, read_time, name)
        rows[name] = datasets.read(spark, urls[name], dataset, started_at)
    # The first action on the rows persists them; by user, so that it counts the users too.
    tallies = {name: datasets.tally(frame).persist() for name, frame in rows.items()}
    counts = {name: _count(tally, ", ".join(urls[name])) for name, tally in tallies.items()}
    kept = rows["interactions"].where(F.col("outcome") == KEPT)
    users = tallies["interactions"].where(F.col("outcome") == KEPT)
    items = kept.groupBy(F.col("item_id").alias("id")).agg(F.count(F.lit(1)).alias("events"))
    items = items.persist()
    return Examined(
        settings,
        started_at,
        urls,
        rows,
        users.select(F.col("key").alias("id"), "events", "first", "last"),
        items,
        counts,
        _count_interactions(rows["interactions"], tallies["interactions"], items),
        [*rows.values(), *tallies.values(), items],
    )


def _count(tally: DataFrame, source: str) -> SourceCounts:
    by_outcome = tally.groupBy("outcome").agg(
        F.sum("copies").alias("rows"), F.sum("events").alias("unique")
    )
    found = {row["outcome"]: row for row in by_outcome.collect()}
    if not found:
        raise UnusableInputError(
            f"{source} holds no row of data, only headers or nothing. Upload the data there, or"
            " correct the folder."
        )
    kept, written = (found[KEPT]["rows"], found[KEPT]["unique"]) if KEPT in found else (0, 0)
    by_reason = {
        str(outcomes.reason(outcome)): found[outcome]["rows"]
        for outcome in sorted(found)
        if outcome > FILTERED
    }
    return SourceCounts(
        read=sum(row["rows"] for row in found.values()),
        written=written,
        filtered=found[FILTERED]["rows"] if FILTERED in found else 0,
        duplicate=kept - written,
        quarantined=sum(by_reason.values()),
        quarantined_by_reason=by_reason,
        units=datasets.units(tally),
    )


def _count_interactions(rows: DataFrame, tally: DataFrame, items: DataFrame) -> InteractionCounts:
    users = tally.where(F.col("outcome") == KEPT)
    (total,) = users.agg(
        F.count(F.lit(1)).alias("users"),
        F.count_if(F.col("events") >= 2).alias("active"),
        F.max(F.struct("events", "key")).alias("heaviest"),
        F.min("first").alias("first"),
        F.max("last").alias("last"),
        F.sum((F.octet_length("key") + len(",,1162160236\n")) * F.col("events")).alias("bytes"),
    ).collect()
    (item,) = items.agg(
        F.count(F.lit(1)).alias("items"),
        F.sum(F.octet_length("id") * F.col("events")).alias("bytes"),
    ).collect()
    event_types = {}
    if "event_type" in rows.columns:
        typed = rows.where(F.col("outcome") == KEPT).groupBy("event_type").count()
        # A column of something else may have millions of values.
        event_types = dict(sorted(tuple(row) for row in typed.limit(SHOWN_EVENT_TYPES).collect()))
    return InteractionCounts(
        users=total["users"],
        items=item["items"],
        users_with_two_or_more=total["active"],
        most_active_user=total["heaviest"] and total["heaviest"]["key"],
        most_active_user_events=total["heaviest"]["events"] if total["heaviest"] else 0,
        first=total["first"],
        last=total["last"],
        event_types=event_types,
        bytes=(total["bytes"] or 0) + (item["bytes"] or 0),
    )


def write(spark: SparkSession, data: Examined, transformed: str, quarantine: str) -> dict[str, Any]:
    """Write what the module's docstring lists; return the report.

    Raises:
        DataGateError: the data breaks a minimum or limit; then nothing is written for an import.
        RuntimeError: what lies in the outputs doesn't account for every row read.
    """
    for name, counts in data.counts.items():
        if counts.quarantined:
            frame = datasets.quarantined(data.rows[name])
            parts = math.ceil(counts.quarantined / QUARANTINED_ROWS_PER_FILE)
            files.writer(frame.coalesce(parts)).json(f"{quarantine}/{name}")
    if data.breaches:
        raise _refusal(data.breaches)

    asked = {
        key: _write_batch_input(spark, data, key, f"{transformed}/batch_{key}_input")
        for key in data.configuration.batch_inputs
    }
    breaches = [breach for _, found in asked.values() for breach in found]
    if breaches:
        raise _refusal(breaches)
    fingerprints = {}
    for name, dataset in configured(data.configuration).items():
        lines = datasets.csv_lines(data.rows[name], dataset)
        size = data.interactions.bytes if name == "interactions" else _bytes(lines)
        parts = math.ceil(size / BYTES_PER_FILE)
        header = ",".join(dataset.header)
        files.write_lines(lines.coalesce(parts), f"{transformed}/{name}", header)
        fingerprints[name] = _require_conservation(
            spark, name, header, data.counts[name], transformed, quarantine
        )
    report = report_of(data) | {
        "batch_inputs": {key: count for key, (count, _) in asked.items()},
        "fingerprint": fingerprint(fingerprints),
    }
    files.write_text(spark, f"{transformed}/report.json", json.dumps(report, indent=2) + "\n")
    return report


def _bytes(lines: DataFrame) -> int:
    return int(lines.agg(F.sum(F.octet_length("line") + 1)).collect()[0][0])


def _write_batch_input(
    spark: SparkSession, data: Examined, key: str, url: str
) -> tuple[int, list[str]]:
    """Write one batch input; return its number of lines and what a batch job would refuse."""
    lines = batch_inputs.lines(
        spark, data.configuration.batch_inputs[key], data.users, data.items, data.started_at
    ).persist()
    line_bytes = F.sum(F.octet_length(F.to_json(F.struct("*"))) + 1)
    records, size = lines.agg(F.count(F.lit(1)), line_bytes).collect()[0]
    parts = math.ceil((size or 1) / BYTES_PER_FILE)
    asked_for = lines.columns[0]
    spread = lines.coalesce(1) if parts == 1 else lines.repartitionByRange(parts, asked_for)
    files.writer(spread.sortWithinPartitions(asked_for)).json(url)
    lines.unpersist()
    return records, data_gate.batch_input_breaches(key, files.sizes(spark, url), records)


def _require_conservation(
    spark: SparkSession,
    name: str,
    header: str,
    counts: SourceCounts,
    transformed: str,
    quarantine: str,
) -> str:
    """Count what lies in the files, and not in the plan that wrote them; return a fingerprint."""
    written = files.lines(spark, f"{transformed}/{name}", header)
    found = {
        "written": written.count,
        "filtered": counts.filtered,
        "duplicate": counts.duplicate,
        "quarantined": files.lines(spark, f"{quarantine}/{name}").count,
    }
    if counts.read != sum(found.values()):
        raise RuntimeError(
            f"{name}: the outputs don't account for every row: {counts.read} read, {found}. Start"
            " the job again; if it stays, report it with the numbers."
        )
    return f"{header}:{written.fingerprint}"


def fingerprint(datasets: Mapping[str, str]) -> str:
    """Return one for all datasets: two runs with the same one have imported the same data."""
    return hashlib.sha256(json.dumps(datasets, sort_keys=True).encode()).hexdigest()


def _refusal(breaches: list[str]) -> DataGateError:
    shown = "".join(f"\n  - {breach}" for breach in breaches)
    return DataGateError(f"The data is not fit to be imported:{shown}")


def report_of(data: Examined) -> dict[str, Any]:
    """Return what was found, in the form of report.json."""
    interactions, written = data.interactions, data.counts["interactions"].written
    unit = (
        ", ".join(data.counts["interactions"].units)
        or data.configuration.interactions.timestamp.unit
    )
    names = ("read", "written", "filtered", "duplicate", "quarantined")
    return {
        "datasets": {
            name: {
                "source": ", ".join(data.urls[name]),
                "rows": {each: getattr(counts, each) for each in names},
                "quarantined_by_reason": dict(counts.quarantined_by_reason),
            }
            for name, counts in data.counts.items()
        },
        "interactions": {
            "users": interactions.users,
            "items": interactions.items,
            "users_with_two_or_more": interactions.users_with_two_or_more,
            "most_active_user_share": (
                round(interactions.most_active_user_events / written, 6) if written else 0
            ),
            "timestamps": {
                "first": interactions.first,
                "last": interactions.last,
                "unit": unit,
            },
            "event_types": dict(interactions.event_types),
        },
        "warnings": data.warnings,
        "configuration": dataclasses.asdict(data.configuration),
    }


def release(data: Examined) -> None:
    """Give back the memory of the persisted rows."""
    for frame in data.persisted:
        frame.unpersist()


def prepare(
    spark: SparkSession, text: str, raw_prefix: str, transformed: str, quarantine: str
) -> dict[str, Any]:
    """Do the whole job; return the report.

    Raises:
        ConfigurationError, UnusableInputError, DataGateError, RuntimeError: as above.
    """
    settings = configuration.parse(text)
    spark = new_session(spark)
    # What an earlier attempt of this run left would contradict this one's report.
    for url in (f"{transformed}/report.json", transformed, quarantine):
        files.delete(spark, url)
    urls = {name: [f"{raw_prefix}/{each.folder}"] for name, each in configured(settings).items()}
    data = examine(spark, settings, urls)
    try:
        return write(spark, data, transformed, quarantine)
    finally:
        release(data)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the job with Glue's arguments; the ones that Glue adds are ignored."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--configuration", required=True)
    parser.add_argument("--raw_prefix", required=True)
    parser.add_argument("--transformed_prefix", required=True)
    parser.add_argument("--quarantine_prefix", required=True)
    arguments, _ = parser.parse_known_args(argv)

    is_own_session = SparkSession.getActiveSession() is None
    spark = SparkSession.builder.getOrCreate()
    spark.sparkContext.setLogLevel("WARN")
    try:
        report = prepare(
            spark,
            arguments.configuration,
            arguments.raw_prefix.rstrip("/"),
            arguments.transformed_prefix.rstrip("/"),
            arguments.quarantine_prefix.rstrip("/"),
        )
    finally:
        if is_own_session:
            spark.stop()
    for name, dataset in report["datasets"].items():
        counts = ", ".join(f"{rows} {what}" for what, rows in dataset["rows"].items())
        print(f"{name}: {counts}")  # noqa: T201
    for warning in report["warnings"]:
        print(f"Warning: {warning}")  # noqa: T201


if __name__ == "__main__":
    main()
