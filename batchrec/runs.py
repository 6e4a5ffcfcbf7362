"""What a run did, as the histories of its executions tell: states, jobs, failures.

A history holds all of it: the answers of Glue and Personalize, and the variables that states
assigned (Step Functions API Reference, HistoryEvent).
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from batchrec.errors import BatchrecError
from batchrec.execution import UNSUCCESSFUL, Histories, failing_state
from batchrec.pipeline import Pipeline, passes, server_time

_RUN_NAME = r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,35}"
_GLUE_ENDS = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED")

# Jobs of Personalize by the member of the answer that describes them.
_JOBS = {
    "DatasetImportJob": ("import", "DatasetImportJobArn"),
    "SolutionVersion": ("training", "SolutionVersionArn"),
    "BatchInferenceJob": ("batch inference", "BatchInferenceJobArn"),
    "BatchSegmentJob": ("batch segments", "BatchSegmentJobArn"),
}
_GLUE_JOBS = {"PrepareTrainingData": "prepare", "PublishRecommendations": "publish"}


@dataclass(frozen=True)
class Failure:
    """One thing that made a run fail; a run can have several, one for each solution."""

    state: str
    error: str
    cause: str
    subject: str | None = None  # the dataset's folder or the solution's key, if it has one


@dataclass(frozen=True)
class Visit:
    """A state that an execution entered, from then until it left it."""

    state: str
    type: str  # Task, Map, Choice, …
    entered: datetime
    left: datetime | None  # None: it is still there, or the execution ended in it
    within: tuple[str, ...] = ()  # for a child's: the Map's label and the child's subject


@dataclass(frozen=True)
class Job:
    """A job of Glue or Personalize that a run started, or found and took over."""

    kind: str  # prepare, import, training, batch inference, batch segments or publish
    subject: str | None  # the dataset's folder or the solution's key
    id: str  # ARN, or the id of a Glue job run
    status: str  # as the service last told
    started: datetime
    ended: datetime | None
    is_reused: bool  # a solution version that an earlier run trained
    reason: str | None  # why it failed, as the service says
    expected_seconds: float | None  # how long it took when it was last published; None: unknown
    described: dict[str, Any]  # the answer that last described it


@dataclass(frozen=True)
class Run:
    """One run, as far as it has come."""

    name: str  # as in the bucket's keys: of two executions, if one continued the other
    execution_arn: str
    action: str  # run or teardown
    status: str  # of the execution; of a succeeded one SUCCEEDED, SKIPPED or TORN_DOWN
    started: datetime
    ended: datetime | None
    as_of: datetime  # the service's own time
    failures: tuple[Failure, ...]
    visits: tuple[Visit, ...]  # by time
    jobs: tuple[Job, ...]  # by time
    output: dict[str, Any]  # of an execution that succeeded
    transitions: int  # states entered, those of children too
    configuration: dict[str, Any] = field(default_factory=dict)  # the pipeline's, at its start

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        # The service's time comes in whole seconds: it may lie before the start.
        return max(((self.ended or self.as_of) - self.started).total_seconds(), 0.0)


class Reader:
    """Reads one run, again and again if it is still under way: only what is new is fetched."""

    def __init__(self, pipeline: Pipeline, execution_arn: str) -> None:
        self._stepfunctions = pipeline.client("stepfunctions")
        self._arn = execution_arn
        self._histories = Histories(self._stepfunctions, execution_arn)

    def read(self) -> Run:
        """Read the run as it is now.

        Raises:
            BatchrecError: it can't be read; Step Functions keeps a history for 90 days.
            BotoCoreError, ClientError: AWS can't be reached, or is overloaded: this may pass, and
                nothing that was read is lost.
        """
        try:
            described = self._stepfunctions.describe_execution(executionArn=self._arn)
            self._histories.news()
        except ClientError as error:
            if passes(error):
                raise
            raise BatchrecError(
                f"The execution {self._arn} can't be read: {error}\nStep Functions keeps"
                " executions for 90 days after their end."
            ) from error
        return _run(described, self._histories.events, self._stepfunctions)


def read(pipeline: Pipeline, run: str | None = None, *, only_runs: bool = False) -> Run:
    """Read a run; arguments and errors as for `find`."""
    return Reader(pipeline, find(pipeline, run, only_runs=only_runs)).read()


def find(pipeline: Pipeline, run: str | None = None, *, only_runs: bool = False) -> str:
    """Return the ARN of a run's execution.

    Of several that continued one run it is the newest that wasn't skipped.

    Args:
        pipeline: whose.
        run: name of the run or of its execution, or the execution's ARN; None: the newest.
        only_runs: the newest that is no teardown, and wasn't skipped.

    Raises:
        BatchrecError: there is none.
    """
    if run is not None and run.startswith("arn:"):
        return _own(pipeline, run)
    skipped: str | None = None
    for listed in executions(pipeline):
        arn = str(listed["executionArn"])
        if run in (listed["name"], fitting_name(listed["name"])):
            return arn
        if run is None and not only_runs:
            return arn
        described = pipeline.client("stepfunctions").describe_execution(executionArn=arn)
        is_skipped = json_object(described.get("output")).get("status") == "SKIPPED"
        is_it = action_of(described) == "run" if run is None else name_of(described) == run
        if is_it and not is_skipped:
            return arn
        if is_it and run is not None:
            skipped = skipped or arn
    if skipped is not None:
        return skipped
    what = f"has no run {run}" if run else "has not run yet"
    raise BatchrecError(
        f"The pipeline {pipeline.name} {what}. `batchrec status` lists its runs, and `batchrec run`"
        " starts one."
    )


def _own(pipeline: Pipeline, execution_arn: str) -> str:
    machine = ":".join(pipeline.state_machine_arn.split(":")[:7])  # no version or alias
    begins = f"{machine.replace(':stateMachine:', ':execution:')}:"
    if not execution_arn.startswith(begins):
        raise BatchrecError(
            f"{execution_arn} is no execution of the pipeline {pipeline.name}: ARNs of those begin"
            f" with {begins}"
        )
    return execution_arn


def as_it_was(pipeline: Pipeline, run: Run) -> Pipeline:
    """Return the pipeline with the definition that the run had, which may have changed since."""
    try:
        described = pipeline.client("stepfunctions").describe_state_machine_for_execution(
            executionArn=run.execution_arn
        )
    except ClientError:
        return pipeline
    return replace(pipeline, definition=json.loads(described["definition"]))


def executions(pipeline: Pipeline) -> Iterator[dict[str, Any]]:
    """List the executions of the state machine, the newest first (ListExecutions)."""
    pages = pipeline.client("stepfunctions").get_paginator("list_executions")
    for page in pages.paginate(stateMachineArn=pipeline.state_machine_arn):
        yield from page["executions"]


def fitting_name(name: str) -> str:
    """Return the run's name for that of an execution, or for the one that an input gives.

    As the state NameRun does: what fits into names of jobs stays, anything else is shortened.
    Schedules give long names.
    """
    if re.fullmatch(_RUN_NAME, name):
        return name
    readable = re.sub(r"[^a-zA-Z0-9_-]", "-", name)[:23]
    return f"run-{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def name_of(described: dict[str, Any]) -> str:
    """Return the run's name by the description of an execution (DescribeExecution)."""
    return fitting_name(str(json_object(described.get("input")).get("run", described["name"])))


