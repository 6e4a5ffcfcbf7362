"""Compare the Glue job with DuckDB, pandas and a job clicked together, on one machine in one run.

    .venv/bin/python benchmarks/transform.py [--rows 1000000 5000000 20000000] [--repeat 3]

Every run is a process of its own, and the peers take turns, so that whatever else the machine does
hits all of them alike. The job, DuckDB and pandas must leave the same data and counts: otherwise
the exit code is 1. Linux only: the peaks of memory come from /proc.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import figures
from figures import BenchmarkError, Goal
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from transform_data import write_ratings
from transform_peers import CORES, DRIVER_MEMORY

from batchrec.errors import BatchrecError
from batchrec.java import spark_environment

PEERS = ("job", "duckdb", "pandas", "walk-through")
EQUAL_WORK = ("job", "duckdb", "pandas")
FEWEST_ROWS = 100_000  # fewer take no time, and may lack a kind of row
SHARE_DECIMALS = 6  # as the job rounds it
NOTES = (
    "work: after imports, and after Spark has started and answered a first query. CPU: the"
    " processor time of that work, on all cores, which other load on the machine changes less."
    " total: the whole process.",
    "job, duckdb and pandas validate every row, quarantine, filter, make distinct, count and"
    " report; their outputs were compared and are equal.",
    "walk-through is Glue Studio's visual job as plain PySpark, without Glue's own reader: CSV"
    " source, mapping, filter, and two targets of one file each, each an action of its own from the"
    " source. It validates, quarantines, counts and reports nothing, and leaves duplicates.",
    f"Spark: local[{CORES}], {DRIVER_MEMORY} of driver memory. DuckDB: {CORES} threads."
    " pandas: one thread, as it has no more.",
)

# In a pipe there is no width to keep to.
console = Console(width=None if sys.stdout.isatty() else 100)


@dataclass(frozen=True)
class Run:
    """One peer's figures for one size and repetition."""

    peer: str
    rows: int
    work_seconds: float
    cpu_seconds: float  # of that work, on all cores
    total_seconds: float
    python_bytes: int
    jvm_bytes: int | None  # None without a JVM
    written_bytes: int


def main() -> int:
    """Run the benchmark; return the exit code."""
    arguments = _parse_arguments()
    machine = figures.machine(["pyspark", "duckdb", "pandas"], _java())
    figures.show_machine(machine, console)
    try:
        runs = list(_run_all(arguments.rows, arguments.repeat))
    except (BatchrecError, BenchmarkError) as error:
        console.print(f"[red]✗[/] {escape(str(error))}", highlight=False)
        return 1
    for rows in arguments.rows:
        console.print(_table(rows, [run for run in runs if run.rows == rows]))
    goals = _goals(runs)
    figures.show_goals(NOTES, goals, console)
    if arguments.json:
        figures.write_json(arguments.json, machine, runs, goals)
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--rows",
        type=int,
        nargs="+",
        default=[1_000_000, 5_000_000, 20_000_000],
        help="sizes of the source",
    )
    parser.add_argument("--repeat", type=int, default=3, help="runs of each peer for each size")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    arguments = parser.parse_args()
    if min(arguments.rows) < FEWEST_ROWS or arguments.repeat < 1:
        parser.error(f"--rows takes {FEWEST_ROWS:,} or more, and --repeat 1 or more")
    arguments.rows = sorted(set(arguments.rows))
    return arguments


# Running


def _run_all(sizes: list[int], repeat: int) -> Iterator[Run]:
    environment = os.environ | spark_environment()
    with tempfile.TemporaryDirectory(prefix="transform-benchmark-") as folder:
        for rows in sizes:
            raw = Path(folder, str(rows))
            source = raw / "interactions" / "ratings.dat"
            source.parent.mkdir(parents=True)
            with console.status(f"{rows:,} rows: writing the source"):
                write_ratings(source, rows)
            size = source.stat().st_size / 1e6
            console.print(f"{rows:,} rows, {size:,.0f} MB", highlight=False)
            yield from _run_size(raw, rows, repeat, environment)
            shutil.rmtree(raw)


