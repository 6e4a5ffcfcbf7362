"""Measure the report of a large run: time, memory, size of the page.

    python benchmarks/report.py [--users 1000000]

Two published runs are made up and put into a local AWS: 20 events a user, of 50,000 items that are
the rarer the less popular they are, and 25 recommendations a user, of which two thirds change from
one run to the other. A process of its own then collects the facts and writes the page, so that its
memory is that of the report alone.
"""

import argparse
import dataclasses
import io
import itertools
import json
import multiprocessing
import resource
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
import figures
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from rich.console import Console

from batchrec import pipeline as pipelines
from batchrec.localaws.server import LocalAws
from batchrec.report import collecting, page
from batchrec.runs import Run

WORKFLOW = Path(__file__).parents[1] / "modules" / "workflow" / "pipeline.asl.json"
NAME = "movielens"  # of the pipeline in the definition's example
ITEMS = 50_000
EVENTS, RECOMMENDED = 20, 25  # for each user
FILES = 4
MOST_BYTES = 5_000_000
SOLUTION = "user-personalization"


@dataclasses.dataclass(frozen=True)
class Measured:
    """One report."""

    users: int
    collect_seconds: float
    page_seconds: float
    peak_mib: float
    page_bytes: int
    phases: dict[str, float]  # seconds, by what was told last


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    arguments = parser.parse_args()
    console = Console()
    described = figures.machine(["pyarrow", "altair", "vl-convert-python", "boto3"])
    figures.show_machine(described, console)
    with LocalAws() as aws, TemporaryDirectory() as folder:
        with console.status("Making up two runs"):
            arn = make_up(aws, arguments.users)
        with console.status("Writing the report"):
            measured = measure(aws, arn, arguments.users, Path(folder) / "report.html")
    for phase, seconds in measured.phases.items():
        console.print(f"{seconds:8.1f} s  {phase}", highlight=False)
    console.print(
        f"{measured.users:,} users, {measured.users * EVENTS:,} events,"
        f" {measured.users * RECOMMENDED:,} recommendations: {measured.collect_seconds:.1f} s for"
        f" the facts, {measured.page_seconds:.1f} s for the page of"
        f" {measured.page_bytes / 1e6:.2f} MB, {measured.peak_mib:,.0f} MiB at most",
        highlight=False,
    )
    size = f"{measured.page_bytes / 1e6:.2f} MB"
    goals = [figures.Goal("page below 5 MB", size, measured.page_bytes < MOST_BYTES)]
    figures.show_goals([], goals, console)
    if arguments.json:
        figures.write_json(arguments.json, described, [measured], goals)


def measure(aws: LocalAws, arn: str, users: int, path: Path) -> Measured:
    """Write the report in a process of its own."""
    context = multiprocessing.get_context("spawn")
    told: SimpleQueue[Measured] = context.SimpleQueue()
    process = context.Process(target=write, args=(aws.endpoint, arn, users, path, told))
    process.start()
    process.join()
    if process.exitcode:
        raise figures.BenchmarkError(f"The report ended with {process.exitcode}.")
    return told.get()


def write(endpoint: str, arn: str, users: int, path: Path, told: "SimpleQueue[Measured]") -> None:
    """Collect and write; runs in the other process."""

    def client(service: str) -> Any:
        keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
        return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", **keys)

    found = pipelines.find(pipelines.Where(arn), {}, client)
    began = time.monotonic()
    phases: dict[str, float] = {}
    last = ["Starting", began]

    def say(what: str) -> None:
        now = time.monotonic()
        phase = last[0].split(":")[0]
        phases[phase] = phases.get(phase, 0) + now - last[1]
        last[:] = [what, now]

    facts = collecting.collect(found, run(arn), say=say)
    say("")
    collected = time.monotonic()
    page.write(facts, path)
    ended = time.monotonic()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told.put(
        Measured(users, collected - began, ended - collected, peak, path.stat().st_size, phases)
    )


def run(arn: str) -> Run:
    """Return the run that is reported."""
    started = datetime.now(UTC)
    ended = started + timedelta(hours=3)
    metrics = {"precision_at_25": 0.02}
    manifest = {"recipe": "aws-user-personalization", "metrics": metrics}
    return Run(
        name="second",
        execution_arn=arn.replace(":stateMachine:", ":execution:") + ":second",
        action="run",
        status="SUCCEEDED",
        started=started,
        ended=ended,
        as_of=ended,
        failures=(),
        visits=(),
        jobs=(),
        output={"run": "second", "solutions": [{"solution": SOLUTION, "manifest": manifest}]},
        transitions=1000,
    )


