"""Several solutions in one run: how each is trained, judged and asked, and who fails alone."""

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest

from batchrec.localaws import runtime
from batchrec.localaws.faults import JobFault
from batchrec.localaws.personalize.quotas import Quotas

if TYPE_CHECKING:
    from deployed_pipeline import Pipeline

ARN = "arn:aws:personalize:us-east-1:123456789012"
SEGMENTS = {
    "recipe": "aws-item-affinity",
    "job": "segment",
    "batch_input_folder": "batch_items_input",
}


def succeeded(ended: dict[str, Any]) -> dict[str, Any]:
    assert ended["status"] == "SUCCEEDED", (ended.get("error"), ended.get("cause"))
    return dict(json.loads(ended["output"]))


def failing(pipeline: "Pipeline", key: str, kind: str, reason: str) -> JobFault:
    arn = pipeline.solution(key)["arn"]
    return pipeline.aws.faults.add(
        JobFault(kind, reason=reason, match=lambda members: arn in json.dumps(members))
    )


def entries(pipeline: "Pipeline") -> dict[str, Any]:
    assert pipeline.manifest is not None
    return dict(pipeline.manifest["solutions"])


def test_recipes_for_users_items_and_segments_run_side_by_side(pipeline: "Pipeline") -> None:
    pipeline.solve(
        pipeline.solution("users"),
        pipeline.solution(
            "like", recipe="aws-similar-items", batch_input_folder="batch_items_input"
        ),
        pipeline.solution("fans", number_of_results=7, **SEGMENTS),
    )
    ended, _ = pipeline.run("all")
    assert sorted(succeeded(ended)["published"]) == ["fans", "like", "users"]
    s3 = pipeline.aws.client("s3")

    def answers(key: str, name: str) -> list[dict[str, Any]]:
        body = s3.get_object(Bucket=pipeline.bucket, Key=f"curated/all/{key}/{name}.json.out")
        return [json.loads(line) for line in body["Body"].read().splitlines()]

    assert [line["input"] for line in answers("like", "items")] == [
        {"itemId": str(item)} for item in range(20)
    ]
    assert all(len(line["output"]["usersList"]) == 7 for line in answers("fans", "items"))
    assert len(answers("users", "users")) == 60
    took = (ended["stopDate"] - ended["startDate"]).total_seconds()
    # As long as the longest of the three: Glue 240 s, import 300, solution 15, training, inference.
    assert took < 1.03 * (240 + 300 + 15 + 1500 + 1200)


def test_one_solutions_failure_leaves_the_others_alone(pipeline: "Pipeline") -> None:
    pipeline.solve(pipeline.solution("good"), pipeline.solution("bad"))
    fault = failing(pipeline, "bad", "SolutionVersion", "Too few users.")
    ended, _ = pipeline.run()
    pipeline.aws.faults.remove(fault)
    assert (ended["status"], ended["error"]) == ("FAILED", "Personalize.SolutionVersionFailed")
    assert "Solution bad, state DescribeSolutionVersion" in ended["cause"]
    assert "Too few users." in ended["cause"]
    assert entries(pipeline).keys() == {"good"}
    (message,) = pipeline.notifications()
    assert "Published all the same: good." in message


def test_a_failed_solution_keeps_what_was_published_of_it(pipeline: "Pipeline") -> None:
    pipeline.solve(pipeline.solution("good"), pipeline.solution("bad"))
    first = succeeded(pipeline.run()[0])["run"]
    fault = failing(pipeline, "bad", "BatchInferenceJob", "The disk is full.")
    second, _ = pipeline.run("second")
    pipeline.aws.faults.remove(fault)
    assert second["status"] == "FAILED"
    assert {key: entry["run"] for key, entry in entries(pipeline).items()} == {
        "good": "second",
        "bad": first,
    }


