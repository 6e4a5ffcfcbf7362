"""Follow one execution of the state machine, and explain how it ended."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from batchrec.errors import BatchrecError

_POLL_SECONDS = 0.3
_EXPLAINED_CHILDREN = 5
UNSUCCESSFUL = ("FAILED", "TIMED_OUT", "ABORTED")
_MAP_RUN_ENDS = ("MapRunSucceeded", "MapRunFailed", "MapRunAborted")
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
        execution_arn: which execution; the children of its Distributed Maps are followed too.
        on_moment: called for each state that does something, in order; polling is left out.
    """
    histories = Histories(stepfunctions, execution_arn)
    waiting: list[Moment] = []
    complete = 0.0  # every moment until then, in seconds from the start, has been read
    while True:
        described: dict[str, Any] = stepfunctions.describe_execution(executionArn=execution_arn)
        news = histories.news()
        ended = described["status"] != "RUNNING"
        waiting = _in_order([*waiting, *moments(news, described["startDate"])])
        # The histories are read one after another: what is new may come before what was read.
        while waiting and (ended or waiting[0].virtual_seconds <= complete):
            on_moment(waiting.pop(0))
        if ended:
            return described
        complete = max([complete, *(_seconds(event, described["startDate"]) for event in news)])
        time.sleep(_POLL_SECONDS)


class Histories:
    """The histories of an execution and of its children, read piece by piece.

    Attributes:
        events: those read so far, the oldest first, by the execution's ARN.
    """

    def __init__(self, stepfunctions: Any, execution_arn: str) -> None:
        self._stepfunctions = stepfunctions
        self._execution_arn = execution_arn
        self.events: dict[str, list[dict[str, Any]]] = {}
        self._map_runs: list[str] = []
        self._finished: set[tuple[str, int]] = set()  # children's ARN and redrive count

    def news(self) -> list[dict[str, Any]]:
        """Return the events that weren't there before; of one instant, in their order."""
        found: list[dict[str, Any]] = []
        new = self._read(self._execution_arn)
        try:
            for event in new:
                if event["type"] in _MAP_RUN_ENDS:
                    found += self._news_of_children()
                found.append(event)
                self._note(event)
        finally:  # a call may have failed, and these events aren't read again
            for event in new:
                self._note(event)
        return [*found, *self._news_of_children()]

    def _news_of_children(self) -> list[dict[str, Any]]:
        found = []
        for map_run in self._map_runs:  # grows in the loop by those of children
            for child in _children(self._stepfunctions, map_run):
                version = (child["executionArn"], child.get("redriveCount", 0))
                if version not in self._finished:
                    events = self._read(child["executionArn"])
                    for event in events:
                        self._note(event)
                    found += events
                    if child["status"] != "RUNNING":
                        self._finished.add(version)
        return found

    def _read(self, arn: str) -> list[dict[str, Any]]:
        known = self.events.setdefault(arn, [])
        events = history(self._stepfunctions, arn, after=known[-1]["id"] if known else 0)
        known += events
        return events

    def _note(self, event: dict[str, Any]) -> None:
        """Follow the children of the Map Run that an event starts from here on."""
        run = _map_run(event)
        if run is not None and run not in self._map_runs:
            self._map_runs.append(run)


