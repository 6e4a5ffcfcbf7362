"""Explaining how an execution went, on short histories as GetExecutionHistory gives them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from batchrec.errors import BatchrecError
from batchrec.execution import (
    Histories,
    Moment,
    failing_state,
    follow,
    moments,
    require_success,
)
from batchrec.execution import history as read_history

START = datetime(2026, 1, 31, 3, 0, tzinfo=UTC)
ARN = "arn:aws:states:us-east-1:123456789012:execution:machine:run"

Event = dict[str, Any]


def history(*lines: tuple[Any, ...]) -> list[Event]:
    """Events from (previous event's id, type, state's name, seconds); ids count from 1."""
    events = []
    for number, (previous, kind, *rest) in enumerate(lines, start=1):
        name, seconds = [*rest, None, None][:2]
        event = {
            "id": number,
            "previousEventId": previous,
            "type": kind,
            "timestamp": START + timedelta(seconds=seconds or 0),
        }
        if kind.endswith("StateEntered"):
            event["stateEnteredEventDetails"] = {"name": name}
        if kind.endswith("StateExited"):
            event["stateExitedEventDetails"] = {"name": name}
        events.append(event)
    return events


# --- failing_state --------------------------------------------------------------------------------


def test_a_state_at_the_top() -> None:
    events = history(
        (0, "ExecutionStarted"),
        (0, "PassStateEntered", "Configure"),
        (2, "PassStateExited", "Configure"),
        (3, "TaskStateEntered", "PrepareTrainingData"),
        (4, "TaskScheduled"),
        (5, "TaskFailed"),
        (6, "ExecutionFailed"),
    )
    assert failing_state(events) == "PrepareTrainingData"


def test_a_state_inside_maps_names_them() -> None:
    events = history(
        (0, "ExecutionStarted"),
        (0, "MapStateEntered", "Outer"),
        (2, "MapStateStarted"),
        (3, "MapIterationStarted"),
        (4, "MapStateEntered", "Inner"),
        (5, "MapStateStarted"),
        (6, "MapIterationStarted"),
        (7, "TaskStateEntered", "Create"),
        (8, "TaskStateExited", "Create"),
        (9, "FailStateEntered", "CreateFailed"),
        (10, "MapIterationFailed"),
        (10, "MapStateFailed"),
        (12, "MapIterationFailed"),
        (12, "MapStateFailed"),
        (14, "ExecutionFailed"),
    )
    assert failing_state(events) == "Outer > Inner > CreateFailed"


def test_a_map_that_went_well_is_not_named() -> None:
    events = history(
        (0, "ExecutionStarted"),
        (0, "MapStateEntered", "ImportDatasets"),
        (2, "MapStateStarted"),
        (3, "MapIterationStarted"),
        (4, "PassStateEntered", "DatasetImported"),
        (5, "PassStateExited", "DatasetImported"),
        (6, "MapIterationSucceeded"),
        (7, "MapStateSucceeded"),
        (7, "MapStateExited", "ImportDatasets"),
        (9, "TaskStateEntered", "Publish"),
        (10, "TaskFailed"),
        (11, "ExecutionFailed"),
    )
    assert failing_state(events) == "Publish"


def test_branches_that_still_run_are_not_blamed() -> None:
    """The other iteration enters its next state before and after the failing one does."""
    events = history(
        (0, "ExecutionStarted"),
        (0, "MapStateEntered", "ImportDatasets"),
        (2, "MapStateStarted"),
        (3, "MapIterationStarted"),
        (4, "TaskStateEntered", "DescribeImport"),
        (3, "MapIterationStarted"),
        (6, "TaskStateEntered", "DescribeImport"),
        (5, "FailStateEntered", "ImportFailed"),
        (7, "WaitStateEntered", "WaitForImport"),
        (8, "MapIterationFailed"),
        (8, "MapStateFailed"),
        (11, "ExecutionFailed"),
        (9, "MapIterationAborted"),
    )
    assert failing_state(events) == "ImportDatasets > ImportFailed"


def test_an_execution_that_was_stopped_or_timed_out() -> None:
    """Its last event follows no other: it ended where it was last seen."""
    for end in ("ExecutionAborted", "ExecutionTimedOut"):
        events = history(
            (0, "ExecutionStarted"),
            (0, "MapStateEntered", "RecommendWithSolutions"),
            (2, "MapStateStarted"),
            (3, "MapIterationStarted"),
            (4, "WaitStateEntered", "WaitForSolutionVersion"),
            (0, end),
        )
        assert failing_state(events) == "RecommendWithSolutions > WaitForSolutionVersion"


def test_the_map_itself_can_fail() -> None:
    events = history(
        (0, "ExecutionStarted"),
        (0, "MapStateEntered", "ImportDatasets"),
        (2, "EvaluationFailed"),
        (3, "ExecutionFailed"),
    )
    assert failing_state(events) == "ImportDatasets"


def test_an_earlier_failure_is_not_named_after_a_redrive() -> None:
    events = history(
        (0, "ExecutionStarted"),
        (0, "MapStateEntered", "ImportDatasets"),
        (2, "MapStateStarted"),
        (3, "MapIterationStarted"),
        (4, "TaskStateEntered", "CreateDatasetImportJob"),
        (5, "TaskFailed"),
        (6, "ExecutionFailed"),
        (7, "ExecutionRedriven"),
        (8, "MapStateEntered", "ImportDatasets"),
        (9, "MapStateSucceeded"),
        (9, "MapStateExited", "ImportDatasets"),
        (11, "TaskStateEntered", "Publish"),
        (12, "TaskFailed"),
        (13, "ExecutionFailed"),
    )
    assert failing_state(events) == "Publish"


def test_an_execution_that_reached_no_state() -> None:
    assert failing_state(history((0, "ExecutionStarted"), (1, "ExecutionAborted"))) == "none"
    assert failing_state([]) == "none"


# --- moments --------------------------------------------------------------------------------------


def test_moments_are_the_states_that_do_something() -> None:
    events = history(
        (0, "ExecutionStarted"),
        (0, "PassStateEntered", "Configure", 0),
        (2, "TaskStateEntered", "PrepareTrainingData", 0.5),
        (3, "TaskStateExited", "PrepareTrainingData", 120),
        (4, "ChoiceStateEntered", "IsPrepared", 120),
        (5, "MapStateEntered", "ImportDatasets", 120),
        (6, "TaskStateEntered", "CreateDatasetImportJob", 121),
        (7, "TaskStateEntered", "DescribeDatasetImportJob", 122),
        (8, "WaitStateEntered", "WaitForDatasetImportJob", 123),
        (9, "TaskStateEntered", "DescribeDatasetImportJob", 138),
        (10, "SucceedStateEntered", "Finished", 140),
    )
    assert moments(events, START) == [
        Moment("PrepareTrainingData", 0.5),
        Moment("ImportDatasets", 120),
        Moment("CreateDatasetImportJob", 121),
    ]


# --- follow and require_success -------------------------------------------------------------------


class StepFunctions:
    """Gives an execution's states one by one, as a client would."""

    def __init__(self, *steps: tuple[str, list[Event]], **described: str) -> None:
        self._steps = list(steps)
        self._described = described

    def describe_execution(self, executionArn: str) -> Event:  # noqa: N803 (boto3's name)
        status = self._steps[0][0]
        described = {"executionArn": executionArn, "startDate": START, "status": status}
        return described | ({} if status == "RUNNING" else self._described)

    def get_paginator(self, operation: str) -> "StepFunctions":
        assert operation == "get_execution_history"
        return self

    def paginate(self, *, reverseOrder: bool = False, **_: object) -> list[Event]:  # noqa: N803
        events = self._steps[0][1]
        if len(self._steps) > 1:
            self._steps.pop(0)
        events = events[::-1] if reverseOrder else events
        half = len(events) // 2
        return [{"events": events[:half]}, {"events": events[half:]}]


