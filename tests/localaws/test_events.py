"""Events of executions, and rules that send them to SNS topics."""

import json
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from state_machines import DEADLINE_SECONDS, Machines, map_state

from batchrec.localaws.events import message
from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)

RULE = "arn:aws:events:us-east-1:123456789012:rule/mine"
FAIL = {"Fail": {"Type": "Fail", "Error": "Mine", "Cause": 'it is "wrong"'}}


class Inbox:
    """A queue that is subscribed to a topic of its own."""

    def __init__(self, aws: LocalAws) -> None:
        self._sqs = aws.client("sqs")
        name = f"events-{uuid.uuid4().hex[:12]}"
        self.topic = aws.client("sns").create_topic(Name=name)["TopicArn"]
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        queue = f"arn:aws:sqs:us-east-1:123456789012:{name}"
        aws.client("sns").subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=queue)

    def receive(self, count: int) -> list[str]:
        """Wait for so many messages; return them in the order they came."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        received: list[str] = []
        while len(received) < count:
            assert time.monotonic() < deadline, received
            answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=1)
            for found in answer.get("Messages", []):
                received.append(json.loads(found["Body"])["Message"])
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=found["ReceiptHandle"])
            time.sleep(0.01)
        return received


class Rules:
    """Rules on the events of one state machine, taken away at the end."""

    def __init__(self, aws: LocalAws) -> None:
        self._events = aws.client("events")
        self._names: list[str] = []

    def add(self, machine: str, topic: str, state: str = "ENABLED", **settings: Any) -> None:
        name = f"events-{uuid.uuid4().hex[:12]}"
        pattern = {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {"stateMachineArn": [machine], "status": ["FAILED", "TIMED_OUT", "ABORTED"]},
        }
        self._events.put_rule(Name=name, EventPattern=json.dumps(pattern), State=state)
        self._events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": topic} | settings])
        self._names.append(name)

    def remove(self) -> None:
        for name in self._names:
            self._events.remove_targets(Rule=name, Ids=["1"])
            self._events.delete_rule(Name=name)


@pytest.fixture
def machines(local_aws: LocalAws) -> Machines:
    return Machines(local_aws)


@pytest.fixture
def rules(local_aws: LocalAws) -> Iterator[Rules]:
    made = Rules(local_aws)
    yield made
    made.remove()


def run(machines: Machines, machine: str) -> dict[str, Any]:
    started = machines.api.start_execution(stateMachineArn=machine, input='{"a": 1}')
    return machines.ended(started["executionArn"])


def test_a_failed_execution_reaches_a_topic(machines: Machines, rules: Rules) -> None:
    """Every member of the documented shape, and no other."""
    inbox = Inbox(machines.aws)
    machine = machines.create(FAIL)
    rules.add(machine, inbox.topic)
    described = run(machines, machine)
    event = json.loads(inbox.receive(1)[0])
    assert event["detail-type"] == "Step Functions Execution Status Change"
    assert (event["source"], event["region"]) == ("aws.states", "us-east-1")
    assert event["account"] == "123456789012"
    assert event["resources"] == [described["executionArn"]]
    assert datetime.fromisoformat(event["time"]) == described["stopDate"].replace(microsecond=0)
    assert event["detail"] == {
        "executionArn": described["executionArn"],
        "stateMachineArn": machine,
        "name": described["name"],
        "status": "FAILED",
        "startDate": round(described["startDate"].timestamp() * 1000),
        "stopDate": round(described["stopDate"].timestamp() * 1000),
        "input": described["input"],
        "inputDetails": {"included": True},
        "output": None,
        "outputDetails": None,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "redriveCount": 0,
        "redriveDate": None,
        "redriveStatus": "REDRIVABLE",
        "redriveStatusReason": "Execution is FAILED and is redrivable",
        "error": "Mine",
        "cause": 'it is "wrong"',
    }


def test_only_what_the_rule_asks_for(machines: Machines, rules: Rules) -> None:
    inbox = Inbox(machines.aws)
    good = machines.create({"Only": {"Type": "Succeed"}})
    bad = machines.create(FAIL)
    rules.add(good, inbox.topic)
    rules.add(bad, inbox.topic, state="DISABLED")
    rules.add(bad, inbox.topic, Input='"mine"')
    run(machines, good)
    run(machines, bad)
    assert inbox.receive(1) == ['"mine"']
    time.sleep(0.1)
    assert inbox.receive(0) == []


def test_timeouts_and_stops_are_told_of(machines: Machines, rules: Rules) -> None:
    inbox = Inbox(machines.aws)
    wait = {"Only": {"Type": "Wait", "Seconds": 3600, "End": True}}
    machine = machines.create(wait, TimeoutSeconds=60)
    rules.add(machine, inbox.topic, InputPath="$.detail")
    run(machines, machine)
    (told,) = map(json.loads, inbox.receive(1))
    assert (told["status"], told["error"]) == ("TIMED_OUT", "States.Timeout")
    machines.aws.clock.hold()
    try:
        arn = machines.api.start_execution(stateMachineArn=machine)["executionArn"]
        machines.api.stop_execution(executionArn=arn, error="Mine", cause="enough")
    finally:
        machines.aws.clock.release()
    (told,) = map(json.loads, inbox.receive(1))
    assert (told["status"], told["error"], told["cause"]) == ("ABORTED", "Mine", "enough")


def test_children_are_told_of_under_their_own_name(machines: Machines, rules: Rules) -> None:
    """So that a rule on a state machine hears of its executions only."""
    inbox, others = Inbox(machines.aws), Inbox(machines.aws)
    states = map_state(FAIL, [1], "DISTRIBUTED", Label="Each", End=True)
    machine = machines.create({"Map": states})
    rules.add(machine, inbox.topic, InputPath="$.detail.error")
    rules.add(f"{machine}/Each", others.topic, InputPath="$.detail.error")
    run(machines, machine)
    assert inbox.receive(1) == ['"States.ExceedToleratedFailureThreshold"']
    assert others.receive(1) == ['"Mine"']


# --- what a target gets: EventBridge User Guide, Input transformation -----------------------------

EVENT = {
    "version": "0",
    "id": "7bf73129",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "time": 1447255454.0,
    "resources": ["arn:1"],
    "detail": {"instance-id": "i-0123", "state": 'RUN "NING"', "none": None, "more": {"n": 1}},
    "ingestion-time": 1447255455.0,
}
PATHS = {
    "instance": "$.detail.instance-id",
    "state": "$.detail.state",
    "none": "$.detail.none",
    "more": "$.detail.more",
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('"instance <instance> is in <state>"', 'instance i-0123 is in RUN "NING"'),
        (
            '{"instance": <instance>, "state": <state>}',
            {"instance": "i-0123", "state": 'RUN "NING"'},
        ),
        ('{"text": "is <instance>, \\"<state>\\""}', {"text": 'is i-0123, "RUN "NING""'}),
        ('{"none": <none>, "more": <more>}', {"none": None, "more": {"n": 1}}),
        ('{"all": <aws.events.rule-name>}', {"all": "mine"}),
        ('"<unknown>"', "<unknown>"),
    ],
    ids=["text", "json", "quoted", "values", "predefined", "unknown"],
)
def test_a_template_is_filled(template: str, expected: object) -> None:
    target = {"InputTransformer": {"InputPathsMap": PATHS, "InputTemplate": template}}
    assert json.loads(message(target, EVENT, RULE)) == expected


def test_the_whole_event_has_its_time_as_text() -> None:
    whole = json.loads(message({}, EVENT, RULE))
    assert whole["time"] == "2015-11-11T15:24:14Z"
    assert whole["detail"] == EVENT["detail"]
    assert "ingestion-time" not in whole
