"""examples/movielens on the local AWS: what apply makes, and what destroy leaves."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from account import everything
from rich.console import Console

from batchrec import destruction
from batchrec.errors import BatchrecError
from batchrec.localaws.server import LocalAws
from batchrec.terraform.workspace import Workspace

if TYPE_CHECKING:
    from conftest import Applied

pytestmark = pytest.mark.xdist_group("movielens")


def test_a_second_plan_is_empty(applied_movielens: "Applied") -> None:
    lines: list[str] = []
    assert applied_movielens.workspace.plan(on_line=lines.append) is False, "\n".join(lines)


def test_the_outputs_name_what_exists(applied_movielens: "Applied") -> None:
    outputs, aws = applied_movielens.outputs, applied_movielens.aws
    assert outputs["bucket_arn"] == f"arn:aws:s3:::{outputs['bucket_name']}"
    assert aws.client("s3").head_bucket(Bucket=outputs["bucket_name"])
    glue = aws.client("glue")
    for job in ("glue_job_name", "glue_publish_job_name"):
        assert glue.get_job(JobName=outputs[job])
    tables = glue.get_tables(DatabaseName=outputs["catalog_database_name"])["TableList"]
    assert [table["Name"] for table in tables] == ["user_personalization"]
    assert aws.client("sns").get_topic_attributes(TopicArn=outputs["topic_arn"])
    queue = aws.client("sqs").get_queue_attributes(
        QueueUrl=outputs["dead_letter_queue_url"], AttributeNames=["QueueArn", "Policy"]
    )["Attributes"]
    schedule = aws.client("scheduler").get_schedule(Name=outputs["schedule_name"])
    assert schedule["Target"]["DeadLetterConfig"]["Arn"] == queue["QueueArn"]
    (deny,) = statements(queue["Policy"])  # nobody is let in but through a role
    assert deny["Effect"] == "Deny"
    machine = aws.client("stepfunctions").describe_state_machine(
        stateMachineArn=outputs["state_machine_arn"]
    )
    assert machine["status"] == "ACTIVE"


def test_the_bucket_is_private_versioned_and_encrypted(applied_movielens: "Applied") -> None:
    bucket = applied_movielens.outputs["bucket_name"]
    s3 = applied_movielens.aws.client("s3")
    blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert list(blocked.values()) == [True] * 4
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    (rule,) = encryption["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_the_job_runs_the_scripts_of_this_repository(
    applied_movielens: "Applied", repository: Path
) -> None:
    outputs, aws = applied_movielens.outputs, applied_movielens.aws
    job = aws.client("glue").get_job(JobName=outputs["glue_job_name"])["Job"]
    location = urlsplit(job["Command"]["ScriptLocation"])
    assert (location.scheme, location.netloc) == ("s3", outputs["bucket_name"])
    assert location.path == "/glue_jobs/prepare_training_data.py"
    for file in (repository / "glue_jobs").glob("*.py"):
        key = f"glue_jobs/{file.name}"
        uploaded = aws.client("s3").get_object(Bucket=location.netloc, Key=key)["Body"].read()
        assert uploaded == file.read_bytes(), file.name
    told = json.loads(job["DefaultArguments"]["--configuration"])["interactions"]
    assert outputs["raw_interactions_prefix"] == f"raw/{told['folder']}/"
    assert job["DefaultArguments"]["--raw_prefix"] == f"s3://{outputs['bucket_name']}/raw"
    role = aws.client("iam").get_role(RoleName=job["Role"].split("/")[-1])["Role"]
    assert role["Arn"] == job["Role"]


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


ROLES = ["prepare", "publish", "personalize", "workflow", "schedule"]


@pytest.mark.parametrize("role", ROLES)
def test_roles_name_their_actions_and_resources(applied_movielens: "Applied", role: str) -> None:
    iam = applied_movielens.aws.client("iam")
    name = f"movielens-us-east-1-{role}"
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        for statement in document["Statement"]:
            assert "*" not in json.dumps(statement["Action"])
            if statement["Resource"] == "*":
                assert statement["Sid"] in {
                    "DeliverLogsAndTraces",
                    "ListForTeardownAndFailOwnTasks",
                    "WriteMetrics",
                }
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []


def test_only_personalize_can_be_given_its_role(applied_movielens: "Applied") -> None:
    iam = applied_movielens.aws.client("iam")
    document = iam.get_role_policy(RoleName="movielens-us-east-1-workflow", PolicyName="pipeline")
    (pass_role,) = (
        statement
        for statement in document["PolicyDocument"]["Statement"]
        if statement["Action"] == "iam:PassRole"
    )
    assert pass_role["Resource"].endswith(":role/movielens-us-east-1-personalize")
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
    (listed,) = personalize.list_datasets(datasetGroupArn=group)["datasets"]
    assert (listed["datasetType"], listed["status"]) == ("INTERACTIONS", "ACTIVE")
    dataset = personalize.describe_dataset(datasetArn=listed["datasetArn"])["dataset"]
    schema = personalize.describe_schema(schemaArn=dataset["schemaArn"])["schema"]
    assert json.loads(schema["schema"])["name"] == "Interactions"
    # The module outputs ARNs that it built: the service's own are the same.
    machine = applied_movielens.aws.client("stepfunctions").describe_state_machine(
        stateMachineArn=applied_movielens.outputs["state_machine_arn"]
    )
    states = json.loads(machine["definition"])["States"]
    configuration = states["Configure"]["Assign"]["configuration"]
    assert [entry["arn"] for entry in configuration["datasets"]] == [listed["datasetArn"]]
    iam = applied_movielens.aws.client("iam")
    role = iam.get_role(RoleName="movielens-us-east-1-personalize")["Role"]["Arn"]
    assert configuration["personalize_role_arn"] == role


def test_the_schedule_targets_the_state_machine(applied_movielens: "Applied") -> None:
    outputs = applied_movielens.outputs
    schedule = applied_movielens.aws.client("scheduler").get_schedule(Name=outputs["schedule_name"])
    target = schedule["Target"]
    assert target["Arn"] == outputs["state_machine_arn"]
    iam = applied_movielens.aws.client("iam")
    assert target["RoleArn"] == iam.get_role(RoleName="movielens-us-east-1-schedule")["Role"]["Arn"]
    assert json.loads(target["Input"]) == {}
    document = iam.get_role_policy(
        RoleName="movielens-us-east-1-schedule", PolicyName="start-pipeline"
    )
    assert {s["Action"]: s["Resource"] for s in document["PolicyDocument"]["Statement"]} == {
        "states:StartExecution": target["Arn"],
        "sqs:SendMessage": target["DeadLetterConfig"]["Arn"],
    }


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
    assert any(line.startswith("Plan: 2 to add, 0 to change, 2 to destroy") for line in lines)


def test_destroy_leaves_nothing_behind(local_aws: LocalAws, repository: Path) -> None:
    assert ours(local_aws) == {}
    with Workspace(repository, endpoint=local_aws.endpoint) as workspace:
        workspace.init()
        workspace.apply({"name": "shortlived"})
        made = ours(local_aws)
        assert everything(local_aws).keys() - made.keys() <= {"managed policies", "solutions"}
        # What a run leaves in the bucket must not keep it.
        (bucket,) = made["buckets"]
        for _ in range(2):
            local_aws.client("s3").put_object(Bucket=bucket, Key="raw/ratings.dat", Body=b"")
        # Nor what the workflow makes, which Terraform doesn't know.
        (group,) = made["dataset groups"]
        local_aws.client("personalize").create_solution(
            name="shortlived-users-0a1b2c",
            datasetGroupArn=group,
            recipeArn="arn:aws:personalize:::recipe/aws-popularity-count",
        )
        env = workspace.env | {"TF_VAR_name": "shortlived"}
        request = destruction.Request(workspace.folder, env, asks=False)
        destruction.destroy(request, Console(quiet=True), local_aws.client)
        assert workspace.state_list() == []
    assert ours(local_aws) == {}


def test_data_is_not_destroyed_without_a_word(
    applied_movielens: "Applied", monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = applied_movielens.workspace
    file = workspace.folder / "terraform.tfstate"
    state = file.read_text()
    assert '"force_destroy": true' in state
    try:
        file.write_text(state.replace('"force_destroy": true', '"force_destroy": false'))
        request = destruction.Request(workspace.folder, workspace.env, asks=False)
        with pytest.raises(BatchrecError, match=r"set force_destroy =\s+true"):
            destruction.destroy(request, Console(quiet=True), applied_movielens.aws.client)
    finally:
        file.write_text(state)


def test_what_was_not_applied_is_not_destroyed(
    tmp_path: Path, applied_movielens: "Applied"
) -> None:
    request = destruction.Request(tmp_path, applied_movielens.workspace.env)
    with pytest.raises(BatchrecError, match=r"has no output state_machine_arn\."):
        destruction.destroy(request, Console(quiet=True), applied_movielens.aws.client)


def ours(aws: LocalAws) -> dict[str, list[str]]:
    found = {
        kind: [name for name in names if "shortlived" in name]
        for kind, names in everything(aws).items()
    }
    return {kind: names for kind, names in found.items() if names}
