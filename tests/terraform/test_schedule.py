"""modules/schedule on its own: when a run starts, by whom, and what is left of a failed start.

It stands in another partition, so that an ARN with a fixed one is found.
"""

import importlib.resources
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import configurations
import pytest
import tftest
from plans import planned, statements

from batchrec.localaws.server import LocalAws
from batchrec.terraform.workspace import Workspace

if TYPE_CHECKING:
    from conftest import PlanOf

pytestmark = pytest.mark.xdist_group("plans")

ACCOUNT = "210987654321"
HERE = {
    "name": "shop-eu",
    "location": {
        "partition": "aws-cn",
        "region": "cn-north-1",
        "account_id": ACCOUNT,
        "dns_suffix": "amazonaws.com.cn",
    },
}
MACHINE = f"arn:aws-cn:states:cn-north-1:{ACCOUNT}:stateMachine:some-machine"
QUEUE = f"arn:aws-cn:sqs:cn-north-1:{ACCOUNT}:shop-eu-schedule-dead-letters"
RULE = f"arn:aws-cn:events:cn-north-1:{ACCOUNT}:rule/shop-eu-new-data"
KEY = f"arn:aws-cn:kms:cn-north-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BOUNDARY = f"arn:aws-cn:iam::{ACCOUNT}:policy/boundary"

OUTPUTS = ["dead_letter_queue_arn", "dead_letter_queue_name", "new_data_role_arn", "role_arn"]
INPUTS: dict[str, dict[str, Any]] = {
    "bare": {},
    "full": {
        "iam_roles": {"path": "/shop/", "permissions_boundary_arn": BOUNDARY},
        "kms_key_arn": KEY,
        "schedule": {
            "enabled": False,
            "end_date": "2031-01-01T00:00:00Z",
            "expression": "rate(2 days)",
            "flexible_window_minutes": 90,
            "start_date": "2030-01-01T00:00:00Z",
            "time_zone": "Asia/Shanghai",
        },
        "start_on_new_data": {"bucket_name": "some-bucket", "marker": "_DONE", "prefix": "a/b/"},
        "tags": {"team": "shop"},
    },
}


@pytest.fixture(scope="module")
def alone(local_aws: LocalAws, repository: Path, plan_of: "PlanOf") -> tftest.TerraformPlanOutput:
    """The module with each of INPUTS, in one plan."""
    calls = {
        "module": {
            key: {"source": "../../modules/schedule", "state_machine_arn": MACHINE} | HERE | inputs
            for key, inputs in INPUTS.items()
        },
        "output": {
            f"{key}_{name}": {"value": f"${{module.{key}.{name}}}"}
            for key in INPUTS
            for name in OUTPUTS
        },
    }
    with Workspace(repository, endpoint=local_aws.endpoint) as workspace:
        configurations.put(workspace, calls)
        return plan_of(workspace)


# The schedule


def test_by_default_it_starts_the_state_machine_once_a_week(
    alone: tftest.TerraformPlanOutput,
) -> None:
    timer = planned(alone, "module.bare.aws_scheduler_schedule.this")
    (target,) = timer["target"]
    assert (timer["name"], timer["state"]) == ("shop-eu", "ENABLED")
    assert timer["schedule_expression"] == "cron(0 3 ? * SUN *)"
    assert timer["schedule_expression_timezone"] == "UTC"
    assert timer["flexible_time_window"][0]["mode"] == "OFF"
    assert (timer["start_date"], timer["end_date"]) == (None, None)
    assert target["arn"] == MACHINE
    assert target["role_arn"] == f"arn:aws-cn:iam::{ACCOUNT}:role/shop-eu-cn-north-1-schedule"
    assert json.loads(target["input"]) == {}


def test_it_starts_when_it_is_told_to(alone: tftest.TerraformPlanOutput) -> None:
    timer = planned(alone, "module.full.aws_scheduler_schedule.this")
    assert timer["state"] == "DISABLED"
    assert timer["schedule_expression"] == "rate(2 days)"
    assert timer["schedule_expression_timezone"] == "Asia/Shanghai"
    assert (timer["start_date"], timer["end_date"]) == (
        "2030-01-01T00:00:00Z",
        "2031-01-01T00:00:00Z",
    )
    (window,) = timer["flexible_time_window"]
    assert window == {"mode": "FLEXIBLE", "maximum_window_in_minutes": 90}


