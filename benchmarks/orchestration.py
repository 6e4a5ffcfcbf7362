"""Compare orchestrations of the same jobs: time, idle time, state transitions, history events.

    python benchmarks/orchestration.py [--scale 0.1 --scale 1 --scale 10]

The jobs take what the public walk-through reports (import 8 minutes, training 20, inference 30),
times each scale, on the local AWS in virtual time: the figures don't depend on the machine. The
workflow of this module runs twice: the second run knows how long the jobs took in the first one.
The peers are described in orchestration_peers/.
"""

import argparse
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orchestration_measure as measure

from batchrec import execution
from batchrec.localaws.runtime import Durations
from batchrec.localaws.server import LocalAws

HERE = Path(__file__).parent
WORKFLOW = HERE.parent / "modules" / "workflow" / "pipeline.asl.json"
IMPORT, TRAINING, INFERENCE = 480, 1200, 1800  # seconds
ACCOUNT, REGION = "123456789012", "us-east-1"
PERSONALIZE_ROLE = f"arn:aws:iam::{ACCOUNT}:role/personalize"  # as the peers have it
ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"  # isn't there, so nothing is asked of it
ARN = f"arn:aws:personalize:{REGION}:{ACCOUNT}"
RECIPE = "aws-popularity-count"  # quick to train; how long it takes is modelled
DAY = 86_400

# What the Glue jobs leave, without Spark: other data in each run, so that each trains.
PREPARE = """
import argparse, json, pathlib, uuid
parser = argparse.ArgumentParser()
parser.add_argument("--transformed_prefix", default="")
arguments, _ = parser.parse_known_args()
if arguments.transformed_prefix:
    transformed = pathlib.Path(arguments.transformed_prefix)
    for name in ("interactions", "batch_users_input"):
        (transformed / name).mkdir(parents=True)
    rows = [f"{n % 40},{n % 37},{1_600_000_000 + n}" for n in range(1200)]
    content = "\\n".join(["USER_ID,ITEM_ID,TIMESTAMP", *rows]) + "\\n"
    (transformed / "interactions" / "a.csv").write_text(content)
    (transformed / "batch_users_input" / "users.json").write_text('{"userId": "1"}\\n')
    (transformed / "report.json").write_text(json.dumps({"fingerprint": uuid.uuid4().hex}))
"""
PUBLISH = """
import argparse, json, pathlib
parser = argparse.ArgumentParser()
for name in ("run", "solutions", "results_prefix", "manifest"):
    parser.add_argument(f"--{name}")
arguments, _ = parser.parse_known_args()
recommended = json.loads(arguments.solutions)["recommended"]
entries = {each["solution"]: each["manifest"] for each in recommended}
publication = {"published": dict.fromkeys(entries), "refused": {}}
results = pathlib.Path(arguments.results_prefix)
(results / "publication.json").write_text(json.dumps(publication))
manifest = {"run": arguments.run, "solutions": entries}
pathlib.Path(arguments.manifest).write_text(json.dumps(manifest))
"""


@dataclass(frozen=True)
class Row:
    """One orchestration at one scale."""

    scale: float
    name: str
    outcome: str
    cost: measure.Cost
    jobs_seconds: float  # import, training and inference, one after another

    @property
    def waits(self) -> list[float]:
        """Idle seconds after import, training and inference, the jobs that take long."""
        return [each.seconds for each in self.cost.idle if not _is_solution(each.job)]

    def line(self) -> str:
        """Return the row as Markdown."""
        cells = [
            f"x{self.scale:g}",
            self.name,
            self.outcome,
            f"{self.cost.virtual_seconds / 60:.1f} min",
            f"{sum(self.waits):.0f} s ({sum(self.waits) / self.jobs_seconds:.1%})",
            f"{max(self.waits, default=0):.0f} s",
            str(self.cost.transitions),
            str(self.cost.largest_history),
        ]
        return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, action="append", help="of the jobs' durations")
    scales = parser.parse_args().scale or [0.1, 1, 10]
    print("| scale | orchestration | outcome | time | idle | longest | transitions | events |")  # noqa: T201
    print("|---" * 8 + "|")  # noqa: T201
    for scale in scales:
        for row in rows(scale):
            print(row.line(), flush=True)  # noqa: T201


def rows(scale: float) -> Iterator[Row]:
    """Run everything at one scale."""
    durations = Durations(
        dataset_import_job=IMPORT * scale,
        solution_version=TRAINING * scale,
        batch_inference_job=INFERENCE * scale,
    )
    for peer in ("walk_through", "polling_by_retry"):
        with account(durations) as (aws, name):
            definition = (HERE / "orchestration_peers" / f"{peer}.asl.json").read_text()
            yield run(aws, peer.replace("_", " "), definition, peer_input(name), scale)
    with account(durations) as (aws, name):
        for title in ("this workflow, first run", "this workflow, later runs"):
            yield run(aws, title, workflow(name), {}, scale)


