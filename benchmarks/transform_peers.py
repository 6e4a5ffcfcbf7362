"""The transforms that benchmarks/transform.py compares, each run in a process of its own.

    python benchmarks/transform_peers.py NAME RAW OUTPUT

RAW holds interactions/ratings.dat. `job`, `duckdb` and `pandas` leave the same in OUTPUT:

    transformed/interactions/*.csv          USER_ID,ITEM_ID,TIMESTAMP (epoch seconds)
    transformed/batch_users_input/*.json    {"userId": "…"}, sorted
    transformed/report.json                 the counts
    quarantine/interactions/*.json          {"file", "record", "reason"}

`walk-through` leaves only the first two. The process's last line is JSON: `work_seconds` and
`cpu_seconds` (both without imports and Spark's start), and the peaks of its memory, `python_bytes`
and `jvm_bytes` (or null).
"""

import csv
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import SparkSession

GLUE_JOBS = Path(__file__).parent.parent / "glue_jobs"

MINIMUM_RATING = 3.5
MAX_ID_CHARACTERS = 256
EARLIEST_SECONDS = 631_152_000  # 1990-01-01T00:00:00Z
FIRST_MILLISECONDS = 10**11
CORES = 2
DRIVER_MEMORY = "1300m"

CONFIGURATION = {
    "interactions": {
        "folder": "interactions",
        "format": {"delimiter": "\t", "quote": ""},
        "user_id": "userID",
        "item_id": "movieID",
        "timestamp": {"column": "timestamp"},
        "event_value": {"column": "rating", "minimum": MINIMUM_RATING, "imported": False},
    }
}


def main() -> None:
    """Run the peer that the command line names, and print what it took."""
    peers: dict[str, Callable[[Path, Path], dict[str, Any]]] = {
        "job": run_job,
        "duckdb": run_duckdb,
        "pandas": run_pandas,
        "walk-through": run_walk_through,
    }
    name, raw, output = sys.argv[1:]
    measured = peers[name](Path(raw), Path(output))
    sys.stdout.write(f"\n{json.dumps(measured)}\n")


# The job and the walk-through, on Spark


def run_job(raw: Path, output: Path) -> dict[str, Any]:
    """Run the Glue job as Glue does, but in a session that is up already."""
    sys.path.insert(0, str(GLUE_JOBS))
    arguments = {
        "--configuration": json.dumps(CONFIGURATION),
        "--raw_prefix": str(raw),
        "--transformed_prefix": str(output / "transformed"),
        "--quarantine_prefix": str(output / "quarantine"),
    }
    spark = _spark(output)
    import prepare_training_data  # type: ignore[import-not-found]

    stopwatch = Stopwatch(spark)
    prepare_training_data.main([part for pair in arguments.items() for part in pair])
    return stopwatch.stop()


def run_walk_through(raw: Path, output: Path) -> dict[str, Any]:
    """Do what Glue Studio's visual job does: source, mapping, filter, and two targets.

    Every target is an action of its own, which reads the source again. The reader takes all columns
    for strings and the mapping casts them, as Glue's reader does: Spark's `inferSchema` would read
    the source once more. Nothing is validated, counted or made distinct but the users.
    """
    spark = _spark(output)
    from pyspark.sql import functions as F  # noqa: N812 - PySpark's own convention

    stopwatch = Stopwatch(spark)
    source = spark.read.csv(str(raw / "interactions"), sep="\t", header=True)
    mapped = source.select(
        F.col("userID").alias("USER_ID"),
        F.col("movieID").alias("ITEM_ID"),
        F.col("rating").cast("double").alias("RATING"),
        F.col("timestamp").cast("bigint").alias("MILLISECONDS"),
    )
    liked = mapped.where(F.col("RATING") >= MINIMUM_RATING)
    seconds = (F.col("MILLISECONDS") / 1000).cast("bigint").alias("TIMESTAMP")
    transformed = output / "transformed"
    liked.select("USER_ID", "ITEM_ID", seconds).coalesce(1).write.csv(
        str(transformed / "interactions"), header=True
    )
    liked.select(F.col("USER_ID").alias("userId")).distinct().coalesce(1).write.json(
        str(transformed / "batch_users_input")
    )
    return stopwatch.stop()


def _spark(output: Path) -> "SparkSession":
    """Start Spark and let it answer a first query, so that its start isn't measured."""
    from pyspark.sql import SparkSession

    settings: dict[str, bool | float | int | str | None] = {
        "spark.driver.memory": DRIVER_MEMORY,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": str(output / "spark"),
    }
    builder = SparkSession.builder.master(f"local[{CORES}]").appName("benchmark")
    spark = builder.config(map=settings).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    spark.range(1).count()
    return spark


