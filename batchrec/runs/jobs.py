"""The jobs of Glue and Personalize that an execution's history tells of."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from batchrec.runs.descriptions import json_object
from batchrec.runs.run import Job

_GLUE_JOBS = {"PrepareTrainingData": "prepare", "PublishRecommendations": "publish"}
_GLUE_ENDS = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED")

# Jobs of Personalize by the member of the answer that describes them.
_JOBS = {
    "DatasetImportJob": ("import", "DatasetImportJobArn"),
    "SolutionVersion": ("training", "SolutionVersionArn"),
    "BatchInferenceJob": ("batch inference", "BatchInferenceJobArn"),
    "BatchSegmentJob": ("batch segments", "BatchSegmentJobArn"),
}


def jobs_of(
    events: list[dict[str, Any]], subject: str | None, begun: dict[str, Any]
) -> Iterator[Job]:
    """Tell the jobs of one execution; of the same job told twice, the later holds.

    Args:
        events: the execution's history.
        subject: what the execution is about, if it is a child.
        begun: the execution's input.
    """
    by_id = {event["id"]: event for event in events}
    submitted: dict[str, tuple[str, datetime]] = {}  # runs of Glue jobs: their state and start
    for event in events:
        if event["type"] == "TaskSubmitted":
            run_id = json_object(event["taskSubmittedEventDetails"].get("output")).get("JobRunId")
            if run_id is not None:
                state = _state_of(event, by_id)
                submitted[run_id] = (state, event["timestamp"])
                yield _glue_job(state, {"Id": run_id, "JobRunState": "RUNNING"}, event["timestamp"])
        elif event["type"] in ("TaskSucceeded", "TaskFailed"):
            details = event.get("taskSucceededEventDetails") or event["taskFailedEventDetails"]
            answer = json_object(details.get("output") or details.get("cause"))
            if answer.get("Id") in submitted:
                state, started = submitted[answer["Id"]]
                yield _glue_job(state, answer, started, event["timestamp"])
            for member, (kind, identifier) in _JOBS.items():
                if member in answer and identifier in answer[member]:
                    yield _personalize_job(kind, identifier, answer[member], subject, begun)


def _glue_job(
    state: str, answer: dict[str, Any], started: datetime, ended: datetime | None = None
) -> Job:
    return Job(
        kind=_GLUE_JOBS.get(state, state),
        subject=None,
        id=answer["Id"],
        status=answer["JobRunState"],
        started=started,
        ended=ended if answer["JobRunState"] in _GLUE_ENDS else None,
        is_reused=False,
        reason=answer.get("ErrorMessage"),
        expected_seconds=None,
        described=answer,
    )


def _personalize_job(
    kind: str,
    identifier: str,
    answer: dict[str, Any],
    subject: str | None,
    begun: dict[str, Any],
) -> Job:
    status = answer.get("Status", "without a status")
    is_over = not any(word in status for word in ("PENDING", "PROGRESS", "STOPPING"))
    return Job(
        kind=kind,
        subject=subject,
        id=answer[identifier],
        status=status,
        started=_time(answer["CreationDateTime"]),
        ended=_time(answer["LastUpdatedDateTime"]) if is_over else None,
        is_reused=kind == "training" and not _is_own(answer, begun),
        reason=answer.get("FailureReason"),
        expected_seconds=_expected(kind, begun),
        described=answer,
    )


def _is_own(answer: dict[str, Any], begun: dict[str, Any]) -> bool:
    """Whether a job is of this run, if maybe of an execution that this one continues."""
    return str(answer.get("Name", "")).startswith(str(begun.get("job_stem")))


def _expected(kind: str, begun: dict[str, Any]) -> float | None:
    """Say how long a job took last time, from the input of the child execution."""
    earlier = (begun.get("previous") or {}).get("seconds") or {}
    seconds = {
        "import": begun.get("expected_seconds"),
        "training": earlier.get("training"),
        "batch inference": earlier.get("batch"),
        "batch segments": earlier.get("batch"),
    }[kind]
    return float(seconds) if seconds else None


def _state_of(event: dict[str, Any], by_id: dict[int, dict[str, Any]]) -> str:
    found: dict[str, Any] | None = event
    while found is not None and "stateEnteredEventDetails" not in found:
        found = by_id.get(found["previousEventId"])
    return str(found["stateEnteredEventDetails"]["name"]) if found else "unknown"


def _time(value: str | float) -> datetime:
    """Read a time of an answer: ISO 8601, or milliseconds since the epoch."""
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    return datetime.fromtimestamp(value / 1000, UTC)
