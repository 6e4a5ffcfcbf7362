"""The root module with a bucket, keys, tags, a path and a boundary that the caller brings along."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import configurations
import pytest
import tftest

from batchrec.localaws.server import LocalAws
from batchrec.terraform.workspace import Workspace

if TYPE_CHECKING:
    from conftest import PlanOf

pytestmark = pytest.mark.xdist_group("plans")

ACCOUNT = "123456789012"  # of the local AWS
BUCKET = "arn:aws:s3:::data-lake"
KEYS = {
    name: f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{number}0000000-0000-0000-0000-000000000000"
    for number, name in enumerate(["bucket", "dataset_group", "logs", "messages"])
}
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/platform"
TAGS = {"team": "shop", "cost-centre": "42"}

Plan = tftest.TerraformPlanOutput


@pytest.fixture(scope="module")
def brought(local_aws: LocalAws, repository: Path, plan_of: "PlanOf") -> Plan:
    call = {
        "source": "../../",
        "name": "shop",
        "existing_bucket": {"name": "data-lake", "prefix": "teams/shop/"},
        "kms_key_arns": KEYS,
        "iam_roles": {"path": "/platform/", "permissions_boundary_arn": BOUNDARY},
        "tags": TAGS,
        "glue": {
            "arguments": {"--conf": "spark.sql.shuffle.partitions=64"},
            "auto_scaling": True,
            "execution_class": "FLEX",
            "number_of_workers": 10,
        },
    }
    with Workspace(repository, endpoint=local_aws.endpoint) as workspace:
        configuration = {
            "module": {"this": call},
            "output": {
                name: {"value": f"${{module.this.{name}}}"}
                for name in (
                    "bucket_policy_json",
                    "consumer_policy_json",
                    "raw_interactions_prefix",
                )
            },
        }
        configurations.put(workspace, configuration)
        return plan_of(workspace)


def planned(plan: Plan, kind: str) -> dict[str, dict[str, Any]]:
    """What is planned of a type, by address."""
    return {
        address: resource["change"]["after"]
        for address, resource in plan.resource_changes.items()
        if resource["type"] == kind and resource["mode"] == "managed"
    }


def statements(plan: Plan) -> list[dict[str, Any]]:
    return [
        statement
        for policy in planned(plan, "aws_iam_role_policy").values()
        for statement in json.loads(policy["policy"])["Statement"]
    ]


def test_nothing_of_an_existing_bucket_is_changed(brought: Plan) -> None:
    kinds = {resource["type"] for resource in brought.resource_changes.values()}
    assert {kind for kind in kinds if kind.startswith("aws_s3_")} == {"aws_s3_object"}


def test_every_key_of_the_pipeline_lies_under_the_prefix(brought: Plan) -> None:
    whole = json.dumps([r["change"]["after"] for r in brought.resource_changes.values()])
    whole = whole.replace('\\"', '"').replace("\\\\", "\\")
    folders = "raw|transformed|quarantine|curated|glue_jobs"
    urls = re.findall(rf"(?:s3://data-lake|{BUCKET})/([^\"]*?)(?:{folders})", whole)
    assert len(urls) > 20
    assert set(urls) == {"teams/shop/"}
    assert {script["bucket"] for script in planned(brought, "aws_s3_object").values()} == {
        "data-lake"
    }
    keys = [script["key"] for script in planned(brought, "aws_s3_object").values()]
    assert all(key.startswith("teams/shop/glue_jobs/") for key in keys)
    assert brought.outputs["raw_interactions_prefix"] == "teams/shop/raw/interactions/"
    (machine,) = planned(brought, "aws_sfn_state_machine").values()
    configuration = json.loads(machine["definition"])["States"]["Configure"]["Assign"]
    assert configuration["configuration"]["prefix"] == "teams/shop/"
    listing = [
        prefix
        for statement in statements(brought)
        if "s3:ListBucket" in statement["Action"] and "Condition" in statement
        for prefix in statement["Condition"]["StringLike"]["s3:prefix"]
    ]
    assert listing
    assert all(prefix.startswith("teams/shop/") for prefix in listing)


def test_the_owner_is_told_what_the_bucket_policy_needs(brought: Plan) -> None:
    policy = json.loads(brought.outputs["bucket_policy_json"])
    resources = {
        statement["Sid"]: statement["Resource"]
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
    }
    assert resources == {
        "AllowPersonalizeToList": BUCKET,
        "AllowPersonalizeToRead": f"{BUCKET}/teams/shop/transformed/*",
        "AllowPersonalizeToWrite": f"{BUCKET}/teams/shop/curated/*",
    }


def test_keys_encrypt_what_they_are_given_for(brought: Plan) -> None:
    groups = planned(brought, "aws_cloudwatch_log_group").values()
    assert {group["kms_key_id"] for group in groups} == {KEYS["logs"]}
    (security,) = planned(brought, "aws_glue_security_configuration").values()
    (encryption,) = security["encryption_configuration"]
    assert encryption["cloudwatch_encryption"] == [
        {"cloudwatch_encryption_mode": "SSE-KMS", "kms_key_arn": KEYS["logs"]}
    ]
    assert encryption["s3_encryption"] == [
        {"s3_encryption_mode": "SSE-KMS", "kms_key_arn": KEYS["bucket"]}
    ]
    group = json.loads(
        planned(brought, "aws_cloudcontrolapi_resource")[
            "module.this.module.personalize.aws_cloudcontrolapi_resource.dataset_group"
        ]["desired_state"]
    )
    assert group == {
        "Name": "shop",
        "KmsKeyArn": KEYS["dataset_group"],
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/platform/shop-us-east-1-personalize",
    }


def test_keys_are_used_through_the_service_that_keeps_the_data(brought: Plan) -> None:
    """But Personalize, which uses them itself too (Developer Guide, Data encryption)."""
    through: dict[str, set[str]] = {}
    for statement in statements(brought):
        if str(statement["Action"]).find("kms:") < 0:
            continue
        keys = statement["Resource"]
        conditions = [*statement.get("Condition", {}).values(), {"kms:ViaService": "itself"}]
        via = next(each["kms:ViaService"] for each in conditions if "kms:ViaService" in each)
        for key in [keys] if isinstance(keys, str) else keys:
            through.setdefault(key, set()).add(via)
    assert through == {
        KEYS["bucket"]: {"s3.us-east-1.amazonaws.com", "itself"},
        KEYS["dataset_group"]: {"itself"},
        KEYS["messages"]: {"sns.us-east-1.amazonaws.com", "sqs.us-east-1.amazonaws.com"},
    }


def test_roles_have_the_path_and_the_boundary_and_are_named_by_their_arn(brought: Plan) -> None:
    roles = planned(brought, "aws_iam_role").values()
    assert len(roles) >= 5
    assert {(role["path"], role["permissions_boundary"]) for role in roles} == {
        ("/platform/", BOUNDARY)
    }
    (passed,) = [s["Resource"] for s in statements(brought) if s["Action"] == "iam:PassRole"]
    assert passed == f"arn:aws:iam::{ACCOUNT}:role/platform/shop-us-east-1-personalize"


def test_everything_that_takes_tags_has_them(brought: Plan) -> None:
    untagged = {
        address
        for address, resource in brought.resource_changes.items()
        if resource["mode"] == "managed" and "tags" in resource["change"]["after"]
        if resource["change"]["after"]["tags"] != TAGS
    }
    assert untagged == set()
    (machine,) = planned(brought, "aws_sfn_state_machine").values()
    configuration = json.loads(machine["definition"])["States"]["Configure"]["Assign"]
    # API Reference, Tag: the members' names, as Step Functions spells them.
    assert configuration["configuration"]["tags"] == [
        {"TagKey": "cost-centre", "TagValue": "42"},
        {"TagKey": "team", "TagValue": "shop"},
    ]


def test_glue_jobs_scale_and_wait_for_room(brought: Plan) -> None:
    for job in planned(brought, "aws_glue_job").values():
        assert (job["execution_class"], job["number_of_workers"]) == ("FLEX", 10)
        assert job["default_arguments"]["--enable-auto-scaling"] == "true"
        assert job["default_arguments"]["--conf"] == "spark.sql.shuffle.partitions=64"


def test_consumers_may_read_what_is_published_and_nothing_else(brought: Plan) -> None:
    policy = json.loads(brought.outputs["consumer_policy_json"])
    by_sid = {statement["Sid"]: statement for statement in policy["Statement"]}
    assert by_sid["ReadRecommendations"]["Resource"] == [
        f"{BUCKET}/teams/shop/curated/latest.json",
        f"{BUCKET}/teams/shop/curated/*/tables/*",
    ]
    assert by_sid["DecryptRecommendations"]["Resource"] == KEYS["bucket"]
    actions = [s["Action"] for s in policy["Statement"]]
    flat = [a for action in actions for a in ([action] if isinstance(action, str) else action)]
    assert all(re.match(r"(s3|glue|kms):(Get|List|Decrypt)", action) for action in flat)
