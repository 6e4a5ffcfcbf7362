"""parliament finds nothing wrong with the policies of a plan: actions, resources, conditions."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import inventories
import parliament
import pytest

if TYPE_CHECKING:
    from conftest import PlanExample

pytestmark = [
    pytest.mark.xdist_group("plans"),
    pytest.mark.filterwarnings("ignore:pkg_resources is deprecated"),
]

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = inventories.examples(REPOSITORY)

# The action whose resources are found too few, and why they are enough.
MUTED = {
    "personalize:TagResource": "none is documented; tags are given to what these actions create",
    "states:ListExecutions": "of a map run only if a map run is named; the workflow names itself",
    "states:DescribeExecution": "of express executions only if there are any; its children aren't",
}


def policies(plan: Any) -> Iterator[tuple[str, str]]:
    """Every policy of a plan, with where it stands."""
    for address, change in plan.resource_changes.items():
        for attribute, value in (change["change"].get("after") or {}).items():
            is_policy = isinstance(value, str) and '"Statement"' in value
            if is_policy and attribute in {"assume_role_policy", "inline_policy", "policy"}:
                yield f"{address}.{attribute}", value


def findings(policy: str, where: str = "") -> list[str]:
    document = json.loads(policy)
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        # A trust policy is about its role, and may not say so; parliament asks for a resource.
        if statement["Action"] == "sts:AssumeRole":
            statement["Resource"] = "arn:aws:iam::123456789012:role/some-role"
    found = parliament.analyze_policy_string(json.dumps(document)).findings
    return [f"{each.issue}: {each.detail}" for each in found if not is_muted(each, where)]


def is_muted(finding: Any, where: str) -> bool:
    if "aws_kms_key." in where:
        # In a key's own policy, * is that key. And CloudWatch Logs documents kms:Describe* under a
        # condition on the encryption context, which describing has not, and compares ARNs in it.
        as_documented = "kms:Describe" in str(finding.detail) or "ArnLike" in str(finding.detail)
        return finding.issue == "RESOURCE_STAR" or as_documented
    if finding.issue != "RESOURCE_MISMATCH":
        return False
    return {each["action"] for each in finding.detail} <= MUTED.keys()


@pytest.mark.parametrize("example", EXAMPLES)
def test_no_policy_has_a_finding(plan_example: "PlanExample", example: str) -> None:
    found = {where: findings(policy, where) for where, policy in policies(plan_example(example))}
    assert {where: lines for where, lines in found.items() if lines} == {}
    attributes = {where.rpartition(".")[2] for where in found}
    assert attributes == {"assume_role_policy", "policy"}


def test_every_role_and_resource_policy_was_looked_at(plan_example: "PlanExample") -> None:
    plan = plan_example("movielens")
    types = {plan.resource_changes[w.rpartition(".")[0]]["type"] for w, _ in policies(plan)}
    assert types >= {
        "aws_iam_role",
        "aws_iam_role_policy",
        "aws_s3_bucket_policy",
        "aws_sns_topic_policy",
    }


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"Action": "s3:GetObjcet"}, "UNKNOWN_ACTION"),
        ({"Resource": "arn:aws:s3:::some-bucket"}, "RESOURCE_MISMATCH"),
        ({"Condition": {"StringEquals": {"s3:prefix": "raw/"}}}, "UNKNOWN_CONDITION_FOR_ACTION"),
        ({"Condition": {"Nonsense": {"aws:SourceAccount": "1"}}}, "UNKNOWN_OPERATOR"),
    ],
)
def test_a_mistake_is_found(changed: dict[str, Any], found: str) -> None:
    right = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::some-bucket/*"}
    for statement, expected in ((right, []), (right | changed, [found])):
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        assert [line.split(":")[0] for line in findings(policy)] == expected