# DuckDB

# A multi-column reader drops blank lines and keeps only the start of others that don't fit. Whole
# lines, split afterwards, lose nothing and take no longer.
_CLASSIFIED = rf"""
CREATE TEMP MACRO is_blank(text) AS text = '' OR starts_with(text, ' ') AND trim(text) = '';
CREATE TEMP MACRO is_too_long(id) AS
    strlen(id) > {MAX_ID_CHARACTERS} AND length(id) > {MAX_ID_CHARACTERS};
CREATE TEMP TABLE classified AS
WITH lines AS (
    SELECT filename AS file, line, string_split(line, chr(9)) AS fields,
    FROM read_csv(
        $source, auto_detect = false, columns = {{'line': 'VARCHAR'}}, header = true,
        delim = '', quote = '', escape = '', force_not_null = ['line']
    )
),
fields AS (
    SELECT
        file, line, len(fields) AS columns,
        fields[1] AS user_id, fields[2] AS item_id, fields[3] AS rating, fields[4] AS timestamp,
        TRY_CAST(timestamp AS BIGINT) AS number,
        CASE WHEN number >= {FIRST_MILLISECONDS} THEN number // 1000 ELSE number END AS seconds,
    FROM lines
),
outcomes AS (
    SELECT *, CASE
        WHEN columns <> 4
            THEN CASE WHEN trim(line) = '' THEN 'blank_line' ELSE 'wrong_column_count' END
        WHEN is_blank(user_id) THEN 'missing_user_id'
        WHEN is_blank(item_id) THEN 'missing_item_id'
        WHEN is_too_long(user_id) OR is_too_long(item_id) THEN 'id_too_long'
        WHEN is_blank(rating) THEN 'missing_event_value'
        WHEN NOT regexp_full_match(rating, '[+-]?[0-9]+(\.[0-9]+)?') THEN 'invalid_event_value'
        WHEN number IS NULL OR NOT regexp_full_match(timestamp, '[+-]?[0-9]+')
            THEN 'invalid_timestamp'
        WHEN seconds < {EARLIEST_SECONDS} THEN 'timestamp_too_early'
        WHEN seconds > $now THEN 'timestamp_in_future'
        WHEN TRY_CAST(rating AS DOUBLE) < {MINIMUM_RATING} THEN 'filtered'
        ELSE 'kept' END AS outcome,
        outcome NOT IN ('kept', 'filtered') AS is_unusable,
    FROM fields
)
SELECT
    outcome,
    CASE WHEN outcome = 'kept' THEN user_id END AS user_id,
    CASE WHEN outcome = 'kept' THEN item_id END AS item_id,
    CASE WHEN outcome = 'kept' THEN seconds END AS seconds,
    CASE WHEN is_unusable THEN file END AS file,
    CASE WHEN is_unusable THEN line END AS record,
FROM outcomes
"""  # noqa: S608 (constants only)
_DUCKDB_TABLES = (
    """CREATE TEMP TABLE interactions AS
    SELECT DISTINCT user_id, item_id, seconds FROM classified WHERE outcome = 'kept'""",
    """CREATE TEMP TABLE users AS
    SELECT user_id, count(*) AS interactions FROM interactions GROUP BY user_id""",
)
_DUCKDB_OUTPUTS = {
    "transformed/interactions": """
    SELECT user_id AS USER_ID, item_id AS ITEM_ID, seconds AS TIMESTAMP FROM interactions""",
    "transformed/batch_users_input/users.json": """
    SELECT user_id AS userId FROM users ORDER BY user_id""",
    "quarantine/interactions/rows.json": """
    SELECT file, record, outcome AS reason FROM classified WHERE record IS NOT NULL""",
}
_DUCKDB_OUTCOMES = "SELECT outcome, count(*) FROM classified GROUP BY outcome"
_DUCKDB_COUNTS = """
SELECT * FROM (
    SELECT
        count(*) AS written, count(DISTINCT item_id) AS items,
        min(seconds) AS first, max(seconds) AS last,
    FROM interactions
), (
    SELECT
        count(*) AS users, count(*) FILTER (interactions > 1) AS users_with_two_or_more,
        max(interactions) AS most_active,
    FROM users
)"""


