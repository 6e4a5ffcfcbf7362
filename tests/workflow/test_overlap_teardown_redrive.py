"""Runs that meet each other, runs that are taken up again, and the end of a pipeline."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from batchrec import execution
from batchrec.localaws.faults import JobFault

if TYPE_CHECKING:
    from deployed_pipeline import Pipeline

ARN = "arn:aws:personalize:us-east-1:123456789012"


def ended(pipeline: "Pipeline", arn: str) -> dict[str, Any]:
    return execution.follow(pipeline.aws.client("stepfunctions"), arn, lambda _: None)


def test_a_second_run_is_skipped_and_says_so(pipeline: "Pipeline") -> None:
    first = pipeline.start_until("CreateSolutionVersion", f"{pipeline.name}-early")
    second = pipeline.start(f"{pipeline.name}-late")
    pipeline.aws.clock.release()
    late = ended(pipeline, second)
    assert late["status"] == "SUCCEEDED", late
    assert json.loads(late["output"]) == {
        "status": "SKIPPED",
        "run": f"{pipeline.name}-late",
        "running": first,
    }
    early = ended(pipeline, first)
    assert json.loads(early["output"])["status"] == "SUCCEEDED", early
    told = sorted(message.split("\n")[0] for message in pipeline.notifications())
    assert told == [
        f"{pipeline.name}: run {pipeline.name}-early succeeded",
        f"{pipeline.name}: run {pipeline.name}-late skipped",
    ]


def test_an_unknown_action_is_refused(pipeline: "Pipeline") -> None:
    refused, _ = pipeline.run(action="tear-down")
    assert (refused["status"], refused["error"]) == ("FAILED", "UnknownAction")
    assert "tear-down; there are run and teardown" in refused["cause"]


def test_a_teardown_stops_what_runs_and_leaves_no_solution(pipeline: "Pipeline") -> None:
    name = f"{pipeline.name}-seen"
    arn = f"{ARN}:filter/{name}"
    expression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'
    members = {"filter_name": name, "filter_arn": arn, "filter_expression": expression}
    pipeline.solve(pipeline.solution("one", **members), pipeline.solution("two"))
    first = pipeline.start_until("CreateSolutionVersion", f"{pipeline.name}-early")
    down = pipeline.start(f"{pipeline.name}-down", action="teardown")
    pipeline.aws.clock.release()
    end = ended(pipeline, down)
    assert json.loads(end["output"]) == {"status": "TORN_DOWN"}, end
    assert ended(pipeline, first)["status"] == "ABORTED"
    personalize = pipeline.aws.client("personalize")
    group = f"{ARN}:dataset-group/{pipeline.name}"
    assert personalize.list_solutions(datasetGroupArn=group)["solutions"] == []
    assert personalize.list_filters(datasetGroupArn=group)["Filters"] == []


def test_a_teardown_of_nothing_is_one(pipeline: "Pipeline") -> None:
    end, _ = pipeline.run(action="teardown")
    assert json.loads(end["output"]) == {"status": "TORN_DOWN"}, end


@pytest.mark.parametrize("kind", ["DatasetImportJob", "SolutionVersion", "BatchInferenceJob"])
def test_a_redriven_run_continues_after_a_failed_job(pipeline: "Pipeline", kind: str) -> None:
    fault = pipeline.aws.faults.add(
        JobFault(kind, times=1, match=lambda members: pipeline.name in json.dumps(members))
    )
    first, _ = pipeline.run(f"{pipeline.name}-run")
    assert (first["status"], first["error"]) == ("FAILED", f"Personalize.{kind}Failed"), first
    assert fault.hits == 1
    calls = pipeline.aws.calls
    before = len(calls.of("glue", "StartJobRun", lambda request: pipeline.name in str(request)))
    stepfunctions = pipeline.aws.client("stepfunctions")
    stepfunctions.redrive_execution(executionArn=first["executionArn"])
    second = ended(pipeline, first["executionArn"])
    assert second["status"] == "SUCCEEDED", second
    assert pipeline.manifest is not None
    assert pipeline.manifest["run"] == f"{pipeline.name}-run"
    started = calls.of("glue", "StartJobRun", lambda request: pipeline.name in str(request))
    assert len(started) == before + 1  # published, and nothing prepared again


def test_a_redriven_run_continues_where_it_was_stopped(pipeline: "Pipeline") -> None:
    """Days later: its deadlines count from the redrive."""
    arn = pipeline.start_until("CreateSolutionVersion", f"{pipeline.name}-early")
    stepfunctions = pipeline.aws.client("stepfunctions")
    stepfunctions.stop_execution(executionArn=arn)
    pipeline.aws.clock.release()
    assert ended(pipeline, arn)["status"] == "ABORTED"
    pipeline.aws.clock.advance(3 * 86_400)
    stepfunctions.redrive_execution(executionArn=arn)
    assert ended(pipeline, arn)["status"] == "SUCCEEDED", ended(pipeline, arn)
    versions = pipeline.aws.client("personalize").list_solution_versions(
        solutionArn=pipeline.solution("user-personalization")["arn"]
    )["solutionVersions"]
    assert len(versions) == 1
