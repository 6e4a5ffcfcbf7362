"""Solutions of the local Personalize: updates, versions, stops, and how many there may be."""

import dataclasses

import pytest
from personalize_world import (
    CREATED,
    LONG_ENOUGH,
    RECIPE,
    USER_PERSONALIZATION,
    World,
    life,
    refusal,
    unique,
)

from batchrec.localaws import runtime
from batchrec.localaws.personalize.quotas import Quotas
from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)

RATE = {"autoTrainingConfig": {"schedulingExpression": "rate(5 days)"}}

# --- updates (Developer Guide, Updating a solution) -----------------------------------------------


@pytest.fixture
def solution(world: World) -> str:
    return world.new_solution(world.group)


def test_an_update_has_a_life_and_applies_at_its_end(
    world: World, solution: str, held: LocalAws
) -> None:
    before = world.solution_described(solution)
    assert "latestSolutionUpdate" not in before
    world.personalize.update_solution(
        solutionArn=solution, performAutoTraining=True, solutionUpdateConfig=RATE
    )

    def status() -> str:
        described = world.solution_described(solution)
        update = described["latestSolutionUpdate"]
        assert update["performAutoTraining"] is True
        assert update["solutionUpdateConfig"] == RATE
        assert described["status"] == "ACTIVE"
        if update["status"] != "ACTIVE":
            assert described["performAutoTraining"] is False
            assert "solutionConfig" not in described
        return str(update["status"])

    assert life(held, status, runtime.current().durations.solution_update) == CREATED
    after = world.solution_described(solution)
    assert after["performAutoTraining"] is True
    assert after["solutionConfig"] == RATE
    update = after["latestSolutionUpdate"]
    assert update["lastUpdatedDateTime"] > update["creationDateTime"]
    world.personalize.delete_solution(solutionArn=solution)  # before it trains itself


def test_an_update_keeps_the_rest_of_the_configuration(world: World) -> None:
    solution = world.new_solution(
        world.group, solutionConfig={"algorithmHyperParameters": {"hidden_dimension": "32"}}
    )
    world.personalize.update_solution(solutionArn=solution, solutionUpdateConfig=RATE)
    world.settle()
    described = world.solution_described(solution)
    assert described["performAutoTraining"] is False
    assert described["solutionConfig"] == RATE | {
        "algorithmHyperParameters": {"hidden_dimension": "32"}
    }


def test_during_an_update_versions_can_be_made_but_nothing_else(
    world: World, held: LocalAws
) -> None:
    p, solution, busy = world.personalize, world.solution, "ResourceInUseException"
    p.update_solution(solutionArn=solution, performAutoTraining=False)
    refusal(busy, lambda: p.update_solution(solutionArn=solution, performAutoTraining=True))
    refusal(busy, lambda: p.delete_solution(solutionArn=solution))
    world.start_version(solution)
    held.clock.advance(LONG_ENOUGH)
    p.update_solution(solutionArn=solution, performAutoTraining=False)


def test_incremental_updates_belong_to_another_recipe(world: World) -> None:
    """API Reference, UpdateSolution: only semantic-similarity has them."""
    update = world.personalize.update_solution
    refusal(
        "InvalidInputException",
        lambda: update(solutionArn=world.solution, performIncrementalUpdate=True),
    )
    wrong = {"autoTrainingConfig": {"schedulingExpression": "rate(40 days, or so)"}}
    refusal(
        "InvalidInputException",
        lambda: update(solutionArn=world.solution, solutionUpdateConfig=wrong),
    )


def test_a_solution_in_the_making_cannot_be_updated(world: World, held: LocalAws) -> None:
    solution = world.personalize.create_solution(
        name=unique(), datasetGroupArn=world.group, recipeArn=USER_PERSONALIZATION
    )["solutionArn"]
    update = world.personalize.update_solution
    refusal("ResourceInUseException", lambda: update(solutionArn=solution))
    missing = solution.replace("solution/", "solution/no-")
    refusal("ResourceNotFoundException", lambda: update(solutionArn=missing))


# --- versions -------------------------------------------------------------------------------------


def test_a_solutions_versions_have_names_of_their_own(world: World) -> None:
    name = unique("v")
    version = world.start_version(world.solution, name=name)
    assert world.version_described(version)["name"] == name
    taken = "ResourceAlreadyExistsException"
    message = refusal(taken, lambda: world.start_version(world.solution, name=name))
    assert version in message
    other = world.start_version(world.new_solution(world.group), name=name)
    assert other != version
    world.settle()
    refusal(taken, lambda: world.start_version(world.solution, name=name))