def action_of(described: dict[str, Any]) -> str:
    """Return what an execution does, run or teardown, by its description."""
    return str(json_object(described.get("input")).get("action", "run"))


def json_object(text: str | None) -> dict[str, Any]:
    """Parse the input or output of an execution or state; what is no object has no members."""
    try:
        parsed = json.loads(text or "{}")
    except ValueError:  # such as a cause in words
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _run(
    described: dict[str, Any], histories: dict[str, list[dict[str, Any]]], stepfunctions: Any
) -> Run:
    arn = described["executionArn"]
    visits, jobs, transitions = [], {}, 0
    for each, events in histories.items():
        started = events[0]["executionStartedEventDetails"] if events else {}
        begun = json_object(started.get("input"))
        within = () if each == arn else (_label(each), _subject(begun) or each.rsplit(":", 1)[-1])
        visits += list(_visits(events, within))
        jobs.update({job.id: job for job in _jobs(events, _subject(begun), begun)})
        transitions += sum("stateEnteredEventDetails" in event for event in events)
    own = histories[arn]
    assigned = _assigned(own)
    output = json_object(described.get("output"))
    status = output.get("status", described["status"])
    return Run(
        name=str(assigned.get("run", name_of(described))),
        execution_arn=arn,
        action=str(assigned.get("action", action_of(described))),
        status=status,
        started=described["startDate"],
        ended=described.get("stopDate"),
        as_of=server_time(described),
        failures=tuple(_failures(described, assigned, own, stepfunctions)),
        visits=tuple(sorted(visits, key=lambda visit: visit.entered)),
        jobs=tuple(sorted(jobs.values(), key=lambda job: job.started)),
        output=output,
        transitions=transitions,
        configuration=assigned.get("configuration", {}),
    )


