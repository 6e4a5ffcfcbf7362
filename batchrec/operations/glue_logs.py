"""What a Glue job of a run wrote into CloudWatch Logs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from batchrec.errors import BatchrecError
from batchrec.pipeline import Pipeline
from batchrec.runs import Job, Run

STATES = {"prepare": "PrepareTrainingData", "publish": "PublishRecommendations"}
KINDS = tuple(STATES)
_DEFAULT_PREFIX = "/aws-glue/jobs"
_MOST_EVENTS = 10_000  # that GetLogEvents returns at once
_WITHIN = ("output", "error")


@dataclass(frozen=True)
class Log:
    """The end of one log stream."""

    group: str
    stream: str
    lines: list[str]  # the oldest first


def job_name(pipeline: Pipeline, kind: str) -> str:
    """Return the name of the Glue job that prepares or publishes."""
    return str(pipeline.configuration[f"{kind}_job_name"])


def choose(pipeline: Pipeline, run: Run, kind: str | None) -> Job | None:
    """Choose the job of a run whose log is wanted.

    Args:
        pipeline: whose.
        run: with its history.
        kind: prepare or publish; None: the job that failed, or the last one if nothing failed.

    Returns:
        None if what failed is no Glue job.

    Raises:
        BatchrecError: the run has no such job.
    """
    jobs = [job for job in run.jobs if job.kind in KINDS and kind in (None, job.kind)]
    if kind is None and run.failures:
        states = {failure.state for failure in run.failures}
        jobs = [job for job in jobs if STATES[job.kind] in states and job.status != "SUCCEEDED"]
        if not jobs:
            return None
    if not jobs:
        raise BatchrecError(
            f"The run {run.name} of {pipeline.name} has started no Glue job"
            f"{f' to {kind}' if kind else ''}. `batchrec status {run.name}` shows how far it came."
        )
    return jobs[-1]


def read(pipeline: Pipeline, job: Job, tail: int) -> list[Log]:
    """Read the ends of what a job run wrote: its output, then its errors; empty ones are left out.

    Glue 5.0 writes to PREFIX/output and PREFIX/error, and where CloudWatch's encryption is in the
    security configuration to groups below the prefix that end so (Glue Developer Guide, "Logging
    for AWS Glue jobs"). Streams begin with the job run's id; executors have their own.

    Args:
        pipeline: whose.
        job: prepare or publish.
        tail: how many lines of each stream.
    """
    logs = pipeline.client("logs")
    prefix = _prefix(pipeline, job)
    found = []
    for kind in _WITHIN:
        streams = list(_streams(logs, f"{prefix}/{kind}", job.id))
        if not streams and prefix != _DEFAULT_PREFIX:
            pages = logs.get_paginator("describe_log_groups").paginate(
                logGroupNamePrefix=f"{prefix}/"
            )
            groups = [group["logGroupName"] for page in pages for group in page["logGroups"]]
            streams = [
                stream
                for group in groups
                if group.endswith(f"/{kind}") and group != f"{prefix}/{kind}"
                for stream in _streams(logs, group, job.id)
            ]
        found += [
            Log(group, stream, last_lines(logs, group, stream, tail)) for group, stream in streams
        ]
    return [log for log in found if log.lines]


def _prefix(pipeline: Pipeline, job: Job) -> str:
    """Return what the names of the job's log groups begin with."""
    described = pipeline.client("glue").get_job(JobName=job_name(pipeline, job.kind))["Job"]
    arguments = described.get("DefaultArguments", {})
    return str(arguments.get("--custom-logGroup-prefix", _DEFAULT_PREFIX)).rstrip("/")


def _streams(logs: Any, group: str, run_id: str) -> Iterator[tuple[str, str]]:
    pages = logs.get_paginator("describe_log_streams").paginate(
        logGroupName=group, logStreamNamePrefix=run_id
    )
    try:
        names = [stream["logStreamName"] for page in pages for stream in page["logStreams"]]
    except logs.exceptions.ResourceNotFoundException:
        return
    # The driver's says what the script did; those of executors come after it.
    for name in sorted(names, key=lambda name: (name not in (run_id, f"{run_id}-driver"), name)):
        yield group, name


def last_lines(logs: Any, group: str, stream: str, tail: int) -> list[str]:
    """Return the last lines of a log stream; an event may have several.

    A page of GetLogEvents may be empty before the end, which is where its token is repeated.
    """
    lines: list[str] = []
    given = {"logGroupName": group, "logStreamName": stream, "startFromHead": False}
    token: dict[str, str] = {}
    while len(lines) < tail:
        page = logs.get_log_events(**given, **token, limit=min(tail, _MOST_EVENTS))
        found = [line for event in page["events"] for line in event["message"].splitlines()]
        lines = [*found, *lines]
        if page["nextBackwardToken"] == token.get("nextToken"):
            break
        token = {"nextToken": page["nextBackwardToken"]}
    return lines[-tail:]
