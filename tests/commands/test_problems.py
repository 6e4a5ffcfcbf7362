"""What made a run fail is explained: which problem, its numbers, and what to do.

The errors and causes are those that modules/workflow/pipeline.asl.json writes, and texts from the
Amazon Personalize Developer Guide, "Error messages".
"""

import dataclasses
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from deployed_pipeline import Pipeline as Deployed

from batchrec import runs
from batchrec.localaws import fault_syntax
from batchrec.operations import explanations, problems
from batchrec.operations.explanations import Known
from batchrec.operations.problems import Problem
from batchrec.pipeline import Pipeline
from batchrec.runs import Failure, Job, Run, Visit

START = datetime(2026, 1, 31, 3, 0, tzinfo=UTC)
ARN = "arn:aws:states:us-east-1:123456789012:execution:shop:weekly"
CONFIGURATION = {
    "pipeline": "shop",
    "bucket": "shop-data",
    "prefix": "reco/",
    "console_url": "https://us-east-1.console.aws.amazon.com",
    "prepare_job_name": "shop-prepare-training-data",
    "publish_job_name": "shop-publish-recommendations",
}
GATE = """\
Glue job shop-prepare-training-data: FAILED: DataGateError: The data is not fit to be imported:
  - interactions: 40 of 1,000 rows (4.00%) are unusable (missing_user_id 3, invalid_timestamp 37); \
maximum_quarantined_share allows 1.00%. Look at them in the quarantine; correct the data.
  - interactions: 960 to import of 1,000 rows (0 filtered, 0 duplicate, 40 unusable); Personalize \
needs 1,000. Add data, or filter less.
  - batch_inputs.films: nothing to ask for. Correct its choice."""


def pipeline(client: Any = None) -> Pipeline:
    definition = {"States": {"Configure": {"Assign": {"configuration": CONFIGURATION}}}}
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:shop"
    return Pipeline(arn, definition, client)


def run(*failures: Failure, status: str = "FAILED", **members: Any) -> Run:
    made = Run(
        name="weekly",
        execution_arn=ARN,
        action="run",
        status=status,
        started=START,
        ended=START + timedelta(hours=1),
        as_of=START + timedelta(hours=2),
        failures=failures,
        visits=(),
        jobs=(),
        output={},
        transitions=0,
    )
    return dataclasses.replace(made, **members)


def only(failure: Failure, **members: Any) -> Problem:
    (problem,) = problems.of(pipeline(), run(failure, **members), None, None)
    assert problem.is_failure
    return problem


