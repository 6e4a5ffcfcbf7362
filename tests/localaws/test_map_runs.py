"""Distributed Map: its children are executions (Developer Guide, Using Map in Distributed mode)."""

import json
import re
from collections.abc import Iterable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from state_machines import Machines, map_state

from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def machines(local_aws: LocalAws) -> Machines:
    return Machines(local_aws)


def distributed(
    states: dict[str, Any], items: object = "{% $states.input.items %}", **settings: Any
) -> dict[str, Any]:
    settings = {"Label": "Each", "ToleratedFailurePercentage": 100, "End": True} | settings
    return {"Map": map_state(states, items, "DISTRIBUTED", **settings)}


def waits() -> dict[str, Any]:
    return {"Wait": {"Type": "Wait", "Seconds": "{% $states.input %}", "End": True}}


def fails_on(wrong: object) -> dict[str, Any]:
    choice = {"Condition": f"{{% $states.input = {json.dumps(wrong)} %}}", "Next": "Wrong"}
    return {
        "Check": {"Type": "Choice", "Choices": [choice], "Default": "Right"},
        "Wrong": {"Type": "Fail", "Error": "Mine", "Cause": "it is wrong"},
        "Right": {"Type": "Succeed"},
    }


def children(machines: Machines, arn: str) -> list[dict[str, Any]]:
    """The descriptions of an execution's children, the oldest first."""
    (run,) = machines.api.list_map_runs(executionArn=arn)["mapRuns"]
    listed = machines.api.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    return [
        machines.api.describe_execution(executionArn=child["executionArn"])
        for child in reversed(listed)
    ]


def seconds(described: dict[str, Any]) -> int:
    return round((described["stopDate"] - described["startDate"]).total_seconds())


def statuses(found: Iterable[dict[str, Any]]) -> list[str]:
    return [each["status"] for each in found]


def test_children_are_executions_of_their_own(machines: Machines) -> None:
    selector = {
        "n": "{% $states.context.Map.Item.Value %}",
        "index": "{% $states.context.Map.Item.Index %}",
        "all": "{% $count($states.input.items) %}",
    }
    output = {"n": "{% $states.input.n * 2 %}", "me": "{% $states.context.Execution %}"}
    states = distributed(
        {"Double": {"Type": "Pass", "Output": output, "End": True}}, ItemSelector=selector
    )
    described = machines.run(states, {"items": [1, 2, 3]})
    assert described["status"] == "SUCCEEDED", described
    outputs = json.loads(described["output"])
    assert [output["n"] for output in outputs] == [2, 4, 6]

    found = children(machines, described["executionArn"])
    machine = described["stateMachineArn"].rpartition(":")[2]
    for index, child in enumerate(found):
        prefix = f"arn:aws:states:us-east-1:123456789012:execution:{machine}/Each:"
        assert re.fullmatch(re.escape(prefix) + r"[0-9a-f-]{36}", child["executionArn"])
        assert child["name"] == child["executionArn"].rpartition(":")[2]
        assert child["status"] == "SUCCEEDED"
        assert json.loads(child["input"]) == {"n": index + 1, "index": index, "all": 3}
        assert json.loads(child["output"]) == outputs[index]
        me = outputs[index]["me"]
        assert (me["Id"], me["Name"]) == (child["executionArn"], child["name"])
        assert me["Input"] == json.loads(child["input"])
        events = machines.history(child["executionArn"])
        assert [(event["id"], event["type"]) for event in events] == [
            (1, "ExecutionStarted"),
            (2, "PassStateEntered"),
            (3, "PassStateExited"),
            (4, "ExecutionSucceeded"),
        ]
    assert machines.types(described["executionArn"]) == [
        "ExecutionStarted",
        "MapStateEntered",
        "MapStateStarted",
        "MapRunStarted",
        "MapRunSucceeded",
        "MapStateSucceeded",
        "MapStateExited",
        "ExecutionSucceeded",
    ]


def test_children_are_listed_by_their_map_run_only(machines: Machines) -> None:
    described = machines.run(distributed(waits()), {"items": [1] * 3})
    arn, machine = described["executionArn"], described["stateMachineArn"]
    listed = machines.api.list_executions(stateMachineArn=machine)["executions"]
    assert [execution["executionArn"] for execution in listed] == [arn]
    (run,) = machines.api.list_map_runs(executionArn=arn)["mapRuns"]
    name = machine.rpartition(":")[2]
    assert run["mapRunArn"].startswith(f"arn:aws:states:us-east-1:123456789012:mapRun:{name}/Each:")
    assert run["stateMachineArn"] == f"{machine}/Each"
    pages = machines.api.get_paginator("list_executions").paginate(
        mapRunArn=run["mapRunArn"], PaginationConfig={"PageSize": 2}
    )
    assert [len(page["executions"]) for page in pages] == [2, 1]
    for child in children(machines, arn):
        assert child["mapRunArn"] == run["mapRunArn"]
        assert machines.api.list_map_runs(executionArn=child["executionArn"])["mapRuns"] == []
        of_child = machines.api.describe_state_machine_for_execution(
            executionArn=child["executionArn"]
        )
        assert of_child["stateMachineArn"] == machine
        assert (of_child["mapRunArn"], of_child["label"]) == (run["mapRunArn"], "Each")


