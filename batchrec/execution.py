"""Follow one execution of the state machine, and explain how it ended."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from batchrec.errors import BatchrecError

_POLL_SECONDS = 0.3


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
    seen = 0
    while True:
        described: dict[str, Any] = stepfunctions.describe_execution(executionArn=execution_arn)
        reached = moments(history(stepfunctions, execution_arn), described["startDate"])
        for moment in reached[seen:]:
            on_moment(moment)
        seen = len(reached)
        if described["status"] != "RUNNING":
            return described
        time.sleep(_POLL_SECONDS)


def history(stepfunctions: Any, execution_arn: str) -> list[dict[str, Any]]:
    """Return all events of an execution so far, the oldest first."""
    pages = stepfunctions.get_paginator("get_execution_history").paginate(
        executionArn=execution_arn, PaginationConfig={"PageSize": 1000}
    )
    return [event for page in pages for event in page["events"]]


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
    around: list[str] = []
    last = "none"
    for event in events:
        entered = event.get("stateEnteredEventDetails", {})
        if event["type"] == "MapStateEntered":
            around.append(entered["name"])
        elif event["type"] == "MapStateExited":
            around.pop()
        if "name" in entered:
            last = entered["name"]
    return " > ".join([*around, last] if last not in around else around)


def _entered(events: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str]]:
    for event in events:
        if "stateEnteredEventDetails" in event:
            yield event, event["stateEnteredEventDetails"]["name"]
