"""Executions with children, followed and explained on the local AWS."""

from typing import Any

import pytest
from state_machines import Machines, map_state, sdk_task

from batchrec.errors import BatchrecError
from batchrec.execution import Moment, failing_state, follow, history, require_success
from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def machines(local_aws: LocalAws) -> Machines:
    return Machines(local_aws)


def task(next_state: str | None = None) -> dict[str, Any]:
    listing = sdk_task("sqs:listQueues", QueueNamePrefix="nothing")
    if next_state is not None:
        del listing["End"]
        listing["Next"] = next_state
    return listing | {"Output": "{% $states.input %}"}


def solutions(last: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """Children that wait as long as their item says between two states, the last of them given."""
    states = {
        "CreateSolution": task("Wait"),
        "Wait": {"Type": "Wait", "Seconds": "{% $states.input %}", "Next": "CreateSolutionVersion"},
        "CreateSolutionVersion": last,
    }
    settings = {"Label": "Solutions", "ToleratedFailurePercentage": 0} | settings
    return map_state(states, [600, 60, 3600], "DISTRIBUTED", **settings)


def test_children_are_followed_in_the_order_of_time(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batchrec.execution._POLL_SECONDS", 0)
    told: list[Moment] = []
    arn = machines.start(
        {"Solutions": solutions(task(), Next="Publish"), "Publish": task()},
    )
    described = follow(machines.api, arn, told.append)
    assert described["status"] == "SUCCEEDED"
    assert [moment.virtual_seconds for moment in told] == sorted(m.virtual_seconds for m in told)
    assert [(moment.state, round(moment.virtual_seconds)) for moment in told] == [
        ("Solutions", 0),
        *[("CreateSolution", 0)] * 3,
        ("CreateSolutionVersion", 60),
        ("CreateSolutionVersion", 600),
        ("CreateSolutionVersion", 3600),
        ("Publish", 3600),
    ]


def test_children_come_between_the_states_around_them(machines: Machines) -> None:
    described = machines.run(
        {
            "ImportDatasets": map_state(
                {"CreateImport": task()}, [1], "DISTRIBUTED", Label="Imports", Next="Recommend"
            ),
            "Recommend": map_state(
                {"CreateSolution": task()}, [1], "DISTRIBUTED", Label="Solutions", Next="Publish"
            ),
            "Publish": task(),
        },
    )
    # It has ended: everything is read at once.
    told: list[Moment] = []
    follow(machines.api, described["executionArn"], told.append)
    states = ["ImportDatasets", "CreateImport", "Recommend", "CreateSolution", "Publish"]
    assert [moment.state for moment in told] == states


def test_a_failing_child_is_named(machines: Machines) -> None:
    wrong = sdk_task("sqs:getQueueUrl", QueueName="nowhere")
    described = machines.run({"Solutions": solutions(wrong, End=True)})
    events = history(machines.api, described["executionArn"])
    assert failing_state(events) == "Solutions"
    assert failing_state(events, machines.api) == "Solutions > CreateSolutionVersion"
    with pytest.raises(BatchrecError) as explained:
        require_success(machines.api, described)
    text = str(explained.value)
    assert "FAILED in state Solutions > CreateSolutionVersion" in text
    assert "States.ExceedToleratedFailureThreshold" in text
    assert "sqs.QueueDoesNotExistException" in text


def test_children_whose_failure_was_tolerated_are_explained(machines: Machines) -> None:
    wrong = sdk_task("sqs:getQueueUrl", QueueName="nowhere")
    tolerant = solutions(wrong, ToleratedFailurePercentage=100, Next="Fail")
    described = machines.run({"Solutions": tolerant, "Fail": {"Type": "Fail", "Error": "Mine"}})
    with pytest.raises(BatchrecError) as explained:
        require_success(machines.api, described)
    text = str(explained.value)
    assert "The pipeline ended as FAILED in state Fail: Mine" in text
    assert text.count("ended as FAILED in state CreateSolutionVersion") == 3


def test_a_timeout_inside_a_child(machines: Machines) -> None:
    arn = machines.start({"Solutions": solutions(task(), End=True)}, TimeoutSeconds=1800)
    assert machines.ended(arn)["status"] == "TIMED_OUT"
    assert failing_state(history(machines.api, arn), machines.api) == "Solutions > Wait"
