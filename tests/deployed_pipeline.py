"""The real state machine, with what its example configuration names, on the local AWS."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from batchrec import execution
from batchrec.localaws.server import LocalAws

ARN = "arn:aws:personalize:us-east-1:123456789012"

# In the place of the Spark jobs: the same outputs, in a second. FAULT is replaced by a test's own.
PREPARE = """
import argparse, hashlib, json, pathlib, random, time
parser = argparse.ArgumentParser()
parser.add_argument("--transformed_prefix")
arguments, _ = parser.parse_known_args()
FAULT
transformed = pathlib.Path(arguments.transformed_prefix)
(transformed / "interactions").mkdir(parents=True)
for key in ("users", "items"):
    (transformed / f"batch_{key}_input").mkdir()
random.seed(1)
rows = [(u, i, 1_000_000_000 + u + i) for u in range(60) for i in random.sample(range(200), 30)]
lines = ["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE"]
lines += [f"{u},{i},{t},view" for u, i, t in rows[:ROWS]]
text = "\\n".join(lines) + "\\n"
(transformed / "interactions" / "part-0.csv").write_text(text)
users = [f'{{"userId": "{u}"}}' for u in range(60)]
(transformed / "batch_users_input" / "users.json").write_text("\\n".join(users) + "\\n")
items = [f'{{"itemId": "{i}"}}' for i in range(20)]
(transformed / "batch_items_input" / "items.json").write_text("\\n".join(items) + "\\n")
report = {"fingerprint": hashlib.sha256(text.encode()).hexdigest()}
(transformed / "report.json").write_text(json.dumps(report))
"""

PUBLISH = """
import argparse, json, pathlib
parser = argparse.ArgumentParser()
for name in ("run", "solutions", "transformed_prefix", "results_prefix", "manifest"):
    parser.add_argument(f"--{name}", required=True)
arguments, _ = parser.parse_known_args()
FAULT
results, refused = pathlib.Path(arguments.results_prefix), {}
manifest = pathlib.Path(arguments.manifest)
solutions = json.loads(arguments.solutions)
earlier = json.loads(manifest.read_text())["solutions"] if manifest.exists() else {}
entries = {key: earlier[key] for key in solutions["configured"] if key in earlier}
for each in solutions["recommended"]:
    if list((results / each["solution"]).glob("*.out")):
        entries[each["solution"]] = each["manifest"] | {"run": arguments.run}
    else:
        refused[each["solution"]] = "no .out file"
published = [key for key, entry in entries.items() if entry["run"] == arguments.run]
publication = {"published": dict.fromkeys(published), "refused": refused}
(results / "publication.json").write_text(json.dumps(publication))
if published:
    manifest.write_text(json.dumps({"run": arguments.run, "solutions": entries}))
"""


@dataclass
class Pipeline:
    """A state machine and how to run it; it is there once it is started."""

    aws: LocalAws
    name: str
    definition: dict[str, Any]
    deployed: str | None = None

    @property
    def machine_arn(self) -> str:
        return f"arn:aws:states:us-east-1:123456789012:stateMachine:{self.name}"

    @property
    def bucket(self) -> str:
        return f"{self.name}-123456789012-us-east-1"

    @property
    def topic_arn(self) -> str:
        return f"arn:aws:sns:us-east-1:123456789012:{self.name}"

    def set_script(self, fault: str = "", rows: int = 10_000, publish_fault: str = "") -> None:
        scripts = {
            "prepare": PREPARE.replace("FAULT", fault).replace("ROWS", str(rows)),
            "publish": PUBLISH.replace("FAULT", publish_fault),
        }
        for name, script in scripts.items():
            self.aws.client("s3").put_object(
                Bucket=self.bucket, Key=f"glue_jobs/{name}.py", Body=script.encode()
            )

    @property
    def manifest(self) -> dict[str, Any] | None:
        """What consumers see."""
        s3 = self.aws.client("s3")
        try:
            found = s3.get_object(Bucket=self.bucket, Key="curated/latest.json")
        except s3.exceptions.NoSuchKey:
            return None
        return dict(json.loads(found["Body"].read()))

    def put_manifest(self, manifest: dict[str, Any]) -> None:
        """As if a run had published it."""
        self.aws.client("s3").put_object(
            Bucket=self.bucket, Key="curated/latest.json", Body=json.dumps(manifest).encode()
        )

    def notifications(self) -> list[str]:
        """The messages that the topic's subscriber has got since the last look."""
        sqs = self.aws.client("sqs")
        url = sqs.get_queue_url(QueueName=self.name)["QueueUrl"]
        found = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                told = json.loads(message["Body"])
                found.append(f"{told.get('Subject')}\n{told['Message']}")
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def listed(self, operation: str, member: str, **which: str) -> list[dict[str, Any]]:
        """All pages of a list of Personalize: the account is shared with other tests."""
        pages = self.aws.client("personalize").get_paginator(operation).paginate(**which)
        return [each for page in pages for each in page[member]]

    def solution(self, key: str, **members: Any) -> dict[str, Any]:
        """A solution as Terraform would configure it, by default like that of the example."""
        (example, *_) = self.configuration["solutions"]
        recipe = members.get("recipe", example["recipe"])
        name = f"{self.name}-{key}-0a1b2c"
        return (
            example
            | {"key": key, "name": name, "arn": f"{ARN}:solution/{name}", "recipe": recipe}
            | {"recipe_arn": f"arn:aws:personalize:::recipe/{recipe}"}
            | members
        )

    @property
    def configuration(self) -> dict[str, Any]:
        """What Terraform writes into the definition; the next start takes it."""
        configuration: dict[str, Any] = self.definition["States"]["Configure"]["Assign"][
            "configuration"
        ]
        return configuration

    def solve(self, *solutions: dict[str, Any]) -> None:
        """Configure these solutions."""
        self.configuration["solutions"] = list(solutions)

    def deploy(self) -> None:
        stepfunctions = self.aws.client("stepfunctions")
        wanted = {
            "definition": json.dumps(self.definition),
            "roleArn": f"arn:aws:iam::123456789012:role/{self.name}",
        }
        if self.deployed is None:
            stepfunctions.create_state_machine(name=self.name, **wanted)
        elif self.deployed != wanted["definition"]:
            stepfunctions.update_state_machine(stateMachineArn=self.machine_arn, **wanted)
        self.deployed = wanted["definition"]

    def start(self, name: str | None = None, **given: Any) -> str:
        self.deploy()
        started = self.aws.client("stepfunctions").start_execution(
            stateMachineArn=self.machine_arn,
            name=name or f"run-{uuid.uuid4().hex[:8]}",
            input=json.dumps(given),
        )
        return str(started["executionArn"])

    def start_until(self, operation: str, name: str) -> str:
        """Start a run, and stop time once it has called an operation of Personalize."""
        clock, calls = self.aws.clock, self.aws.calls
        clock.hold()
        arn = self.start(name)
        for _ in range(200):
            clock.advance(30)
            if calls.of("personalize", operation, lambda request: self.name in json.dumps(request)):
                return arn
        raise AssertionError(f"the run never called {operation}")

    def run(
        self, name: str | None = None, **given: Any
    ) -> tuple[dict[str, Any], list[execution.Moment]]:
        """Start a run, let time pass, and follow it to its end."""
        moments: list[execution.Moment] = []
        arn = self.start(name, **given)
        self.aws.clock.release()
        return execution.follow(self.aws.client("stepfunctions"), arn, moments.append), moments

    def stop(self) -> None:
        """Let time pass, and stop what runs."""
        self.aws.clock.release()
        if self.deployed is None:
            return
        stepfunctions = self.aws.client("stepfunctions")
        running = stepfunctions.get_paginator("list_executions").paginate(
            stateMachineArn=self.machine_arn, statusFilter="RUNNING"
        )
        for each in [each for page in running for each in page["executions"]]:
            stepfunctions.stop_execution(executionArn=each["executionArn"])