WHOLE = history(
    (0, "ExecutionStarted"),
    (0, "TaskStateEntered", "First", 1),
    (2, "TaskStateEntered", "Second", 2),
    (3, "TaskStateEntered", "Third", 3),
    (4, "TaskFailed"),
    (5, "ExecutionFailed"),
)


def test_each_moment_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchrec.execution._POLL_SECONDS", 0)
    steps = [("RUNNING", WHOLE[:n]) for n in (0, 2, 2, 4)]
    told: list[Moment] = []
    described = follow(StepFunctions(*steps, ("FAILED", WHOLE)), ARN, told.append)
    assert described["status"] == "FAILED"
    assert told == [Moment("First", 1), Moment("Second", 2), Moment("Third", 3)]


class Maps(StepFunctions):
    """Two Distributed Maps, each with one child; the first list of children is lost."""

    def __init__(self, parent: list[Event]) -> None:
        super().__init__()
        self._histories = {ARN: parent, "imports/child": WHOLE, "trainings/child": WHOLE}
        self._is_lost = False
        self._operation = ""

    def get_paginator(self, operation: str) -> "StepFunctions":
        self._operation = operation
        return self

    def paginate(  # type: ignore[override]
        self,
        executionArn: str = "",  # noqa: N803 (boto3's name)
        mapRunArn: str = "",  # noqa: N803
        **_: object,
    ) -> list[Event]:
        if self._operation == "get_execution_history":
            return [{"events": self._histories[executionArn][::-1]}]
        if not self._is_lost:
            self._is_lost = True
            raise EndpointConnectionError(endpoint_url="https://states.us-east-1.amazonaws.com")
        return [{"executions": [{"executionArn": f"{mapRunArn}/child", "status": "SUCCEEDED"}]}]


