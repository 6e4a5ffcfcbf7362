"""examples/movielens on the local AWS: what apply makes, and what destroy leaves."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from batchrec.localaws.server import LocalAws
from batchrec.terraform import Workspace

if TYPE_CHECKING:
    from conftest import Applied

pytestmark = pytest.mark.xdist_group("movielens")


def test_a_second_plan_is_empty(applied_movielens: "Applied") -> None:
    lines: list[str] = []
    assert applied_movielens.workspace.plan(on_line=lines.append) is False, "\n".join(lines)


def statements(policy: str) -> list[dict[str, Any]]:
    found = json.loads(policy)["Statement"]
    return list(found) if isinstance(found, list) else [found]


def test_the_bucket_refuses_plain_http_and_admits_personalize(applied_movielens: "Applied") -> None:
    bucket = applied_movielens.outputs["bucket_name"]
    s3 = applied_movielens.aws.client("s3")
    by_sid = {s["Sid"]: s for s in statements(s3.get_bucket_policy(Bucket=bucket)["Policy"])}
    deny = by_sid["DenyInsecureTransport"]
    assert (deny["Effect"], deny["Action"], deny["Principal"]) == ("Deny", "s3:*", "*")
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    # Personalize Developer Guide, Giving Amazon Personalize access to Amazon S3 resources.
    admitted = {
        statement["Action"]: statement
        for statement in by_sid.values()
        if statement["Principal"] == {"Service": "personalize.amazonaws.com"}
    }
    assert set(admitted) == {"s3:GetObject", "s3:ListBucket", "s3:PutObject"}
    for statement in admitted.values():
        assert statement["Effect"] == "Allow"
        assert statement["Condition"] == {
            "StringEquals": {"aws:SourceAccount": "123456789012"},
            "ArnLike": {"aws:SourceArn": "arn:aws:personalize:us-east-1:123456789012:*"},
        }


ROLES = ["prepare-training-data", "personalize", "workflow", "schedule"]


@pytest.mark.parametrize("role", ROLES)
def test_roles_name_their_actions_and_resources(applied_movielens: "Applied", role: str) -> None:
    iam = applied_movielens.aws.client("iam")
    name = f"movielens-{role}"
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        for statement in document["Statement"]:
            assert "*" not in json.dumps(statement["Action"])
            if statement["Resource"] == "*":
                assert statement["Sid"] in {"DeliverLogsAndTraces", "WriteMetrics"}
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []


def test_only_personalize_can_be_given_its_role(applied_movielens: "Applied") -> None:
    iam = applied_movielens.aws.client("iam")
    document = iam.get_role_policy(RoleName="movielens-workflow", PolicyName="pipeline")
    (pass_role,) = (
        statement
        for statement in document["PolicyDocument"]["Statement"]
        if statement["Action"] == "iam:PassRole"
    )
    assert pass_role["Resource"].endswith(":role/movielens-personalize")
    assert pass_role["Condition"] == {
        "StringEquals": {"iam:PassedToService": "personalize.amazonaws.com"}
    }


def test_the_state_machine_is_the_file_with_this_configuration(
    applied_movielens: "Applied", repository: Path
) -> None:
    stepfunctions = applied_movielens.aws.client("stepfunctions")
    machine = stepfunctions.describe_state_machine(
        stateMachineArn=applied_movielens.outputs["state_machine_arn"]
    )
    definition = json.loads(machine["definition"])
    file = json.loads((repository / "modules/workflow/pipeline.asl.json").read_text())
    configuration = definition["States"]["Configure"]["Assign"].pop("configuration")
    example = file["States"]["Configure"]["Assign"].pop("configuration")
    assert definition == file
    assert configuration.keys() == example.keys()
    assert configuration["solutions"][0].keys() == example["solutions"][0].keys()
    assert configuration["datasets"][0].keys() == example["datasets"][0].keys()
    assert configuration["bucket"] == applied_movielens.outputs["bucket_name"]
    assert configuration["solutions"][0]["arn"].endswith(configuration["solutions"][0]["name"])


def test_personalize_resources_are_active(applied_movielens: "Applied") -> None:
    personalize = applied_movielens.aws.client("personalize")
    group = applied_movielens.outputs["dataset_group_arn"]
    described = personalize.describe_dataset_group(datasetGroupArn=group)["datasetGroup"]
    assert described["status"] == "ACTIVE"
    (dataset,) = personalize.list_datasets(datasetGroupArn=group)["datasets"]
    assert (dataset["datasetType"], dataset["status"]) == ("INTERACTIONS", "ACTIVE")


def test_the_schedule_targets_the_state_machine(applied_movielens: "Applied") -> None:
    outputs = applied_movielens.outputs
    schedule = applied_movielens.aws.client("scheduler").get_schedule(Name=outputs["schedule_name"])
    target = schedule["Target"]
    assert target["Arn"] == outputs["state_machine_arn"]
    assert target["RoleArn"].endswith(":role/movielens-schedule")
    assert target["DeadLetterConfig"]["Arn"].endswith("movielens-schedule-dead-letters")


def test_another_schema_replaces_schema_and_dataset_but_not_the_group(
    applied_movielens: "Applied",
) -> None:
    workspace = applied_movielens.workspace
    file = workspace.folder.parents[1] / "modules/personalize/main.tf"
    original = file.read_text()
    field = '{ name = "TIMESTAMP", type = "long" },'
    assert field in original
    lines: list[str] = []
    try:
        file.write_text(
            original.replace(field, f'{field}\n        {{ name = "EVENT_TYPE", type = "string" }},')
        )
        assert workspace.plan(on_line=lines.append) is True
    finally:
        file.write_text(original)
    replaced = [line for line in lines if "must be replaced" in line]
    assert sum('schema["interactions"]' in line for line in replaced) == 1
    assert sum('dataset["interactions"]' in line for line in replaced) == 1
    assert not any("dataset_group" in line for line in replaced)


def test_destroy_leaves_nothing_behind(local_aws: LocalAws, repository: Path) -> None:
    with Workspace(repository, endpoint=local_aws.endpoint) as workspace:
        workspace.init()
        workspace.apply({"name": "shortlived"})
        assert any("shortlived" in name for name in everything(local_aws))
        workspace.destroy()
        assert workspace.state_list() == []
    assert [name for name in everything(local_aws) if "shortlived" in name] == []


def everything(aws: LocalAws) -> list[str]:
    """Names and ARNs of all that the module can create, in the whole account."""
    personalize = aws.client("personalize")
    return [
        *(b["Name"] for b in aws.client("s3").list_buckets()["Buckets"]),
        *(r["RoleName"] for r in aws.client("iam").list_roles()["Roles"]),
        *(g["logGroupName"] for g in aws.client("logs").describe_log_groups()["logGroups"]),
        *aws.client("glue").list_jobs()["JobNames"],
        *(g["datasetGroupArn"] for g in personalize.list_dataset_groups()["datasetGroups"]),
        *(s["schemaArn"] for s in personalize.list_schemas()["schemas"]),
        *(d["datasetArn"] for d in personalize.list_datasets()["datasets"]),
        *(m["name"] for m in aws.client("stepfunctions").list_state_machines()["stateMachines"]),
        *(s["Name"] for s in aws.client("scheduler").list_schedules()["Schedules"]),
        *aws.client("sqs").list_queues().get("QueueUrls", []),
    ]