@pytest.fixture(scope="session")
def asl(repository: Path) -> str:
    return (repository / "modules" / "workflow" / "pipeline.asl.json").read_text()


@pytest.fixture
def pipeline(
    local_aws: LocalAws, asl: str, personalize_role: Callable[[str], str]
) -> Iterator[Pipeline]:
    with deployed(local_aws, asl, personalize_role) as made:
        yield made


@contextmanager
def deployed(
    local_aws: LocalAws, asl: str, personalize_role: Callable[[str], str]
) -> Iterator[Pipeline]:
    """Under a name of its own, so that tests share the account without meeting."""
    yield from made(local_aws, asl, personalize_role)


def made(
    local_aws: LocalAws, asl: str, personalize_role: Callable[[str], str]
) -> Iterator[Pipeline]:
    """Make a pipeline for as long as it is wanted."""
    name = f"pipe{uuid.uuid4().hex[:6]}"
    personalize = local_aws.client("personalize")
    personalize.create_dataset_group(name=name)
    fields = [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
        {"name": "EVENT_TYPE", "type": "string"},
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
    pipeline = Pipeline(local_aws, name, json.loads(asl.replace("movielens", name)))
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket=pipeline.bucket)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "personalize.amazonaws.com"},
        "Action": ["s3:GetObject", "s3:ListBucket", "s3:PutObject"],
        "Resource": [f"arn:aws:s3:::{pipeline.bucket}", f"arn:aws:s3:::{pipeline.bucket}/*"],
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=pipeline.bucket, Policy=json.dumps(policy))
    personalize_role(f"{name}-us-east-1-personalize")
    for script, job in (
        ("prepare", "prepare-training-data"),
        ("publish", "publish-recommendations"),
    ):
        local_aws.client("glue").create_job(
            Name=f"{name}-{job}",
            Role=f"arn:aws:iam::123456789012:role/{name}",
            GlueVersion="5.0",
            Command={
                "Name": "glueetl",
                "ScriptLocation": f"s3://{pipeline.bucket}/glue_jobs/{script}.py",
            },
        )
    local_aws.client("sns").create_topic(Name=name)
    local_aws.client("sqs").create_queue(QueueName=name)
    local_aws.client("sns").subscribe(
        TopicArn=pipeline.topic_arn,
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:us-east-1:123456789012:{name}",
    )
    pipeline.set_script()
    yield pipeline
    pipeline.stop()  # a run that went on would meet the next test's faults
    local_aws.client("stepfunctions").delete_state_machine(stateMachineArn=pipeline.machine_arn)


def wait_until_active(describe: Any, member: str, **which: str) -> None:
    for _ in range(200):
        if describe(**which)[member]["status"] == "ACTIVE":
            return
        time.sleep(0.02)
    raise AssertionError(f"{which} never became ACTIVE")