def test_a_lost_connection_loses_no_map_run() -> None:
    parent = history(
        (0, "ExecutionStarted"),
        (0, "MapStateEntered", "ImportDatasets"),
        (2, "MapRunStarted"),
        (3, "MapRunSucceeded"),
        (4, "MapStateExited", "ImportDatasets"),
        (5, "MapStateEntered", "RecommendWithSolutions"),
        (6, "MapRunStarted"),
    )
    parent[2]["mapRunStartedEventDetails"] = {"mapRunArn": "imports"}
    parent[6]["mapRunStartedEventDetails"] = {"mapRunArn": "trainings"}
    histories = Histories(Maps(parent), ARN)
    with pytest.raises(EndpointConnectionError):
        histories.news()
    assert histories.news() == [*WHOLE, *WHOLE]
    assert histories.events == {ARN: parent, "imports/child": WHOLE, "trainings/child": WHOLE}


class Growing(StepFunctions):
    """Two events happen between the first page of a history, the latest first, and the second."""

    def paginate(self, **_: object) -> list[Event]:
        return [{"events": WHOLE[1:4][::-1]}, {"events": WHOLE[::-1][3:]}]


def test_a_history_that_grows_between_its_pages_has_each_event_once() -> None:
    assert read_history(Growing(), ARN) == WHOLE[:4]
    assert read_history(Growing(), ARN, after=1) == WHOLE[1:4]


def test_success_needs_no_explanation() -> None:
    require_success(None, {"status": "SUCCEEDED"})


def test_failure_is_explained() -> None:
    client = StepFunctions(("FAILED", WHOLE))
    described = {
        "executionArn": ARN,
        "status": "FAILED",
        "error": "Personalize.InvalidInputException",
        "cause": "The bucket does not exist.",
    }
    with pytest.raises(BatchrecError) as explained:
        require_success(client, described)
    message = str(explained.value)
    for part in ("FAILED", "Third", described["error"], described["cause"]):
        assert part in message


def test_an_end_without_error_is_explained_too() -> None:
    client = StepFunctions(("ABORTED", WHOLE[:3]))
    with pytest.raises(BatchrecError, match="ABORTED in state Second"):
        require_success(client, {"executionArn": ARN, "status": "ABORTED"})
