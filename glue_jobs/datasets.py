"""The rows of a source: what becomes of each, and equal ones brought together.

A dataset's rows are one persisted frame, from which everything else is made without reading the
source again:

    outcome     int: KEPT, FILTERED or the code of a reason
    key         string: the user's id (for items: the item's); of a quarantined row, its record
    copies      bigint: how many rows of the source this one stands for
    file        string: of a quarantined row, the URL of its file
    item_id, seconds, event_type    of kept interactions
    unit        int: of a time whose unit is told from the data, its place in timestamps.UNITS
    extras      struct: the further columns of a kept row, if there are any

Of several rows with the same identity (user, item, second, and event type if there is one; or the
id of a user or item) one is kept: the one whose extras are the greatest, compared column by column.
So the highest event value wins, and neither the order of the rows nor their place in files matters.
"""

import functools
import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass, field

import outcomes
import sources
import timestamps
import values
from configuration import Dataset, Interactions, Items, Timestamp
from outcomes import FILTERED, KEPT, Reason
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - PySpark's own convention

SHUFFLED_BYTES = 16 * 1024 * 1024  # of a source, for each partition after the shuffle


def read(spark: SparkSession, urls: Sequence[str], dataset: Dataset, started_at: int) -> DataFrame:
    """Read a source once, and return its rows as the module's docstring has them, persisted.

    Args:
        spark: a session of the caller's own; settings are made in it.
        urls: where the source lies.
        dataset: its configuration.
        started_at: the run's start, epoch seconds: later events are in the future.

    Raises:
        UnusableInputError: see `sources.read`.
    """
    records = sources.read(spark, urls, dataset.format, columns_of(dataset))
    partitions = max(
        spark.sparkContext.defaultParallelism, math.ceil(records.bytes / SHUFFLED_BYTES)
    )
    spark.conf.set("spark.sql.shuffle.partitions", partitions)
    classified = _classify(records.frame, _plan(dataset, started_at, records))
    # By the key alone, so that all rows of a user meet: tallies by user then need no shuffle.
    gathered = classified.repartition(partitions, "key")
    identity = [name for name in gathered.columns if name != "extras"]
    extras = [F.max("extras").alias("extras")] if "extras" in gathered.columns else []
    return gathered.groupBy(*identity).agg(F.count(F.lit(1)).alias("copies"), *extras).persist()


def columns_of(dataset: Dataset) -> list[str]:
    """Return the source's names of the columns that a dataset is made of."""
    time, metadata = time_of(dataset), [column.source for column in dataset.metadata]
    columns = [dataset.item_id if isinstance(dataset, Items) else dataset.user_id]
    if isinstance(dataset, Interactions):
        columns.append(dataset.item_id)
    if time is not None:
        columns.append(time.column)
    if isinstance(dataset, Interactions) and dataset.event_type:
        columns.append(dataset.event_type.column)
    if isinstance(dataset, Interactions) and dataset.event_value:
        columns.append(dataset.event_value.column)
    return [*columns, *metadata]


def time_of(dataset: Dataset) -> Timestamp | None:
    """Return how the times of a dataset are read, if it has any."""
    if isinstance(dataset, Interactions):
        return dataset.timestamp
    return dataset.creation_timestamp if isinstance(dataset, Items) else None


