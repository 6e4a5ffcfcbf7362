"""Watch a run until it ends: look at it every few seconds, and say what changed."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from batchrec.errors import BatchrecError
from batchrec.operations.progress import REUSED
from batchrec.pipeline import Pipeline, passes
from batchrec.runs import Job, Reader, Run, Visit

_LOST_LOOKS = 30  # in a row: then somebody should look at the network
_FIRST_LOOKS = 5  # at what has just been started, which Step Functions may not know everywhere yet


@dataclass(frozen=True)
class Change:
    """Something that became different from one look at a run to the next."""

    at: datetime
    kind: str  # state, job or end
    state: str | None = None  # that was entered
    job: str | None = None  # its kind
    subject: str | None = None
    status: str | None = None  # of the job, or of the run at its end
    seconds: float | None = None  # how long the job or the run took
    reason: str | None = None  # why a job failed


@dataclass(frozen=True)
class Look:
    """A run as it was at one time."""

    run: Run
    trouble: Exception | None = None  # this look saw nothing: the run is as it was before


def follow(
    pipeline: Pipeline,
    execution_arn: str,
    interval_seconds: float,
    *,
    is_new: bool = False,
) -> Iterator[Look]:
    """Look at a run again and again, for the last time when it has ended.

    A look costs a DescribeExecution, a GetExecutionHistory for each execution that is under way,
    and a ListExecutions for each of the two Maps that has begun; only new events are read.

    Args:
        pipeline: whose run it is.
        execution_arn: of the run.
        interval_seconds: real time between two looks.
        is_new: it has just been started, so that it may take some looks to find it.

    Raises:
        BatchrecError: it can't be read.
        BotoCoreError, ClientError: AWS could not be reached, or was overloaded, at first or for
            many looks in a row.
    """
    reader, lost = Reader(pipeline, execution_arn), 0
    run: Run | None = None
    while True:
        try:
            run = reader.read()
        except (BatchrecError, BotoCoreError, ClientError) as trouble:
            lost += 1
            is_unknown_yet = run is None and "ExecutionDoesNotExist" in str(trouble)
            most = _LOST_LOOKS if run is not None else _FIRST_LOOKS if is_new else 1
            if lost == most or not (passes(trouble) or is_unknown_yet):
                raise
            if run is not None:
                yield Look(run, trouble)
        else:
            lost = 0
            yield Look(run)
            if run.ended is not None:
                return
        time.sleep(interval_seconds)


def changes(before: Run | None, now: Run) -> list[Change]:
    """Return what happened between two looks, the oldest first; None: everything so far.

    Only the run's own states are told; what its children do is seen in their jobs, and in their
    waiting for room, which is told once.
    """
    ended = []
    if now.ended is not None and (before is None or before.ended is None):
        ended = [Change(now.ended, "end", status=now.status, seconds=now.seconds)]
    news = [*_states(before, now), *_jobs(before, now)]
    return [*sorted(news, key=lambda change: change.at), *ended]


def _states(before: Run | None, now: Run) -> Iterator[Change]:
    known = {_identity(visit) for visit in before.visits} if before else set()
    for visit in now.visits:
        if _is_telling(visit) and _identity(visit) not in known:
            known.add(_identity(visit))
            subject = visit.within[1] if visit.within else None
            yield Change(visit.entered, "state", state=visit.state, subject=subject)


def _is_telling(visit: Visit) -> bool:
    if visit.within:
        return visit.type == "Wait" and visit.state.endswith("Room")
    return visit.type in ("Task", "Map")


def _identity(visit: Visit) -> tuple[object, ...]:
    return (visit.state, visit.within, None if visit.within else visit.entered)


def _jobs(before: Run | None, now: Run) -> Iterator[Change]:
    statuses = {job.id: job.status for job in before.jobs} if before else {}
    for job in now.jobs:
        if statuses.get(job.id) == job.status:
            continue
        took = None if job.ended is None else (job.ended - job.started).total_seconds()
        at = job.ended or (now.as_of if job.id in statuses else job.started)
        yield Change(
            at=_found(now, job) if job.is_reused else at,
            kind="job",
            job=job.kind,
            subject=job.subject,
            status=REUSED if job.is_reused else job.status,
            seconds=None if job.is_reused else took,
            reason=job.reason,
        )


def _found(run: Run, job: Job) -> datetime:
    """Say when a run looked at what an earlier one had trained."""
    looks = (
        visit.entered
        for visit in run.visits
        if visit.state == "DescribeSolutionVersion" and visit.within[1:] == (job.subject,)
    )
    return next(looks, run.started)
