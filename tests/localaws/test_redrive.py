"""RedriveExecution (Developer Guide, Restarting state machine executions with redrive)."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError
from state_machines import Machines, map_state, sdk_task

from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def machines(local_aws: LocalAws) -> Machines:
    return Machines(local_aws)


class Gate:
    """A task that fails until `open` was called."""

    def __init__(self, aws: LocalAws) -> None:
        self._sqs = aws.client("sqs")
        self._name = f"redrive-{uuid.uuid4()}"

    def task(self, **settings: Any) -> dict[str, Any]:
        return sdk_task("sqs:getQueueUrl", QueueName=self._name) | settings

    def open(self) -> None:
        self._sqs.create_queue(QueueName=self._name)


@pytest.fixture
def gate(local_aws: LocalAws) -> Gate:
    return Gate(local_aws)


def redriven(machines: Machines, described: dict[str, Any]) -> dict[str, Any]:
    arn = described["executionArn"]
    assert described["redriveStatus"] == "REDRIVABLE"
    answer = machines.api.redrive_execution(executionArn=arn)
    again = machines.ended(arn)
    assert again["redriveDate"] == answer["redriveDate"]
    assert again["startDate"] == described["startDate"]
    assert again["executionArn"] == arn
    return again


def entered(events: list[dict[str, Any]]) -> list[str]:
    return [
        e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e
    ]


def after_redrive(machines: Machines, arn: str) -> list[dict[str, Any]]:
    events = machines.history(arn)
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    (at,) = [n for n, event in enumerate(events) if event["type"] == "ExecutionRedriven"]
    return events[at:]


def in_two_steps(gate: Gate) -> dict[str, Any]:
    output = {"first": "{% $first %}", "given": "{% $states.input %}"}
    output |= {"context": "{% $states.context.Execution %}"}
    return {
        "First": {
            "Type": "Pass",
            "Assign": {"first": "{% $uuid() %}"},
            "Output": {"from": "First"},
            "Next": "Gate",
        },
        "Gate": gate.task(Output=output),
    }


def test_a_failed_execution_goes_on_from_its_failed_state(machines: Machines, gate: Gate) -> None:
    described = machines.run(in_two_steps(gate))
    assert (described["status"], described["redriveCount"]) == ("FAILED", 0)
    gate.open()
    again = redriven(machines, described)
    assert (again["status"], again["redriveCount"]) == ("SUCCEEDED", 1)
    assert again["redriveStatus"] == "NOT_REDRIVABLE"
    assert "error" not in again
    output = json.loads(again["output"])
    assert output["given"] == {"from": "First"}
    uuid.UUID(output["first"])
    assert output["context"]["RedriveCount"] == 1
    assert output["context"]["RedriveTime"]
    events = after_redrive(machines, again["executionArn"])
    assert events[0]["executionRedrivenEventDetails"] == {"redriveCount": 1}
    assert entered(events) == ["Gate"]
    assert events[-1]["type"] == "ExecutionSucceeded"


def test_it_may_fail_again(machines: Machines, gate: Gate) -> None:
    described = redriven(machines, machines.run(in_two_steps(gate)))
    assert (described["status"], described["redriveCount"]) == ("FAILED", 1)
    gate.open()
    described = redriven(machines, described)
    assert (described["status"], described["redriveCount"]) == ("SUCCEEDED", 2)


def test_a_fail_state_fails_again(machines: Machines) -> None:
    described = machines.run({"Fail": {"Type": "Fail", "Error": "Mine"}})
    again = redriven(machines, described)
    assert (again["status"], again["error"]) == ("FAILED", "Mine")


def test_an_aborted_and_a_timed_out_execution_go_on(machines: Machines) -> None:
    clock = machines.aws.clock
    wait = {"Only": {"Type": "Wait", "Seconds": 3600, "End": True}}
    clock.hold()
    try:
        arn = machines.start(wait)
        machines.api.stop_execution(executionArn=arn, error="Mine")
        described = machines.ended(arn)
    finally:
        clock.release()
    again = redriven(machines, described)
    assert (again["status"], "error" in again) == ("SUCCEEDED", False)
    # The state machine's timeout starts anew, and ends it again.
    timed_out = machines.ended(machines.start(wait, TimeoutSeconds=600))
    again = redriven(machines, timed_out)
    assert again["status"] == "TIMED_OUT"
    assert 600 <= (again["stopDate"] - again["redriveDate"]).total_seconds() < 660


def test_what_runs_or_succeeded_is_not_redrivable(machines: Machines) -> None:
    clock = machines.aws.clock
    clock.hold()
    try:
        arn = machines.start({"Only": {"Type": "Wait", "Seconds": 3600, "End": True}})
        not_redrivable(machines, arn)
    finally:
        clock.release()
    machines.ended(arn)
    not_redrivable(machines, arn)


def not_redrivable(machines: Machines, arn: str) -> None:
    with pytest.raises(ClientError) as refused:
        machines.api.redrive_execution(executionArn=arn)
    assert refused.value.response["Error"]["Code"] == "ExecutionNotRedrivable"
    described = machines.api.describe_execution(executionArn=arn)
    assert described["redriveStatus"] == "NOT_REDRIVABLE"


def test_after_two_weeks_nothing_is_redrivable(machines: Machines) -> None:
    described = machines.run({"Fail": {"Type": "Fail"}})
    machines.aws.clock.sleep(14 * 24 * 3600 + 60)
    not_redrivable(machines, described["executionArn"])


def gated(gate: Gate, wrong: int) -> dict[str, Any]:
    """An item gives itself, and a variable; one of them passes the gate before it does."""
    choice = {"Condition": f"{{% $states.input = {wrong} %}}", "Next": "Gate"}
    output = {"n": "{% $states.input %}", "own": "{% $own %}"}
    return {
        "Own": {"Type": "Pass", "Assign": {"own": "{% $states.input * 10 %}"}, "Next": "Check"},
        "Check": {"Type": "Choice", "Choices": [choice], "Default": "Give"},
        "Gate": {key: value for key, value in gate.task(Next="Give").items() if key != "End"}
        | {"Output": "{% $states.input %}"},
        "Give": {"Type": "Pass", "Output": output, "End": True},
    }


EACH = [{"n": n, "own": n * 10} for n in (1, 2, 3)]


def test_only_unsuccessful_iterations_of_a_map_go_on(machines: Machines, gate: Gate) -> None:
    states = {"Map": map_state(gated(gate, 2), [1, 2, 3], "INLINE", MaxConcurrency=1, End=True)}
    described = machines.run(states)
    assert described["status"] == "FAILED"
    gate.open()
    again = redriven(machines, described)
    assert json.loads(again["output"]) == EACH
    events = after_redrive(machines, again["executionArn"])
    # The second goes on, the third had not been started.
    assert entered(events) == ["Map", "Gate", "Give", "Own", "Check", "Give"]


def test_only_unsuccessful_branches_of_a_parallel_go_on(machines: Machines, gate: Gate) -> None:
    good = {"StartAt": "Good", "States": {"Good": {"Type": "Pass", "Output": 1, "End": True}}}
    wait = {"Type": "Wait", "Seconds": 60, "Next": "Gate"}
    bad = {"StartAt": "Late", "States": {"Late": wait, "Gate": gate.task(Output=2)}}
    states = {"Parallel": {"Type": "Parallel", "Branches": [good, bad], "End": True}}
    described = machines.run(states)
    gate.open()
    again = redriven(machines, described)
    assert json.loads(again["output"]) == [1, 2]
    assert entered(after_redrive(machines, again["executionArn"])) == ["Parallel", "Gate"]


def test_a_map_that_is_retried_or_reached_again_starts_anew(machines: Machines, gate: Gate) -> None:
    """Nothing of an earlier round stays."""
    count = {"Type": "Pass", "Assign": {"round": "{% $round + 1 %}"}, "Next": "Map"}
    body = {"Give": {"Type": "Pass", "Output": "{% $round %}", "End": True}}
    again = {"Condition": "{% $round < 3 %}", "Next": "Count"}
    states = {
        "Start": {"Type": "Pass", "Assign": {"round": 0}, "Next": "Count"},
        "Count": count,
        "Map": map_state(
            body, [1], "INLINE", Next="Again", Assign={"last": "{% $states.result %}"}
        ),
        "Again": {"Type": "Choice", "Choices": [again], "Default": "Gate"},
        "Gate": gate.task(Output="{% $last %}"),
    }
    described = machines.run(states)
    gate.open()
    assert json.loads(redriven(machines, described)["output"]) == [3]


def test_unsuccessful_children_of_a_distributed_map_are_redriven(
    machines: Machines, gate: Gate
) -> None:
    """Developer Guide, Redriving Map Runs: the same Map Run, the same children."""
    states = {"Map": map_state(gated(gate, 2), [1, 2, 3], "DISTRIBUTED", End=True)}
    described = machines.run(states)
    assert described["error"] == "States.ExceedToleratedFailureThreshold"
    arn = described["executionArn"]

    def children() -> dict[str, dict[str, Any]]:
        (run,) = machines.api.list_map_runs(executionArn=arn)["mapRuns"]
        listed = machines.api.list_executions(mapRunArn=run["mapRunArn"])["executions"]
        return {
            child["executionArn"]: machines.api.describe_execution(
                executionArn=child["executionArn"]
            )
            for child in listed
        }

    before = children()
    gate.open()
    again = redriven(machines, described)
    assert json.loads(again["output"]) == EACH
    events = after_redrive(machines, arn)
    assert "MapRunRedriven" in [event["type"] for event in events]
    (run,) = machines.api.list_map_runs(executionArn=arn)["mapRuns"]
    found = machines.api.describe_map_run(mapRunArn=run["mapRunArn"])
    assert (found["status"], found["redriveCount"]) == ("SUCCEEDED", 1)
    after = children()
    assert before.keys() <= after.keys()
    for child, earlier in before.items():
        assert after[child]["status"] == "SUCCEEDED"
        assert after[child]["redriveCount"] == (earlier["status"] != "SUCCEEDED")
    with pytest.raises(ClientError) as refused:
        machines.api.redrive_execution(executionArn=next(iter(before)))
    assert refused.value.response["Error"]["Code"] == "ExecutionNotRedrivable"
    (failed,) = [child for child in before if before[child]["status"] == "FAILED"]
    assert entered(after_redrive(machines, failed)) == ["Gate", "Give"]
