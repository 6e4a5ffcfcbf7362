"""Names, and what Describe and List tell."""

import json
import re

import pytest
from personalize_world import (
    ARN,
    INTERACTIONS,
    USER_PERSONALIZATION,
    World,
    csv,
    unique,
)

pytestmark = pytest.mark.timeout(120)


def test_arns_follow_from_names(world: World) -> None:
    """Service Authorization Reference, Resource types defined by Amazon Personalize."""
    name = world.group.rpartition("/")[2]
    assert world.group == f"{ARN}:dataset-group/{name}"
    assert world.schema == f"{ARN}:schema/{name}"
    assert world.dataset == f"{ARN}:dataset/{name}/INTERACTIONS"
    assert re.fullmatch(rf"{ARN}:solution/[\w-]+", world.solution)
    assert re.fullmatch(rf"{world.solution}/[0-9a-f]{{8}}", world.version)
    job = unique("import")
    location = world.put("data/interactions.csv", csv())
    assert world.start_import(location, jobName=job) == f"{ARN}:dataset-import-job/{job}"
    job = unique("batch")
    source, destination = (f"s3://{world.bucket}/{unique()}/" for _ in range(2))
    started = world.start_batch(source, destination, jobName=job)
    assert started == f"{ARN}:batch-inference-job/{job}"
    world.settle()


def test_a_dataset_is_described_with_its_type_in_capitals(world: World) -> None:
    described = world.personalize.describe_dataset(datasetArn=world.dataset)["dataset"]
    assert described["datasetType"] == "INTERACTIONS"
    assert described["datasetGroupArn"] == world.group
    assert described["schemaArn"] == world.schema


def test_a_schema_has_its_text_and_no_status(world: World) -> None:
    described = world.personalize.describe_schema(schemaArn=world.schema)["schema"]
    assert json.loads(described["schema"])["fields"] == INTERACTIONS
    assert "status" not in described
    assert "domain" not in described


def test_a_solution_has_the_documented_defaults(world: World) -> None:
    """API Reference, CreateSolution: automatic training is on unless switched off."""
    solution = world.personalize.create_solution(
        name=unique(), datasetGroupArn=world.group, recipeArn=USER_PERSONALIZATION
    )["solutionArn"]
    described = world.personalize.describe_solution(solutionArn=solution)["solution"]
    assert described["performAutoTraining"] is True
    assert described["performHPO"] is False
    assert described["recipeArn"] == USER_PERSONALIZATION
    assert "eventType" not in described
    off = world.personalize.describe_solution(solutionArn=world.solution)["solution"]
    assert off["performAutoTraining"] is False
    latest = off["latestSolutionVersion"]["solutionVersionArn"]
    assert latest.startswith(world.solution + "/")
    world.settle()
    world.personalize.delete_solution(solutionArn=solution)  # before it trains itself


def test_a_solution_version_tells_what_it_was_trained_with(world: World) -> None:
    described = world.personalize.describe_solution_version(solutionVersionArn=world.version)
    version = described["solutionVersion"]
    name, identifier = world.version.split("/")[1:]
    assert version["name"] == f"{name}/{identifier}"  # as recorded of versions without a name
    assert version["solutionArn"] == world.solution
    assert version["datasetGroupArn"] == world.group
    assert version["recipeArn"] == USER_PERSONALIZATION
    assert version["trainingMode"] == "FULL"
    assert version["trainingHours"] > 0


def test_a_batch_inference_job_tells_its_settings(world: World) -> None:
    source = world.put(f"{unique()}/input.json", '{"userId": "1"}\n')
    destination = f"s3://{world.bucket}/{unique()}/"
    job = world.batch(source, destination)
    assert job["jobInput"] == {"s3DataSource": {"path": source}}
    assert job["jobOutput"] == {"s3DataDestination": {"path": destination}}
    assert job["numResults"] == 25  # API Reference, CreateBatchInferenceJob
    assert job["batchInferenceJobMode"] == "BATCH_INFERENCE"
    assert job["solutionVersionArn"] == world.version
    assert "filterArn" not in job


def test_a_page_that_is_the_last_says_so(world: World) -> None:
    listed = world.personalize.list_datasets(datasetGroupArn=world.group, maxResults=1)
    assert [summary["datasetArn"] for summary in listed["datasets"]] == [world.dataset]
    assert "nextToken" not in listed