def run_duckdb(raw: Path, output: Path) -> dict[str, Any]:
    """Transform with DuckDB: the source is read once, the kept rows are made distinct in memory."""
    import duckdb

    stopwatch = Stopwatch()
    for folder in _DUCKDB_OUTPUTS:
        (output / folder).parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"threads": CORES, "temp_directory": str(output)}) as connection:
        connection.execute("SET enable_progress_bar = false; SET preserve_insertion_order = false")
        source = raw / "interactions" / "*"
        connection.execute(_CLASSIFIED, {"source": str(source), "now": int(time.time())})
        for statement in _DUCKDB_TABLES:
            connection.execute(statement)
        for path, query in _DUCKDB_OUTPUTS.items():
            form = "json" if path.endswith(".json") else "csv, HEADER, PER_THREAD_OUTPUT"
            connection.execute(f"COPY ({query}) TO '{output / path}' (FORMAT {form})")

        outcomes = dict(connection.execute(_DUCKDB_OUTCOMES).fetchall())
        counts = connection.execute(_DUCKDB_COUNTS)
        names = [column[0] for column in counts.description]
        _write_report(output, outcomes, dict(zip(names, counts.fetchall()[0], strict=True)))
    return stopwatch.stop()


# pandas


def run_pandas(raw: Path, output: Path) -> dict[str, Any]:
    """Transform with pandas: ids and ratings are categories, so that each value is judged once."""
    import pandas as pd

    stopwatch = Stopwatch()
    source = raw / "interactions" / "ratings.dat"
    rows, misshapen = _read_with_pandas(source)
    rows["TIMESTAMP"], outcome = _classify_with_pandas(rows)

    kept = rows.loc[outcome == "kept", ["userID", "movieID", "TIMESTAMP"]].drop_duplicates()
    activity = kept["userID"].value_counts()
    activity = activity[activity > 0]
    # Categories take longer to write than the strings they stand for.
    kept.astype({"userID": object, "movieID": object}).to_csv(
        _folder(output, "transformed/interactions") / "rows.csv",
        header=["USER_ID", "ITEM_ID", "TIMESTAMP"],
        index=False,
    )
    users = pd.DataFrame({"userId": activity.index.astype(str).sort_values()})
    _write_json_lines(users, _folder(output, "transformed/batch_users_input"))

    quarantine = pd.concat([_unusable_with_pandas(rows, outcome), misshapen])
    quarantine.insert(0, "file", str(source))
    _write_json_lines(quarantine, _folder(output, "quarantine/interactions"))
    outcomes = outcome.value_counts().add(misshapen["reason"].value_counts(), fill_value=0)
    counts = {
        "written": len(kept),
        "users": len(activity),
        "users_with_two_or_more": int((activity > 1).sum()),
        "most_active": int(activity.max()),
        "items": kept["movieID"].nunique(),
        "first": int(kept["TIMESTAMP"].min()),
        "last": int(kept["TIMESTAMP"].max()),
    }
    by_name = {str(name): int(rows) for name, rows in outcomes.items() if rows > 0}
    _write_report(output, by_name, counts)
    return stopwatch.stop()


def _read_with_pandas(source: Path) -> tuple["pd.DataFrame", "pd.DataFrame"]:
    """Return the rows of four columns, and `record` and `reason` of all others."""
    import pandas as pd

    # read_csv fills lines that are too short and refuses ones that are too long.
    with source.open("rb") as lines:
        misshapen = {n: line for n, line in enumerate(lines) if line.count(b"\t") != 3}
    kinds: dict[str, Any] = dict.fromkeys(("userID", "movieID", "rating"), "category")
    rows = pd.read_csv(
        source,
        sep="\t",
        skiprows=list(misshapen),
        dtype=kinds | {"timestamp": str},
        keep_default_na=False,
        na_filter=False,
        quoting=csv.QUOTE_NONE,
        skip_blank_lines=False,
    )
    records = pd.Series([line.decode().rstrip("\r\n") for line in misshapen.values()], dtype=str)
    is_blank = records.str.strip() == ""
    reasons = is_blank.map({True: "blank_line", False: "wrong_column_count"})
    return rows, pd.DataFrame({"record": records, "reason": reasons})


