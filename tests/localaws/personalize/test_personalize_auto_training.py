"""Solutions of the local Personalize that train themselves (Configuring automatic training)."""

from itertools import pairwise
from typing import Any

import pytest
from personalize_world import (
    INTERACTIONS,
    RECIPE,
    World,
    avro,
    csv,
    unique,
)

from batchrec.localaws.personalize.models import personalize_backends
from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)

HOUR, DAY = 3600, 24 * 3600
RATE = {"autoTrainingConfig": {"schedulingExpression": "rate(2 days)"}}


@pytest.fixture
def group(world: World) -> str:
    """A dataset group with interactions, for one test."""
    group, _ = world.new_dataset(avro(*INTERACTIONS))
    import_more(world, group)
    return group


def import_more(world: World, group: str) -> None:
    dataset = group.replace("dataset-group/", "dataset/") + "/INTERACTIONS"
    arn = world.start_import(world.put("data/interactions.csv", csv()), dataset)
    world.aws.clock.advance(HOUR / 4)
    job = world.personalize.describe_dataset_import_job(datasetImportJobArn=arn)
    assert job["datasetImportJob"]["status"] == "ACTIVE"


def solution(world: World, group: str, **settings: Any) -> str:
    """A solution that has just become active."""
    created = world.personalize.create_solution(
        name=unique(),
        datasetGroupArn=group,
        **{"recipeArn": f"{RECIPE}/aws-popularity-count"} | settings,
    )
    world.aws.clock.advance(60)
    assert world.solution_described(created["solutionArn"])["status"] == "ACTIVE"
    return str(created["solutionArn"])


def versions(world: World, solution: str) -> list[dict[str, Any]]:
    """The oldest first."""
    listed = world.personalize.list_solution_versions(solutionArn=solution)["solutionVersions"]
    return sorted(listed, key=lambda version: version["creationDateTime"])


def test_the_first_version_comes_within_an_hour_of_the_solution(
    world: World, group: str, held: LocalAws
) -> None:
    """As it does unless automatic training is switched off: performAutoTraining is the default."""
    automatic = solution(world, group)
    manual = solution(world, group, performAutoTraining=False)
    assert versions(world, automatic) == []
    held.clock.advance(HOUR)
    (version,) = versions(world, automatic)
    assert version["trainingType"] == "AUTOMATIC"
    assert version["trainingMode"] == "FULL"
    held.clock.advance(HOUR)
    described = world.version_described(version["solutionVersionArn"])
    assert described["status"] == "ACTIVE"
    assert described["trainingType"] == "AUTOMATIC"
    latest = world.solution_described(automatic)["latestSolutionVersion"]
    assert latest["solutionVersionArn"] == version["solutionVersionArn"]
    assert versions(world, manual) == []


def test_a_version_made_by_hand_in_the_first_hour_takes_its_place(
    world: World, group: str, held: LocalAws
) -> None:
    arn = solution(world, group)
    held.clock.advance(HOUR / 2)
    by_hand = world.start_version(arn)
    import_more(world, group)
    held.clock.advance(HOUR * 2)
    (version,) = versions(world, arn)
    assert version["solutionVersionArn"] == by_hand
    assert version["trainingType"] == "MANUAL"
    held.clock.advance(7 * DAY)
    assert [v["trainingType"] for v in versions(world, arn)] == ["MANUAL", "AUTOMATIC"]


def test_new_versions_come_every_seven_days_from_the_start_of_the_first(
    world: World, group: str, held: LocalAws
) -> None:
    arn = solution(world, group)
    held.clock.advance(2 * HOUR)
    for count in (2, 3):
        import_more(world, group)
        held.clock.advance(6 * DAY)
        assert len(versions(world, arn)) == count - 1
        held.clock.advance(DAY)
        assert len(versions(world, arn)) == count
    starts = [v["creationDateTime"].timestamp() for v in versions(world, arn)]
    between = [later - earlier for earlier, later in pairwise(starts)]
    assert between == pytest.approx([7 * DAY, 7 * DAY], abs=1)


def test_nothing_is_trained_without_new_interactions(
    world: World, group: str, held: LocalAws
) -> None:
    arn = solution(world, group)
    held.clock.advance(30 * DAY)
    assert len(versions(world, arn)) == 1
    import_more(world, group)
    held.clock.advance(7 * DAY)
    assert len(versions(world, arn)) == 2


