"""What a run used on AWS itself, of answers that the local AWS doesn't give."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batchrec import runs
from batchrec.cost import quantities
from batchrec.cost.usage import Usage, Use, Workers
from batchrec.errors import BatchrecError
from batchrec.pipeline import Pipeline
from batchrec.runs import Job, Run, Visit

START = datetime(2026, 1, 11, 3, tzinfo=UTC)
CONFIGURATION = {
    "bucket": "shop",
    "prefix": "",
    "prepare_job_name": "shop-prepare",
    "publish_job_name": "shop-publish",
    "solutions": [],
}


def refused(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "AccessDenied", "Message": "No."}}, operation)


class S3:
    def get_paginator(self, operation: str) -> Any:
        return SimpleNamespace(
            paginate=lambda **_: [
                {"Contents": [{"Key": "a", "Size": 2 * 10**9, "ETag": '"1"'}]},
                {},
            ]
        )


def pipeline(job_run: dict[str, Any] | None, s3: Any = None) -> Pipeline:
    def get_job_run(**_: str) -> dict[str, Any]:
        if job_run is None:
            raise refused("GetJobRun")
        return {"JobRun": job_run}

    clients = {
        "glue": SimpleNamespace(get_job_run=get_job_run),
        "s3": s3 or S3(),
        "stepfunctions": SimpleNamespace(
            meta=SimpleNamespace(endpoint_url="https://states.eu-west-1.amazonaws.com")
        ),
    }
    definition = {"States": {"Configure": {"Assign": {"configuration": CONFIGURATION}}}}
    return Pipeline("arn:aws:states:eu-west-1:1:stateMachine:shop", definition, clients.__getitem__)


def job(kind: str, started: timedelta, **described: Any) -> Job:
    at = START + started
    return Job(kind, None, "jr_1", "SUCCEEDED", at, at, False, None, None, described)


def run(*jobs: Job, visits: tuple[Visit, ...] = ()) -> Run:
    moment = START + timedelta(hours=1)
    return Run(
        "weekly", "arn", "run", "SUCCEEDED", START, moment, moment, (), visits, jobs, {}, 100
    )


def used(pipeline: Pipeline, run: Run) -> tuple[Usage, dict[str, Use]]:
    usage = quantities.used(pipeline, run, None, None)
    return usage, {use.price_id: use for use in usage.uses}


def test_flex_tells_its_dpu_seconds() -> None:
    told = {"DPUSeconds": 5400.0, "ExecutionTime": 3600, "ExecutionClass": "FLEX"}
    told |= {"WorkerType": "G.1X", "NumberOfWorkers": 10}
    usage, uses = used(pipeline(told), run(job("prepare", timedelta(minutes=1))))
    assert uses["glue.flex"].quantity == 1.5
    assert uses["glue.flex"].basis.startswith("measured: DPUSeconds")
    assert not any("earlier execution" in note for note in usage.notes)


def test_at_least_a_minute_is_billed() -> None:
    told = {"ExecutionTime": 12, "WorkerType": "G.1X", "NumberOfWorkers": 2}
    _, uses = used(pipeline(told), run(job("publish", timedelta(minutes=1))))
    assert uses["glue.standard"].quantity == pytest.approx(2 / 60)


def test_a_job_run_that_glue_does_not_tell_is_as_the_history_told() -> None:
    told = {"ExecutionTime": 1800, "WorkerType": "R.2X", "NumberOfWorkers": 4}
    _, uses = used(pipeline(None), run(job("prepare", timedelta(minutes=1), **told)))
    assert uses["glue.memory"].quantity == 4.0  # M-DPU-hours


def test_jobs_that_an_earlier_execution_started_are_its_own() -> None:
    told = {"ExecutionTime": 1800, "WorkerType": "G.1X", "NumberOfWorkers": 2}
    usage, uses = used(pipeline(told), run(job("prepare", timedelta(minutes=-5))))
    assert "glue.standard" not in uses
    told = "Jobs that an earlier execution started are in its bill, not in this one: 1."
    assert told in usage.notes


def test_jobs_that_a_stopped_run_leaves_under_way_are_told() -> None:
    going_on = replace(job("training", timedelta(minutes=5)), ended=None, subject="for-you")
    usage, _ = used(pipeline({}), run(going_on))
    assert any(
        "Still under way when the run ended" in note and "training of for-you" in note
        for note in usage.notes
    )


def test_files_are_billed_again_each_month() -> None:
    usage, _ = used(pipeline({}), run())
    assert any("Each further month bills the files of all earlier runs" in n for n in usage.notes)


def test_at_least_a_minute_of_the_workers_that_scaled() -> None:
    told = {"DPUSeconds": 100.0, "ExecutionTime": 20, "ExecutionClass": "FLEX"}  # of 5 DPUs
    told |= {"WorkerType": "G.1X", "NumberOfWorkers": 10}
    _, uses = used(pipeline(told), run(job("prepare", timedelta(minutes=1))))
    assert uses["glue.flex"].quantity == pytest.approx(5 / 60)


def test_states_and_children_are_measured() -> None:
    visits = tuple(
        Visit("Pass", "Pass", START, START, within)
        for within in ((), ("ImportDatasets", "items"), ("ImportDatasets", "users"))
    )
    _, uses = used(pipeline({}), run(visits=visits))
    assert uses["stepfunctions.transitions"].quantity == 0.102
    assert uses["stepfunctions.transitions"].basis.startswith("measured")


def test_the_configuration_is_that_of_the_run() -> None:
    """Step Functions API Reference, DescribeStateMachineForExecution."""
    earlier = {"States": {"Configure": {"Assign": {"configuration": {"bucket": "old"}}}}}
    answer = {"definition": json.dumps(earlier)}
    stepfunctions = SimpleNamespace(describe_state_machine_for_execution=lambda **_: answer)
    now = replace(pipeline({}), client=lambda _: stepfunctions)
    assert runs.as_it_was(now, run()).bucket == "old"


def test_every_page_of_a_listing() -> None:
    _, uses = used(pipeline({}), run())
    assert uses["s3.storage"].quantity == 6e9 / 2**30  # transformed/, quarantine/ and curated/


def test_a_bucket_that_may_not_be_listed() -> None:
    def paginate(**_: str) -> Any:
        raise refused("ListObjectsV2")

    closed = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=paginate))
    with pytest.raises(BatchrecError, match=r"s3://shop/transformed/weekly/ can't be listed"):
        used(pipeline({}, closed), run())


@pytest.mark.parametrize(
    ("workers", "dpus", "price"),
    [
        (Workers("G.1X", 2, is_flex=False), 2, "glue.standard"),
        (Workers("G.16X", 3, is_flex=False), 48, "glue.standard"),
        (Workers("G.025X", 4, is_flex=False), 1, "glue.standard"),
        (Workers("R.8X", 2, is_flex=False), 16, "glue.memory"),
        (Workers("G.2X", 5, is_flex=True), 10, "glue.flex"),
        (Workers(None, None, is_flex=False, maximum_capacity=6.0), 6, "glue.standard"),
        (Workers(None, None, is_flex=False), 10, "glue.standard"),
    ],
)
def test_workers_in_dpus(workers: Workers, dpus: float, price: str) -> None:
    """Glue API Reference, JobRun: WorkerType and MaxCapacity."""
    assert (workers.dpus, workers.price_id) == (dpus, price)
