"""Values as JSON has them, for the commands' --json."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from batchrec.operations.problems import Problem
from batchrec.operations.progress import Step
from batchrec.operations.status import Status
from batchrec.operations.watching import Change
from batchrec.runs import Run


def run(run: Run) -> dict[str, Any]:
    """Return a run without its history; times are ISO 8601 in UTC."""
    return {
        "run": run.name,
        "execution_arn": run.execution_arn,
        "action": run.action,
        "outcome": run.status,
        "started": _time(run.started),
        "ended": _time(run.ended),
        "seconds": run.seconds,
        "failures": [asdict(failure) for failure in run.failures],
    }


def problem(problem: Problem) -> dict[str, Any]:
    """Return a problem."""
    return asdict(problem)


def status(status: Status) -> dict[str, Any]:
    """Return a run with what came out, and, if its history was read, its steps."""
    return {
        **run(status.run),
        "problems": [problem(each) for each in status.problems],
        "imported": status.imported,
        "recommendations": status.recommendations,
        "metrics": status.metrics,
        "steps": [step(each) for each in status.steps],
        "rows": {
            name: each["rows"]
            for name, each in ((status.report or {}).get("datasets") or {}).items()
        },
        "consumed": status.consumed,
        "not_read": status.notes,
    }


def step(step: Step) -> dict[str, Any]:
    """Return a step, with the id of its job."""
    return {
        "kind": step.kind,
        "subject": step.subject,
        "status": step.status,
        "seconds": step.seconds,
        "expected_seconds": step.expected_seconds,
        "id": step.job.id if step.job else None,
    }


def change(change: Change) -> dict[str, Any]:
    """Return a change; members that it hasn't are left out."""
    members = {**asdict(change), "at": _time(change.at)}
    return {name: value for name, value in members.items() if value is not None}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds")