def test_several_failures_are_all_told(pipeline: "Pipeline") -> None:
    pipeline.solve(*(pipeline.solution(key) for key in ("one", "two")))
    faults = [
        failing(pipeline, "one", "Solution", "-"),
        failing(pipeline, "two", "SolutionVersion", "Too few users."),
    ]
    ended, _ = pipeline.run()
    for fault in faults:
        pipeline.aws.faults.remove(fault)
    assert ended["error"] == "SolutionsFailed"
    assert "Solution one, state DescribeSolution: Personalize.SolutionFailed" in ended["cause"]
    assert "Solution two, state DescribeSolutionVersion" in ended["cause"]
    assert pipeline.manifest is None


def test_a_filter_is_made_once_and_used(pipeline: "Pipeline") -> None:
    name = f"{pipeline.name}-seen"
    arn = f"{ARN}:filter/{name}"
    expression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'
    members = {"filter_name": name, "filter_arn": arn, "filter_expression": expression}
    pipeline.solve(pipeline.solution("users", **members))
    succeeded(pipeline.run("first")[0])
    succeeded(pipeline.run("second")[0])
    personalize = pipeline.aws.client("personalize")
    assert personalize.describe_filter(filterArn=arn)["filter"]["filterExpression"] == expression
    job = personalize.describe_batch_inference_job(
        batchInferenceJobArn=entries(pipeline)["users"]["batch_job_arn"]
    )["batchInferenceJob"]
    assert job["filterArn"] == arn


@pytest.mark.parametrize("kind", ["solution", "filter"])
def test_what_exists_with_another_content_is_not_adopted(pipeline: "Pipeline", kind: str) -> None:
    personalize = pipeline.aws.client("personalize")
    group = f"{ARN}:dataset-group/{pipeline.name}"
    name = f"{pipeline.name}-seen"
    expression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("view")'
    members = {"filter_name": name, "filter_arn": f"{ARN}:filter/{name}"}
    solution = pipeline.solution("users", filter_expression=expression, **members)
    pipeline.solve(solution)
    if kind == "solution":
        recipe = "arn:aws:personalize:::recipe/aws-popularity-count"
        personalize.create_solution(name=solution["name"], datasetGroupArn=group, recipeArn=recipe)
    else:
        personalize.create_filter(
            name=name,
            datasetGroupArn=group,
            filterExpression='EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
        )
    ended, _ = pipeline.run()
    assert ended["error"] == f"{kind.title()}Differs"
    assert solution["arn" if kind == "solution" else "filter_arn"] in ended["cause"]


# --- the quality gate ---------------------------------------------------------------------------


def gated(pipeline: "Pipeline", **gate: dict[str, float]) -> dict[str, Any]:
    return pipeline.solution("users", quality_gate={"minimum": {}, "maximum_drop": {}} | gate)


def test_a_version_below_the_minimum_is_not_asked(pipeline: "Pipeline") -> None:
    pipeline.solve(gated(pipeline, minimum={"coverage": 0.99, "precision_at_25": 0.0}))
    ended, moments = pipeline.run("poor")
    assert (ended["status"], ended["error"]) == ("FAILED", "QualityGateClosed")
    assert "coverage is 0." in ended["cause"]
    assert "the minimum 0.99" in ended["cause"]
    assert "precision_at_25" not in ended["cause"]
    assert "CreateBatchInferenceJob" not in [moment.state for moment in moments]
    assert pipeline.manifest is None


def test_a_metric_that_is_not_there_closes_the_gate(pipeline: "Pipeline") -> None:
    pipeline.solve(gated(pipeline, minimum={"recall_at_1_percent": 0.1}))
    ended, _ = pipeline.run()
    assert "recall_at_1_percent is not among the metrics" in ended["cause"]


