"""The real state machine runs: success, failures that reach the caller, retries that adopt."""

import json
import time
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from batchrec import execution
from batchrec.errors import BatchrecError

if TYPE_CHECKING:
    from conftest import Pipeline


def test_a_run_prepares_imports_trains_and_recommends(pipeline: "Pipeline") -> None:
    ended, moments = pipeline.run("nightly-2026-11-24")
    assert ended["status"] == "SUCCEEDED", ended
    assert [moment.state for moment in moments] == [
        "PrepareTrainingData",
        "ImportDatasets",
        "CreateDatasetImportJob",
        "RecommendWithSolutions",
        "CreateSolution",
        "CreateSolutionVersion",
        "GetSolutionMetrics",
        "CreateBatchInferenceJob",
    ]
    output = json.loads(ended["output"])
    assert output["run"] == "nightly-2026-11-24"
    (solution,) = output["solutions"]
    assert solution["metrics"].keys() >= {"coverage", "precision_at_25"}
    prefix = "curated/nightly-2026-11-24/user-personalization/"
    assert solution["output"] == f"s3://{pipeline.bucket}/{prefix}"
    s3 = pipeline.aws.client("s3")
    listed = s3.list_objects_v2(Bucket=pipeline.bucket, Prefix=prefix)["Contents"]
    assert {found["Key"] for found in listed} == {f"{prefix}users.json.out", f"{prefix}_CHECK"}
    answers = s3.get_object(Bucket=pipeline.bucket, Key=f"{prefix}users.json.out")["Body"].read()
    lines = [json.loads(line) for line in answers.splitlines()]
    assert [line["input"]["userId"] for line in lines] == [str(user) for user in range(60)]
    assert all(len(line["output"]["recommendedItems"]) == 25 for line in lines)


def test_a_run_takes_its_jobs_time_and_little_more(pipeline: "Pipeline") -> None:
    """Modelled durations: Glue 120 s, import 300, solution 15, training 1500, inference 1200."""
    ended, _ = pipeline.run()
    jobs = 120 + 300 + 15 + 1500 + 1200
    took = (ended["stopDate"] - ended["startDate"]).total_seconds()
    assert jobs <= took <= jobs + 4 * 60  # a poll every 60 s at most, after each of four jobs


def test_automatic_training_is_off(pipeline: "Pipeline") -> None:
    pipeline.run()
    personalize = pipeline.aws.client("personalize")
    (solution,) = personalize.list_solutions(
        datasetGroupArn=f"arn:aws:personalize:us-east-1:123456789012:dataset-group/{pipeline.name}"
    )["solutions"]
    described = personalize.describe_solution(solutionArn=solution["solutionArn"])["solution"]
    assert described["performAutoTraining"] is False


def test_a_second_run_adopts_the_solution_and_trains_a_new_version(pipeline: "Pipeline") -> None:
    first, _ = pipeline.run()
    second, moments = pipeline.run()
    assert second["status"] == "SUCCEEDED"
    assert "CreateSolution" not in [moment.state for moment in moments]
    versions = [
        json.loads(ended["output"])["solutions"][0]["solution_version_arn"]
        for ended in (first, second)
    ]
    assert versions[0] != versions[1]
    assert versions[0].rpartition("/")[0] == versions[1].rpartition("/")[0]


@pytest.mark.parametrize("name", ["x" * 80, "run.of.today", "-leading", "_leading", "a" * 36])
def test_any_execution_name_gives_valid_job_names(pipeline: "Pipeline", name: str) -> None:
    ended, _ = pipeline.run(name)
    assert ended["status"] == "SUCCEEDED", ended
    run = json.loads(ended["output"])["run"]
    jobs = pipeline.aws.client("personalize").list_batch_inference_jobs()["batchInferenceJobs"]
    (job,) = [job["jobName"] for job in jobs if job["jobName"].startswith(f"{run}-")]
    assert len(job) <= 63
    assert (run == name) == (name == "a" * 36)


