"""What a run did, against what Glue, Personalize and Step Functions themselves say of it."""

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from deployed_pipeline import Pipeline as Deployed

from batchrec import runs
from batchrec.errors import BatchrecError
from batchrec.localaws import fault_syntax
from batchrec.pipeline import Pipeline


def test_a_run_that_succeeded(pipeline: Deployed, found: Pipeline) -> None:
    described, _ = pipeline.run("weekly")
    run = runs.read(found)
    assert (run.name, run.action, run.status) == ("weekly", "run", "SUCCEEDED")
    assert (run.started, run.ended) == (described["startDate"], described["stopDate"])
    assert run.failures == ()
    assert run.output == json.loads(described["output"])
    assert run.as_of >= run.ended.replace(microsecond=0)

    kinds = [(job.kind, job.subject, job.status) for job in run.jobs]
    assert kinds == [
        ("prepare", None, "SUCCEEDED"),
        ("import", "interactions", "ACTIVE"),
        ("training", "user-personalization", "ACTIVE"),
        ("batch inference", "user-personalization", "ACTIVE"),
        ("publish", None, "SUCCEEDED"),
    ]
    by_kind = {job.kind: job for job in run.jobs}
    (listed,) = pipeline.listed(
        "list_dataset_import_jobs",
        "datasetImportJobs",
        datasetArn=pipeline.configuration["datasets"][0]["arn"],
    )
    imported = by_kind["import"]
    assert imported.id == listed["datasetImportJobArn"]
    assert abs((imported.started - listed["creationDateTime"]).total_seconds()) < 1
    assert abs((imported.ended - listed["lastUpdatedDateTime"]).total_seconds()) < 1
    glue = pipeline.aws.client("glue")
    (job_run,) = glue.get_job_runs(JobName=found.configuration["prepare_job_name"])["JobRuns"]
    assert by_kind["prepare"].id == job_run["Id"]


