"""Another field of the interactions: schema and dataset are replaced, and the next run works."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import configurations
import pytest

from batchrec import execution
from batchrec.localaws.server import LocalAws
from batchrec.terraform.workspace import Workspace

NAME = "schema-change"
BUCKET = "schema-change-data"
USERS, ITEMS = 60, 40
BEGIN = 1_700_000_000

pytestmark = pytest.mark.xdist_group("schema-change")


@dataclass
class Applied:
    aws: LocalAws
    workspace: Workspace

    def configure(self, **interactions: Any) -> None:
        call = {
            "source": "../../",
            "name": NAME,
            "existing_bucket": {"name": BUCKET},
            "interactions": interactions,
            "solutions": {"popular": {"recipe": "aws-popularity-count"}},
        }
        outputs = ("bucket_policy_json", "dataset_group_arn", "state_machine_arn")
        configuration = {
            "module": {"this": call},
            "output": {name: {"value": f"${{module.this.{name}}}"} for name in outputs},
        }
        configurations.put(self.workspace, configuration)

    def run(self, **what: str) -> None:
        machines = self.aws.client("stepfunctions")
        started = machines.start_execution(
            stateMachineArn=str(self.workspace.output()["state_machine_arn"]),
            input=json.dumps(what),
        )
        ended = execution.follow(machines, started["executionArn"], lambda _: None)
        execution.require_success(machines, ended)

    def fields(self) -> list[str]:
        """Of the schema that the dataset group's interactions have."""
        personalize = self.aws.client("personalize")
        group = self.workspace.output()["dataset_group_arn"]
        (listed,) = personalize.list_datasets(datasetGroupArn=group)["datasets"]
        dataset = personalize.describe_dataset(datasetArn=listed["datasetArn"])["dataset"]
        schema = personalize.describe_schema(schemaArn=dataset["schemaArn"])["schema"]
        return [field["name"] for field in json.loads(schema["schema"])["fields"]]


@pytest.fixture
def applied(local_aws: LocalAws, repository: Path) -> Iterator[Applied]:
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    rows = [
        f"u{user},i{(user + step) % ITEMS},{BEGIN + 3600 * step},{('web', 'app')[step % 2]}"
        for user in range(USERS)
        for step in range(25)
    ]
    body = "\n".join(["USER_ID,ITEM_ID,TIMESTAMP,DEVICE", *rows]).encode()
    s3.put_object(Bucket=BUCKET, Key="raw/interactions/events.csv", Body=body)
    with Workspace(repository, endpoint=local_aws.endpoint) as workspace:
        made = Applied(local_aws, workspace)
        made.configure()
        workspace.init()
        workspace.apply()
        policy = str(workspace.output()["bucket_policy_json"])
        s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
        yield made
        made.run(action="teardown")
        workspace.destroy()


@pytest.mark.timeout(600)
def test_the_next_run_imports_the_new_field(applied: Applied) -> None:
    group = applied.workspace.output()["dataset_group_arn"]
    applied.run()
    assert applied.fields() == ["USER_ID", "ITEM_ID", "TIMESTAMP"]

    applied.configure(metadata=[{"name": "DEVICE", "categorical": True}])
    lines: list[str] = []
    assert applied.workspace.plan(on_line=lines.append)
    replaced = {line.split()[1] for line in lines if "must be replaced" in line}
    personalize = "module.this.module.personalize.aws_cloudcontrolapi_resource"
    assert replaced == {
        f'{personalize}.schema["interactions"]',
        f'{personalize}.dataset["interactions"]',
    }
    applied.workspace.apply()
    applied.run()
    assert applied.fields() == ["USER_ID", "ITEM_ID", "TIMESTAMP", "DEVICE"]
    assert applied.workspace.output()["dataset_group_arn"] == group
