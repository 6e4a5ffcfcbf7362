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


# --- rules that start state machines --------------------------------------------------------------


@pytest.fixture
def starter(machines: Machines) -> Iterator["Starter"]:
    made = Starter(machines)
    yield made
    made.remove()


class Starter:
    """A rule that starts a state machine for each marker in a bucket, with a role."""

    def __init__(self, machines: Machines) -> None:
        self.aws = machines.aws
        self.name = f"events-{uuid.uuid4().hex[:12]}"
        self.machine = machines.create({"End": {"Type": "Succeed"}})
        self._api = machines.api
        s3, iam = self.aws.client("s3"), self.aws.client("iam")
        s3.create_bucket(Bucket=self.name)
        s3.put_bucket_notification_configuration(
            Bucket=self.name, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        trust = {"Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}
        self.role = iam.create_role(
            RoleName=self.name, AssumeRolePolicyDocument=self._policy(trust)
        )["Role"]["Arn"]
        self.queue = f"arn:aws:sqs:us-east-1:123456789012:{self.name}"
        self.rule = f"arn:aws:events:us-east-1:123456789012:rule/{self.name}"
        letters = {
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self.queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": self.rule}},
        }
        self.url = self.aws.client("sqs").create_queue(
            QueueName=self.name, Attributes={"Policy": self._policy(letters)}
        )["QueueUrl"]
        pattern = {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {"bucket": {"name": [self.name]}, "object": {"key": [{"suffix": "_READY"}]}},
        }
        target = {"Id": "1", "Arn": self.machine, "RoleArn": self.role, "Input": '{"a": 1}'}
        events = self.aws.client("events")
        events.put_rule(Name=self.name, EventPattern=json.dumps(pattern))
        events.put_targets(
            Rule=self.name, Targets=[target | {"DeadLetterConfig": {"Arn": self.queue}}]
        )

    def allow(self) -> None:
        self.aws.client("iam").put_role_policy(
            RoleName=self.name,
            PolicyName="start",
            PolicyDocument=self._policy(
                {"Action": "states:StartExecution", "Resource": self.machine}
            ),
        )

    def put(self, key: str) -> None:
        self.aws.client("s3").put_object(Bucket=self.name, Key=key, Body=b"")

    def inputs(self) -> list[str]:
        started = self._api.list_executions(stateMachineArn=self.machine)["executions"]
        described = [self._api.describe_execution(executionArn=e["executionArn"]) for e in started]
        return [each["input"] for each in described]

    def remove(self) -> None:
        events = self.aws.client("events")
        events.remove_targets(Rule=self.name, Ids=["1"])
        events.delete_rule(Name=self.name)

    def _policy(self, statement: dict[str, Any]) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | statement]})


def test_an_object_starts_a_state_machine(starter: Starter) -> None:
    starter.allow()
    starter.put("raw/events.csv")
    assert starter.inputs() == []
    starter.put("raw/_READY")
    assert [json.loads(given) for given in starter.inputs()] == [{"a": 1}]
    (call,) = (call for call in starter.aws.calls if call.role == starter.role)
    assert call.operation == "StartExecution"


def test_what_the_rules_role_may_not_start_goes_to_the_dead_letter_queue(starter: Starter) -> None:
    starter.put("raw/_READY")
    assert starter.inputs() == []
    (letter,) = starter.aws.client("sqs").receive_message(
        QueueUrl=starter.url, MessageAttributeNames=["All"]
    )["Messages"]
    assert letter["Body"] == '{"a": 1}'
    why = letter["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
    assert f"assumed-role/{starter.name}/events" in why
    assert "states:StartExecution" in why