def test_its_role_may_start_and_bury_and_nothing_else(alone: tftest.TerraformPlanOutput) -> None:
    policy = statements(planned(alone, "module.bare.aws_iam_role_policy.this")["policy"])
    assert {s["Action"]: s["Resource"] for s in policy.values()} == {
        "states:StartExecution": MACHINE,
        "sqs:SendMessage": QUEUE,
    }


def test_with_a_key_its_role_may_use_it_through_the_queue_only(
    alone: tftest.TerraformPlanOutput,
) -> None:
    """SQS Developer Guide, Configuring KMS permissions: what a producer needs."""
    policy = statements(planned(alone, "module.full.aws_iam_role_policy.this")["policy"])
    encrypt = policy["EncryptFailedInvocations"]
    assert set(encrypt["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert encrypt["Resource"] == KEY
    assert encrypt["Condition"] == {
        "StringEquals": {"kms:ViaService": "sqs.cn-north-1.amazonaws.com.cn"}
    }


def test_roles_stand_where_they_are_told_to(alone: tftest.TerraformPlanOutput) -> None:
    for role in ("this", "new_data[0]"):
        made = planned(alone, f"module.full.aws_iam_role.{role}")
        assert (made["path"], made["permissions_boundary"]) == ("/shop/", BOUNDARY)
    assert (
        alone.outputs["full_role_arn"]
        == f"arn:aws-cn:iam::{ACCOUNT}:role/shop/shop-eu-cn-north-1-schedule"
    )
    assert alone.outputs["full_new_data_role_arn"] == (
        f"arn:aws-cn:iam::{ACCOUNT}:role/shop/shop-eu-cn-north-1-new-data"
    )


# The start on new data


def test_nothing_listens_to_new_data_by_default(alone: tftest.TerraformPlanOutput) -> None:
    assert alone.outputs["bare_new_data_role_arn"] is None
    bare = [address for address in alone.resource_changes if address.startswith("module.bare.")]
    assert [address for address in bare if "new_data" in address] == []


def test_a_marker_anywhere_under_raw_starts_a_run(alone: tftest.TerraformPlanOutput) -> None:
    rule = planned(alone, "module.full.aws_cloudwatch_event_rule.new_data[0]")
    # S3 User Guide, EventBridge event message structure; EventBridge User Guide, Wildcard matching.
    assert json.loads(rule["event_pattern"]) == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": ["some-bucket"]},
            "object": {"key": ["a/b/raw/_DONE", {"wildcard": "a/b/raw/*/_DONE"}]},
        },
    }
    target = planned(alone, "module.full.aws_cloudwatch_event_target.new_data[0]")
    assert target["arn"] == MACHINE
    assert target["role_arn"] == f"arn:aws-cn:iam::{ACCOUNT}:role/shop/shop-eu-cn-north-1-new-data"
    assert json.loads(target["input"]) == {}  # as the schedule does
    assert target["dead_letter_config"] == [{"arn": QUEUE}]
    assert target["retry_policy"] == [
        {"maximum_event_age_in_seconds": 3600, "maximum_retry_attempts": 10}
    ]


def test_only_this_rule_may_use_the_role_and_only_to_start(
    alone: tftest.TerraformPlanOutput,
) -> None:
    role = planned(alone, "module.full.aws_iam_role.new_data[0]")
    (trust,) = json.loads(role["assume_role_policy"])["Statement"]
    assert trust["Principal"] == {"Service": "events.amazonaws.com"}
    # EventBridge User Guide, Cross-service confused deputy prevention.
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnEquals": {"aws:SourceArn": RULE},
    }
    policy = planned(alone, "module.full.aws_iam_role_policy.new_data[0]")["policy"]
    (statement,) = statements(policy).values()
    assert (statement["Action"], statement["Resource"]) == ("states:StartExecution", MACHINE)


# The dead-letter queue