def _classify_with_pandas(rows: "pd.DataFrame") -> tuple["pd.Series[Any]", "pd.Series[Any]"]:
    """Return each row's time in seconds and its outcome."""
    import numpy as np
    import pandas as pd

    def by_category(column: str, judged: Any) -> Any:
        return np.asarray(judged)[rows[column].cat.codes]

    users, items, ratings = (rows[name].cat.categories for name in ("userID", "movieID", "rating"))
    is_integer = rows["timestamp"].str.fullmatch("[+-]?[0-9]{1,18}")
    number = rows["timestamp"].where(is_integer, "0").astype("int64")
    seconds = number.where(number < FIRST_MILLISECONDS, number // 1000)
    is_decimal = ratings.str.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?")
    value = pd.to_numeric(pd.Series(ratings), errors="coerce")
    conditions = {
        "missing_user_id": by_category("userID", users.str.strip() == ""),
        "missing_item_id": by_category("movieID", items.str.strip() == ""),
        "id_too_long": by_category("userID", users.str.len() > MAX_ID_CHARACTERS)
        | by_category("movieID", items.str.len() > MAX_ID_CHARACTERS),
        "missing_event_value": by_category("rating", ratings.str.strip() == ""),
        "invalid_event_value": by_category("rating", ~is_decimal),
        "invalid_timestamp": ~is_integer,
        "timestamp_too_early": seconds < EARLIEST_SECONDS,
        "timestamp_in_future": seconds > int(time.time()),
        "filtered": by_category("rating", value < MINIMUM_RATING),
    }
    # The first condition that holds, and the place after the last where none does.
    codes = np.select(list(conditions.values()), list(range(len(conditions))), len(conditions))
    outcome = pd.Categorical.from_codes(codes.astype("int8"), pd.Index([*conditions, "kept"]))
    return seconds, pd.Series(outcome)


def _unusable_with_pandas(rows: "pd.DataFrame", outcome: "pd.Series[Any]") -> "pd.DataFrame":
    """Return `record` and `reason` of the rows that are neither kept nor filtered."""
    import pandas as pd

    is_unusable = ~outcome.isin(["kept", "filtered"])
    columns = rows.loc[is_unusable, ["userID", "movieID", "rating", "timestamp"]].astype(str)
    record = columns["userID"].str.cat(columns.drop(columns="userID"), sep="\t")
    return pd.DataFrame({"record": record, "reason": outcome[is_unusable].astype(str)})


def _write_json_lines(frame: "pd.DataFrame", folder: Path) -> None:
    frame.to_json(folder / "rows.json", orient="records", lines=True, force_ascii=False)


# What they share


def _folder(output: Path, name: str) -> Path:
    folder = output / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write_report(output: Path, outcomes: dict[str, int], counts: dict[str, int]) -> None:
    """Write the part of the job's report that all of them can know.

    Args:
        output: the run's folder.
        outcomes: how many rows were `kept`, `filtered` or unusable for which reason.
        counts: of the rows written; `most_active` is how many of them the most active user has.
    """
    by_reason = dict(outcomes)
    kept, filtered = by_reason.pop("kept"), by_reason.pop("filtered")
    quarantined = sum(by_reason.values())
    rows = {
        "read": kept + filtered + quarantined,
        "written": counts["written"],
        "filtered": filtered,
        "duplicate": kept - counts["written"],
        "quarantined": quarantined,
    }
    report = {
        "datasets": {"interactions": {"rows": rows, "quarantined_by_reason": by_reason}},
        "interactions": {
            "users": counts["users"],
            "items": counts["items"],
            "users_with_two_or_more": counts["users_with_two_or_more"],
            "most_active_user_share": counts["most_active"] / counts["written"],
            "timestamps": {"first": counts["first"], "last": counts["last"]},
        },
    }
    path = _folder(output, "transformed") / "report.json"
    path.write_text(json.dumps(report, indent=2) + "\n")


class Stopwatch:
    """Measures work in this process and in the JVM behind Spark, if there is one."""

    def __init__(self, spark: "SparkSession | None" = None) -> None:
        self._spark = spark
        self._processes: list[int | str] = ["self"]
        if spark is not None:
            jvm: Any = spark._jvm
            self._processes.append(jvm.java.lang.ProcessHandle.current().pid())
        self._cpu_seconds = self._cpu_seconds_now()
        self._started = time.perf_counter()

    def stop(self) -> dict[str, Any]:
        """End the work, and Spark; return what it took and the peaks of memory."""
        work_seconds = time.perf_counter() - self._started
        cpu_seconds = self._cpu_seconds_now() - self._cpu_seconds
        python_bytes, *jvm_bytes = map(_peak_bytes, self._processes)
        if self._spark is not None:
            self._spark.stop()
        return {
            "work_seconds": work_seconds,
            "cpu_seconds": cpu_seconds,
            "python_bytes": python_bytes,
            "jvm_bytes": next(iter(jvm_bytes), None),
        }

    def _cpu_seconds_now(self) -> float:
        return sum(map(_cpu_seconds, self._processes))


def _cpu_seconds(process: int | str) -> float:
    # The name stands in brackets, as it may hold spaces. The 12th field after it is user time, the
    # 13th system time.
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_bytes(process: int | str) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