def _failures(
    described: dict[str, Any],
    assigned: dict[str, Any],
    events: list[dict[str, Any]],
    stepfunctions: Any,
) -> Iterator[Failure]:
    if described["status"] not in UNSUCCESSFUL:
        return
    told = assigned.get("failures") or []
    if described["status"] == "FAILED" and told:
        for each in told:
            subject = each.get("solution", each.get("dataset"))
            yield Failure(each["state"], each["error"], each["cause"], subject)
        return
    yield Failure(
        failing_state(events, stepfunctions),
        described.get("error", f"States.{described['status']}"),
        described.get("cause", "Step Functions gave no cause."),
    )


def _visits(events: list[dict[str, Any]], within: tuple[str, ...]) -> Iterator[Visit]:
    """Pair the events of entering and leaving; iterations of inline Maps leave in any order."""
    left: dict[str, list[datetime]] = {}
    for event in events:
        if "stateExitedEventDetails" in event:
            name = event["stateExitedEventDetails"]["name"]
            left.setdefault(name, []).append(event["timestamp"])
    for event in events:
        if "stateEnteredEventDetails" in event:
            name = event["stateEnteredEventDetails"]["name"]
            ends = left.get(name)
            yield Visit(
                name,
                event["type"].removesuffix("StateEntered"),
                event["timestamp"],
                ends.pop(0) if ends else None,
                within,
            )


def _jobs(
    events: list[dict[str, Any]],
    subject: str | None,
    begun: dict[str, Any],
) -> Iterator[Job]:
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


def _assigned(events: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the variables of an execution as they are last, without those that are cut short."""
    assigned: dict[str, Any] = {}
    for event in events:
        exited = event.get("stateExitedEventDetails", {})
        if not exited.get("assignedVariablesDetails", {}).get("truncated"):
            for name, text in exited.get("assignedVariables", {}).items():
                assigned[name] = json.loads(text)
    return assigned


def _state_of(event: dict[str, Any], by_id: dict[int, dict[str, Any]]) -> str:
    found: dict[str, Any] | None = event
    while found is not None and "stateEnteredEventDetails" not in found:
        found = by_id.get(found["previousEventId"])
    return str(found["stateEnteredEventDetails"]["name"]) if found else "unknown"


def _label(child_arn: str) -> str:
    """Return the label of the Map that a child execution belongs to: …:MACHINE/LABEL:NAME."""
    return child_arn.rsplit(":", 2)[1].partition("/")[2]


def _subject(begun: dict[str, Any]) -> str | None:
    """Say what a child execution is about, from its input."""
    if "dataset" in begun:
        return str(begun["dataset"]["folder"])
    return str(begun["solution"]["key"]) if "solution" in begun else None


def _time(value: str | float) -> datetime:
    """Read a time of an answer: ISO 8601, or milliseconds since the epoch."""
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    return datetime.fromtimestamp(value / 1000, UTC)
