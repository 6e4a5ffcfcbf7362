"""Times of a source become epoch seconds, the only form that Personalize reads.

Developer Guide, "Preparing training data": milliseconds are not refused there, they are taken for
the far future.
"""

import re

import values
from configuration import ConfigurationError, Timestamp
from outcomes import Reason
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - PySpark's own convention

EARLIEST_SECONDS = 631_152_000  # 1990-01-01T00:00:00Z

_IN_A_SECOND = {"seconds": 1, "milliseconds": 1_000, "microseconds": 1_000_000}
UNITS = (*_IN_A_SECOND, "iso8601")
# As seconds this is the year 5138, as milliseconds March 1973; and so on.
_FIRST = {"milliseconds": 10**11, "microseconds": 10**14}
_ISO_8601 = (
    r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?\z"
)
_NAMES_ZONE = r"[T ].*(Z|[+-][0-9]{2}(:?[0-9]{2})?)\z"


def faults(seconds: Column, started_at: int) -> values.Faults:
    """Say what may be wrong with a time; `started_at` is the run's start in epoch seconds."""
    return [
        (seconds.isNull(), Reason.INVALID_TIMESTAMP),
        (seconds < EARLIEST_SECONDS, Reason.TIMESTAMP_TOO_EARLY),
        (seconds > started_at, Reason.TIMESTAMP_IN_FUTURE),
    ]


def read(text: Column, timestamp: Timestamp) -> list[dict[str, Column]]:
    """Return how times are read, step by step: columns to be computed one after the other.

    The last step has `seconds` (bigint, since 1970; null where the text is no such time) and, if
    the unit is told from the data, by a number's size or a text's form, `unit` (int: its place in
    UNITS).
    """
    if timestamp.pattern is not None:
        local = F.to_timestamp(text, timestamp.pattern)
        names_zone = bool(set("VzOXxZ") & set(_without_literals(timestamp.pattern)))
        time = local if names_zone else F.to_utc_timestamp(local, timestamp.time_zone)
        return [{"seconds": F.unix_seconds(time)}]
    if timestamp.unit == "iso8601":
        return [{"seconds": _iso_8601(text, timestamp.time_zone)}]
    number = F.col("number")
    first = {"number": values.integer(text)}
    if timestamp.unit in _IN_A_SECOND:
        return [first, {"seconds": _seconds(number, timestamp.unit)}]
    is_seconds = number < _FIRST["milliseconds"]
    is_milliseconds = number < _FIRST["microseconds"]
    seconds = (
        F.when(is_milliseconds & ~is_seconds, _seconds(number, "milliseconds"))
        .when(is_seconds, number)
        .when(number.isNotNull(), _seconds(number, "microseconds"))
        .otherwise(_iso_8601(text, timestamp.time_zone))
    )
    unit = (
        F.when(is_seconds, _unit("seconds"))
        .when(is_milliseconds, _unit("milliseconds"))
        .when(number.isNotNull(), _unit("microseconds"))
        .otherwise(_unit("iso8601"))
    )
    return [first, {"seconds": seconds, "unit": unit}]


def instant(date: str, time_zone: str) -> Column:
    """Return the epoch seconds of a configured ISO 8601 date."""
    return _iso_8601(F.lit(date), time_zone)


def require_usable(spark: SparkSession, timestamp: Timestamp, path: str) -> None:
    """Check what only Spark and Java know: time zones and patterns.

    Raises:
        ConfigurationError: there is no such zone, or it is no pattern.
    """
    trials = [instant("2006-10-29", timestamp.time_zone)]
    if timestamp.pattern is not None:
        trials.append(F.to_timestamp(F.lit("2006-10-29"), timestamp.pattern))
    try:
        spark.range(1).select(*trials).collect()
    except (PySparkException, Py4JJavaError) as error:
        reason = re.search(r"(?:Exception|ERROR\])[:.]? *(.+)", str(error))
        raise ConfigurationError(
            f"{path}: Spark can't use pattern {timestamp.pattern!r} with time_zone"
            f" {timestamp.time_zone!r}: {reason[1] if reason else error}"
        ) from error


def _iso_8601(text: Column, time_zone: str) -> Column:
    # The session's time zone is UTC: a time without a zone is first taken for one there.
    time = F.when(text.rlike(_ISO_8601), F.translate(text, ",", ".").cast("timestamp"))
    local = F.to_utc_timestamp(time, time_zone)
    return F.unix_seconds(F.when(text.rlike(_NAMES_ZONE), time).otherwise(local))


def _seconds(number: Column, unit: str) -> Column:
    return F.floor(number / _IN_A_SECOND[unit])


def _unit(name: str) -> Column:
    return F.lit(UNITS.index(name))


def _without_literals(pattern: str) -> str:
    return "".join(part for number, part in enumerate(pattern.split("'")) if number % 2 == 0)
