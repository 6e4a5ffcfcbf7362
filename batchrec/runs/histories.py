"""Interpret the histories of a run's executions.

A history holds all of it: the answers of Glue and Personalize, and the variables that states
assigned (Step Functions API Reference, HistoryEvent).
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from batchrec.execution import UNSUCCESSFUL, failing_state
from batchrec.pipeline import server_time
from batchrec.runs.descriptions import action_of, json_object, name_of
from batchrec.runs.jobs import jobs_of
from batchrec.runs.run import Failure, Run, Visit


def interpret(
    described: dict[str, Any], histories: dict[str, list[dict[str, Any]]], stepfunctions: Any
) -> Run:
    """Return the run that an execution's description and histories tell of.

    Args:
        described: the execution's description.
        histories: events, the oldest first, by the ARN of the execution or of its child.
        stepfunctions: boto3 client of Step Functions.
    """
    arn = described["executionArn"]
    visits, jobs, transitions = [], {}, 0
    for each, events in histories.items():
        started = events[0]["executionStartedEventDetails"] if events else {}
        begun = json_object(started.get("input"))
        within = () if each == arn else (_label(each), _subject(begun) or each.rsplit(":", 1)[-1])
        visits += list(_visits(events, within))
        jobs.update({job.id: job for job in jobs_of(events, _subject(begun), begun)})
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


def _assigned(events: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the variables of an execution as they are last, without those that are cut short."""
    assigned: dict[str, Any] = {}
    for event in events:
        exited = event.get("stateExitedEventDetails", {})
        if not exited.get("assignedVariablesDetails", {}).get("truncated"):
            for name, text in exited.get("assignedVariables", {}).items():
                assigned[name] = json.loads(text)
    return assigned


def _label(child_arn: str) -> str:
    """Return the label of the Map that a child execution belongs to: …:MACHINE/LABEL:NAME."""
    return child_arn.rsplit(":", 2)[1].partition("/")[2]


def _subject(begun: dict[str, Any]) -> str | None:
    """Say what a child execution is about, from its input."""
    if "dataset" in begun:
        return str(begun["dataset"]["folder"])
    return str(begun["solution"]["key"]) if "solution" in begun else None
