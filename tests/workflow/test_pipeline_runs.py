"""The real state machine runs: success, failures that reach the caller, retries that adopt."""

import json
import time
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from batchrec import execution
from batchrec.errors import BatchrecError

if TYPE_CHECKING:
    from deployed_pipeline import Pipeline

ARN = "arn:aws:personalize:us-east-1:123456789012"


def test_a_run_prepares_imports_trains_recommends_and_publishes(pipeline: "Pipeline") -> None:
    ended, moments = pipeline.run("nightly-2026-11-24")
    assert ended["status"] == "SUCCEEDED", ended
    reached = [moment.state for moment in moments]
    assert [state for state in reached if not state.startswith(("Look", "List", "Read"))] == [
        "PrepareTrainingData",
        "ImportDatasets",
        "CreateDatasetImportJob",
        "RecommendWithSolutions",
        "CreateSolution",
        "CreateSolutionVersion",
        "GetSolutionMetrics",
        "CreateBatchInferenceJob",
        "PublishRecommendations",
        "NotifyOfSuccess",
    ]
    output = json.loads(ended["output"])
    assert (output["status"], output["run"]) == ("SUCCEEDED", "nightly-2026-11-24")
    assert output["published"] == ["user-personalization"]
    prefix = "curated/nightly-2026-11-24/user-personalization/"
    s3 = pipeline.aws.client("s3")
    listed = s3.list_objects_v2(Bucket=pipeline.bucket, Prefix=prefix)["Contents"]
    assert {found["Key"] for found in listed} == {f"{prefix}users.json.out", f"{prefix}_CHECK"}
    answers = s3.get_object(Bucket=pipeline.bucket, Key=f"{prefix}users.json.out")["Body"].read()
    lines = [json.loads(line) for line in answers.splitlines()]
    assert [line["input"]["userId"] for line in lines] == [str(user) for user in range(60)]
    assert all(len(line["output"]["recommendedItems"]) == 25 for line in lines)


def test_the_manifest_says_what_was_trained_and_how_well(pipeline: "Pipeline") -> None:
    ended, _ = pipeline.run()
    manifest = pipeline.manifest
    assert manifest is not None
    entry = manifest["solutions"]["user-personalization"]
    assert manifest["run"] == entry["run"] == json.loads(ended["output"])["run"]
    personalize = pipeline.aws.client("personalize")
    version = personalize.describe_solution_version(
        solutionVersionArn=entry["solution_version_arn"]
    )["solutionVersion"]
    assert version["status"] == "ACTIVE"
    metrics = personalize.get_solution_metrics(solutionVersionArn=entry["solution_version_arn"])
    assert entry["metrics"] == metrics["metrics"]
    job = personalize.describe_batch_inference_job(batchInferenceJobArn=entry["batch_job_arn"])
    assert job["batchInferenceJob"]["solutionVersionArn"] == entry["solution_version_arn"]
    # Modelled durations, which the next run's waits are fitted to.
    assert entry["seconds"] == {"imports": {"interactions": 300}, "training": 1500, "batch": 1200}
    assert (entry["is_reused"], entry["training_mode"]) == (False, "FULL")


def test_a_run_takes_its_jobs_time_and_little_more(pipeline: "Pipeline") -> None:
    """Modelled: Glue 120 s twice, import 300, solution 15, training 1500, inference 1200."""
    ended, _ = pipeline.run()
    jobs = 2 * 120 + 300 + 15 + 1500 + 1200
    took = (ended["stopDate"] - ended["startDate"]).total_seconds()
    assert jobs <= took <= 1.03 * jobs


def test_automatic_training_is_off(pipeline: "Pipeline") -> None:
    pipeline.run()
    personalize = pipeline.aws.client("personalize")
    (solution,) = personalize.list_solutions(
        datasetGroupArn=f"arn:aws:personalize:us-east-1:123456789012:dataset-group/{pipeline.name}"
    )["solutions"]
    described = personalize.describe_solution(solutionArn=solution["solutionArn"])["solution"]
    assert described["performAutoTraining"] is False


def test_an_adopted_solution_stops_training_itself(pipeline: "Pipeline") -> None:
    """Somebody made it in the console, where automatic training is on by default."""
    personalize = pipeline.aws.client("personalize")
    (solution,) = [pipeline.solution("user-personalization")]
    personalize.create_solution(
        name=solution["name"],
        datasetGroupArn=f"{ARN}:dataset-group/{pipeline.name}",
        recipeArn=solution["recipe_arn"],
    )
    ended, moments = pipeline.run()
    assert ended["status"] == "SUCCEEDED", ended
    assert "UpdateSolution" in [moment.state for moment in moments]
    described = personalize.describe_solution(solutionArn=solution["arn"])["solution"]
    assert described["performAutoTraining"] is False
    assert described["latestSolutionUpdate"]["status"] == "ACTIVE"


