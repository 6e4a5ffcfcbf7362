"""What a solution version needs to be trained, and what comes of it."""

import json

import pytest
from personalize_world import (
    INTERACTIONS,
    ITEMS,
    World,
    avro,
    csv,
    unique,
)

pytestmark = pytest.mark.timeout(120)


def test_too_few_users_with_two_interactions(world: World) -> None:
    """Developer Guide, Error messages; the version fails, not the import."""
    group, dataset = world.new_dataset(avro(*INTERACTIONS))
    rows = [f"{n},{n % 50},{1_600_000_000 + n}" for n in range(1100)]
    rows += [f"{n},{n % 50 + 1},{1_600_000_000 + n}" for n in range(24)]
    content = "\n".join(["USER_ID,ITEM_ID,TIMESTAMP", *rows]) + "\n"
    assert world.import_job(world.put(f"{unique()}/a.csv", content), dataset)["status"] == "ACTIVE"
    version = world.version_of(group)
    assert version["status"] == "CREATE FAILED"
    assert version["failureReason"] == (
        "Create failed. Dataset has fewer than 25 users with at least 2 interactions each."
    )
    assert "trainingHours" not in version


@pytest.mark.parametrize(("users", "status"), [(2500, "ACTIVE"), (2501, "CREATE FAILED")])
def test_one_percent_of_the_users_have_two_interactions(
    world: World, users: int, status: str
) -> None:
    """Developer Guide, Endpoints and quotas: 25 of 2,500 are just enough."""
    group, dataset = world.new_dataset(avro(*INTERACTIONS))
    rows = [f"{n},{n % 50},{1_600_000_000 + n}" for n in range(users)]
    rows += [f"{n},{n % 50},{1_700_000_000 + n}" for n in range(25)]
    content = "\n".join(["USER_ID,ITEM_ID,TIMESTAMP", *rows]) + "\n"
    assert world.import_job(world.put(f"{unique()}/a.csv", content), dataset)["status"] == "ACTIVE"
    assert world.version_of(group)["status"] == status


EVENTS = [
    *INTERACTIONS,
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "EVENT_VALUE", "type": ["null", "float"]},
]


def test_a_thousand_interactions_are_left_after_filtering(world: World) -> None:
    """API Reference, SolutionConfig: events of the type, with a value of at least the threshold."""
    group, dataset = world.new_dataset(avro(*EVENTS))
    rows = csv(2400).splitlines()[1:]
    marked = [f"{row},{'buy' if n % 2 else 'view'},{n % 4}" for n, row in enumerate(rows)]
    content = "\n".join(["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE", *marked]) + "\n"
    assert world.import_job(world.put(f"{unique()}/a.csv", content), dataset)["status"] == "ACTIVE"
    assert world.version_of(group, eventType="buy")["status"] == "ACTIVE"
    enough = world.version_of(group, eventType="buy", solutionConfig={"eventValueThreshold": "1"})
    assert enough["status"] == "ACTIVE"
    assert enough["solutionConfig"] == {"eventValueThreshold": "1"}
    too_few = world.version_of(group, eventType="buy", solutionConfig={"eventValueThreshold": "3"})
    assert too_few["status"] == "CREATE FAILED"
    assert "1000" in too_few["failureReason"]


def test_a_group_without_imported_data(world: World) -> None:
    group, _ = world.new_dataset(avro(*INTERACTIONS))
    version = world.version_of(group)
    assert version["status"] == "CREATE FAILED"
    assert version["failureReason"]


def test_metrics_have_the_documented_names(world: World) -> None:
    """Developer Guide, Evaluating a solution version with metrics; four decimals as recorded."""
    answer = world.personalize.get_solution_metrics(solutionVersionArn=world.version)
    assert answer["solutionVersionArn"] == world.version
    metrics = answer["metrics"]
    assert set(metrics) == {
        "coverage",
        "mean_reciprocal_rank_at_25",
        "normalized_discounted_cumulative_gain_at_5",
        "normalized_discounted_cumulative_gain_at_10",
        "normalized_discounted_cumulative_gain_at_25",
        "precision_at_5",
        "precision_at_10",
        "precision_at_25",
    }
    assert all(0 <= value <= 1 and round(value, 4) == value for value in metrics.values())


def test_training_learns_from_the_data(world: World) -> None:
    """Users of either half like the items of their half."""
    lines = world.recommend('{"userId": "0"}\n{"userId": "1"}\n', numResults=5)
    for line, half in zip(lines, (range(ITEMS // 2), range(ITEMS // 2, ITEMS)), strict=True):
        items = json.loads(line)["output"]["recommendedItems"]
        assert sum(int(item) in half for item in items) >= 3, line