def test_a_failed_import_reaches_the_caller_with_its_reason(pipeline: "Pipeline") -> None:
    pipeline.set_script(rows=999)
    ended, moments = pipeline.run()
    assert ended["status"] == "FAILED"
    assert ended["error"] == "Personalize.DatasetImportJobFailed", ended["cause"]
    assert "999 interactions" in ended["cause"]
    assert "CREATE FAILED" in ended["cause"]
    assert "CreateSolutionVersion" not in [moment.state for moment in moments]
    with pytest.raises(BatchrecError, match="ImportDatasets > DatasetImportJobFailed") as caught:
        execution.require_success(pipeline.aws.client("stepfunctions"), ended)
    assert "999 interactions" in str(caught.value)


def test_a_failing_script_reaches_the_caller_with_its_message(pipeline: "Pipeline") -> None:
    pipeline.set_script(fault='raise ValueError("no row reaches 3.5")')
    ended, _ = pipeline.run()
    assert ended["status"] == "FAILED"
    assert ended["error"] == "PrepareTrainingDataFailed"
    assert "ValueError: no row reaches 3.5" in ended["cause"]
    assert f"{pipeline.name}-prepare-training-data" in ended["cause"]


def test_a_stopped_glue_run_is_no_success(pipeline: "Pipeline") -> None:
    pipeline.set_script(fault="time.sleep(600)")
    stepfunctions = pipeline.aws.client("stepfunctions")
    arn = pipeline.start()
    glue = pipeline.aws.client("glue")
    job = f"{pipeline.name}-prepare-training-data"
    for _ in range(500):
        running = [
            r for r in glue.get_job_runs(JobName=job)["JobRuns"] if r["JobRunState"] == "RUNNING"
        ]
        if running:
            break
        time.sleep(0.02)
    glue.batch_stop_job_run(JobName=job, JobRunIds=[running[0]["Id"]])
    ended = execution.follow(stepfunctions, arn, lambda _: None)
    assert ended["status"] == "FAILED"
    assert ended["error"] == "PrepareTrainingDataStopped"
    assert "STOPPED" in ended["cause"]


def test_too_little_data_for_training_fails_with_the_documented_text(pipeline: "Pipeline") -> None:
    """Personalize Developer Guide, Error messages."""
    one_each = "_range = range; range = lambda n: _range(24 if n == 60 else n)"
    pipeline.set_script(fault=one_each)
    script = pipeline.aws.client("s3").get_object(
        Bucket=pipeline.bucket, Key="glue_jobs/prepare.py"
    )
    body = script["Body"].read().decode().replace("range(200), 30", "range(200), 50")
    pipeline.aws.client("s3").put_object(
        Bucket=pipeline.bucket, Key="glue_jobs/prepare.py", Body=body.encode()
    )
    ended, _ = pipeline.run()
    assert ended["error"] == "Personalize.SolutionVersionFailed"
    assert "Dataset has fewer than 25 users with at least 2 interactions each." in ended["cause"]


def test_a_job_of_the_same_run_is_adopted(pipeline: "Pipeline") -> None:
    """The same execution name under another machine of the pipeline: nothing is imported twice."""
    pipeline.run("retried")
    stepfunctions = pipeline.aws.client("stepfunctions")
    definition = stepfunctions.describe_state_machine(stateMachineArn=pipeline.machine_arn)
    twin = stepfunctions.create_state_machine(
        name=f"{pipeline.name}-twin",
        definition=definition["definition"],
        roleArn=definition["roleArn"],
    )["stateMachineArn"]
    pipeline.set_script(fault="raise SystemExit(0)")  # the first attempt's data is still there
    started = stepfunctions.start_execution(stateMachineArn=twin, name="retried")
    ended = execution.follow(stepfunctions, started["executionArn"], lambda _: None)
    assert ended["status"] == "SUCCEEDED", ended
    imports = pipeline.aws.client("personalize").list_dataset_import_jobs(
        datasetArn=f"arn:aws:personalize:us-east-1:123456789012:dataset/{pipeline.name}/INTERACTIONS"
    )["datasetImportJobs"]
    assert len(imports) == 1


def test_waiting_costs_no_real_connection_timeouts(pipeline: "Pipeline") -> None:
    """A name can't be used twice for executions with other input (StartExecution)."""
    pipeline.run("once")
    with pytest.raises(ClientError) as caught:
        pipeline.aws.client("stepfunctions").start_execution(
            stateMachineArn=pipeline.machine_arn, name="once", input='{"other": true}'
        )
    assert caught.value.response["Error"]["Code"] == "ExecutionAlreadyExists"
