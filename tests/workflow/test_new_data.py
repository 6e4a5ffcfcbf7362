"""modules/schedule, applied to the local AWS: a marker among the raw data starts a run."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import configurations
import pytest

from batchrec import execution
from batchrec.terraform.workspace import Workspace

if TYPE_CHECKING:
    from deployed_pipeline import Pipeline

ACCOUNT = "123456789012"
DEADLINE_SECONDS = 60

pytestmark = pytest.mark.xdist_group("new-data")


@pytest.fixture
def workspace(pipeline: "Pipeline", repository: Path) -> Iterator[Workspace]:
    """The module beside the pipeline, whose bucket sends its events."""
    pipeline.deploy()
    pipeline.aws.client("s3").put_bucket_notification_configuration(
        Bucket=pipeline.bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    call = {
        "source": "../../modules/schedule",
        "name": pipeline.name,
        "location": {"partition": "aws", "region": "us-east-1", "account_id": ACCOUNT},
        "state_machine_arn": pipeline.machine_arn,
        "iam_roles": {"path": "/pipelines/"},
        "start_on_new_data": {"bucket_name": pipeline.bucket},
        "tags": {"team": "shop"},
    }
    with Workspace(repository, endpoint=pipeline.aws.endpoint) as made:
        configurations.put(made, {"module": {"schedule": call}})
        made.init()
        made.apply()
        yield made


def put(pipeline: "Pipeline", key: str) -> None:
    pipeline.aws.client("s3").put_object(Bucket=pipeline.bucket, Key=key, Body=b"")


def executions(pipeline: "Pipeline") -> list[str]:
    """Of the state machine, the newest first."""
    listed = pipeline.aws.client("stepfunctions").list_executions(
        stateMachineArn=pipeline.machine_arn
    )
    return [found["executionArn"] for found in listed["executions"]]


def ended(pipeline: "Pipeline", arn: str) -> dict[str, Any]:
    described = execution.follow(pipeline.aws.client("stepfunctions"), arn, lambda _: None)
    assert described["status"] == "SUCCEEDED", described
    return dict(json.loads(described["output"]))


@pytest.mark.timeout(300)
def test_a_marker_starts_a_run_unless_one_is_going_on(
    pipeline: "Pipeline", workspace: Workspace
) -> None:
    assert workspace.plan() is False  # applied, it is as it was planned

    for key in ("raw/interactions/part-0.csv", "raw/interactions/_SUCCESS", "curated/_READY"):
        put(pipeline, key)
    assert executions(pipeline) == []

    clock, calls = pipeline.aws.clock, pipeline.aws.calls
    clock.hold()
    put(pipeline, "raw/interactions/2030-01-31/_READY")
    (first,) = executions(pipeline)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not calls.of("glue", "StartJobRun", lambda request: pipeline.name in str(request)):
        assert time.monotonic() < deadline
        clock.advance(30)
    put(pipeline, "raw/_READY")
    (second,) = set(executions(pipeline)) - {first}
    clock.release()
    skipped = ended(pipeline, second)
    assert (skipped["status"], skipped["running"]) == ("SKIPPED", first)
    assert ended(pipeline, first)["status"] == "SUCCEEDED"
    assert pipeline.manifest is not None

    # The same marker again: new data again.
    put(pipeline, "raw/interactions/2030-01-31/_READY")
    (third,) = set(executions(pipeline)) - {first, second}
    assert ended(pipeline, third)["status"] == "SUCCEEDED"
    assert pipeline.manifest["run"] != skipped["run"]

    workspace.destroy()
    put(pipeline, "raw/interactions/2030-02-28/_READY")
    assert set(executions(pipeline)) == {first, second, third}
    assert left_behind(pipeline) == []


def left_behind(pipeline: "Pipeline") -> list[str]:
    """What still has the module's name."""
    client, name = pipeline.aws.client, pipeline.name
    rules = client("events").list_rules(NamePrefix=name)["Rules"]
    roles = client("iam").get_paginator("list_roles").paginate(PathPrefix="/pipelines/")
    queues = client("sqs").list_queues(QueueNamePrefix=f"{name}-").get("QueueUrls", [])
    schedules = client("scheduler").list_schedules(NamePrefix=name)["Schedules"]
    found = [*(rule["Name"] for rule in rules), *(timer["Name"] for timer in schedules), *queues]
    return found + [
        role["RoleName"]
        for page in roles
        for role in page["Roles"]
        if role["RoleName"].startswith(name)
    ]