def test_the_latest_version_is_the_newest_whatever_becomes_of_it(
    world: World, held: LocalAws
) -> None:
    version = world.start_version(world.solution)
    latest = world.solution_described(world.solution)["latestSolutionVersion"]
    assert latest["solutionVersionArn"] == version
    assert latest["status"] == "CREATE PENDING"
    assert latest["trainingMode"] == "FULL"
    held.clock.advance(LONG_ENOUGH)
    assert world.solution_described(world.solution)["latestSolutionVersion"]["status"] == "ACTIVE"


def test_update_mode_needs_a_full_version_first(
    world: World, solution: str, held: LocalAws
) -> None:
    """API Reference, CreateSolutionVersion."""

    def update() -> str:
        return world.start_version(solution, trainingMode="UPDATE")

    refusal("InvalidInputException", update)
    full = world.start_version(solution)
    refusal("InvalidInputException", update)
    held.clock.advance(LONG_ENOUGH)
    assert world.version_described(full)["status"] == "ACTIVE"
    version = update()
    held.clock.advance(LONG_ENOUGH)
    described = world.version_described(version)
    assert (described["status"], described["trainingMode"]) == ("ACTIVE", "UPDATE")
    assert world.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]


@pytest.mark.parametrize("mode", ["UPDATE", "AUTOTRAIN"])
def test_other_recipes_are_only_trained_in_full(world: World, mode: str) -> None:
    version = world.version_of(world.group, f"{RECIPE}/aws-user-personalization-v2")
    assert version["status"] == "ACTIVE"
    refusal(
        "InvalidInputException",
        lambda: world.start_version(version["solutionArn"], trainingMode=mode),
    )


# --- stopping (API Reference, StopSolutionVersionCreation) ----------------------------------------


def test_a_pending_version_stops_at_once(world: World, held: LocalAws) -> None:
    version = world.start_version(world.solution)
    world.personalize.stop_solution_version_creation(solutionVersionArn=version)

    def status() -> str:
        return str(world.version_described(version)["status"])

    assert life(held, status, runtime.current().durations.solution_version) == ["CREATE STOPPED"]


def test_a_version_in_training_stops_after_a_while(world: World, held: LocalAws) -> None:
    version = world.start_version(world.solution)
    held.clock.advance(runtime.current().durations.solution_version / 2)
    assert world.version_described(version)["status"] == "CREATE IN_PROGRESS"
    world.personalize.stop_solution_version_creation(solutionVersionArn=version)

    def status() -> str:
        return str(world.version_described(version)["status"])

    stopping = runtime.current().durations.solution_version_stop
    assert life(held, status, stopping) == ["CREATE STOPPING", "CREATE STOPPED"]
    described = world.version_described(version)
    assert "failureReason" not in described
    assert "trainingHours" not in described


def test_a_stopped_version_is_of_no_use_and_in_nobodys_way(
    world: World, solution: str, held: LocalAws
) -> None:
    p, busy = world.personalize, "ResourceInUseException"
    version = world.start_version(solution)
    held.clock.advance(runtime.current().durations.solution_version / 2)

    def stop() -> None:
        p.stop_solution_version_creation(solutionVersionArn=version)

    stop()
    refusal(busy, lambda: p.delete_solution(solutionArn=solution))
    refusal(busy, stop)
    held.clock.advance(LONG_ENOUGH)
    refusal(busy, stop)
    paths = (f"s3://{world.bucket}/in/", f"s3://{world.bucket}/out/")
    # Not in use, which a pipeline would wait for.
    never = "InvalidInputException"
    refusal(never, lambda: world.start_batch(*paths, solutionVersionArn=version))
    refusal(busy, lambda: p.get_solution_metrics(solutionVersionArn=version))
    p.delete_solution(solutionArn=solution)


def test_a_finished_version_cannot_be_stopped(world: World) -> None:
    stop = world.personalize.stop_solution_version_creation
    refusal("ResourceInUseException", lambda: stop(solutionVersionArn=world.version))
    missing = world.version[:-8] + "0a1b2c3d"
    refusal("ResourceNotFoundException", lambda: stop(solutionVersionArn=missing))


# --- quotas (Developer Guide, Endpoints and quotas) -----------------------------------------------


def test_ten_solutions_a_dataset_group_unless_raised(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    p = world.personalize
    group = p.create_dataset_group(name=unique())["datasetGroupArn"]
    world.settle()

    def create(name: str) -> str:
        created = p.create_solution(
            name=name, datasetGroupArn=group, recipeArn=USER_PERSONALIZATION
        )
        return str(created["solutionArn"])

    names = [unique() for _ in range(10)]
    for name in names:
        create(name)
    world.settle()
    refusal("LimitExceededException", lambda: create(unique()))
    refusal("ResourceAlreadyExistsException", lambda: create(names[0]))
    raised = dataclasses.replace(runtime.current(), quotas=Quotas(solutions=11))
    monkeypatch.setattr(runtime, "_current", raised)
    create(unique())
    refusal("LimitExceededException", lambda: create(unique()))
