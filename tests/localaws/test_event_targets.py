"""Rules whose target is a state machine: who may start it, with what, and what is left if not."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from state_machines import Machines

from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)

ACCOUNT = "123456789012"
PASS = {"Only": {"Type": "Pass", "End": True}}
MARKERS = [{"wildcard": "raw/*/_READY"}]


@dataclass
class World:
    """A bucket that tells EventBridge, a rule on it, and the state machine that the rule starts."""

    aws: LocalAws
    name: str
    machine: str

    @property
    def rule_arn(self) -> str:
        return f"arn:aws:events:us-east-1:{ACCOUNT}:rule/{self.name}"

    @property
    def queue_arn(self) -> str:
        return f"arn:aws:sqs:us-east-1:{ACCOUNT}:{self.name}"

    def make_role(self, service: str = "events.amazonaws.com", source: str = "", **may: str) -> str:
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sts:AssumeRole",
            "Condition": {"ArnEquals": {"aws:SourceArn": source or self.rule_arn}},
        }
        may = {"Action": "states:StartExecution", "Resource": self.machine} | may
        iam = self.aws.client("iam")
        role = iam.create_role(
            RoleName=self.name, AssumeRolePolicyDocument=json.dumps(policy(trust))
        )
        iam.put_role_policy(
            RoleName=self.name,
            PolicyName="start",
            PolicyDocument=json.dumps(policy({"Effect": "Allow"} | may)),
        )
        return str(role["Role"]["Arn"])

    def make_queue(self, source: str = "") -> None:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self.queue_arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": source or self.rule_arn}},
        }
        self.aws.client("sqs").create_queue(
            QueueName=self.name, Attributes={"Policy": json.dumps(policy(statement))}
        )

    def make_rule(self, role: str, **target: Any) -> None:
        events = self.aws.client("events")
        pattern = {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {"bucket": {"name": [self.name]}, "object": {"key": MARKERS}},
        }
        events.put_rule(Name=self.name, EventPattern=json.dumps(pattern))
        target = {"DeadLetterConfig": {"Arn": self.queue_arn}} | target
        target = {"Id": "1", "Arn": self.machine, "RoleArn": role} | target
        events.put_targets(Rule=self.name, Targets=[target])

    def put(self, key: str) -> None:
        self.aws.client("s3").put_object(Bucket=self.name, Key=key, Body=b"")

    def inputs(self) -> list[Any]:
        """Of all executions."""
        api = self.aws.client("stepfunctions")
        found = api.list_executions(stateMachineArn=self.machine)["executions"]
        described = [api.describe_execution(executionArn=one["executionArn"]) for one in found]
        return [json.loads(one["input"]) for one in described]

    def dead_letters(self) -> list[tuple[Any, dict[str, str]]]:
        """Body and attributes of each message."""
        sqs = self.aws.client("sqs")
        url = sqs.get_queue_url(QueueName=self.name)["QueueUrl"]
        received = sqs.receive_message(
            QueueUrl=url, MessageAttributeNames=["All"], MaxNumberOfMessages=10
        )
        return [
            (
                json.loads(found["Body"]),
                {
                    name: value["StringValue"]
                    for name, value in found.get("MessageAttributes", {}).items()
                },
            )
            for found in received.get("Messages", [])
        ]


def policy(statement: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.fixture
def world(local_aws: LocalAws) -> World:
    name = f"targets-{uuid.uuid4().hex[:12]}"
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    return World(local_aws, name, Machines(local_aws).create(PASS))


def test_a_marker_starts_one_execution(world: World) -> None:
    world.make_rule(world.make_role(), Input='{"a": 1}')
    for key in ("raw/events/1.csv", "raw/_READY", "other/raw/x/_READY", "raw/x/_READY.tmp"):
        world.put(key)
    assert world.inputs() == []
    world.put("raw/events/2030/_READY")
    assert world.inputs() == [{"a": 1}]


def test_without_an_input_of_its_own_it_gets_the_event(world: World) -> None:
    """S3 User Guide, Event message structure for EventBridge."""
    world.make_rule(world.make_role())
    world.put("raw/events/_READY")
    (event,) = world.inputs()
    assert (event["source"], event["detail-type"]) == ("aws.s3", "Object Created")
    assert event["resources"] == [f"arn:aws:s3:::{world.name}"]
    assert event["detail"]["bucket"] == {"name": world.name}
    assert event["detail"]["object"]["key"] == "raw/events/_READY"


def test_a_bucket_that_tells_nothing_starts_nothing(world: World) -> None:
    world.make_rule(world.make_role())
    world.aws.client("s3").put_bucket_notification_configuration(
        Bucket=world.name, NotificationConfiguration={}
    )
    world.put("raw/events/_READY")
    assert world.inputs() == []


@pytest.mark.parametrize(
    "role",
    [
        {"service": "scheduler.amazonaws.com"},
        {"source": f"arn:aws:events:us-east-1:{ACCOUNT}:rule/another"},
        {"Action": "states:StopExecution"},
        {"Resource": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:another"},
    ],
    ids=lambda role: next(iter(role)),
)
def test_a_role_that_may_not_start_it_leaves_a_dead_letter(
    world: World, role: dict[str, str]
) -> None:
    world.make_queue()
    world.make_rule(world.make_role(**role))
    world.put("raw/events/_READY")
    assert world.inputs() == []
    ((event, attributes),) = world.dead_letters()
    assert event["detail"]["object"]["key"] == "raw/events/_READY"
    assert world.name in attributes.pop("ERROR_MESSAGE")
    assert attributes == {
        "RULE_ARN": world.rule_arn,
        "TARGET_ARN": world.machine,
        "ERROR_CODE": "NO_PERMISSIONS",
    }


def test_a_state_machine_that_is_gone_leaves_one_too(world: World) -> None:
    world.make_queue()
    world.make_rule(world.make_role())
    world.aws.client("stepfunctions").delete_state_machine(stateMachineArn=world.machine)
    world.put("raw/events/_READY")
    ((_, attributes),) = world.dead_letters()
    assert attributes["ERROR_CODE"] == "NO_RESOURCE"


def test_a_queue_that_does_not_admit_the_rule_gets_nothing(world: World) -> None:
    world.make_queue(source=f"arn:aws:events:us-east-1:{ACCOUNT}:rule/another")
    world.make_rule(f"arn:aws:iam::{ACCOUNT}:role/nobody")
    world.put("raw/events/_READY")
    assert world.dead_letters() == []
