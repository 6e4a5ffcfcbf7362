"""docs/security.md lists what each role may do: all of it, and nothing else."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import configurations
import pytest
import tftest

from batchrec.localaws.server import LocalAws
from batchrec.terraform.workspace import Workspace

if TYPE_CHECKING:
    from conftest import PlanOf

pytestmark = pytest.mark.xdist_group("plans")

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
WITH_ALL_THERE_IS = {
    "module": {
        "this": {
            "source": "../../",
            "name": "shop",
            "start_on_new_data": {},
            "tags": {"team": "shop"},
            "kms_key_arns": dict.fromkeys(("bucket", "dataset_group", "logs", "messages"), KEY),
        }
    }
}

Permissions = dict[str, dict[str, set[str]]]
"""Actions by statement, by role."""


@pytest.fixture(scope="module")
def plan(local_aws: LocalAws, repository: Path, plan_of: "PlanOf") -> tftest.TerraformPlanOutput:
    with Workspace(repository, endpoint=local_aws.endpoint) as workspace:
        configurations.put(workspace, WITH_ALL_THERE_IS)
        return plan_of(workspace)


def planned(plan: tftest.TerraformPlanOutput) -> Permissions:
    """What the plan gives each role, named by the address that its policies share with it."""
    found: Permissions = {}
    changes = {
        address: change["change"]["after"]
        for address, change in plan.resource_changes.items()
        if change["mode"] == "managed"
    }
    for address, policy in changes.items():
        if ".aws_iam_role_policy." in address:
            role = changes[address.replace(".aws_iam_role_policy.", ".aws_iam_role.")]
            name = role["name"].replace("shop-us-east-1-", "NAME-REGION-", 1)
            statements = json.loads(policy["policy"])["Statement"]
            found[name] = {
                statement["Sid"]: {statement["Action"]}
                if isinstance(statement["Action"], str)
                else set(statement["Action"])
                for statement in statements
            }
    return found


def documented(repository: Path) -> Permissions:
    text = (repository / "docs" / "security.md").read_text()
    sections = re.findall(r"^### (NAME-\S+)\n(.*?)(?=^##)", text, flags=re.M | re.S)
    return {
        role: {
            sid: set(re.findall(r"`([^`]+)`", actions))
            for sid, actions in re.findall(r"^\| ([A-Z]\w+) \| (.*?) \|", section, flags=re.M)
        }
        for role, section in sections
    }


def test_the_tables_are_the_policies(plan: tftest.TerraformPlanOutput, repository: Path) -> None:
    assert documented(repository) == planned(plan)


def test_every_role_is_introduced(plan: tftest.TerraformPlanOutput, repository: Path) -> None:
    """With the service that its trust policy admits."""
    rows = re.findall(
        r"^\| `(NAME-\S+)` \| `(\S+)` \|",
        (repository / "docs" / "security.md").read_text(),
        flags=re.M,
    )
    trusted = {}
    for resource in plan.resource_changes.values():
        if resource["type"] == "aws_iam_role":
            after = resource["change"]["after"]
            (statement,) = json.loads(after["assume_role_policy"])["Statement"]
            name = after["name"].replace("shop-us-east-1-", "NAME-REGION-", 1)
            trusted[name] = statement["Principal"]["Service"]
    assert dict(rows) == trusted