def test_its_states_with_those_of_children(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.run()
    visits = {visit.state: visit for visit in runs.read(found).visits}
    assert visits["PrepareTrainingData"].within == ()
    assert visits["CreateDatasetImportJob"].within == ("ImportDatasets", "interactions")
    assert visits["CreateSolutionVersion"].within == (
        "RecommendWithSolutions",
        "user-personalization",
    )
    assert visits["ImportDatasets"].type == "Map"
    duration = visits["ImportDatasets"].left - visits["ImportDatasets"].entered
    assert duration.total_seconds() >= 300  # the modelled duration of an import
    assert "ListFilters" not in visits  # of a teardown


def test_a_version_that_is_reused_was_trained_by_another_run(
    pipeline: Deployed, found: Pipeline
) -> None:
    pipeline.run("first")
    pipeline.run("second")
    first, second = ({j.kind: j for j in runs.read(found, n).jobs} for n in ("first", "second"))
    assert [first["training"].is_reused, second["training"].is_reused] == [False, True]
    assert first["training"].id == second["training"].id
    assert [first["import"].expected_seconds, second["import"].expected_seconds] == [None, 300]


def test_a_run_that_failed_says_where_and_why(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.aws.faults.add(fault_syntax.parse('CreateDatasetImportJob fail "Bad rows."'))
    pipeline.run()
    run = runs.read(found)
    (failure,) = run.failures
    assert (failure.state, failure.subject) == ("DescribeDatasetImportJob", "interactions")
    assert failure.error == "Personalize.DatasetImportJobFailed"
    assert failure.cause.endswith("ended as CREATE FAILED: Bad rows.")
    (job,) = (job for job in run.jobs if job.kind == "import")
    assert (job.status, job.reason) == ("CREATE FAILED", "Bad rows.")


def test_each_solution_that_failed_is_told(pipeline: Deployed, found: Pipeline) -> None:
    strict = {"minimum": {"precision_at_5": 0.99}, "maximum_drop": {}}
    pipeline.solve(
        pipeline.solution("good"),
        pipeline.solution("bad", quality_gate=strict),
        pipeline.solution("worse", quality_gate=strict),
    )
    pipeline.run()
    run = runs.read(found)
    assert run.status == "FAILED"
    assert sorted(failure.subject for failure in run.failures) == ["bad", "worse"]
    assert {failure.error for failure in run.failures} == {"QualityGateClosed"}


def test_an_execution_that_is_stopped(pipeline: Deployed, found: Pipeline) -> None:
    arn = pipeline.start_until("CreateSolutionVersion", "stopped")
    stepfunctions = pipeline.aws.client("stepfunctions")
    running = runs.read(found, "stopped")
    assert (running.status, running.ended) == ("RUNNING", None)
    (training,) = (job for job in running.jobs if job.kind == "training")
    assert training.ended is None
    stepfunctions.stop_execution(executionArn=arn, error="Mind.Changed", cause="Not today.")
    pipeline.aws.clock.release()
    stopped = runs.read(found, "stopped")
    assert stopped.status == "ABORTED"
    (failure,) = stopped.failures
    assert (failure.error, failure.cause) == ("Mind.Changed", "Not today.")
    assert failure.state.startswith("RecommendWithSolutions")


def test_one_that_continues_another_is_found_by_its_name(
    pipeline: Deployed, found: Pipeline
) -> None:
    pipeline.aws.faults.add(fault_syntax.parse('CreateDatasetImportJob fail "Bad rows."'))
    pipeline.run("weekly")
    continued, _ = pipeline.run("again", run="weekly")
    run = runs.read(found, "weekly")
    assert run.execution_arn == continued["executionArn"]
    assert (run.name, run.status) == ("weekly", "SUCCEEDED")


def test_a_run_that_is_skipped(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.start_until("CreateSolutionVersion", "first")
    pipeline.start("second")
    for _ in range(100):
        pipeline.aws.clock.advance(1)
        if runs.read(found, "second").ended:
            break
    assert runs.read(found, "second").status == "SKIPPED"


class Executions:
    """Step Functions with these executions: name, status, input and output, the newest first."""

    def __init__(self, *executions: tuple[str, str, str, str]) -> None:
        self.described: list[str] = []
        self._executions = {
            f"{EXECUTIONS}:{name}": {
                "executionArn": f"{EXECUTIONS}:{name}",
                "name": name,
                "status": status,
                "startDate": START,
                "input": given,
                "output": output,
            }
            for name, status, given, output in executions
        }

    def get_paginator(self, operation: str) -> "Executions":
        assert operation == "list_executions"
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        members = ("executionArn", "name", "status", "startDate")
        whole = self._executions.values()
        return [{"executions": [{name: each[name] for name in members} for each in whole]}]

    def describe_execution(self, executionArn: str) -> dict[str, Any]:  # noqa: N803 (boto3's name)
        self.described.append(executionArn.rsplit(":", 1)[-1])
        return self._executions[executionArn]


START = datetime(2026, 1, 31, 3, 0, tzinfo=UTC)
EXECUTIONS = "arn:aws:states:us-east-1:123456789012:execution:shop"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:shop"
NAMED = {"States": {"Configure": {"Assign": {"configuration": {"pipeline": "shop"}}}}}
SKIPPED = '{"status": "SKIPPED"}'
CONTINUES = '{"run": "weekly"}'
WEEKS = (
    ("gone", "SUCCEEDED", '{"action": "teardown"}', '{"status": "TORN_DOWN"}'),
    ("third-try", "SUCCEEDED", CONTINUES, SKIPPED),
    ("by-hand", "SUCCEEDED", "null", "[]"),
    ("second-try", "FAILED", CONTINUES, ""),
    ("weekly", "FAILED", "{}", ""),
)


@pytest.mark.parametrize(
    ("wanted", "only_runs", "is_it", "described"),
    [
        (None, False, "gone", []),
        (None, True, "by-hand", ["gone", "third-try", "by-hand"]),
        ("weekly", False, "second-try", ["gone", "third-try", "by-hand", "second-try"]),
        ("third-try", False, "third-try", ["gone"]),
        ("gone", True, "gone", []),
        (f"{EXECUTIONS}:weekly", False, "weekly", []),
    ],
)
def test_which_execution_is_meant(
    wanted: str | None, only_runs: bool, is_it: str, described: list[str]
) -> None:
    """A skipped one only if it is named; no more calls than it takes."""
    client = Executions(*WEEKS)
    shop = Pipeline(MACHINE, {}, lambda service: client)
    assert runs.find(shop, wanted, only_runs=only_runs) == f"{EXECUTIONS}:{is_it}"
    assert client.described == described


def test_a_skipped_one_is_better_than_none() -> None:
    client = Executions(WEEKS[1])
    shop = Pipeline(MACHINE, {}, lambda service: client)
    assert runs.find(shop, "weekly") == f"{EXECUTIONS}:third-try"
    with pytest.raises(BatchrecError, match="has no run monthly"):
        runs.find(Pipeline(MACHINE, NAMED, lambda service: client), "monthly")


@pytest.mark.parametrize(
    "arn",
    ["arn:", "arn:aws:states:us-east-1:123456789012:execution:other:weekly", f"{EXECUTIONS}/x:y"],
)
def test_what_is_no_execution_of_the_pipeline(arn: str) -> None:
    with pytest.raises(BatchrecError, match="is no execution of the pipeline shop"):
        runs.find(Pipeline(MACHINE, NAMED, lambda service: None), arn)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("{}", "weekly"),
        ("null", "weekly"),
        ("[]", "weekly"),
        (CONTINUES, "weekly"),
        ('{"run": "a b"}', "run-a-b-c8687a08"),
    ],
)
def test_the_name_of_a_run(given: str, name: str) -> None:
    assert runs.name_of({"name": "weekly", "input": given}) == name


def test_no_run_yet(found: Pipeline) -> None:
    with pytest.raises(BatchrecError, match=r"has not run yet.*batchrec run"):
        runs.read(found)


def test_an_unknown_run(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.run()
    with pytest.raises(BatchrecError, match="has no run monthly"):
        runs.read(found, "monthly")


def test_the_service_tells_the_time(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.aws.clock.hold()
    pipeline.aws.clock.advance(86_400)
    pipeline.start("tomorrow")
    told = runs.read(found, "tomorrow").as_of
    now = datetime.fromtimestamp(pipeline.aws.clock.time(), UTC)
    assert abs((told - now).total_seconds()) <= 1


def test_variables_that_a_history_cuts_short_are_left_out(
    found: Pipeline,
) -> None:
    """API Reference, StateExitedEventDetails: assignedVariablesDetails says so."""
    arn = f"{found.state_machine_arn.replace('stateMachine', 'execution')}:weekly"
    at = datetime(2026, 1, 4, 3, tzinfo=UTC)
    left = {
        "name": "NameRun",
        "assignedVariables": {"failures": '[{"state": "Re'},
        "assignedVariablesDetails": {"truncated": True},
    }
    events = [
        {"type": "ExecutionStarted", "executionStartedEventDetails": {"input": "{}"}},
        {"type": "PassStateEntered", "stateEnteredEventDetails": {"name": "NameRun"}},
        {"type": "PassStateExited", "stateExitedEventDetails": left},
    ]
    for number, event in enumerate(events, start=1):
        event |= {"id": number, "previousEventId": number - 1, "timestamp": at}
    described = {
        "executionArn": arn,
        "name": "weekly",
        "status": "FAILED",
        "startDate": at,
        "error": "SolutionsFailed",
        "cause": "Two of them.",
    }
    stepfunctions = Stub(described, events)
    (failure,) = runs.read(dataclasses.replace(found, client=lambda _: stepfunctions), arn).failures
    assert (failure.error, failure.cause) == ("SolutionsFailed", "Two of them.")


class Stub:
    """Step Functions with one execution."""

    def __init__(self, described: dict[str, Any], events: list[dict[str, Any]]) -> None:
        self._described, self._events = described, events

    def describe_execution(self, **_: str) -> dict[str, Any]:
        return self._described

    def get_paginator(self, _: str) -> "Stub":
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"events": self._events[::-1]}]
