"""How the last runs went, and how one did: outcome, counts, metrics, what failed and why."""

import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from batchrec import runs
from batchrec.errors import BatchrecError
from batchrec.execution import UNSUCCESSFUL
from batchrec.operations import problems, progress
from batchrec.operations.problems import Problem
from batchrec.operations.progress import Step
from batchrec.pipeline import Pipeline, server_time
from batchrec.runs import Failure, Run

Metrics = Mapping[str, Mapping[str, float]]  # of offline evaluation, by solution

_CALLS_AT_ONCE = 8
# How the state FailRun writes each failure into the execution's cause.
_TOLD = re.compile(
    r"^(?:(?:Solution|Dataset) (?P<subject>[^\n]+?), state |State )"
    r"(?P<state>\w+): (?P<error>[\w.]+): ",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Status:
    """One run: what it did, and what came out."""

    run: Run  # in a list without visits and jobs, which only its history tells
    problems: list[Problem]  # failures first
    imported: dict[str, int] | None  # rows by dataset; None: nothing was prepared, or unknown
    recommendations: dict[str, int] | None  # rows of the tables that it published, by solution
    metrics: Metrics
    steps: list[Step]  # in a list: none
    report: dict[str, Any] | None  # transformed/RUN/report.json
    publication: dict[str, Any] | None  # curated/RUN/publication.json
    consumed: dict[str, str]  # the run whose results consumers read now, by solution
    notes: list[str]  # what could not be read


def last(pipeline: Pipeline, count: int) -> list[Status]:
    """Look at the newest runs, the newest first.

    Costs one ListExecutions for each hundred, and for each run a DescribeExecution and two
    GetObject; no history. The manifest is read once.
    """
    listed = list(islice(runs.executions(pipeline), count))
    stepfunctions = pipeline.client("stepfunctions")
    pipeline.client("s3")  # made here: making clients is not thread-safe, using them is
    manifest, notes = _read(pipeline.read_manifest)

    def look(each: dict[str, Any]) -> Status:
        described = stepfunctions.describe_execution(executionArn=each["executionArn"])
        return _status(pipeline, _glance(described), manifest or {}, notes)

    with ThreadPoolExecutor(max_workers=_CALLS_AT_ONCE) as pool:
        return list(pool.map(look, listed))


def of(pipeline: Pipeline, name: str | None) -> Status:
    """Look at one run with all of its history.

    Args:
        pipeline: whose.
        name: as for runs.find; None: the newest.

    Raises:
        BatchrecError: there is no such run.
    """
    return of_run(pipeline, runs.read(pipeline, name))


def of_run(pipeline: Pipeline, run: Run) -> Status:
    """Look at what a run that has been read left in the bucket."""
    manifest, notes = _read(pipeline.read_manifest)
    return _status(pipeline, run, manifest or {}, notes)


def _status(
    pipeline: Pipeline, run: Run, manifest: Mapping[str, Any], notes: Iterable[str]
) -> Status:
    report, no_report = _read(partial(pipeline.read_report, run.name))
    publication, no_publication = _read(partial(pipeline.read_publication, run.name))
    entries: Mapping[str, Any] = manifest.get("solutions", {})
    metrics = {
        key: entry["metrics"]
        for key, entry in entries.items()
        if entry.get("run") == run.name and "metrics" in entry
    }
    for each in run.output.get("solutions", []):
        metrics[each["solution"]] = each["manifest"]["metrics"]
    return Status(
        run=run,
        problems=problems.of(pipeline, run, report, publication),
        imported=_imported(report),
        recommendations=_recommendations(publication),
        metrics=metrics,
        steps=progress.steps(pipeline, run, {}) if run.visits else [],
        report=report,
        publication=publication,
        consumed={key: str(entry.get("run")) for key, entry in entries.items()},
        notes=[*notes, *no_report, *no_publication],
    )


def _read(read: Callable[[], dict[str, Any] | None]) -> tuple[dict[str, Any] | None, list[str]]:
    """Read what a run left, or say why that can't be done: the rest is worth showing."""
    try:
        return read(), []
    except BatchrecError as error:
        return None, [str(error)]


def _imported(report: Mapping[str, Any] | None) -> dict[str, int] | None:
    datasets = (report or {}).get("datasets")
    return datasets and {name: each["rows"]["written"] for name, each in datasets.items()}


def _recommendations(publication: Mapping[str, Any] | None) -> dict[str, int] | None:
    published = (publication or {}).get("published") or {}
    counted = {key: counts["recommendations"] for key, counts in published.items() if counts}
    return counted or None


def _glance(described: dict[str, Any]) -> Run:
    """Make a run of a DescribeExecution alone: its failures are in the cause."""
    output = runs.json_object(described.get("output"))
    return Run(
        name=runs.name_of(described),
        execution_arn=described["executionArn"],
        action=runs.action_of(described),
        status=output.get("status", described["status"]),
        started=described["startDate"],
        ended=described.get("stopDate"),
        as_of=server_time(described),
        failures=tuple(_failures(described)),
        visits=(),
        jobs=(),
        output=output,
        transitions=0,
    )


def _failures(described: dict[str, Any]) -> list[Failure]:
    if described["status"] not in UNSUCCESSFUL:
        return []
    cause = described.get("cause", "Step Functions gave no cause.")
    told = list(_TOLD.finditer(cause)) if described["status"] == "FAILED" else []
    ends = [found.start() for found in told[1:]] + [len(cause)]
    if told:
        return [
            Failure(
                found["state"], found["error"], cause[found.end() : end].strip(), found["subject"]
            )
            for found, end in zip(told, ends, strict=True)
        ]
    return [Failure("", described.get("error", f"States.{described['status']}"), cause)]
