"""How far a run has come: every step that it has, and how long each takes as a rule."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from batchrec.errors import BatchrecError
from batchrec.operations import glue_logs
from batchrec.pipeline import Pipeline
from batchrec.runs import Job, Run

_BATCH_KINDS = {"inference": "batch inference", "segment": "batch segments"}
NOT_REACHED = "not reached"
TO_COME = "to come"
REUSED = "reused"
WAITS_FOR_ROOM = "waits for room"
UNFINISHED = "unfinished"  # the run ended before the job did: nobody looked at it again

Durations = Mapping[tuple[str, str | None], float]  # seconds by a job's kind and subject


@dataclass(frozen=True)
class Step:
    """One job of a run, whether it has begun or not."""

    kind: str  # as of runs.Job
    subject: str | None
    status: str  # of the job, or one of the constants above
    seconds: float | None  # its age, or how long it took; None: it hasn't begun
    expected_seconds: float | None  # how long it took last time
    left_seconds: float | None  # about; None: unknown
    job: Job | None


def durations(pipeline: Pipeline) -> Durations:
    """Return how long the jobs of the run before took.

    Those of Personalize are in the manifest, where the workflow itself looks; for Glue jobs, the
    latest run that succeeded is asked for (GetJobRuns). What isn't known, or may not be read, is
    left out: an expectation is a comfort, and no reason to fail.
    """
    found: dict[tuple[str, str | None], float | None] = {}
    manifest: dict[str, Any] = {}
    with suppress(BatchrecError):
        manifest = pipeline.read_manifest() or {}
    for key, entry in manifest.get("solutions", {}).items():
        seconds = entry.get("seconds", {})
        batch = _BATCH_KINDS.get(entry.get("job", "inference"), "batch inference")
        found |= {("training", key): seconds.get("training"), (batch, key): seconds.get("batch")}
        for folder, taken in seconds.get("imports", {}).items():
            found["import", folder] = taken
    for kind in glue_logs.KINDS:
        found[kind, None] = _glue_seconds(pipeline, kind)
    return {what: float(seconds) for what, seconds in found.items() if seconds}


def _glue_seconds(pipeline: Pipeline, kind: str) -> float | None:
    glue = pipeline.client("glue")
    try:
        runs = glue.get_job_runs(JobName=glue_logs.job_name(pipeline, kind))["JobRuns"]
    except (BotoCoreError, ClientError):
        return None
    for run in sorted(runs, key=lambda run: run["StartedOn"], reverse=True):
        if run["JobRunState"] == "SUCCEEDED":
            return float((run["CompletedOn"] - run["StartedOn"]).total_seconds())
    return None


def steps(pipeline: Pipeline, run: Run, expected: Durations) -> list[Step]:
    """Return the steps of a run in their order; of a teardown, none."""
    if run.action != "run":
        return []
    return [_step(run, kind, subject, expected) for kind, subject in _planned(pipeline, run)]


def left_seconds(steps: list[Step]) -> float | None:
    """Return about how long a run will go on: imports and solutions are side by side.

    None if that can't be said, because a job took part in no earlier run.
    """
    if not steps or any(step.left_seconds is None for step in steps):
        return None
    left: dict[str, dict[str | None, float]] = {}
    for step in steps:
        stage = step.kind if step.kind in ("prepare", "import", "publish") else "solution"
        subjects = left.setdefault(stage, {})
        subjects[step.subject] = subjects.get(step.subject, 0.0) + (step.left_seconds or 0.0)
    return sum(max(subjects.values()) for subjects in left.values())


def _planned(pipeline: Pipeline, run: Run) -> Iterator[tuple[str, str | None]]:
    """Name the jobs that the configuration asks for, as it was when the run began."""
    configuration = run.configuration or pipeline.configuration
    yield "prepare", None
    for dataset in configuration["datasets"]:
        yield "import", dataset["folder"]
    for solution in configuration["solutions"]:
        yield "training", solution["key"]
        yield _BATCH_KINDS[solution["job"]], solution["key"]
    yield "publish", None


def _step(run: Run, kind: str, subject: str | None, expected: Durations) -> Step:
    jobs = [job for job in run.jobs if (job.kind, job.subject) == (kind, subject)]
    before = expected.get((kind, subject))
    if not jobs:
        status = _status_without_job(run, kind, subject)
        left = before if status in (TO_COME, WAITS_FOR_ROOM) else 0.0
        return Step(kind, subject, status, None, before, left, None)
    job = jobs[-1]
    if job.is_reused:
        return Step(kind, subject, REUSED, 0.0, before, 0.0, job)
    before = job.expected_seconds or before
    if job.ended is None and run.ended is not None:
        return Step(kind, subject, UNFINISHED, None, before, 0.0, job)
    seconds = max(((job.ended or run.as_of) - job.started).total_seconds(), 0.0)
    left = 0.0 if job.ended else None if before is None else max(before - seconds, 0.0)
    return Step(kind, subject, job.status, seconds, before, left, job)


def _status_without_job(run: Run, kind: str, subject: str | None) -> str:
    visits = [
        visit for visit in run.visits if (visit.within[1] if visit.within else None) == subject
    ]
    states = {visit.state for visit in visits}
    if kind == "prepare" and "ReadManifest" in states:
        return REUSED  # a run that is continued prepares nothing twice
    if run.ended is not None or states & {"ImportFailed", "SolutionFailed"}:
        return NOT_REACHED
    room = {"import": "Import", "training": "SolutionVersion"}.get(kind, "Batch")
    waits = (v.state for v in visits if v.left is None and v.state.startswith(f"WaitFor{room}"))
    return WAITS_FOR_ROOM if any(state.endswith("Room") for state in waits) else TO_COME
