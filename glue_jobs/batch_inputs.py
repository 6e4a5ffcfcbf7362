"""What batch jobs are asked: JSON lines, in the form that a kind of recipe needs.

Developer Guide, "Preparing input data for batch recommendations" and "… for user segments"; for
`filterValues`, "Filtering batch recommendations and user segments".
"""

import json

import timestamps
from configuration import BatchInput
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - PySpark's own convention

DAY_SECONDS = 86_400


def lines(
    spark: SparkSession,
    batch_input: BatchInput,
    users: DataFrame,
    items: DataFrame,
    started_at: int,
) -> DataFrame:
    """Return the lines of a batch input, a column a member; the first says what is asked for.

    Args:
        spark: the session.
        batch_input: what is to be asked.
        users: `id`, `events` (how many) and `last` (of them, epoch seconds).
        items: `id` and `events`.
        started_at: the run's start, epoch seconds.
    """
    if batch_input.kind == "item_attributes":
        asked = _listed(spark, batch_input.item_attributes or [])
        member = "itemAttributes"
    elif batch_input.kind == "items":
        asked, member = _chosen(spark, batch_input, items), "itemId"
    else:
        active = _active(batch_input, users, started_at)
        asked, member = _chosen(spark, batch_input, active), "userId"
    members = [F.col("id").alias(member)]
    if batch_input.item_list is not None:
        members.append(F.array(*map(F.lit, batch_input.item_list)).alias("itemList"))
    if batch_input.filter_values:
        # One string of quoted values for each placeholder.
        named = (
            F.lit(",".join(json.dumps(value, ensure_ascii=False) for value in wanted)).alias(name)
            for name, wanted in sorted(batch_input.filter_values.items())
        )
        members.append(F.struct(*named).alias("filterValues"))
    return asked.select(*members)


def _active(batch_input: BatchInput, users: DataFrame, started_at: int) -> DataFrame:
    if batch_input.active_days is not None:
        return users.where(F.col("last") >= started_at - batch_input.active_days * DAY_SECONDS)
    if batch_input.active_since is not None:
        return users.where(F.col("last") >= timestamps.instant(batch_input.active_since, "UTC"))
    return users


def _chosen(spark: SparkSession, batch_input: BatchInput, known: DataFrame) -> DataFrame:
    if batch_input.ids is not None:
        return _listed(spark, batch_input.ids)
    if batch_input.most_frequent is not None:
        # By the id too, so that a tie is decided alike in every run.
        return known.orderBy(F.desc("events"), "id").limit(batch_input.most_frequent)
    return known


def _listed(spark: SparkSession, ids: list[str]) -> DataFrame:
    # As one literal: a DataFrame of local rows would start Python workers.
    listed = F.array(*map(F.lit, dict.fromkeys(ids)))
    return spark.range(1).select(F.explode(listed).alias("id"))