def test_a_map_run_is_described(machines: Machines) -> None:
    states = distributed(fails_on(2), MaxConcurrency=2)
    described = machines.run(states, {"items": [1, 2, 3]})
    (run,) = machines.api.list_map_runs(executionArn=described["executionArn"])["mapRuns"]
    found = machines.api.describe_map_run(mapRunArn=run["mapRunArn"])
    assert (found["status"], found["maxConcurrency"]) == ("SUCCEEDED", 2)
    assert found["executionArn"] == described["executionArn"]
    assert found["toleratedFailurePercentage"] == 100
    counts = found["executionCounts"]
    assert (counts["succeeded"], counts["failed"], counts["total"]) == (2, 1, 3)
    assert found["startDate"] <= found["stopDate"]
    with pytest.raises(ClientError) as refused:
        machines.api.describe_map_run(mapRunArn=run["mapRunArn"] + "0")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFound"


def test_children_run_side_by_side_in_virtual_time(machines: Machines) -> None:
    described = machines.run(distributed(waits()), {"items": [3600, 60, 600]})
    assert seconds(described) == 3600
    assert [seconds(child) for child in children(machines, described["executionArn"])] == [
        3600,
        60,
        600,
    ]


def test_concurrency_has_a_limit(machines: Machines) -> None:
    """Hand computation: the first and the last after one another, beside 50 and 100."""
    described = machines.run(distributed(waits(), MaxConcurrency=2), {"items": [100, 50, 100, 100]})
    assert seconds(described) == 200


def test_nothing_to_do(machines: Machines) -> None:
    assert machines.output(distributed(waits(), items=[])) == []


def test_variables_stay_outside(machines: Machines) -> None:
    """Developer Guide, Passing data with variables: not those of outer scopes."""
    assign = {"Keep": {"Type": "Pass", "Assign": {"kept": 1}, "Next": "Map"}}
    use = {"Use": {"Type": "Pass", "Output": {"got": "{% $kept + 1 %}"}, "End": True}}
    own = {
        "Own": {"Type": "Pass", "Assign": {"kept": 5}, "Next": "Give"},
        "Give": {"Type": "Pass", "Output": "{% $kept %}", "End": True},
    }
    described = machines.run(assign | distributed(use, items=[1]))
    (child,) = children(machines, described["executionArn"])
    assert (child["status"], child["error"]) == ("FAILED", "States.QueryEvaluationError")
    assert machines.output(assign | distributed(own, items=[1])) == [5]
    # ItemSelector belongs to the Map state itself.
    echo = {"Echo": {"Type": "Pass", "End": True}}
    selected = distributed(echo, items=[1], ItemSelector={"given": "{% $kept %}"})
    assert machines.output(assign | selected) == [{"given": 1}]


def test_failures_that_are_tolerated(machines: Machines) -> None:
    described = machines.run(distributed(fails_on(2)), {"items": [1, 2, 3]})
    assert described["status"] == "SUCCEEDED"
    found = children(machines, described["executionArn"])
    assert statuses(found) == ["SUCCEEDED", "FAILED", "SUCCEEDED"]
    assert (found[1]["error"], found[1]["cause"]) == ("Mine", "it is wrong")
    assert machines.types(found[1]["executionArn"])[-1] == "ExecutionFailed"


@pytest.mark.parametrize(
    "tolerance",
    [
        {"ToleratedFailurePercentage": 0},
        {"ToleratedFailurePercentage": 30},
        {"ToleratedFailurePercentage": 0, "ToleratedFailureCount": 1},
    ],
    ids=["none", "percentage", "count"],
)
def test_failures_that_are_not(machines: Machines, tolerance: dict[str, int]) -> None:
    """Two of four children fail, the others would still run for an hour."""
    states = {"Wait": {"Type": "Wait", "Seconds": "{% $states.input %}", "Next": "Check"}}
    choice = {"Condition": "{% $states.input < 100 %}", "Next": "Wrong"}
    states |= {
        "Check": {"Type": "Choice", "Choices": [choice], "Default": "Right"},
        "Wrong": {"Type": "Fail"},
        "Right": {"Type": "Succeed"},
    }
    described = machines.run(distributed(states, **tolerance), {"items": [60, 3600, 61, 3600]})
    assert described["status"] == "FAILED"
    assert described["error"] == "States.ExceedToleratedFailureThreshold"
    assert seconds(described) in (60, 61)
    ended = machines.types(described["executionArn"])
    assert ended[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]
    found = children(machines, described["executionArn"])
    assert statuses(found)[0::3] == ["FAILED", "ABORTED"]
    assert machines.types(found[3]["executionArn"])[-1] == "ExecutionAborted"


def test_a_failed_map_run_can_be_caught_and_retried(machines: Machines) -> None:
    caught = {"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "Caught"}
    retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 60, "MaxAttempts": 1}
    states = distributed(fails_on(1), Catch=[caught], Retry=[retry], ToleratedFailurePercentage=0)
    described = machines.run(states | {"Caught": {"Type": "Succeed"}}, {"items": [1]})
    assert (described["status"], seconds(described)) == ("SUCCEEDED", 60)
    runs = machines.api.list_map_runs(executionArn=described["executionArn"])["mapRuns"]
    assert len(runs) == 2


def test_a_map_run_inside_a_map_run(machines: Machines) -> None:
    inner = distributed({"Same": {"Type": "Pass", "End": True}}, "{% $states.input %}")
    described = machines.run(distributed(inner), {"items": [[1, 2], [3]]})
    assert json.loads(described["output"]) == [[1, 2], [3]]
    child, _ = children(machines, described["executionArn"])
    assert len(children(machines, child["executionArn"])) == 2