# State, error, cause and subject; what the title says; what the advice names.
FAILURES = {
    "import failed": (
        ("DescribeDatasetImportJob", "Personalize.DatasetImportJobFailed"),
        "Dataset import job arn:x ended as CREATE FAILED: Bad rows.",
        "interactions",
        "did not import interactions",
        "s3://shop-data/reco/transformed/weekly/interactions/",
    ),
    "import lacks columns": (
        ("DescribeDatasetImportJob", "Personalize.DatasetImportJobFailed"),
        "ended as CREATE FAILED: Input CSV is missing the following columns:[GENRE].",
        "items",
        "lack columns of its schema",
        "terraform apply",
    ),
    "no room for an import": (
        ("CreateDatasetImportJob", "Personalize.DatasetImportJobTimedOut"),
        "The import found no room before its deadline: More than 5 resources with PENDING or"
        " IN_PROGRESS status.",
        "interactions",
        "waited in vain for room",
        "deadlines.import_hours",
    ),
    "bucket's policy": (
        ("CreateDatasetImportJob", "Personalize.InvalidInputException"),
        "Insufficient privileges for accessing data in S3. Please look at … and fix bucket policy"
        " on shop-data.",
        "interactions",
        "may not use the bucket",
        "bucket_policy_json",
    ),
    "too little to train": (
        ("DescribeSolutionVersion", "Personalize.SolutionVersionFailed"),
        "Solution version arn:x ended as CREATE FAILED: Create failed. Dataset has fewer than 25"
        " users with at least 2 interactions each.",
        "for-you",
        "too little data to train for-you",
        "solutions.for-you.event_type",
    ),
    "training too slow": (
        ("DescribeSolutionVersion", "Personalize.SolutionVersionTimedOut"),
        "Solution version arn:x was still CREATE IN_PROGRESS at its deadline",
        "for-you",
        "did not end by its deadline",
        "deadlines.training_hours",
    ),
    "quality gate": (
        ("IsSolutionVersionGoodEnough", "QualityGateClosed"),
        "Solution version arn:x: precision_at_5 is 0.01, the minimum 0.02",
        "for-you",
        "quality gate refused the model of for-you",
        "solutions.for-you.quality_gate",
    ),
    "filter": (
        ("DescribeFilter", "Personalize.FilterFailed"),
        "Filter arn:x ended as CREATE FAILED: Could not create filter. Invalid Expression...",
        "for-you",
        "filter of for-you can't be made",
        "solutions.for-you.filter",
    ),
    "no room for a solution": (
        ("CreateSolution", "Personalize.SolutionTimedOut"),
        "The solution found no room before its deadline: More than 10 resources",
        "for-you",
        "no room for the solution",
        "L-D9DD83B7",
    ),
    "batch job failed": (
        ("DescribeBatchInferenceJob", "Personalize.BatchInferenceJobFailed"),
        "Batch inference job arn:x ended as CREATE FAILED: Invalid S3 input path",
        "for-you",
        "batch job of for-you failed",
        "solutions.for-you",
    ),
    "no room for a batch job": (
        ("CreateBatchSegmentJob", "Personalize.BatchSegmentJobTimedOut"),
        "The batch job found no room before its deadline: More than 5 resources",
        "fans",
        "batch job of fans waited in vain",
        "deadlines.batch_hours",
    ),
    "too many errors": (
        ("PublishRecommendations", "RecommendationsRefused"),
        "50 of 100 inputs (50.00%) ended with an error; maximum_error_share allows 1.00%.",
        "for-you",
        "for-you is not published",
        "s3://shop-data/reco/curated/weekly/for-you/*.out",
    ),
    "answers incomplete": (
        ("PublishRecommendations", "RecommendationsRefused"),
        "There is no .out file in s3://shop-data/reco/curated/weekly/for-you/",
        "for-you",
        "answers are not complete",
        "batchrec run",
    ),
    "denied": (
        ("CreateSolution", "Personalize.PersonalizeException"),
        "User: arn:x is not authorized to perform: personalize:CreateSolution on resource: y",
        "for-you",
        "CreateSolution was denied access",
        "permissions boundary",
    ),
    "throttled": (
        ("CreateDatasetImportJob", "Personalize.PersonalizeException"),
        "Rate exceeded (Service: Personalize, Status Code: 400)",
        "interactions",
        "throttled",
        "batchrec run --continue weekly",
    ),
    "no raw data": (
        ("PrepareTrainingData", "PrepareTrainingDataFailed"),
        "Glue job x: FAILED: UnusableInputError: Nothing lies at s3://shop-data/reco/raw/events.",
        None,
        "raw data can't be read",
        "s3://shop-data/reco/raw/",
    ),
    "Glue too slow": (
        ("PrepareTrainingData", "PrepareTrainingDataFailed"),
        "Glue job x: TIMEOUT: Job run exceeded its timeout.",
        None,
        "took too long",
        "glue.timeout_minutes",
    ),
    "the task too slow": (
        ("PublishRecommendations", "PublishRecommendationsFailed"),
        "Glue job x: States.Timeout: ",
        None,
        "took too long",
        "batchrec logs weekly",
    ),
    "Glue out of memory": (
        ("PrepareTrainingData", "PrepareTrainingDataFailed"),
        "Glue job x: FAILED: Command failed with exit code 137",
        None,
        "out of memory",
        "glue.worker_type",
    ),
    "Glue busy": (
        ("PrepareTrainingData", "PrepareTrainingDataFailed"),
        "Glue job x: Glue.ConcurrentRunsExceededException: Concurrent runs exceeded",
        None,
        "running already",
        "--continue weekly",
    ),
    "Glue stopped": (
        ("PublishRecommendations", "PublishRecommendationsStopped"),
        "Glue job x ended as STOPPED",
        None,
        "Somebody stopped the Glue job",
        "--continue weekly",
    ),
    "manifest broken": (
        ("ReadManifest", "States.QueryEvaluationError"),
        "The JSONata expression failed",
        None,
        "can't use",
        "s3://shop-data/reco/curated/latest.json",
    ),
    "a bug in the script": (
        ("PublishRecommendations", "PublishRecommendationsFailed"),
        "Glue job x: FAILED: ValueError: disk full",
        None,
        "Glue job that publishes failed",
        "batchrec logs weekly",
    ),
}


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES)
def test_a_failure_is_explained(case: tuple[tuple[str, str], str, str | None, str, str]) -> None:
    (state, error), cause, subject, title, advice = case
    problem = only(Failure(state, error, cause, subject))
    assert title in problem.title
    assert cause in problem.explanation
    assert advice in problem.advice


def test_an_unknown_error_is_told_as_it_is_with_where_to_look() -> None:
    problem = only(
        Failure("DescribeSolution", "Personalize.NewException", "[b]Never seen[/b].", "x")
    )
    assert problem.title == "DescribeSolution failed"
    assert problem.explanation == "Personalize.NewException: [b]Never seen[/b]."
    assert f"console.aws.amazon.com/states/home#/v2/executions/details/{ARN}" in problem.advice


