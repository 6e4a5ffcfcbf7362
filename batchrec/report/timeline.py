"""When a run worked, and when it waited with no job in progress."""

from dataclasses import dataclass
from datetime import datetime

from batchrec.runs import Job, Run


@dataclass(frozen=True)
class Bar:
    """A stretch of a row, in percent of the whole time."""

    start: float
    width: float
    kind: str  # work or wait


@dataclass(frozen=True)
class Row:
    """One job, or one step."""

    label: str
    seconds: float
    told: str  # how it ended, where a job did
    bars: list[Bar]
    began: float | None = None  # seconds after the run; less than 0: before it


@dataclass(frozen=True)
class Timeline:
    """Rows over one axis."""

    seconds: float  # of the whole
    rows: list[Row]
    work: float  # seconds in which a job was in progress
    wait: float  # seconds in which none was
    reused: list[str]  # what an earlier run had done


def of_run(run: Run) -> Timeline:
    """Lay out a run's jobs; what an earlier run had trained takes no time of this one."""
    end = run.ended or run.as_of
    total = max(run.seconds, 1e-9)
    own = [job for job in run.jobs if not job.is_reused]
    spans = [_span(job, run.started, end) for job in own]
    working = _union(spans)
    work = sum(stop - start for start, stop in working)
    rows = [
        Row("the whole run", run.seconds, "", _whole(working, run.seconds)),
        *(
            Row(
                _label(job),
                stop - start,
                job.status,
                [_bar(start, stop, total, "work")],
                (job.started - run.started).total_seconds(),
            )
            for job, (start, stop) in zip(own, spans, strict=True)
        ),
    ]
    reused = [_label(job) for job in run.jobs if job.is_reused]
    return Timeline(run.seconds, rows, work, run.seconds - work, reused)


def of_steps(seconds: dict[str, float]) -> Timeline:
    """Lay out steps that follow each other."""
    total = max(sum(seconds.values()), 1e-9)
    rows, start = [], 0.0
    for label, each in seconds.items():
        rows.append(Row(label, each, "", [_bar(start, start + each, total, "work")], start))
        start += each
    return Timeline(start, rows, start, 0.0, [])


def _span(job: Job, begin: datetime, end: datetime) -> tuple[float, float]:
    """Return when a job was in progress, in seconds of the run."""
    start, stop = ((at - begin).total_seconds() for at in (job.started, job.ended or end))
    longest = (end - begin).total_seconds()
    start = min(max(start, 0.0), longest)
    return start, min(max(stop, start), longest)


def _union(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for start, stop in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], stop))
        else:
            joined.append((start, stop))
    return joined


def _whole(working: list[tuple[float, float]], seconds: float) -> list[Bar]:
    total, bars, at = max(seconds, 1e-9), [], 0.0
    for start, stop in [*working, (seconds, seconds)]:
        if start > at:
            bars.append(_bar(at, start, total, "wait"))
        if stop > start:
            bars.append(_bar(start, stop, total, "work"))
        at = stop
    return bars


def _bar(start: float, stop: float, total: float, kind: str) -> Bar:
    return Bar(round(100 * start / total, 3), round(100 * (stop - start) / total, 3), kind)


def _label(job: Job) -> str:
    return f"{job.kind} of {job.subject}" if job.subject else job.kind
