"""What an orchestration costs: time, idle time, state transitions, history events.

Everything is computed from what the API gives (GetExecutionHistory, Describe of Personalize's
resources) and from nothing of a state machine's definition. The peers in orchestration_peers/ take
this input:

    run                     name of the job, the solution and the batch job
    glue_job, glue_arguments
    dataset_arn, import_from, role_arn
    dataset_group_arn, recipe_arn
    batch_input, batch_output
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from batchrec.execution import history

Event = dict[str, Any]
Histories = dict[str, list[Event]]  # by the execution's ARN, the parent's first

# What a state emits once for each attempt, by what it emits once when it is entered.
_ATTEMPTS = {
    "TaskScheduled": "TaskStateEntered",
    "MapStateStarted": "MapStateEntered",
    "ParallelStateStarted": "ParallelStateEntered",
}
_PRECISION = 0.002  # seconds: the services round, or cut, to milliseconds


@dataclass(frozen=True)
class Idle:
    """The time between a job's end and what is done next."""

    job: str  # ARN
    next_state: str  # "" where nothing follows but the end of the execution
    seconds: float


@dataclass(frozen=True)
class Cost:
    """Of one execution, its children included."""

    virtual_seconds: float
    idle: list[Idle]
    transitions: int
    largest_history: int  # events
    all_events: int


def measure(stepfunctions: Any, personalize: Any, execution_arn: str) -> Cost:
    """Measure an execution that has ended.

    Args:
        stepfunctions: boto3 client of Step Functions.
        personalize: boto3 client of Personalize.
        execution_arn: which execution.
    """
    described = stepfunctions.describe_execution(executionArn=execution_arn)
    found = histories(stepfunctions, execution_arn)
    duration = described["stopDate"] - described["startDate"]
    return Cost(
        virtual_seconds=duration.total_seconds(),
        idle=idle(found, ends_of_jobs(personalize, created_jobs(found))),
        transitions=sum(transitions(events) for events in found.values()),
        largest_history=max(len(events) for events in found.values()),
        all_events=sum(len(events) for events in found.values()),
    )


def histories(stepfunctions: Any, execution_arn: str) -> Histories:
    """Read the histories of an execution and of the children of its Distributed Maps."""
    found = {execution_arn: history(stepfunctions, execution_arn)}
    runs = stepfunctions.get_paginator("list_map_runs").paginate(executionArn=execution_arn)
    for run in (run for page in runs for run in page["mapRuns"]):
        pages = stepfunctions.get_paginator("list_executions").paginate(mapRunArn=run["mapRunArn"])
        for child in (child for page in pages for child in page["executions"]):
            found |= histories(stepfunctions, child["executionArn"])
    return found


def transitions(events: list[Event]) -> int:
    """Count what AWS bills of one execution: states entered, retries, redrives (Pricing)."""
    by_id = {event["id"]: event for event in events}
    attempts: dict[int, int] = {}  # by the id of the event of entering
    redrives = 0
    for event in events:
        kind = event["type"]
        redrives += kind == "ExecutionRedriven"
        if kind.endswith("StateEntered"):
            attempts[event["id"]] = attempts.get(event["id"], 0)
        elif kind in _ATTEMPTS:
            entered = _back_to(_ATTEMPTS[kind], event, by_id)
            if entered is not None:
                attempts[entered["id"]] = attempts.get(entered["id"], 0) + 1
    return redrives + sum(max(count, 1) for count in attempts.values())


def created_jobs(found: Histories) -> dict[str, str]:
    """Return the executions' ARNs by the ARNs of the Personalize resources they created."""
    jobs = {}
    for execution_arn, events in found.items():
        for event in events:
            details = event.get("taskSucceededEventDetails", {})
            if details.get("resource", "").startswith("create"):
                members = json.loads(details["output"])
                (arn,) = [value for name, value in members.items() if name.endswith("Arn")]
                jobs[arn] = execution_arn
    return jobs


def ends_of_jobs(personalize: Any, jobs: Mapping[str, str]) -> dict[str, tuple[str, float]]:
    """Return execution ARN and end, in epoch seconds, of the jobs that became ACTIVE."""
    ends = {}
    for arn, execution_arn in jobs.items():
        kind = arn.split(":", 5)[5].split("/")
        member = {
            "dataset-import-job": "dataset_import_job",
            "batch-inference-job": "batch_inference_job",
            "solution": "solution" if len(kind) == 2 else "solution_version",
        }[kind[0]]
        camel = "".join(part.capitalize() for part in member.split("_"))
        camel = camel[0].lower() + camel[1:]
        describe = getattr(personalize, f"describe_{member}")
        resource = describe(**{f"{camel}Arn": arn})[camel]
        if resource["status"] == "ACTIVE":
            ends[arn] = (execution_arn, resource["lastUpdatedDateTime"].timestamp())
    return ends


def idle(found: Histories, ends: Mapping[str, tuple[str, float]]) -> list[Idle]:
    """Return how long each job had been ready when its execution did something next.

    To do something is a task that succeeds and doesn't just look: its last attempt counts. Where
    none follows, the end of the execution does; a job that ends later leaves nobody idle.

    Args:
        found: the histories.
        ends: execution ARN and end in epoch seconds, by the job's ARN.
    """
    waits = []
    for job, (execution_arn, end) in ends.items():
        done = sorted(_done(found[execution_arn]))
        last = found[execution_arn][-1]["timestamp"].timestamp()
        following = [(at, state) for at, state in [*done, (last, "")] if at > end - _PRECISION]
        if following:
            at, state = following[0]
            waits.append(Idle(job, state, max(at - end, 0)))
    return waits


def _done(events: list[Event]) -> Iterable[tuple[float, str]]:
    """Yield start and state of the attempts that did something."""
    by_id = {event["id"]: event for event in events}
    for event in events:
        if event["type"] != "TaskSucceeded":
            continue
        scheduled = _back_to("TaskScheduled", event, by_id)
        entered = _back_to("TaskStateEntered", event, by_id)
        if scheduled is None or entered is None:
            continue
        action = scheduled["taskScheduledEventDetails"]["resource"]
        if not action.startswith(("describe", "list", "get")):
            yield scheduled["timestamp"].timestamp(), _name(entered)


def _back_to(kind: str, event: Event, by_id: Mapping[int, Event]) -> Event | None:
    current: Event | None = event
    while current is not None and current["type"] != kind:
        current = by_id.get(current["previousEventId"])
    return current


def _name(entered: Event) -> str:
    return str(entered["stateEnteredEventDetails"]["name"])
