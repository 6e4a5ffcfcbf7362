"""examples/from-another-stack: a second stack reads with what the first one's outputs give it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError

from batchrec.localaws.iam_policies import Request, allows
from batchrec.localaws.server import LocalAws
from batchrec.terraform.workspace import Workspace

pytestmark = pytest.mark.xdist_group("from-another-stack")

EXAMPLE = "examples/from-another-stack"
RUN = "weekly-2026-01-11"
TABLE = f"curated/{RUN}/tables/for-you/"


@dataclass(frozen=True)
class Stacks:
    """Both, applied to the local AWS, with results of a run in the bucket."""

    maker: Workspace
    reader: Workspace
    bucket: str
    policy: dict[str, Any]
    """What the reader's role really has."""


@pytest.fixture(scope="module")
def stacks(local_aws: LocalAws, repository: Path) -> Iterator[Stacks]:
    """About 90 s, most of it the provider's own waits."""
    with (
        Workspace(repository, EXAMPLE, endpoint=local_aws.endpoint) as maker,
        Workspace(repository, f"{EXAMPLE}/consumer", endpoint=local_aws.endpoint) as reader,
    ):
        maker.init()
        maker.apply()
        reader.init()
        reader.apply({"recommendations_state": str(maker.state_file)})
        bucket = str(maker.output()["bucket_name"])
        s3 = local_aws.client("s3")
        entry = {"run": RUN, "table_prefix": f"s3://{bucket}/{TABLE}"}
        manifest = json.dumps({"run": RUN, "solutions": {"for-you": entry}})
        s3.put_object(Bucket=bucket, Key="curated/latest.json", Body=manifest)
        s3.put_object(Bucket=bucket, Key=f"{TABLE}part-0.parquet", Body=b"a table")
        role = str(reader.output()["role_arn"]).split("/")[-1]
        policy = local_aws.client("iam").get_role_policy(
            RoleName=role, PolicyName="read-recommendations"
        )["PolicyDocument"]
        yield Stacks(maker, reader, bucket, policy)


def test_both_have_settled(stacks: Stacks) -> None:
    assert stacks.maker.plan() is False
    assert stacks.reader.plan() is False


def test_the_reader_finds_and_reads_what_is_published(stacks: Stacks, local_aws: LocalAws) -> None:
    outputs = stacks.reader.output()
    credentials = local_aws.client("sts").assume_role(
        RoleArn=str(outputs["role_arn"]), RoleSessionName="task"
    )["Credentials"]
    s3 = boto3.client(
        "s3",
        endpoint_url=local_aws.endpoint,
        region_name="us-east-1",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
    at = urlsplit(str(outputs["manifest_url"]))
    manifest = json.loads(s3.get_object(Bucket=at.netloc, Key=at.path[1:])["Body"].read())
    table = urlsplit(manifest["solutions"]["for-you"]["table_prefix"])
    (file,) = s3.list_objects_v2(Bucket=table.netloc, Prefix=table.path[1:])["Contents"]
    assert s3.get_object(Bucket=table.netloc, Key=file["Key"])["Body"].read() == b"a table"
    with pytest.raises(ClientError, match=r"AccessDenied.*s3:PutObject"):
        s3.put_object(Bucket=at.netloc, Key=at.path[1:], Body=b"{}")


@pytest.mark.parametrize(
    ("action", "key", "allowed"),
    [
        ("s3:GetObject", "curated/latest.json", True),
        ("s3:GetObject", f"{TABLE}part-0.parquet", True),
        ("s3:GetObject", f"curated/{RUN}/for-you/users.json.out", False),
        ("s3:GetObject", f"transformed/{RUN}/interactions/part-0.csv", False),
        ("s3:GetObject", "raw/purchases/1.csv", False),
        ("s3:PutObject", "curated/latest.json", False),
        ("s3:DeleteObject", f"{TABLE}part-0.parquet", False),
    ],
)
def test_the_reader_may_read_what_is_published_and_nothing_else(
    stacks: Stacks, action: str, key: str, allowed: bool
) -> None:
    request = Request(action, f"arn:aws:s3:::{stacks.bucket}/{key}")
    assert allows([stacks.policy], request) is allowed


@pytest.mark.parametrize(("prefix", "allowed"), [(TABLE, True), ("raw/", False), ("", False)])
def test_the_reader_may_list_what_is_published(stacks: Stacks, prefix: str, allowed: bool) -> None:
    request = Request("s3:ListBucket", f"arn:aws:s3:::{stacks.bucket}", {"s3:prefix": prefix})
    assert allows([stacks.policy], request) is allowed


def test_the_reader_may_look_at_the_tables_and_at_no_others(stacks: Stacks) -> None:
    catalog = "arn:aws:glue:us-east-1:123456789012"
    for resource in (f"{catalog}:database/shop", f"{catalog}:table/shop/for_you"):
        assert allows([stacks.policy], Request("glue:GetTable", resource))
    assert not allows([stacks.policy], Request("glue:GetTable", f"{catalog}:table/other/secret"))
    assert not allows([stacks.policy], Request("glue:DeleteTable", f"{catalog}:table/shop/for_you"))


def test_the_commands_of_the_main_readme_work(
    stacks: Stacks, local_aws: LocalAws, repository: Path, tmp_path: Path
) -> None:
    """Upload, start a run, tear down: as they stand there, in the folder of a configuration."""
    text = (repository / "README.md").read_text().replace("\\\n", " ")
    commands = re.findall(r"^aws .*$", text, flags=re.M)
    assert [command.split()[1] for command in commands] == ["s3", *["stepfunctions"] * 2]
    (tmp_path / "terraform").symlink_to(stacks.maker.terraform)
    programs = f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    (stacks.maker.folder / "interactions.csv").write_text("USER_ID,ITEM_ID,TIMESTAMP\n")
    for command in commands:
        subprocess.run(
            ["bash", "-euc", command],
            cwd=stacks.maker.folder,
            env=stacks.maker.env | local_aws.environment() | {"PATH": programs},
            check=True,
        )
    uploaded = local_aws.client("s3").head_object(
        Bucket=stacks.bucket, Key="raw/purchases/interactions.csv"
    )
    assert uploaded["ContentLength"] > 0
    machine = str(stacks.maker.output()["state_machine_arn"])
    machines = local_aws.client("stepfunctions")
    runs = machines.list_executions(stateMachineArn=machine)["executions"]
    inputs = [
        machines.describe_execution(executionArn=run["executionArn"])["input"] for run in runs
    ]
    assert sorted(map(json.loads, inputs), key=len) == [{}, {"action": "teardown"}]