def failed_children(stepfunctions: Any, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Describe the children of Distributed Maps that didn't succeed, the oldest first.

    Args:
        stepfunctions: boto3 client of Step Functions.
        events: an execution's history.
    """
    runs = dict.fromkeys(run for event in events if (run := _map_run(event)) is not None)
    children = [child for run in runs for child in _children(stepfunctions, run)]
    return [
        stepfunctions.describe_execution(executionArn=child["executionArn"])
        for child in children
        if child["status"] in UNSUCCESSFUL
    ]


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
    new = takewhile(lambda event: event["id"] > after, latest_first)
    # While the history grows, its pages shift: one begins with events of the page before.
    return [event for _, event in sorted({event["id"]: event for event in new}.items())]


def moments(events: list[dict[str, Any]], start: datetime) -> list[Moment]:
    """Pick the states that do something: tasks and maps, not the polling of Describe and Wait.

    Args:
        events: an execution's, its children's among them or not.
        start: of the execution.
    """
    return _in_order(
        Moment(state, _seconds(event, start))
        for event, state in _entered(events)
        if event["type"] in ("TaskStateEntered", "MapStateEntered")
        and not state.startswith("Describe")
    )


def require_success(stepfunctions: Any, described: dict[str, Any]) -> None:
    """Explain an execution that did not succeed.

    Raises:
        BatchrecError: with the failing state, the error and its cause, and those of the children
            of Distributed Maps that failed.
    """
    if described["status"] == "SUCCEEDED":
        return
    events = history(stepfunctions, described["executionArn"])
    explained = [f"The pipeline ended as {_explained(stepfunctions, described, events)}"]
    for child in failed_children(stepfunctions, events)[:_EXPLAINED_CHILDREN]:
        own = history(stepfunctions, child["executionArn"])
        explained.append(f"{child['name']} ended as {_explained(stepfunctions, child, own)}")
    raise BatchrecError("\n".join(explained))


def failing_state(events: list[dict[str, Any]], stepfunctions: Any = None) -> str:
    """Name the state an execution ended in, after the Map states around it.

    Args:
        events: the execution's history.
        stepfunctions: boto3 client of Step Functions; with it, a Distributed Map that failed is
            followed into its first child that did.
    """
    by_id = {event["id"]: event for event in events}
    ends = [event for event in events if event["type"] in _ENDS and event["previousEventId"]]
    entered = [event for event, _ in _entered(events)]
    if not entered:
        return "none"
    # Branches run side by side, so what was entered last need not be what failed.
    event: dict[str, Any] | None = ends[-1] if ends else _latest(events)
    names: list[str] = []
    map_run: str | None = None
    left = 0  # Map states that the way back enters from their end
    while event is not None:
        kind = event["type"]
        if not names:
            map_run = map_run or _map_run(event)
        if kind == "ExecutionRedriven" and names:
            break  # what lies before led to an earlier failure
        if kind == "MapStateExited":
            left += 1
        elif kind == "MapStateEntered" and left:
            left -= 1
        elif kind.endswith("StateEntered") and (kind == "MapStateEntered" or not names):
            names.insert(0, event["stateEnteredEventDetails"]["name"])
        event = by_id.get(event["previousEventId"])
    if map_run is not None and stepfunctions is not None:
        children = _children(stepfunctions, map_run)
        failed = [c for status in UNSUCCESSFUL for c in children if c["status"] == status]
        if failed:
            own = history(stepfunctions, failed[0]["executionArn"])
            names.append(failing_state(own, stepfunctions))
    return " > ".join(names)


def _explained(stepfunctions: Any, described: dict[str, Any], events: list[dict[str, Any]]) -> str:
    return (
        f"{described['status']} in state {failing_state(events, stepfunctions)}:"
        f" {described.get('error', 'no error name')}\n{described.get('cause', 'No cause given.')}"
    )


def _latest(events: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what was going on last: the last state entered, or the Map Run started in it."""
    return [e for e in events if "stateEnteredEventDetails" in e or _map_run(e) is not None][-1]


def _children(stepfunctions: Any, map_run_arn: str) -> list[dict[str, Any]]:
    """List the children of a Map Run, the oldest first."""
    pages = stepfunctions.get_paginator("list_executions").paginate(mapRunArn=map_run_arn)
    return [child for page in pages for child in page["executions"]][::-1]


def _map_run(event: dict[str, Any]) -> str | None:
    details = event.get("mapRunStartedEventDetails") or event.get("mapRunRedrivenEventDetails")
    return details["mapRunArn"] if details else None


def _in_order(found: Iterable[Moment]) -> list[Moment]:
    return sorted(found, key=lambda moment: moment.virtual_seconds)


def _seconds(event: dict[str, Any], start: datetime) -> float:
    return float((event["timestamp"] - start).total_seconds())


def _entered(events: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str]]:
    for event in events:
        if "stateEnteredEventDetails" in event:
            yield event, event["stateEnteredEventDetails"]["name"]