def _run_size(raw: Path, rows: int, repeat: int, environment: dict[str, str]) -> Iterator[Run]:
    expected: dict[str, Any] = {}
    for number in range(repeat):
        for peer in PEERS:
            output = raw.parent / "output"
            output.mkdir()
            with console.status(f"{rows:,} rows, run {number + 1} of {repeat}: {peer}"):
                run = _run(peer, raw, rows, output, environment)
            console.print(
                f"  run {number + 1}  {peer:<13}{run.work_seconds:8.2f} s", highlight=False
            )
            if peer in EQUAL_WORK:
                found = _fingerprint(output)
                expected = expected or found | {"rows.read": rows}
                _require_equal(peer, found, expected)
            shutil.rmtree(output)
            yield run


def _run(peer: str, raw: Path, rows: int, output: Path, environment: dict[str, str]) -> Run:
    # The kernel writes what earlier runs left in its cache whenever it likes, but not now.
    os.sync()
    script = Path(__file__).with_name("transform_peers.py")
    started = time.perf_counter()
    process = subprocess.run(  # noqa: S603 (our own script)
        [sys.executable, script, peer, raw, output],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    total_seconds = time.perf_counter() - started
    if process.returncode:
        raise BenchmarkError(f"{peer} failed with {rows:,} rows:\n{process.stderr[-4_000:]}")
    measured = json.loads(process.stdout.splitlines()[-1])
    return Run(
        peer, rows, total_seconds=total_seconds, written_bytes=_written_bytes(output), **measured
    )


def _written_bytes(output: Path) -> int:
    """Count the bytes of data, without the markers and checksums that Spark's writer leaves."""
    return sum(
        path.stat().st_size
        for folder in ("transformed", "quarantine")
        for path in (output / folder).rglob("*")
        if path.is_file() and not path.name.startswith(("_", "."))
    )


# Comparing what was done


def _fingerprint(output: Path) -> dict[str, Any]:
    """Return what must not differ: the report's counts and a checksum of each kind of file."""
    report = json.loads((output / "transformed" / "report.json").read_text())
    dataset, interactions = report["datasets"]["interactions"], report["interactions"]
    reasons = dataset["quarantined_by_reason"]
    names = ("users", "items", "users_with_two_or_more")
    return {
        **{f"rows.{name}": count for name, count in dataset["rows"].items()},
        **{f"quarantined_by_reason.{name}": reasons[name] for name in sorted(reasons)},
        **{name: interactions[name] for name in names},
        "most_active_user_share": round(interactions["most_active_user_share"], SHARE_DECIMALS),
        **{f"timestamps.{name}": interactions["timestamps"][name] for name in ("first", "last")},
        **_checksums(output),
    }


def _checksums(output: Path) -> dict[str, tuple[Any, ...]]:
    """Return the number of rows in each kind of file and a sum of their hashes."""
    # A sum doesn't depend on the order; the users are hashed with their places, as theirs matters.
    queries = {
        "transformed/interactions/*.csv": (
            "SELECT hash(USER_ID, ITEM_ID, TIMESTAMP) AS hash"
            " FROM read_csv($files, header = true, all_varchar = true)"
        ),
        "transformed/batch_users_input/*.json": (
            "SELECT hash(userId, row_number() OVER ()) AS hash"
            " FROM read_json($files, columns = {'userId': 'VARCHAR'})"
        ),
        "quarantine/interactions/*.json": (
            "SELECT hash(parse_filename(file), record, reason) AS hash FROM read_json("
            "$files, columns = {'file': 'VARCHAR', 'record': 'VARCHAR', 'reason': 'VARCHAR'})"
        ),
    }
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        return {
            files: connection.execute(
                f"SELECT count(*), sum(hash) FROM ({query})",  # noqa: S608 (constants only)
                {"files": str(output / files)},
            ).fetchall()[0]
            for files, query in queries.items()
        }


def _require_equal(peer: str, found: dict[str, Any], expected: dict[str, Any]) -> None:
    names = [name for name in {**expected, **found} if found.get(name) != expected.get(name)]
    if names:
        differences = "".join(
            f"\n  {name}: {found.get(name)} instead of {expected.get(name)}" for name in names
        )
        raise BenchmarkError(f"{peer} did not do the work of the others:{differences}")


# Telling


def _table(rows: int, runs: list[Run]) -> Table:
    table = Table(
        title=f"{rows:,} rows", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    table.add_column("", no_wrap=True)
    for title in (
        *("work\ns", "min..max\ns", "CPU\ns", "\nrows/s", "\nthe job is"),
        *("total\ns", "JVM peak\nMiB", "Python\nMiB", "output\nMB"),
    ):
        table.add_column(title, justify="right", no_wrap=True)
    job = _work("job", runs)
    for peer in PEERS:
        own = [run for run in runs if run.peer == peer]
        seconds = [run.work_seconds for run in own]
        jvm_bytes = max(run.jvm_bytes or 0 for run in own)
        table.add_row(
            peer,
            f"{median(seconds):.2f}",
            f"{min(seconds):.2f}..{max(seconds):.2f}",
            f"{median(run.cpu_seconds for run in own):.2f}",
            f"{rows / median(seconds):,.0f}",
            "" if peer == "job" else f"{job / median(seconds):.2f} x",
            f"{median(run.total_seconds for run in own):.2f}",
            f"{jvm_bytes / 2**20:,.0f}" if jvm_bytes else "",
            f"{max(run.python_bytes for run in own) / 2**20:,.0f}",
            f"{max(run.written_bytes for run in own) / 1e6:,.1f}",
        )
    return table


def _work(peer: str, runs: list[Run]) -> float:
    """Return the median of a peer's seconds of work."""
    return median(run.work_seconds for run in runs if run.peer == peer)


def _goals(runs: list[Run]) -> list[Goal]:
    sizes = sorted({run.rows for run in runs})
    largest = [run for run in runs if run.rows == sizes[-1]]
    job = _work("job", largest)
    ratios = {peer: job / _work(peer, largest) for peer in PEERS}
    driver = max(run.jvm_bytes or 0 for run in largest if run.peer == "job")
    at = f"at {sizes[-1]:,} rows"
    goals = [
        Goal(
            f"{at}, at most 3 x DuckDB's time", f"{ratios['duckdb']:.2f} x", ratios["duckdb"] <= 3
        ),
        Goal(f"{at}, less than pandas' time", f"{ratios['pandas']:.2f} x", ratios["pandas"] < 1),
        Goal(
            f"{at}, at most half of the walk-through's time",
            f"{ratios['walk-through']:.2f} x",
            ratios["walk-through"] <= 0.5,
        ),
        Goal(f"{at}, a driver below 2 GiB", f"{driver / 2**20:,.0f} MiB", driver < 2**31),
    ]
    # A single size can't show how time grows.
    if len(sizes) > 1:
        middle = sizes[(len(sizes) - 1) // 2]
        of_middle = _work("job", [run for run in runs if run.rows == middle]) / middle
        change = job / sizes[-1] / of_middle - 1
        text = f"{at}, within 25 % of the time for each row at {middle:,}"
        goals.append(Goal(text, f"{change:+.0%}", abs(change) <= 0.25))
    return goals


def _java() -> str:
    java = Path(spark_environment()["JAVA_HOME"], "bin", "java")
    shown = subprocess.run([java, "-version"], capture_output=True, text=True, check=True)  # noqa: S603
    return "Java " + shown.stderr.split('"')[1]


if __name__ == "__main__":
    sys.exit(main())
