"""The orchestrations that the benchmark compares, and what it measures of them."""

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from batchrec.localaws.faults import JobFault
from batchrec.localaws.runtime import Durations
from batchrec.localaws.server import LocalAws

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import orchestration_measure as measure  # noqa: E402

pytestmark = pytest.mark.timeout(120)

ROLE = "arn:aws:iam::123456789012:role/any"


@pytest.fixture
def given(local_aws: LocalAws, personalize_role: Callable[[str], str]) -> dict[str, Any]:
    """The peers' input, with everything in the account that it names."""
    name = f"peers-{uuid.uuid4().hex[:12]}"
    personalize, clock = local_aws.client("personalize"), local_aws.clock
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket=name)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "personalize.amazonaws.com"},
        "Action": ["s3:GetObject", "s3:ListBucket", "s3:PutObject"],
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    rows = [f"{n % 40},{n % 37},{1_600_000_000 + n}" for n in range(1200)]
    content = "\n".join(["USER_ID,ITEM_ID,TIMESTAMP", *rows])
    s3.put_object(Bucket=name, Key="data/a.csv", Body=content.encode())
    s3.put_object(Bucket=name, Key="in/users.json", Body=b'{"userId": "1"}\n')
    fields = [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
    ]
    avro = {"type": "record", "name": "Interactions", "fields": fields, "version": "1.0"}
    group = personalize.create_dataset_group(name=name)["datasetGroupArn"]
    schema = personalize.create_schema(name=name, schema=json.dumps(avro))["schemaArn"]
    clock.sleep(600)
    dataset = personalize.create_dataset(
        name=name, schemaArn=schema, datasetGroupArn=group, datasetType="Interactions"
    )["datasetArn"]
    clock.sleep(600)
    s3.put_object(Bucket=name, Key="script.py", Body=b"print(1)")
    local_aws.client("glue").create_job(
        Name=name,
        Role=ROLE,
        GlueVersion="5.0",
        Command={"Name": "glueetl", "ScriptLocation": f"s3://{name}/script.py"},
    )
    return {
        "run": name,
        "glue_job": name,
        "glue_arguments": {"--any": "thing"},
        "dataset_arn": dataset,
        "import_from": f"s3://{name}/data/",
        "role_arn": personalize_role("personalize"),
        "dataset_group_arn": group,
        "recipe_arn": "arn:aws:personalize:::recipe/aws-user-personalization",
        "batch_input": f"s3://{name}/in/",
        "batch_output": f"s3://{name}/out/",
    }


def run(aws: LocalAws, peer: str, given: dict[str, Any]) -> dict[str, Any]:
    api = aws.client("stepfunctions")
    machine = api.create_state_machine(
        name=given["run"],
        definition=(BENCHMARKS / "orchestration_peers" / f"{peer}.asl.json").read_text(),
        roleArn=ROLE,
    )["stateMachineArn"]
    arn = api.start_execution(stateMachineArn=machine, input=json.dumps(given))["executionArn"]
    deadline = time.monotonic() + 60
    while True:
        described = api.describe_execution(executionArn=arn)
        if described["status"] != "RUNNING":
            return dict(described)
        assert time.monotonic() < deadline
        time.sleep(0.02)


def cost(aws: LocalAws, described: dict[str, Any]) -> measure.Cost:
    assert described["status"] == "SUCCEEDED", described.get("cause")
    aws.clock.sleep(24 * 3600)
    return measure.measure(
        aws.client("stepfunctions"),
        aws.client("personalize"),
        described["executionArn"],
    )


def by_kind(found: measure.Cost) -> dict[str, tuple[str, int]]:
    """State and idle seconds by the kind of the job waited for."""
    kinds = {}
    for each in found.idle:
        tail = each.job.split(":")[5].split("/")
        kinds["version" if len(tail) == 3 else tail[0]] = (each.next_state, round(each.seconds))
    return kinds


def test_the_walk_through_tries_every_300_seconds(
    local_aws: LocalAws, given: dict[str, Any]
) -> None:
    """By hand: Glue 120 s; solution ready 15 s after its creation, training takes 1,500 s.

    The version is created at the second try, 300 s later; the fifth try after that asks for it in
    the instant in which it is ready.
    """
    described = run(local_aws, "walk_through", given)
    found = cost(local_aws, described)
    assert Durations().solution == 15
    assert Durations().solution_version == 1500
    assert found.virtual_seconds == pytest.approx(120 + 300 + 5 * 300, abs=0.01)
    idle = by_kind(found)
    assert idle["solution"] == ("CreateSolutionVersion", 285)
    assert idle["version"] == ("CreateBatchInferenceJob", 0)
    # The batch job was still running when the execution ended.
    assert "batch-inference-job" not in idle
    # Five tasks, and two transitions for each further try.
    assert found.transitions == 5 + 2 * (1 + 5)
    assert found.largest_history == found.all_events


def test_a_poll_that_is_retried_is_a_transition(local_aws: LocalAws, given: dict[str, Any]) -> None:
    """By hand: polls at 60 s * (1 + 1.02 + 1.02² + …) seconds until a job is ready."""
    described = run(local_aws, "polling_by_retry", given)
    found = cost(local_aws, described)
    durations = Durations()
    ready = {
        "dataset-import-job": durations.dataset_import_job,
        "solution": durations.solution,
        "version": durations.solution_version,
        "batch-inference-job": durations.batch_inference_job,
    }
    polls, expected = 0, {}
    for kind, seconds in ready.items():
        at = interval = 0.0
        polls += 1
        while at < seconds:
            interval = interval * 1.02 or 60
            at += interval
            polls += 1
        expected[kind] = at - seconds
    idle = by_kind(found)
    assert idle.keys() == expected.keys()
    for kind, seconds in expected.items():
        assert abs(idle[kind][1] - seconds) <= 3, (kind, idle, expected)
    assert idle["dataset-import-job"][0] == "CreateSolution"
    assert idle["batch-inference-job"][0] == ""
    assert found.transitions == 5 + polls


@pytest.fixture
def failing_import(local_aws: LocalAws, given: dict[str, Any]) -> Iterator[None]:
    fault = JobFault("DatasetImportJob", match=lambda job: job["jobName"] == given["run"])
    local_aws.faults.add(fault)
    yield
    local_aws.faults.remove(fault)


def test_polling_by_retry_takes_its_time_over_a_failure(
    local_aws: LocalAws, given: dict[str, Any], failing_import: None
) -> None:
    """By hand: the sum of 60 s * 1.02ⁿ for a hundred retries, more than five hours."""
    described = run(local_aws, "polling_by_retry", given)
    assert (described["status"], described["error"]) == ("FAILED", "States.QueryEvaluationError")
    waited = (described["stopDate"] - described["startDate"]).total_seconds()
    assert waited > 60 * (1.02**100 - 1) / 0.02


def test_the_documentation_has_what_the_benchmark_prints() -> None:
    def rows(text: str) -> list[str]:
        return [line for line in text.splitlines() if line.startswith("| x0.1 |")]

    command = [sys.executable, str(BENCHMARKS / "orchestration.py"), "--scale", "0.1"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    documented = rows((BENCHMARKS.parent / "docs" / "workflow.md").read_text())
    assert len(documented) == 4
    assert rows(printed) == documented
