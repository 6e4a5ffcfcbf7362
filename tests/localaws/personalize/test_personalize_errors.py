"""What isn't accepted, and with which error."""

import pytest
from personalize_world import (
    LONG_ENOUGH,
    USER_PERSONALIZATION,
    World,
    csv,
    refusal,
    unique,
)

from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)


def test_a_group_has_one_dataset_of_each_type(world: World) -> None:
    call = world.personalize.create_dataset
    other = {"name": unique(), "schemaArn": world.schema, "datasetGroupArn": world.group}
    refusal("ResourceAlreadyExistsException", lambda: call(**other, datasetType="interactions"))


def test_what_depends_on_something_waits_until_it_is_active(world: World, held: LocalAws) -> None:
    p, busy = world.personalize, "ResourceInUseException"
    name = unique()
    group = p.create_dataset_group(name=name)["datasetGroupArn"]
    dataset = {"name": name, "schemaArn": world.schema, "datasetGroupArn": group}
    refusal(busy, lambda: p.create_dataset(**dataset, datasetType="Interactions"))
    solution = {"name": name, "datasetGroupArn": group, "recipeArn": USER_PERSONALIZATION}
    refusal(busy, lambda: p.create_solution(**solution))
    held.clock.advance(LONG_ENOUGH)

    created = p.create_dataset(**dataset, datasetType="Interactions")
    location = world.put("data/interactions.csv", csv())
    refusal(busy, lambda: world.start_import(location, created["datasetArn"]))
    solution_arn = p.create_solution(**solution)["solutionArn"]
    refusal(busy, lambda: p.create_solution_version(solutionArn=solution_arn))
    held.clock.advance(LONG_ENOUGH)

    version = p.create_solution_version(solutionArn=world.solution)["solutionVersionArn"]
    refusal(busy, lambda: p.get_solution_metrics(solutionVersionArn=version))
    paths = (f"s3://{world.bucket}/in/", f"s3://{world.bucket}/out/")
    refusal(busy, lambda: world.start_batch(*paths, solutionVersionArn=version))


def test_recipes_that_do_not_exist(world: World) -> None:
    create = world.personalize.create_solution
    wrong = "arn:aws:personalize:::recipe/aws-wonders"
    refusal(
        "InvalidInputException",
        lambda: create(name=unique(), datasetGroupArn=world.group, recipeArn=wrong),
    )