@pytest.mark.parametrize(("before", "status"), [(0.9, "FAILED"), (0.1, "SUCCEEDED")])
def test_metrics_are_compared_with_what_was_published_last(
    pipeline: "Pipeline", before: float, status: str
) -> None:
    pipeline.solve(gated(pipeline, maximum_drop={"coverage": 0.2}))
    published = {"users": {"run": "before", "metrics": {"coverage": before}}}
    pipeline.put_manifest({"run": "before", "solutions": published})
    ended, _ = pipeline.run()
    assert ended["status"] == status, ended
    if status == "FAILED":
        assert "% below the 0.9 that was published last; 20 % is allowed" in ended["cause"]
        assert entries(pipeline) == published


# --- when a version is trained anew -------------------------------------------------------------


def trained(pipeline: "Pipeline", **training: Any) -> dict[str, Any]:
    usual = {"mode": "FULL", "reuse_unchanged": True, "reuse_days": 0}
    return pipeline.solution("users", training=usual | training)


@pytest.mark.parametrize(
    ("training", "days", "is_reused"),
    [
        ({"reuse_days": 3}, 2, True),
        ({"reuse_days": 3}, 4, False),
        ({}, 0, False),
    ],
)
def test_a_young_version_is_reused_for_new_data(
    pipeline: "Pipeline", training: dict[str, Any], days: int, is_reused: bool
) -> None:
    pipeline.solve(trained(pipeline, **training))
    succeeded(pipeline.run()[0])
    pipeline.aws.clock.advance(days * 86_400)
    pipeline.set_script(rows=1700)
    succeeded(pipeline.run()[0])
    assert entries(pipeline)["users"]["is_reused"] is is_reused


def test_unchanged_data_can_be_trained_on_again(pipeline: "Pipeline") -> None:
    pipeline.solve(trained(pipeline, reuse_unchanged=False))
    versions = set()
    for _ in range(2):
        succeeded(pipeline.run()[0])
        versions.add(entries(pipeline)["users"]["solution_version_arn"])
    assert len(versions) == 2


def test_an_update_follows_a_full_training(pipeline: "Pipeline") -> None:
    pipeline.solve(trained(pipeline, mode="UPDATE"))
    modes = []
    for rows in (1600, 1700):
        pipeline.set_script(rows=rows)
        succeeded(pipeline.run()[0])
        modes.append(entries(pipeline)["users"]["training_mode"])
    assert modes == ["FULL", "UPDATE"]


# --- the quotas of a Region -----------------------------------------------------------------------


def test_twenty_solutions_stay_within_the_quotas(pipeline: "Pipeline") -> None:
    """Developer Guide, Endpoints and quotas: 20 versions, 5 batch jobs at once."""
    popular = {"recipe": "aws-popularity-count"}
    pipeline.solve(*(pipeline.solution(f"s{n:02}", **popular) for n in range(20)))
    # What is known to take long is polled seldom.
    last = {"seconds": {"imports": {"interactions": 300}, "training": 1500, "batch": 1200}}
    pipeline.put_manifest({"run": "before", "solutions": {f"s{n:02}": last for n in range(20)}})
    usual = runtime.current()
    runtime.enter(dataclasses.replace(usual, quotas=Quotas(solutions=20)))
    ended, _ = pipeline.run()
    runtime.enter(usual)
    assert len(succeeded(ended)["published"]) == 20
    jobs = [
        job
        for job in pipeline.listed("list_batch_inference_jobs", "batchInferenceJobs")
        if pipeline.name in job["solutionVersionArn"]
    ]
    assert len(jobs) == 20
    spans = [(job["creationDateTime"], job["lastUpdatedDateTime"]) for job in jobs]
    # Other tests' jobs may hold some of the account's room: fewer than five may be this pipeline's.
    assert max(sum(start <= other < end for start, end in spans) for other, _ in spans) <= 5
    asked = pipeline.aws.calls.of(
        "personalize",
        "CreateBatchInferenceJob",
        lambda request: pipeline.name in json.dumps(request),
    )
    assert len(asked) > 20  # some were refused for want of room