def test_the_queue_keeps_what_could_not_be_started(alone: tftest.TerraformPlanOutput) -> None:
    (target,) = planned(alone, "module.bare.aws_scheduler_schedule.this")["target"]
    assert target["dead_letter_config"] == [{"arn": QUEUE}]
    (retry,) = target["retry_policy"]
    assert retry == {"maximum_event_age_in_seconds": 3600, "maximum_retry_attempts": 10}
    queue = planned(alone, "module.bare.aws_sqs_queue.dead_letters")
    assert queue["name"] == QUEUE.split(":")[-1] == alone.outputs["bare_dead_letter_queue_name"]
    assert alone.outputs["bare_dead_letter_queue_arn"] == QUEUE
    assert queue["message_retention_seconds"] == 14 * 24 * 3600  # the longest that SQS keeps


def test_the_queue_is_encrypted(alone: tftest.TerraformPlanOutput) -> None:
    bare = planned(alone, "module.bare.aws_sqs_queue.dead_letters")
    full = planned(alone, "module.full.aws_sqs_queue.dead_letters")
    assert (bare["sqs_managed_sse_enabled"], bare["kms_master_key_id"]) == (True, None)
    assert full["kms_master_key_id"] == KEY


def test_the_queue_refuses_plain_http_and_admits_the_rule_only(
    alone: tftest.TerraformPlanOutput,
) -> None:
    bare = statements(planned(alone, "module.bare.aws_sqs_queue.dead_letters")["policy"])
    full = statements(planned(alone, "module.full.aws_sqs_queue.dead_letters")["policy"])
    for policy in (bare, full):
        deny = policy.pop("DenyInsecureTransport")
        assert (deny["Effect"], deny["Action"], deny["Principal"]) == ("Deny", "sqs:*", "*")
        assert deny["Resource"] == QUEUE
        assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert bare == {}  # the schedule sends with its role
    # EventBridge User Guide, Using dead-letter queues, Permissions.
    (statement,) = full.values()
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert (statement["Action"], statement["Resource"]) == ("sqs:SendMessage", QUEUE)
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": RULE}}


def test_everything_that_can_be_tagged_is(alone: tftest.TerraformPlanOutput) -> None:
    tagged = {
        resource["type"]
        for address, resource in alone.resource_changes.items()
        if address.startswith("module.full.")
        and (resource["change"]["after"] or {}).get("tags") == {"team": "shop"}
    }
    # A schedule has no tags; its group could have some, but this one is the account's default.
    assert tagged == {"aws_iam_role", "aws_sqs_queue", "aws_cloudwatch_event_rule"}


# The rules that its inputs are held to


def test_the_time_zones_are_those_of_iana(repository: Path) -> None:
    ours = json.loads((repository / "modules/schedule/time_zones.json").read_text())
    listed = importlib.resources.files("tzdata").joinpath("zones").read_text().split()
    assert ours == sorted(set(listed) - {"Factory"})  # a place holder, no zone


def validations(file: Path, variable: str) -> list[str]:
    block = re.search(rf'^variable "{variable}" \{{\n(.*?)^\}}', file.read_text(), re.M | re.S)
    assert block
    return re.findall(r"^  validation \{\n.*?^  \}\n", block[1], re.M | re.S)


@pytest.mark.parametrize(
    ("module", "variable", "count"),
    [
        ("schedule", "schedule", 6),
        ("schedule", "start_on_new_data", 1),
        ("monitoring", "monitoring", 5),
    ],
)
def test_a_module_on_its_own_refuses_what_the_root_module_does(
    repository: Path, module: str, variable: str, count: int
) -> None:
    root = validations(repository / "variables.tf", variable)
    assert len(root) == count
    assert validations(repository / "modules" / module / "variables.tf", variable) == root


def test_both_know_the_same_expressions(repository: Path) -> None:
    ours = (repository / "modules/schedule/rules.tf").read_text()
    root = (repository / "schedule_rules.tf").read_text()
    locals_of = [text[text.index("locals {") :] for text in (ours, root)]
    assert locals_of[0] == locals_of[1].replace("modules/schedule/time_zones", "time_zones")
