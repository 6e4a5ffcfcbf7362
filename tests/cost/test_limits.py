"""Distances to the quotas that the Developer Guide lists (Endpoints and quotas)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from deployed_pipeline import Pipeline as Deployed
from reporting_pipeline import REPORT, Weekly

from batchrec import limits, runs
from batchrec.limits import BatchFiles, Limit
from batchrec.pipeline import Pipeline
from batchrec.runs import Job, Run

pytestmark = pytest.mark.xdist_group("cost")


def solution(key: str, recipe: str, batch_input: str = "users") -> dict[str, Any]:
    folder = f"batch_{batch_input}_input"
    return {
        "key": key,
        "recipe": recipe,
        "batch_input_folder": folder,
        "themes_item_name": "",
    }


def of_data(*solutions: dict[str, Any], **given: Any) -> dict[str, Limit]:
    facts: dict[str, Any] = {"imports": {}, "interactions": None, "items": None, "inputs": {}}
    return {each.name: each for each in limits.of_data(solutions=solutions, **facts | given)}


def test_imports_of_a_hundred_gigabytes() -> None:
    (limit,) = of_data(imports={"interactions": 25 * 10**9}).values()
    assert (limit.name, limit.used, limit.maximum, limit.share) == (
        "import of interactions",
        25,
        100,
        0.25,
    )


def test_models_of_older_and_newer_recipes() -> None:
    both = (
        solution("old", "aws-user-personalization"),
        solution("new", "aws-user-personalization-v2"),
    )
    found = of_data(*both, interactions=600_000_000, items=75_000)
    assert found["items of a model"].share == 0.1
    assert found["items of a model of a -v2 recipe"].share == 0.015
    assert found["interactions of a model"].share == 1.2
    assert found["interactions of a model of a -v2 recipe"].share == 0.2
    assert found["interactions of a model"].is_adjustable
    assert not found["items of a model"].is_adjustable


def test_batch_inputs() -> None:
    found = of_data(
        solution("for-you", "aws-sims"), inputs={"users": BatchFiles(4, 10**8, 20_000_000)}
    )
    assert found["batch input users, files"].share == 0.004
    assert found["batch input users, size"].share == 0.1
    assert found["batch input users, lines of a file"].share == 0.1


def test_recipes_that_take_few_inputs() -> None:
    inputs = {"films": BatchFiles(1, 100, 250), "tags": BatchFiles(1, 100, 12)}
    found = of_data(
        solution("fans", "aws-item-affinity", "films"),
        solution("groups", "aws-item-attribute-affinity", "tags"),
        solution("like", "aws-similar-items", "films") | {"themes_item_name": "TITLE"},
        inputs=inputs,
    )
    assert found["input of fans"].share == 0.5
    assert found["input of groups"].share == 1.2
    assert found["input of like"].share == 2.5


def test_a_run_and_what_stands_in_its_region(weekly: Weekly) -> None:
    deployed, run = weekly.deployed, runs.read(weekly.found)
    found = limits.of(weekly.found, run, REPORT)
    by_name = {each.name: each for each in found}
    assert [each.share for each in found] == sorted((e.share for e in found), reverse=True)
    groups = deployed.listed("list_dataset_groups", "datasetGroups")
    assert by_name["dataset groups of the Region"].used == len(groups)
    assert by_name["schemas of the Region"].used == len(deployed.listed("list_schemas", "schemas"))
    assert by_name["solutions of the dataset group"].used == 1
    assert by_name["filters of the dataset group"].used == 0
    listed = deployed.aws.client("s3").list_objects_v2(
        Bucket=deployed.bucket, Prefix="transformed/weekly/interactions/"
    )
    size = sum(each["Size"] for each in listed["Contents"])
    assert by_name["import of interactions"].used == size / 1e9
    assert by_name["interactions of a model"].used == 1800
    assert by_name["items of a model"].used == 200
    assert by_name["import jobs at once"].share == 1 / 5
    assert by_name["dataset groups of the Region"].is_shared
    assert not by_name["items of a model"].is_shared
    assert by_name["batch input users, lines of a file"].used == 60
    assert all("Developer Guide" in each.source for each in found)


def test_jobs_at_once() -> None:
    """Three batch jobs, of which two overlap; a version that is reused is no job of this run."""
    start = datetime(2026, 1, 11, tzinfo=UTC)

    def job(kind: str, begin: int, end: int | None, *, is_reused: bool = False) -> Job:
        started, ended = (None if m is None else start + timedelta(minutes=m) for m in (begin, end))
        assert started is not None
        return Job(kind, "a", f"{kind}{begin}", "ACTIVE", started, ended, is_reused, None, None, {})

    jobs = (
        job("batch inference", 0, 10),
        job("batch inference", 5, None),
        job("batch inference", 10, 12),
        job("batch segments", 0, 10),
        job("training", 0, 10, is_reused=True),
    )
    run = Run("r", "arn", "run", "SUCCEEDED", start, start, start, (), (), jobs, {}, 1)
    found = {each.name: each for each in limits.of_jobs(run)}
    assert found.keys() == {"batch inference jobs at once", "batch segments jobs at once"}
    assert found["batch inference jobs at once"].share == 2 / 5
    assert found["batch segments jobs at once"].is_adjustable is None  # the guide doesn't tell


def test_a_model_considers_items_that_had_no_event_yet(weekly: Weekly) -> None:
    report = REPORT | {"datasets": REPORT["datasets"] | {"items": {"rows": {"written": 900}}}}
    found = limits.of(weekly.found, runs.read(weekly.found), report)
    assert {each.name: each.used for each in found}["items of a model"] == 900


def test_without_a_report_only_what_is_told(reporting: Deployed, found: Pipeline) -> None:
    reporting.set_script('raise SystemExit("broken")')
    reporting.run("weekly")
    names = {each.name for each in limits.of(found, runs.read(found), None)}
    assert "solutions of the dataset group" in names
    assert not [name for name in names if "model" in name or "import" in name or "input" in name]