def test_every_error_that_the_workflow_names_is_known(asl: str) -> None:
    named = set(re.findall(r"'error': '([\w.]+)'", asl))
    assert len(named) > 20
    unknown = {e for e in named if not explanations.find(explanations.FAILURES, f"State {e}: ")}
    assert unknown == set()


# What explanations.Known says that texts may name.
OF_RUNS = {"run", "raw", "transformed", "quarantine", "results", "manifest", "again", "console"}
OF_FAILURES = OF_RUNS | {"state", "subject", "input"}


def test_texts_name_only_what_there_is() -> None:
    def named(known: Known) -> set[str]:
        return set(re.findall(r"\{(.*?)\}", known.title + known.advice))

    for known in explanations.FAILURES:
        assert named(known) <= OF_FAILURES
    for known in explanations.BREACHES:
        assert named(known) <= OF_RUNS | {"hint"} | set(re.compile(known.told).groupindex)
    for known in explanations.DATA_WARNINGS:
        assert named(known) <= OF_RUNS
        assert "{" not in known.title


def test_what_texts_may_name_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = " ".join(f"{{{name}}}" for name in sorted(OF_FAILURES))
    monkeypatch.setattr(explanations, "FAILURES", [Known("Error", everything, everything)])
    for subject in ("for-you", None):
        problem = only(Failure("State", "Error", "", subject))
        assert problem.title == problem.advice
        assert "{" not in problem.title
        assert "None" not in problem.title
    everything = " ".join(f"{{{name}}}" for name in sorted(OF_RUNS))
    monkeypatch.setattr(explanations, "DATA_WARNINGS", [Known("odd", "Odd", everything)])
    (warning,) = problems.of(pipeline(), GOOD, {"warnings": ["odd"]}, None)
    assert "{" not in warning.advice


@pytest.mark.parametrize("reason", ["Access Denied", "Throttling", "heartbeat", "too few users"])
@pytest.mark.parametrize(
    ("state", "error", "title"),
    [
        (
            "DescribeDatasetImportJob",
            "Personalize.DatasetImportJobFailed",
            "Personalize did not import x",
        ),
        (
            "DescribeBatchInferenceJob",
            "Personalize.BatchInferenceJobFailed",
            "The batch job of x failed",
        ),
        ("DescribeFilter", "Personalize.FilterFailed", "The filter of x can't be made"),
    ],
)
def test_words_in_a_jobs_own_reason_do_not_mislead(
    state: str, error: str, title: str, reason: str
) -> None:
    cause = f"It ended as CREATE FAILED: Column GENRE: unexpected value {reason}."
    assert only(Failure(state, error, cause, "x")).title == title


def test_each_breach_of_the_data_gate_is_a_problem_of_its_own() -> None:
    gate = Failure("PrepareTrainingData", "PrepareTrainingDataFailed", GATE)
    unusable, few, empty = problems.of(pipeline(), run(gate), None, None)
    assert unusable.title == "Too many rows of interactions are unusable"
    assert "40 of 1,000 rows (4.00%)" in unusable.explanation
    assert "s3://shop-data/reco/quarantine/weekly/interactions/" in unusable.advice
    assert "For invalid_timestamp, look at interactions.timestamp" in unusable.advice
    assert "maximum_quarantined_share" in unusable.advice
    assert few.title == "There are too few interactions to import"
    assert "batch_inputs.films" in empty.advice


def test_a_run_that_somebody_stopped() -> None:
    stopped = Failure("RecommendWithSolutions > WaitForSolutionVersion", "Mind", "Not today.")
    problem = only(stopped, status="ABORTED")
    assert problem.title.startswith("Somebody stopped the run in RecommendWithSolutions")
    assert "Not today." in problem.explanation
    assert "--continue weekly" in problem.advice


def test_a_run_that_a_teardown_stopped() -> None:
    torn = only(Failure("ImportDatasets", "TornDown", "Stopped by arn:x"), status="ABORTED")
    assert torn.title == "A teardown stopped the run"


# --- warnings -------------------------------------------------------------------------------------


def report(quarantined: int, *warnings: str) -> dict[str, Any]:
    rows = {"read": 1000, "written": 1000 - quarantined, "filtered": 0, "duplicate": 0}
    dataset = {
        "rows": rows | {"quarantined": quarantined},
        "quarantined_by_reason": {"invalid_id": quarantined},
    }
    return {
        "datasets": {"interactions": dataset},
        "warnings": list(warnings),
        "configuration": {"maximum_quarantined_share": 0.01},
    }


def warnings(made: Run, report: Any = None, publication: Any = None) -> list[str]:
    found = problems.of(pipeline(), made, report, publication)
    assert not any(problem.is_failure for problem in found)
    return [problem.title for problem in found]