@contextmanager
def account(durations: Durations) -> Iterator[tuple[LocalAws, str]]:
    """Yield a local AWS with a dataset that holds the data of an earlier run, and its name."""
    name = "bench"
    with LocalAws(durations=durations) as aws:
        personalize = aws.client("personalize")
        let_personalize_in(aws, bucket(name))
        for job, script in (
            ("prepare-training-data", PREPARE),
            ("publish-recommendations", PUBLISH),
        ):
            put(aws, f"{job}.py", script)
            location = f"s3://{bucket(name)}/{job}.py"
            aws.client("glue").create_job(
                Name=f"{name}-{job}",
                Role=ROLE,
                GlueVersion="5.0",
                Command={"Name": "glueetl", "ScriptLocation": location},
            )
        aws.client("sns").create_topic(Name=name)
        data = [f"{n % 40},{n % 37},{1_600_000_000 + n}" for n in range(1200)]
        put(aws, "data/a.csv", "\n".join(["USER_ID,ITEM_ID,TIMESTAMP", *data]) + "\n")
        put(aws, "in/users.json", '{"userId": "1"}\n')
        fields = [{"name": n, "type": "string"} for n in ("USER_ID", "ITEM_ID")]
        fields.append({"name": "TIMESTAMP", "type": "long"})
        avro = {"type": "record", "name": "Interactions", "fields": fields, "version": "1.0"}
        personalize.create_dataset_group(name=name)
        personalize.create_schema(name=name, schema=json.dumps(avro))
        aws.clock.advance(600)
        personalize.create_dataset(
            name=name,
            schemaArn=f"{ARN}:schema/{name}",
            datasetGroupArn=f"{ARN}:dataset-group/{name}",
            datasetType="Interactions",
        )
        aws.clock.advance(600)
        personalize.create_dataset_import_job(
            jobName="earlier",
            datasetArn=f"{ARN}:dataset/{name}/INTERACTIONS",
            dataSource={"dataLocation": f"s3://{bucket(name)}/data/"},
            roleArn=PERSONALIZE_ROLE,
        )
        aws.clock.advance(DAY)
        yield aws, name


def let_personalize_in(aws: LocalAws, bucket: str) -> None:
    """Create a bucket, and the roles of peers and workflow, with which Personalize can use it."""
    service = {"Principal": {"Service": "personalize.amazonaws.com"}}
    use = {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:ListBucket", "s3:PutObject"],
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole"} | service

    def policy(statement: dict[str, Any]) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    s3, iam = aws.client("s3"), aws.client("iam")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(use | service))
    for role in ("personalize", f"bench-{REGION}-personalize"):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=policy(trust))
        iam.put_role_policy(RoleName=role, PolicyName="s3", PolicyDocument=policy(use))


def run(aws: LocalAws, title: str, definition: str, given: dict[str, Any], scale: float) -> Row:
    """Run a definition once and measure it."""
    stepfunctions, personalize = aws.client("stepfunctions"), aws.client("personalize")
    machine = f"m-{uuid.uuid4().hex[:8]}"
    arn = stepfunctions.create_state_machine(name=machine, definition=definition, roleArn=ROLE)
    started = stepfunctions.start_execution(
        stateMachineArn=arn["stateMachineArn"], name=machine, input=json.dumps(given)
    )
    ended = execution.follow(stepfunctions, started["executionArn"], lambda _: None)
    execution.require_success(stepfunctions, ended)
    stopped = ended["stopDate"]
    aws.clock.advance(DAY)  # what the execution left running comes to its end
    cost = measure.measure(stepfunctions, personalize, started["executionArn"])
    jobs = (IMPORT + TRAINING + INFERENCE) * scale
    return Row(scale, title, outcome(personalize, ended["startDate"], stopped), cost, jobs)


def outcome(personalize: Any, started: Any, stopped: Any) -> str:
    """Say whether each job was over when the next one, or the end, came."""

    def of_run(jobs: list[dict[str, Any]]) -> dict[str, Any]:
        (job,) = [job for job in jobs if job["creationDateTime"] >= started]
        return job

    imported = of_run(personalize.list_dataset_import_jobs()["datasetImportJobs"])
    version = of_run(personalize.list_solution_versions()["solutionVersions"])
    inference = of_run(personalize.list_batch_inference_jobs()["batchInferenceJobs"])
    wrong = []
    if version["creationDateTime"] < imported["lastUpdatedDateTime"]:
        wrong.append("trained before its import was over")
    if stopped < inference["lastUpdatedDateTime"]:
        wrong.append("ended before its inference")
    return ", ".join(wrong) or "complete"


def workflow(name: str) -> str:
    """Return the module's definition, configured for the account."""
    machine = json.loads(WORKFLOW.read_text())
    configuration = machine["States"]["Configure"]["Assign"]["configuration"]
    text = json.dumps(configuration).replace("movielens", name)
    configured = json.loads(text)
    (solution,) = configured["solutions"]
    solution |= {"recipe": RECIPE, "recipe_arn": f"arn:aws:personalize:::recipe/{RECIPE}"}
    machine["States"]["Configure"]["Assign"]["configuration"] = configured
    return json.dumps(machine)


def peer_input(name: str) -> dict[str, Any]:
    """Return what the peers are started with."""
    return {
        "run": f"peer-{uuid.uuid4().hex[:8]}",
        "glue_job": f"{name}-prepare-training-data",
        "glue_arguments": {},
        "dataset_arn": f"{ARN}:dataset/{name}/INTERACTIONS",
        "import_from": f"s3://{bucket(name)}/data/",
        "role_arn": PERSONALIZE_ROLE,
        "dataset_group_arn": f"{ARN}:dataset-group/{name}",
        "recipe_arn": f"arn:aws:personalize:::recipe/{RECIPE}",
        "batch_input": f"s3://{bucket(name)}/in/",
        "batch_output": f"s3://{bucket(name)}/out/",
    }


def bucket(name: str) -> str:
    """Return the name of the bucket."""
    return f"{name}-{ACCOUNT}-{REGION}"


def put(aws: LocalAws, key: str, text: str) -> None:
    """Upload a small file."""
    aws.client("s3").put_object(Bucket=bucket("bench"), Key=key, Body=text.encode())


def _is_solution(arn: str) -> bool:
    return ":solution/" in arn and arn.count("/") == 1


if __name__ == "__main__":
    main()
