"""examples/existing-bucket: a whole run in a prefix of another team's bucket, by its rules."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from batchrec import execution
from batchrec.data import samples
from batchrec.localaws.iam_policies import Principal, Request, allows
from batchrec.localaws.server import LocalAws
from batchrec.terraform.workspace import Workspace

pytestmark = pytest.mark.xdist_group("existing-bucket")

EXAMPLE = "existing-bucket"
NAME = "lake-shop"
PREFIX = "recommendations/shop/"
ACCOUNT = "123456789012"
ROLES = ("prepare", "publish", "personalize", "workflow", "schedule")


@dataclass(frozen=True)
class Lake:
    """The example, applied, with what is in its bucket after a run."""

    workspace: Workspace
    outputs: dict[str, Any]
    aws: LocalAws
    objects: dict[str, dict[str, Any]]
    """What HeadObject says, by key."""

    def key_arn(self) -> str:
        """The example's only key."""
        bucket = self.outputs["bucket_name"]
        encryption = self.aws.client("s3").get_bucket_encryption(Bucket=bucket)
        (rule,) = encryption["ServerSideEncryptionConfiguration"]["Rules"]
        return str(rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"])


def run(aws: LocalAws, machine: str, **what: str) -> None:
    machines = aws.client("stepfunctions")
    started = machines.start_execution(stateMachineArn=machine, input=json.dumps(what))
    ended = execution.follow(machines, started["executionArn"], lambda moment: None)
    execution.require_success(machines, ended)


@pytest.fixture(scope="module")
def lake(
    local_aws: LocalAws, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lake]:
    """About two minutes, most of it the provider's own waits."""
    s3 = local_aws.client("s3")
    with Workspace(repository, f"examples/{EXAMPLE}", endpoint=local_aws.endpoint) as workspace:
        workspace.init()
        workspace.apply()
        outputs = workspace.output()
        bucket, machine = str(outputs["bucket_name"]), str(outputs["state_machine_arn"])
        sample = samples.find(EXAMPLE)
        data = tmp_path_factory.mktemp("lake") / sample.file_name
        sample.write(data)
        s3.upload_file(str(data), bucket, f"{outputs['raw_interactions_prefix']}{data.name}")
        run(local_aws, machine)
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        keys = [found["Key"] for page in pages for found in page["Contents"]]
        objects = {key: s3.head_object(Bucket=bucket, Key=key) for key in keys}
        yield Lake(workspace, outputs, local_aws, objects)
        run(local_aws, machine, action="teardown")
        workspace.destroy()


def test_it_has_settled(lake: Lake) -> None:
    assert lake.workspace.plan() is False


def test_everything_lies_below_the_prefix(lake: Lake) -> None:
    folders = {key.removeprefix(PREFIX).split("/")[0] for key in lake.objects}
    assert folders == {"curated", "glue_jobs", "raw", "transformed"}
    manifest = lake.aws.client("s3").get_object(
        Bucket=lake.outputs["bucket_name"], Key=f"{lake.outputs['curated_prefix']}latest.json"
    )
    (entry,) = json.loads(manifest["Body"].read())["solutions"].values()
    table = f"s3://{lake.outputs['bucket_name']}/{PREFIX}curated/"
    assert entry["table_prefix"].startswith(table)


def test_everything_is_encrypted_with_the_key(lake: Lake) -> None:
    key = lake.key_arn()
    assert {found.get("SSEKMSKeyId") for found in lake.objects.values()} == {key}
    pages = lake.aws.client("logs").get_paginator("describe_log_groups").paginate()
    every = (group for page in pages for group in page["logGroups"])
    groups = [group for group in every if NAME in group["logGroupName"]]
    assert len(groups) == 5
    assert {group.get("kmsKeyId") for group in groups} == {key}
    group = lake.aws.client("personalize").describe_dataset_group(
        datasetGroupArn=lake.outputs["dataset_group_arn"]
    )["datasetGroup"]
    assert group["kmsKeyArn"] == key


@pytest.mark.parametrize("role", ROLES)
def test_roles_have_the_path_and_the_boundary(lake: Lake, role: str) -> None:
    found = lake.aws.client("iam").get_role(RoleName=f"{NAME}-us-east-1-{role}")["Role"]
    assert found["Path"] == "/pipelines/"
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/{NAME}-boundary"
    assert found["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary


def policies_of(lake: Lake, role: str) -> list[dict[str, Any]]:
    iam = lake.aws.client("iam")
    names = iam.list_role_policies(RoleName=f"{NAME}-us-east-1-{role}")["PolicyNames"]
    return [
        iam.get_role_policy(RoleName=f"{NAME}-us-east-1-{role}", PolicyName=name)["PolicyDocument"]
        for name in names
    ]


@pytest.mark.parametrize(
    ("role", "action", "key"),
    [
        ("prepare", "s3:GetObject", "raw/movielens/a.csv"),
        ("prepare", "s3:PutObject", "transformed/run/interactions/a.csv"),
        ("publish", "s3:PutObject", "curated/latest.json"),
        ("personalize", "s3:PutObject", "curated/run/user-personalization/a.out"),
        ("workflow", "s3:GetObject", "curated/latest.json"),
    ],
)
def test_roles_stay_below_the_prefix(lake: Lake, role: str, action: str, key: str) -> None:
    policies = policies_of(lake, role)
    bucket = lake.outputs["bucket_arn"]
    assert allows(policies, Request(action, f"{bucket}/{PREFIX}{key}"))
    for neighbour in ("", "recommendations/", "recommendations/other/"):
        assert not allows(policies, Request(action, f"{bucket}/{neighbour}{key}"))


@pytest.mark.parametrize(
    ("action", "key"), [("s3:GetObject", "transformed/a"), ("s3:PutObject", "curated/a")]
)
def test_the_bucket_admits_personalize_below_the_prefix(lake: Lake, action: str, key: str) -> None:
    bucket = lake.outputs["bucket_name"]
    policy = json.loads(lake.aws.client("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    context = {
        "aws:SourceAccount": ACCOUNT,
        "aws:SourceArn": f"arn:aws:personalize:us-east-1:{ACCOUNT}:dataset-import-job/job",
        "aws:SecureTransport": "true",
    }
    personalize = Principal.service("personalize.amazonaws.com")

    def admitted(key: str, **changed: str) -> bool:
        request = Request(action, f"arn:aws:s3:::{bucket}/{key}", context | changed)
        return allows([policy], request, personalize)

    assert admitted(f"{PREFIX}{key}")
    assert not admitted(key)
    assert not admitted(f"{PREFIX}{key}", **{"aws:SourceAccount": "210987654321"})
    assert not admitted(f"{PREFIX}{key}", **{"aws:SecureTransport": "false"})


def test_the_topic_admits_rules_and_alarms_of_this_pipeline(lake: Lake) -> None:
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:{NAME}-platform"
    attributes = lake.aws.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    policy = json.loads(attributes["Policy"])

    def admitted(service: str, source: str) -> bool:
        context = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": source}
        request = Request("sns:Publish", topic, context | {"aws:SecureTransport": "true"})
        return allows([policy], request, Principal.service(service))

    rule = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/{NAME}-interrupted"
    assert admitted("events.amazonaws.com", rule)
    assert not admitted("events.amazonaws.com", rule.replace(NAME, "other"))
    names = [
        alarm["AlarmArn"]
        for alarm in lake.aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
        if alarm["AlarmName"].startswith(NAME)
    ]
    assert names
    assert all(admitted("cloudwatch.amazonaws.com", name) for name in names)
