"""What can be deleted, in which order."""

from typing import Any

import pytest
from personalize_world import (
    INTERACTIONS,
    LONG_ENOUGH,
    RECIPE,
    USER_PERSONALIZATION,
    World,
    avro,
    csv,
    refusal,
    unique,
)

from batchrec.localaws import runtime
from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)


def test_what_is_used_stays(world: World, held: LocalAws) -> None:
    """API Reference, DeleteSchema, DeleteDatasetGroup, DeleteDataset and DeleteSolution."""
    p, used = world.personalize, "ResourceInUseException"
    refusal(used, lambda: p.delete_schema(schemaArn=world.schema))
    refusal(used, lambda: p.delete_dataset_group(datasetGroupArn=world.group))
    world.start_import(world.put("data/interactions.csv", csv()))
    refusal(used, lambda: p.delete_dataset(datasetArn=world.dataset))
    held.clock.advance(LONG_ENOUGH)
    p.create_solution_version(solutionArn=world.solution)
    refusal(used, lambda: p.delete_solution(solutionArn=world.solution))
    refusal(used, lambda: p.delete_dataset(datasetArn=world.dataset))


def test_a_batch_job_keeps_its_solution(world: World, held: LocalAws) -> None:
    """Not documented; the safe side."""
    source = world.put(f"{unique()}/input.json", '{"userId": "1"}\n')
    world.start_batch(source, f"s3://{world.bucket}/{unique()}/")
    delete = world.personalize.delete_solution
    refusal("ResourceInUseException", lambda: delete(solutionArn=world.solution))


def test_a_solution_that_is_being_deleted_has_no_more_batch_jobs(world: World) -> None:
    """Its versions are still there, but not for long."""
    version = world.version_of(world.group, f"{RECIPE}/aws-popularity-count")
    assert version["status"] == "ACTIVE"
    paths = (f"s3://{world.bucket}/in/", f"s3://{world.bucket}/out/")
    world.aws.clock.hold()
    try:
        world.personalize.delete_solution(solutionArn=version["solutionArn"])
        refusal(
            "ResourceInUseException",
            lambda: world.start_batch(*paths, solutionVersionArn=version["solutionVersionArn"]),
        )
    finally:
        world.aws.clock.release()
    world.settle()


def test_what_is_being_made_stays(personalize: Any, held: LocalAws) -> None:
    """Developer Guide, Deleting: a resource must be ACTIVE or CREATE FAILED."""
    group = personalize.create_dataset_group(name=unique())["datasetGroupArn"]
    delete = personalize.delete_dataset_group
    refusal("ResourceInUseException", lambda: delete(datasetGroupArn=group))


def test_deleting_takes_its_time_and_its_order(world: World, held: LocalAws) -> None:
    p, clock, used = world.personalize, held.clock, "ResourceInUseException"
    name = unique()
    group = p.create_dataset_group(name=name)["datasetGroupArn"]
    schema = p.create_schema(name=name, schema=avro(*INTERACTIONS))["schemaArn"]
    clock.advance(LONG_ENOUGH)
    dataset = p.create_dataset(
        name=name, schemaArn=schema, datasetGroupArn=group, datasetType="Interactions"
    )["datasetArn"]
    solution = p.create_solution(name=name, datasetGroupArn=group, recipeArn=USER_PERSONALIZATION)[
        "solutionArn"
    ]
    clock.advance(LONG_ENOUGH)
    version = p.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    clock.advance(LONG_ENOUGH)

    def solution_status() -> str:
        return str(p.describe_solution(solutionArn=solution)["solution"]["status"])

    p.delete_solution(solutionArn=solution)
    assert solution_status() == "DELETE PENDING"  # API Reference, Solution, status
    refusal(used, lambda: p.delete_solution(solutionArn=solution))
    clock.advance(runtime.current().durations.delete * 0.9)
    assert solution_status() == "DELETE IN_PROGRESS"
    refusal(used, lambda: p.delete_solution(solutionArn=solution))
    clock.advance(LONG_ENOUGH)
    gone = "ResourceNotFoundException"
    refusal(gone, lambda: p.describe_solution(solutionArn=solution))
    refusal(gone, lambda: p.describe_solution_version(solutionVersionArn=version))

    p.delete_dataset(datasetArn=dataset)
    assert p.describe_dataset(datasetArn=dataset)["dataset"]["status"] == "DELETE PENDING"
    refusal(used, lambda: p.delete_dataset_group(datasetGroupArn=group))
    refusal(used, lambda: p.delete_schema(schemaArn=schema))
    clock.advance(LONG_ENOUGH)
    p.delete_schema(schemaArn=schema)
    refusal(gone, lambda: p.describe_schema(schemaArn=schema))
    p.delete_dataset_group(datasetGroupArn=group)
    clock.advance(LONG_ENOUGH)
    refusal(gone, lambda: p.describe_dataset_group(datasetGroupArn=group))
    assert p.create_dataset_group(name=name)["datasetGroupArn"] == group
