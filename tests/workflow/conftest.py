"""The real state machine, with what its example configuration names, on the local AWS."""

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from batchrec import execution
from batchrec.localaws.server import LocalAws

ARN = "arn:aws:personalize:us-east-1:123456789012"

# In the place of the Spark job: the same outputs, in a second. FAULT is replaced by a test's own.
SCRIPT = """
import argparse, pathlib, random, time
parser = argparse.ArgumentParser()
parser.add_argument("--transformed_prefix")
arguments, _ = parser.parse_known_args()
FAULT
transformed = pathlib.Path(arguments.transformed_prefix)
(transformed / "interactions").mkdir(parents=True)
(transformed / "batch_users_input").mkdir()
random.seed(1)
rows = [(u, i, 1_000_000_000 + u + i) for u in range(60) for i in random.sample(range(200), 30)]
lines = ["USER_ID,ITEM_ID,TIMESTAMP", *(f"{u},{i},{t}" for u, i, t in rows[:ROWS])]
(transformed / "interactions" / "part-0.csv").write_text("\\n".join(lines) + "\\n")
users = [f'{{"userId": "{u}"}}' for u in range(60)]
(transformed / "batch_users_input" / "users.json").write_text("\\n".join(users) + "\\n")
"""


@dataclass(frozen=True)
class Pipeline:
    """A state machine and how to run it."""

    aws: LocalAws
    name: str
    machine_arn: str

    @property
    def bucket(self) -> str:
        return f"{self.name}-123456789012-us-east-1"

    def set_script(self, fault: str = "", rows: int = 10_000) -> None:
        script = SCRIPT.replace("FAULT", fault).replace("ROWS", str(rows))
        self.aws.client("s3").put_object(
            Bucket=self.bucket, Key="glue_jobs/prepare.py", Body=script.encode()
        )

    def start(self, name: str | None = None) -> str:
        started = self.aws.client("stepfunctions").start_execution(
            stateMachineArn=self.machine_arn, name=name or f"run-{uuid.uuid4().hex[:8]}"
        )
        return str(started["executionArn"])

    def run(self, name: str | None = None) -> tuple[dict[str, Any], list[execution.Moment]]:
        moments: list[execution.Moment] = []
        ended = execution.follow(self.aws.client("stepfunctions"), self.start(name), moments.append)
        return ended, moments


@pytest.fixture(scope="session")
def asl(repository: Path) -> str:
    return (repository / "modules" / "workflow" / "pipeline.asl.json").read_text()


@pytest.fixture
def pipeline(local_aws: LocalAws, asl: str) -> Iterator[Pipeline]:
    """Under a name of its own, so that tests share the account without meeting."""
    name = f"pipe{uuid.uuid4().hex[:6]}"
    definition = asl.replace("movielens", name)
    personalize = local_aws.client("personalize")
    personalize.create_dataset_group(name=name)
    fields = [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
    ]
    schema = {"type": "record", "name": "Interactions", "fields": fields, "version": "1.0"}
    personalize.create_schema(name=name, schema=json.dumps(schema))
    group = f"{ARN}:dataset-group/{name}"
    wait_until_active(personalize.describe_dataset_group, "datasetGroup", datasetGroupArn=group)
    personalize.create_dataset(
        name=name,
        schemaArn=f"{ARN}:schema/{name}",
        datasetGroupArn=group,
        datasetType="Interactions",
    )
    dataset = f"{ARN}:dataset/{name}/INTERACTIONS"
    wait_until_active(personalize.describe_dataset, "dataset", datasetArn=dataset)
    machine = local_aws.client("stepfunctions").create_state_machine(
        name=name, definition=definition, roleArn=f"arn:aws:iam::123456789012:role/{name}"
    )
    made = Pipeline(local_aws, name, machine["stateMachineArn"])
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket=made.bucket)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "personalize.amazonaws.com"},
        "Action": ["s3:GetObject", "s3:ListBucket", "s3:PutObject"],
        "Resource": [f"arn:aws:s3:::{made.bucket}", f"arn:aws:s3:::{made.bucket}/*"],
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=made.bucket, Policy=json.dumps(policy))
    local_aws.client("glue").create_job(
        Name=f"{name}-prepare-training-data",
        Role=f"arn:aws:iam::123456789012:role/{name}",
        GlueVersion="5.0",
        Command={
            "Name": "glueetl",
            "ScriptLocation": f"s3://{made.bucket}/glue_jobs/prepare.py",
        },
    )
    made.set_script()
    yield made
    local_aws.client("stepfunctions").delete_state_machine(stateMachineArn=made.machine_arn)


def wait_until_active(describe: Any, member: str, **which: str) -> None:
    for _ in range(200):
        if describe(**which)[member]["status"] == "ACTIVE":
            return
        time.sleep(0.02)
    raise AssertionError(f"{which} never became ACTIVE")