def test_a_group_without_interactions_has_nothing_to_train_on(world: World, held: LocalAws) -> None:
    created = world.personalize.create_dataset_group(name=unique())["datasetGroupArn"]
    held.clock.advance(60)
    arn = solution(world, created)
    held.clock.advance(30 * DAY)
    assert versions(world, arn) == []


def test_the_frequency_is_the_solutions(world: World, group: str, held: LocalAws) -> None:
    arn = solution(world, group, solutionConfig=RATE)
    for count in (1, 2, 3):
        held.clock.advance(2 * DAY)
        assert len(versions(world, arn)) == count
        import_more(world, group)


def test_an_update_switches_it_off(world: World, group: str, held: LocalAws) -> None:
    arn = solution(world, group)
    world.personalize.update_solution(solutionArn=arn, performAutoTraining=False)
    held.clock.advance(30 * DAY)
    assert versions(world, arn) == []


@pytest.mark.parametrize(
    "update",
    [{"performAutoTraining": True}, {"solutionUpdateConfig": RATE}],
    ids=["switched-on", "another-frequency"],
)
def test_an_update_begins_the_schedule_anew(
    world: World, group: str, held: LocalAws, update: dict[str, Any]
) -> None:
    """Developer Guide, Updating a solution: a version within an hour, then at the frequency."""
    arn = solution(world, group, performAutoTraining="solutionUpdateConfig" in update)
    held.clock.advance(2 * HOUR)
    before = len(versions(world, arn))
    import_more(world, group)
    world.personalize.update_solution(solutionArn=arn, **update)
    held.clock.advance(2 * HOUR)
    assert len(versions(world, arn)) == before + 1
    import_more(world, group)
    held.clock.advance((2 if "solutionUpdateConfig" in update else 7) * DAY)
    assert len(versions(world, arn)) == before + 2


def test_an_update_to_what_is_already_so_changes_nothing(
    world: World, group: str, held: LocalAws
) -> None:
    arn = solution(world, group)
    held.clock.advance(2 * HOUR)
    import_more(world, group)
    world.personalize.update_solution(solutionArn=arn, performAutoTraining=True)
    held.clock.advance(DAY)
    assert len(versions(world, arn)) == 1


def test_it_ends_with_the_solution(world: World, group: str, held: LocalAws) -> None:
    """A solution of the same name has a schedule of its own."""
    name, p = unique(), world.personalize
    settings = {
        "name": name,
        "datasetGroupArn": group,
        "recipeArn": f"{RECIPE}/aws-popularity-count",
    }
    arn = p.create_solution(**settings)["solutionArn"]
    held.clock.advance(2 * HOUR)
    p.delete_solution(solutionArn=arn)
    held.clock.advance(HOUR)
    assert p.create_solution(**settings, performAutoTraining=False)["solutionArn"] == arn
    import_more(world, group)
    held.clock.advance(30 * DAY)
    assert versions(world, arn) == []


def test_time_does_not_jump_to_the_next_training(world: World, group: str) -> None:
    """Nothing but the schedule is under way."""
    before = world.aws.clock.time()
    arn = solution(world, group)
    world.aws.clock.sleep(1)
    assert world.aws.clock.time() < before + HOUR / 2
    assert versions(world, arn) == []


def test_a_schedule_goes_on_where_it_was(world: World, group: str, held: LocalAws) -> None:
    """As in an account that was saved: the week counts from the first training."""
    arn = solution(world, group)
    held.clock.advance(2 * HOUR)
    (first,) = versions(world, arn)
    import_more(world, group)
    held.clock.advance(3 * DAY)
    personalize_backends["123456789012"]["us-east-1"].resume_automatic_training()
    held.clock.advance(30 * DAY)
    _, second = versions(world, arn)
    between = second["creationDateTime"] - first["creationDateTime"]
    assert between.total_seconds() == pytest.approx(7 * DAY, abs=1)


def test_what_was_due_meanwhile_happens_when_the_account_is_there_again(
    world: World, group: str, held: LocalAws
) -> None:
    arn = solution(world, group)
    held.clock.advance(60)
    backend = personalize_backends["123456789012"]["us-east-1"]
    schedule, backend.resources[arn].schedule = backend.resources[arn].schedule, None
    held.clock.advance(2 * HOUR)
    assert versions(world, arn) == []
    backend.resources[arn].schedule = schedule
    backend.resume_automatic_training()
    held.clock.advance(60)
    assert len(versions(world, arn)) == 1
    held.clock.advance(6 * DAY)
    assert len(versions(world, arn)) == 1