def csv_lines(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """Return the kept rows as the lines of a CSV file under the dataset's header: `line`."""
    own = {"ITEM_ID": "key"}
    if not isinstance(dataset, Items):
        own = {"USER_ID": "key", "ITEM_ID": "item_id"}
        own |= {"TIMESTAMP": "seconds", "EVENT_TYPE": "event_type"}
    extras = {name: f"extras.extra_{n}" for n, name in enumerate(_extra_names(dataset))}
    textual = {column.name for column in dataset.metadata if column.textual}
    line = values.csv_line(
        [F.col((own | extras)[name]).cast("string") for name in dataset.header],
        [name in textual for name in dataset.header],
    )
    return rows.where(F.col("outcome") == KEPT).select(line.alias("line"))


def tally(rows: DataFrame) -> DataFrame:
    """Count the rows by outcome and key (and unit, where the data tells it).

    `outcome`, `key`, `unit`, `copies` and `events` (different ones); for interactions `first` and
    `last` (epoch seconds).
    """
    by = [name for name in ("outcome", "key", "unit") if name in rows.columns]
    counts = [F.sum("copies").alias("copies"), F.count(F.lit(1)).alias("events")]
    if "seconds" in rows.columns:
        counts += [F.min("seconds").alias("first"), F.max("seconds").alias("last")]
    return rows.groupBy(*by).agg(*counts)


def units(tallied: DataFrame) -> dict[str, int]:
    """Return the usable rows by the unit of their time, where the data tells it."""
    if "unit" not in tallied.columns:
        return {}
    usable = tallied.where(F.col("unit").isNotNull())
    by_unit = usable.groupBy("unit").agg(F.sum("copies").alias("copies")).orderBy("unit")
    return {timestamps.UNITS[row["unit"]]: row["copies"] for row in by_unit.collect()}


def quarantined(rows: DataFrame) -> DataFrame:
    """Return the unusable records, as often as they were read.

    `file`, `record`, `reason`; where the bytes of a record are no text, also `record_base64`.
    """
    reasons = F.create_map(
        *(F.lit(part) for each in Reason for part in (outcomes.code(each), each.value))
    )
    is_no_text = F.col("outcome") == outcomes.code(Reason.INVALID_ENCODING)
    copies = F.explode(F.sequence(F.lit(1), F.col("copies")))
    return (
        rows.where(F.col("outcome") > FILTERED)
        .select(
            "file",
            F.col("key").alias("record"),
            reasons[F.col("outcome")].alias("reason"),
            F.when(is_no_text, F.base64(F.col("key").cast("binary"))).alias("record_base64"),
            copies,
        )
        .drop("col")
    )


@dataclass(frozen=True)
class _Plan:
    """What a dataset makes of a row.

    `steps` compute columns, one step from the columns of the ones before; the rest uses them all.
    """

    key: str
    steps: list[dict[str, Column]]
    faults: values.Faults
    is_filtered: Column
    identity: list[str] = field(default_factory=list)  # besides the key
    extras: list[Column] = field(default_factory=list)
    unit: Column | None = None


def _classify(records: DataFrame, plan: _Plan) -> DataFrame:
    # Within one step, Spark would compute a value again wherever it is used.
    computed = records
    for step in plan.steps:
        computed = computed.select("*", *(column.alias(name) for name, column in step.items()))
    outcome = F.when(F.col("fault").isNotNull(), F.col("fault"))
    for is_faulty, reason in plan.faults:
        outcome = outcome.when(is_faulty, outcomes.code(reason))
    outcome = outcome.when(plan.is_filtered, FILTERED).otherwise(KEPT)
    is_kept, is_unusable = F.col("outcome") == KEPT, F.col("outcome") > FILTERED
    columns = {
        "key": F.when(is_unusable, F.col("record")).otherwise(F.col(plan.key)),
        "file": F.when(is_unusable, F.input_file_name()),
        **{name: F.when(is_kept, F.col(name)) for name in plan.identity},
    }
    if plan.unit is not None:
        columns["unit"] = F.when(~is_unusable, plan.unit)
    if plan.extras:
        named = (extra.alias(f"extra_{n}") for n, extra in enumerate(plan.extras))
        columns["extras"] = F.when(is_kept, F.struct(*named))
    return computed.withColumn("outcome", outcome).select(
        "outcome", *(column.alias(name) for name, column in columns.items())
    )


def _plan(dataset: Dataset, started_at: int, records: sources.Records) -> _Plan:
    if isinstance(dataset, Interactions):
        return _plan_interactions(dataset, started_at, records)
    key, missing = (
        ("item_id", Reason.MISSING_ITEM_ID)
        if isinstance(dataset, Items)
        else ("user_id", Reason.MISSING_USER_ID)
    )
    raw = _raw(dataset)
    time = time_of(dataset)
    metadata, metadata_faults = _metadata(dataset, raw)
    return _Plan(
        key=key,
        steps=[{key: F.col("column_0"), **metadata}, *_times(raw, time)],
        faults=[
            *_identifier_faults(key, missing, records),
            *(timestamps.faults(F.col("seconds"), started_at) if time else []),
            *metadata_faults,
        ],
        is_filtered=F.lit(False),
        extras=[F.col("seconds")] * (time is not None) + [F.col(name) for name in metadata],
        unit=F.col("unit") if time and time.is_told_from_data else None,
    )


def _plan_interactions(dataset: Interactions, started_at: int, records: sources.Records) -> _Plan:
    raw = _raw(dataset)
    time, event_type, event_value = dataset.timestamp, dataset.event_type, dataset.event_value
    computed = {"user_id": raw[dataset.user_id], "item_id": raw[dataset.item_id]}
    faults = [
        *_identifier_faults("user_id", Reason.MISSING_USER_ID, records),
        *_identifier_faults("item_id", Reason.MISSING_ITEM_ID, records),
    ]
    filters = []
    if time.not_before:
        filters.append(F.col("seconds") < timestamps.instant(time.not_before, time.time_zone))
    if time.before:
        filters.append(F.col("seconds") >= timestamps.instant(time.before, time.time_zone))
    identity, extras = ["item_id", "seconds"], []
    if event_type:
        computed["event_type"] = raw[event_type.column]
        faults += values.event_type_faults(
            F.col("event_type"), may_hold_line_breaks=records.may_hold_line_breaks
        )
        identity.append("event_type")
        if event_type.allowed is not None:
            filters.append(~F.col("event_type").isin(*event_type.allowed))
    if event_value:
        text, value = raw[event_value.column], F.col("event_value")
        computed["event_value"] = values.number(text)
        faults += values.event_value_faults(
            text, value, is_required=event_value.minimum is not None
        )
        if event_value.minimum is not None:
            filters.append(value < event_value.minimum)
        if event_value.imported:
            computed["event_value_text"] = values.number_text(text)
            extras += [value, F.col("event_value_text")]
    metadata, metadata_faults = _metadata(dataset, raw)
    return _Plan(
        key="user_id",
        steps=[computed | metadata, *_times(raw, time)],
        faults=[*faults, *timestamps.faults(F.col("seconds"), started_at), *metadata_faults],
        is_filtered=functools.reduce(operator.or_, filters, F.lit(False)),
        identity=identity,
        extras=extras + [F.col(name) for name in metadata],
        unit=F.col("unit") if time.is_told_from_data else None,
    )


def _raw(dataset: Dataset) -> dict[str, Column]:
    return {column: F.col(f"column_{n}") for n, column in enumerate(columns_of(dataset))}


def _extra_names(dataset: Dataset) -> list[str]:
    """Return the header's names of the extras, in order; the number of an event value has none."""
    names = [column.name for column in dataset.metadata]
    if isinstance(dataset, Items) and dataset.creation_timestamp:
        return ["CREATION_TIMESTAMP", *names]
    if isinstance(dataset, Interactions) and dataset.event_value and dataset.event_value.imported:
        return ["", "EVENT_VALUE", *names]
    return names


def _times(raw: dict[str, Column], time: Timestamp | None) -> list[dict[str, Column]]:
    return timestamps.read(raw[time.column], time) if time else []


def _metadata(dataset: Dataset, raw: dict[str, Column]) -> tuple[dict[str, Column], values.Faults]:
    computed: dict[str, Column] = {}
    faults: values.Faults = []
    for number, column in enumerate(dataset.metadata):
        text, name = raw[column.source], f"metadata_{number}"
        computed[name] = values.metadata_text(text, column)
        faults += values.metadata_faults(text, F.col(name), column)
    return computed, faults


def _identifier_faults(name: str, missing: Reason, records: sources.Records) -> values.Faults:
    return values.identifier_faults(
        F.col(name), missing, may_hold_line_breaks=records.may_hold_line_breaks
    )