GOOD = run(status="SUCCEEDED")


def test_what_the_glue_job_warns_of() -> None:
    robot = "One user (7) has 40% of all events: a robot, or a placeholder?"
    assert warnings(GOOD, report(0, robot)) == ["One user has a large share of all events"]
    assert warnings(GOOD, report(0, "Something new.")) == ["The data looks odd"]


@pytest.mark.parametrize(("quarantined", "told"), [(5, False), (6, True)])
def test_unusable_rows_above_half_of_what_is_allowed(quarantined: int, told: bool) -> None:
    found = warnings(GOOD, report(quarantined))
    assert found == (["Unusable rows of interactions are near the limit"] if told else [])


def test_errors_among_the_answers() -> None:
    counts = {"inputs": 1000, "answered": 997, "errors": 3, "recommendations": 9970}
    good = counts | {"answered": 1000, "errors": 0}
    (problem,) = problems.of(
        pipeline(), GOOD, None, {"published": {"for-you": counts, "similar": good}, "refused": {}}
    )
    assert problem.title == "Inputs of for-you ended with an error"
    assert "3 of 1,000 (0.30%)" in problem.explanation


def test_failures_stand_before_warnings() -> None:
    failure = Failure("ReadPublication", "S3.S3Exception", "gone")
    found = problems.of(pipeline(), run(failure), report(9), None)
    assert [problem.is_failure for problem in found] == [True, False]


def test_a_wait_for_room_is_told_from_ten_minutes_on() -> None:
    def waiting(minutes: float) -> Run:
        half = timedelta(minutes=minutes / 2)
        name, within = "WaitForBatchInferenceJobRoom", ("RecommendWithSolutions", "for-you")
        one = Visit(name, "Wait", START, START + half, within)
        two = Visit(name, "Wait", START + 2 * half, START + 3 * half, within)
        return run(status="SUCCEEDED", visits=(one, two))

    assert warnings(waiting(9.9)) == []
    assert warnings(waiting(10)) == ["for-you waited for room in the Region's quotas"]


def test_a_job_that_takes_more_than_twice_as_long_as_before() -> None:
    def training(minutes: float) -> Run:
        end = START + timedelta(minutes=minutes)
        job = Job("training", "x", "arn", "ACTIVE", START, end, False, None, 1800.0, {})
        return run(status="SUCCEEDED", jobs=(job,))

    assert warnings(training(60)) == []
    assert warnings(training(61)) == ["The training of x took much longer than last time"]


# --- real runs ------------------------------------------------------------------------------------


def test_breaches_that_the_error_message_lacks_come_from_the_log(
    pipeline: Deployed, found: Pipeline
) -> None:
    breach = "interactions: 960 to import of 1,000 rows (0 filtered); Personalize needs 1,000."
    pipeline.set_script(
        fault="import sys\n"
        f"print('x.DataGateError: Not fit:\\n  - {breach}', file=sys.stderr)\n"
        "raise ValueError('DataGateError: Not fit:')"
    )
    pipeline.run("weekly")
    (problem,) = problems.of(found, runs.read(found), None, None)
    assert problem.title == "There are too few interactions to import"
    assert problem.explanation == breach


def test_a_refused_model_among_good_ones(pipeline: Deployed, found: Pipeline) -> None:
    strict = {"minimum": {"precision_at_5": 0.99}, "maximum_drop": {}}
    pipeline.solve(pipeline.solution("good"), pipeline.solution("bad", quality_gate=strict))
    pipeline.run("weekly")
    (problem,) = problems.of(found, runs.read(found), None, None)
    assert problem.title == "The quality gate refused the model of bad"
    assert "the minimum 0.99" in problem.explanation


def test_automatic_training_that_was_switched_off(pipeline: Deployed, found: Pipeline) -> None:
    solution = pipeline.solution("user-personalization")
    pipeline.aws.client("personalize").create_solution(
        name=solution["name"],
        datasetGroupArn=found.configuration["dataset_group_arn"],
        recipeArn=solution["recipe_arn"],
    )
    pipeline.run("weekly")
    (problem,) = problems.of(found, runs.read(found), None, None)
    assert problem.title == "Automatic training of user-personalization was on, and is off now"


def test_a_denied_call(pipeline: Deployed, found: Pipeline) -> None:
    denied = "User: arn:x is not authorized to perform: personalize:CreateSolution on resource: y"
    pipeline.aws.faults.add(
        fault_syntax.parse(f'CreateSolution error AccessDeniedException "{denied}" always')
    )
    try:
        pipeline.run("weekly")
    finally:
        pipeline.aws.faults.clear()
    (problem,) = problems.of(found, runs.read(found), None, None)
    assert problem.title == "CreateSolution was denied access"
    assert "personalize:CreateSolution" in problem.explanation
