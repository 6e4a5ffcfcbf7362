"""Follow one execution of the state machine, and explain how it ended."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from batchrec.errors import BatchrecError

_POLL_SECONDS = 0.3
_ENDS = ("ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted")


@dataclass(frozen=True)
class Moment:
    """The workflow reached a state that does something."""

    state: str
    virtual_seconds: float  # since the execution's start


def follow(
    stepfunctions: Any, execution_arn: str, on_moment: Callable[[Moment], None]
) -> dict[str, Any]:
    """Wait until an execution ends; return its description (API Reference, DescribeExecution).

    Args:
        stepfunctions: boto3 client of Step Functions.
        execution_arn: which execution.
        on_moment: called for each state that does something, in order; polling is left out.
    """
    last = 0
    while True:
        described: dict[str, Any] = stepfunctions.describe_execution(executionArn=execution_arn)
        events = history(stepfunctions, execution_arn, after=last)
        for moment in moments(events, described["startDate"]):
            on_moment(moment)
        last = events[-1]["id"] if events else last
        if described["status"] != "RUNNING":
            return described
        time.sleep(_POLL_SECONDS)


def history(stepfunctions: Any, execution_arn: str, after: int = 0) -> list[dict[str, Any]]:
    """Return the events of an execution so far, the oldest first.

    Args:
        stepfunctions: boto3 client of Step Functions.
        execution_arn: which execution.
        after: id of the last event that is known; those up to it are neither read nor returned.
    """
    pages = stepfunctions.get_paginator("get_execution_history").paginate(
        executionArn=execution_arn, reverseOrder=True, PaginationConfig={"PageSize": 200}
    )
    latest_first = (event for page in pages for event in page["events"])
    return list(takewhile(lambda event: event["id"] > after, latest_first))[::-1]


def moments(events: list[dict[str, Any]], start: datetime) -> list[Moment]:
    """Pick the states that do something: tasks and maps, not the polling of Describe and Wait."""
    return [
        Moment(state, (event["timestamp"] - start).total_seconds())
        for event, state in _entered(events)
        if event["type"] in ("TaskStateEntered", "MapStateEntered")
        and not state.startswith("Describe")
    ]


def require_success(stepfunctions: Any, described: dict[str, Any]) -> None:
    """Explain an execution that did not succeed.

    Raises:
        BatchrecError: with the failing state, the error and its cause.
    """
    if described["status"] == "SUCCEEDED":
        return
    events = history(stepfunctions, described["executionArn"])
    raise BatchrecError(
        f"The pipeline ended as {described['status']} in state {failing_state(events)}:"
        f" {described.get('error', 'no error name')}\n{described.get('cause', 'No cause given.')}"
    )


def failing_state(events: list[dict[str, Any]]) -> str:
    """Name the state an execution ended in, after the Map states around it."""
    by_id = {event["id"]: event for event in events}
    ends = [event for event in events if event["type"] in _ENDS and event["previousEventId"]]
    entered = [event for event, _ in _entered(events)]
    if not entered:
        return "none"
    # Branches run side by side, so what was entered last need not be what failed.
    event: dict[str, Any] | None = ends[-1] if ends else entered[-1]
    names: list[str] = []
    left = 0  # Map states that the way back enters from their end
    while event is not None:
        kind = event["type"]
        if kind == "MapStateExited":
            left += 1
        elif kind == "MapStateEntered" and left:
            left -= 1
        elif kind.endswith("StateEntered") and (kind == "MapStateEntered" or not names):
            names.insert(0, event["stateEnteredEventDetails"]["name"])
        event = by_id.get(event["previousEventId"])
    return " > ".join(names)


def _entered(events: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str]]:
    for event in events:
        if "stateEnteredEventDetails" in event:
            yield event, event["stateEnteredEventDetails"]["name"]