def make_up(aws: LocalAws, users: int) -> str:
    """Put two runs into a local AWS; return the ARN of their state machine."""
    definition = json.loads(WORKFLOW.read_text())
    bucket = definition["States"]["Configure"]["Assign"]["configuration"]["bucket"]
    s3, stepfunctions = aws.client("s3"), aws.client("stepfunctions")
    s3.create_bucket(Bucket=bucket)
    made = stepfunctions.create_state_machine(
        name=NAME,
        definition=json.dumps(definition),
        roleArn=f"arn:aws:iam::123456789012:role/{NAME}",
    )
    counts = {
        "inputs": users,
        "answered": users,
        "errors": 0,
        "recommendations": users * RECOMMENDED,
    }
    for number, name in enumerate(("first", "second")):
        folder = f"curated/{name}/tables/{SOLUTION}"
        for part, table in enumerate(tables(users, number)):
            content = io.BytesIO()
            pq.write_table(table, content)
            put(s3, bucket, f"{folder}/part-{part}.parquet", content.getvalue())
        publication = {"run": name, "published": {SOLUTION: counts}, "refused": {}}
        put(s3, bucket, f"curated/{name}/publication.json", json.dumps(publication).encode())
        put(s3, bucket, f"transformed/{name}/report.json", b"{}")  # what lies there is complete
    for part, events in enumerate(interactions(users)):
        content = io.BytesIO()
        pacsv.write_csv(events, content)
        put(s3, bucket, f"transformed/second/interactions/part-{part}.csv", content.getvalue())
    asked = "\n".join(json.dumps({"userId": id_}) for id_ in user_ids(0, users).to_pylist())
    put(s3, bucket, "transformed/second/batch_users_input/users.json", asked.encode())
    return str(made["stateMachineArn"])


def put(s3: Any, bucket: str, key: str, content: bytes) -> None:
    """Put one object."""
    s3.put_object(Bucket=bucket, Key=key, Body=content)


def parts(users: int) -> Iterator[tuple[int, int]]:
    """Divide the users among files: the first and the one after the last of each."""
    yield from itertools.pairwise(np.linspace(0, users, FILES + 1).astype(int).tolist())


def user_ids(start: int, end: int) -> pa.Array:
    """Return ids such as u0000017."""
    numbers = pc.utf8_lpad(pa.array(np.arange(start, end)).cast(pa.string()), 7, "0")
    return pc.binary_join_element_wise("u", numbers, "")


def item_ids(numbers: np.ndarray) -> pa.Array:
    """Return ids such as item-17."""
    return pc.binary_join_element_wise("item", pa.array(numbers).cast(pa.string()), "-")


def tables(users: int, run: int) -> Iterator[pa.Table]:
    """Make up the recommendations of one run."""
    random = np.random.default_rng(0)
    for start, end in parts(users):
        size = end - start
        first = (ITEMS * random.random(size) ** 4).astype(np.int64)
        moved = np.where(random.random(size) < 2 / 3, 7 * run, 0)
        ranks = np.tile(np.arange(RECOMMENDED), size)
        items = (np.repeat(first + moved, RECOMMENDED) + 3 * ranks) % ITEMS
        yield pa.table(
            {
                "user_id": user_ids(start, end).take(np.repeat(np.arange(size), RECOMMENDED)),
                "rank": pa.array(ranks + 1, pa.int32()),
                "recommended_id": item_ids(items),
                "score": random.random(size * RECOMMENDED),
            }
        )


def interactions(users: int) -> Iterator[pa.Table]:
    """Make up events of some users that are much more active than others."""
    random = np.random.default_rng(1)
    for start, end in parts(users):
        size = (end - start) * EVENTS
        who = ((end - start) * random.random(size) ** 2).astype(np.int64)
        when = 1_700_000_000 + random.integers(0, 86_400 * 365, size)
        yield pa.table(
            {
                "USER_ID": user_ids(start, end).take(who),
                "ITEM_ID": item_ids((ITEMS * random.random(size) ** 4).astype(np.int64)),
                "TIMESTAMP": when,
            }
        )


if __name__ == "__main__":
    main()