def versions(pipeline: "Pipeline", key: str = "user-personalization") -> list[str]:
    listed = pipeline.aws.client("personalize").list_solution_versions(
        solutionArn=pipeline.solution(key)["arn"]
    )["solutionVersions"]
    return [version["solutionVersionArn"] for version in listed]


def test_unchanged_data_trains_nothing_anew(pipeline: "Pipeline") -> None:
    pipeline.run()
    second, moments = pipeline.run()
    assert second["status"] == "SUCCEEDED", second
    states = [moment.state for moment in moments]
    assert "CreateSolution" not in states
    assert "CreateSolutionVersion" not in states
    assert "CreateDatasetImportJob" in states  # what lies in the datasets is this run's data
    (version,) = versions(pipeline)
    manifest = pipeline.manifest
    assert manifest is not None
    entry = manifest["solutions"]["user-personalization"]
    assert (entry["solution_version_arn"], entry["is_reused"]) == (version, True)
    assert entry["run"] == manifest["run"] == json.loads(second["output"])["run"]


def test_changed_data_trains_a_new_version(pipeline: "Pipeline") -> None:
    pipeline.run()
    pipeline.set_script(rows=1700)
    second, _ = pipeline.run()
    assert second["status"] == "SUCCEEDED", second
    assert len(versions(pipeline)) == 2


def test_a_run_that_is_continued_reuses_what_finished(pipeline: "Pipeline") -> None:
    """A new execution with the run's name as its input, after the first one failed late."""
    pipeline.set_script(publish_fault='raise ValueError("disk full")')
    first, _ = pipeline.run("nightly")
    assert (first["status"], first["error"]) == ("FAILED", "PublishRecommendationsFailed")
    assert pipeline.manifest is None
    pipeline.set_script(fault='raise ValueError("not again")')
    second, moments = pipeline.run("nightly-again", run="nightly")
    assert second["status"] == "SUCCEEDED", second
    assert "PrepareTrainingData" not in [moment.state for moment in moments]
    personalize = pipeline.aws.client("personalize")
    imports = personalize.list_dataset_import_jobs(
        datasetArn=f"{ARN}:dataset/{pipeline.name}/INTERACTIONS"
    )["datasetImportJobs"]
    assert len(imports) == len(versions(pipeline)) == 1
    manifest = pipeline.manifest
    assert manifest is not None
    assert manifest["run"] == "nightly"
    took = (second["stopDate"] - second["startDate"]).total_seconds()
    assert took < 300  # nothing but publishing


def test_a_failed_job_gets_another_name_when_the_run_is_continued(pipeline: "Pipeline") -> None:
    """A job's name can be used once; the data of the first attempt was too little."""
    pipeline.set_script(rows=999)
    first, _ = pipeline.run("nightly")
    assert first["error"] == "Personalize.DatasetImportJobFailed"
    s3 = pipeline.aws.client("s3")
    key = "transformed/nightly/interactions/part-0.csv"
    short = s3.get_object(Bucket=pipeline.bucket, Key=key)["Body"].read().decode()
    longer = short + "".join(f"{n},{n + 1},{1_100_000_000 + n},view\n" for n in range(60))
    s3.put_object(Bucket=pipeline.bucket, Key=key, Body=longer.encode())
    second, _ = pipeline.run("nightly-again", run="nightly")
    assert second["status"] == "SUCCEEDED", second
    jobs = pipeline.aws.client("personalize").list_dataset_import_jobs(
        datasetArn=f"{ARN}:dataset/{pipeline.name}/INTERACTIONS"
    )["datasetImportJobs"]
    names = sorted(job["jobName"] for job in jobs)
    assert len(names) == 2
    assert names[1] == f"{names[0]}-2"


@pytest.mark.parametrize("name", ["x" * 80, "run.of.today", "-leading", "_leading", "a" * 36])
def test_any_execution_name_gives_valid_job_names(pipeline: "Pipeline", name: str) -> None:
    ended, _ = pipeline.run(name)
    assert ended["status"] == "SUCCEEDED", ended
    run = json.loads(ended["output"])["run"]
    jobs = pipeline.listed("list_batch_inference_jobs", "batchInferenceJobs")
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
    with pytest.raises(BatchrecError, match="FailRun") as caught:
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


def test_waiting_costs_no_real_connection_timeouts(pipeline: "Pipeline") -> None:
    """A name can't be used twice for executions with other input (StartExecution)."""
    pipeline.run("once")
    with pytest.raises(ClientError) as caught:
        pipeline.aws.client("stepfunctions").start_execution(
            stateMachineArn=pipeline.machine_arn, name="once", input='{"other": true}'
        )
    assert caught.value.response["Error"]["Code"] == "ExecutionAlreadyExists"
