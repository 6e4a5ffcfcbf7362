"""The statuses that resources go through (API Reference, each Describe operation)."""

from typing import Any

import pytest
from personalize_world import (
    CREATED,
    FAILED,
    INTERACTIONS,
    LONG_ENOUGH,
    USER_PERSONALIZATION,
    World,
    avro,
    csv,
    life,
    unique,
)

from batchrec.localaws import runtime
from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)


def test_the_lives_of_a_dataset_group_a_dataset_and_a_solution(
    personalize: Any, held: LocalAws
) -> None:
    name, durations = unique(), runtime.current().durations
    group = personalize.create_dataset_group(name=name)["datasetGroupArn"]

    def group_status() -> str:
        described = personalize.describe_dataset_group(datasetGroupArn=group)
        return str(described["datasetGroup"]["status"])

    assert life(held, group_status, durations.dataset_group) == CREATED
    schema = personalize.create_schema(name=name, schema=avro(*INTERACTIONS))["schemaArn"]
    dataset = personalize.create_dataset(
        name=name, schemaArn=schema, datasetGroupArn=group, datasetType="Interactions"
    )["datasetArn"]

    def dataset_status() -> str:
        return str(personalize.describe_dataset(datasetArn=dataset)["dataset"]["status"])

    assert life(held, dataset_status, durations.dataset) == CREATED
    solution = personalize.create_solution(
        name=name, datasetGroupArn=group, recipeArn=USER_PERSONALIZATION
    )["solutionArn"]

    def solution_status() -> str:
        return str(personalize.describe_solution(solutionArn=solution)["solution"]["status"])

    assert life(held, solution_status, durations.solution) == CREATED


def test_the_life_of_an_import_job(world: World, held: LocalAws) -> None:
    arn = world.start_import(world.put("data/interactions.csv", csv()))

    def status() -> str:
        described = world.personalize.describe_dataset_import_job(datasetImportJobArn=arn)
        assert "failureReason" not in described["datasetImportJob"]
        return str(described["datasetImportJob"]["status"])

    assert life(held, status, runtime.current().durations.dataset_import_job) == CREATED


def test_the_life_of_a_failing_import_job(world: World, held: LocalAws) -> None:
    arn = world.start_import(f"s3://{world.bucket}/nowhere/")
    reasons = set()

    def status() -> str:
        described = world.personalize.describe_dataset_import_job(datasetImportJobArn=arn)
        job = described["datasetImportJob"]
        if job["status"] == "CREATE FAILED":
            reasons.add(job["failureReason"])
        else:
            assert "failureReason" not in job
        return str(job["status"])

    assert life(held, status, runtime.current().durations.dataset_import_job) == FAILED
    assert reasons == {"Invalid Data location."}  # Developer Guide, Error messages


def test_the_life_of_a_solution_version(world: World, held: LocalAws) -> None:
    created = world.personalize.create_solution_version(solutionArn=world.solution)
    arn = created["solutionVersionArn"]

    def status() -> str:
        described = world.personalize.describe_solution_version(solutionVersionArn=arn)
        version = described["solutionVersion"]
        assert ("trainingHours" in version) == (version["status"] == "ACTIVE")
        return str(version["status"])

    assert life(held, status, runtime.current().durations.solution_version) == CREATED


def test_the_life_of_a_batch_inference_job(world: World, held: LocalAws) -> None:
    """The words that real jobs have, not those in the API Reference, which has no "CREATE"."""
    source = world.put(f"{unique()}/input.json", '{"userId": "1"}\n')
    arn = world.start_batch(source, f"s3://{world.bucket}/{unique()}/")

    def status() -> str:
        described = world.personalize.describe_batch_inference_job(batchInferenceJobArn=arn)
        return str(described["batchInferenceJob"]["status"])

    assert life(held, status, runtime.current().durations.batch_inference_job) == CREATED


def test_changes_of_status_are_dated(personalize: Any, held: LocalAws) -> None:
    group = personalize.create_dataset_group(name=unique())["datasetGroupArn"]
    before = personalize.describe_dataset_group(datasetGroupArn=group)["datasetGroup"]
    held.clock.advance(LONG_ENOUGH)
    after = personalize.describe_dataset_group(datasetGroupArn=group)["datasetGroup"]
    assert after["creationDateTime"] == before["creationDateTime"] == before["lastUpdatedDateTime"]
    assert after["lastUpdatedDateTime"] > before["lastUpdatedDateTime"]
