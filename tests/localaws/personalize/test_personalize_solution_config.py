"""What a solution can be configured with, and what the local Personalize refuses."""

from typing import Any

import pytest
from personalize_world import RECIPE, Shop, World, refusal, unique

pytestmark = pytest.mark.timeout(120)

Config = dict[str, Any]


def tuned(kind: str, **wanted: Any) -> Config:
    """Developer Guide, Hyperparameters and HPO: a range of one hyperparameter."""
    ranges: dict[str, list[Config]] = {
        f"{each}HyperParameterRanges": [] for each in ("integer", "continuous", "categorical")
    }
    ranges[f"{kind}HyperParameterRanges"] = [wanted]
    return {"hpoConfig": {"algorithmHyperParameterRanges": ranges}}


def events(*parameters: Config) -> Config:
    return {"eventsConfig": {"eventParametersList": list(parameters)}}


def objective(**wanted: str) -> Config:
    return {"optimizationObjective": wanted}


def columns(member: str, **names: list[str]) -> Config:
    return {"trainingDataConfig": {member: names}}


def create(world: World, group: str, recipe: str, config: Config, **settings: Any) -> str:
    """Create a solution and delete it again: a dataset group has room for ten."""
    p = world.personalize
    created = p.create_solution(
        name=unique(),
        datasetGroupArn=group,
        recipeArn=f"{RECIPE}/{recipe}",
        solutionConfig=config,
        performAutoTraining=False,
        **settings,
    )["solutionArn"]
    described = world.solution_described(created)
    assert described["solutionConfig"] == config
    world.settle()
    p.delete_solution(solutionArn=created)
    world.settle()
    return str(created)


@pytest.mark.parametrize(
    ("recipe", "config"),
    [
        (
            "aws-user-personalization",
            {
                "algorithmHyperParameters": {"hidden_dimension": "32", "recency_mask": "False"},
                "featureTransformationParameters": {"max_user_history_length_percentile": "0.95"},
                "eventValueThreshold": "0.5",
            },
        ),
        (
            "aws-trending-now",
            {"featureTransformationParameters": {"trend_discovery_frequency": "1 day"}},
        ),
        ("aws-user-personalization", tuned("integer", name="bptt", minValue=2, maxValue=22)),
        (
            "aws-similar-items",
            tuned("integer", name="item_id_hidden_dim", minValue=30, maxValue=200),
        ),
        (
            "aws-user-personalization",
            tuned("categorical", name="recency_mask", values=["true", "false"]),
        ),
        (
            "aws-personalized-ranking-v2",
            objective(itemAttribute="PRICE", objectiveSensitivity="LOW"),
        ),
        (
            "aws-user-personalization-v2",
            events({"eventType": "Buy", "weight": 0.3}, {"eventType": "click", "weight": 0.1}),
        ),
        ("aws-sims", columns("excludedDatasetColumns", Items=["PRICE"])),
        ("aws-sims", {"autoTrainingConfig": {"schedulingExpression": "rate(30 days)"}}),
    ],
)
def test_what_is_documented_is_kept(world: World, shop: Shop, recipe: str, config: Config) -> None:
    create(world, shop.group, recipe, config)


@pytest.mark.parametrize(
    ("recipe", "config", "named"),
    [
        ("aws-sims", {"algorithmHyperParameters": {"popularity_discount_factor": "2"}}, "[0, 1]"),
        ("aws-sims", {"algorithmHyperParameters": {"min_cointeraction_count": "1.5"}}, "integer"),
        ("aws-sims", {"algorithmHyperParameters": {"hidden_dimension": "32"}}, "hidden_dimension"),
        (
            "aws-user-personalization",
            {"algorithmHyperParameters": {"max_user_history_length_percentile": "0.9"}},
            "max_user_history_length_percentile",
        ),
        (
            "aws-user-personalization-v2",
            {"algorithmHyperParameters": {"apply_recency_bias": "yes"}},
            "true, false",
        ),
        (
            "aws-similar-items",
            {"algorithmHyperParameters": {"item_id_hidden_dim": "100"}},
            "hpoConfig",
        ),
        (
            "aws-trending-now",
            {"featureTransformationParameters": {"trend_discovery_frequency": "5 hours"}},
            "2 hours",
        ),
        ("aws-user-personalization", {"eventValueThreshold": "high"}, "eventValueThreshold"),
        (
            "aws-user-personalization",
            {"hpoConfig": {"hpoResourceConfig": {"maxNumberOfTrainingJobs": "41"}}},
            "maxNumberOfTrainingJobs",
        ),
        (
            "aws-user-personalization",
            {"hpoConfig": {"hpoResourceConfig": {"maxParallelTrainingJobs": "11"}}},
            "maxParallelTrainingJobs",
        ),
        (
            "aws-user-personalization",
            {"hpoConfig": {"algorithmHyperParameterRanges": {"integerHyperParameterRanges": []}}},
            "continuousHyperParameterRanges",
        ),
        (
            "aws-user-personalization",
            tuned("integer", name="bptt", minValue=1, maxValue=22),
            "[2, 32]",
        ),
        (
            "aws-user-personalization",
            tuned("integer", name="bptt", minValue=22, maxValue=2),
            "bptt",
        ),
        (
            "aws-similar-items",
            tuned("continuous", name="popularity_discount_factor", minValue=0.0, maxValue=1.0),
            "tunable",
        ),
        (
            "aws-popularity-count",
            objective(itemAttribute="PRICE", objectiveSensitivity="LOW"),
            "optimizationObjective",
        ),
        ("aws-user-personalization", objective(itemAttribute="TITLE"), "numeric"),
        ("aws-user-personalization", objective(itemAttribute="CREATION_TIMESTAMP"), "null"),
        ("aws-user-personalization", objective(objectiveSensitivity="HIGH"), "itemAttribute"),
        ("aws-user-personalization", events({"eventType": "Buy"}), "v2"),
        ("aws-user-personalization-v2", events(), "eventType"),
        (
            "aws-user-personalization-v2",
            events({"eventType": "Buy"}, {"eventType": "Buy", "weight": 1.0}),
            "eventType",
        ),
        (
            "aws-user-personalization-v2",
            events({"eventType": "Buy", "eventValueThreshold": 0.5}),
            "EVENT_VALUE",
        ),
        ("aws-user-personalization-v2", events({"eventType": "Buy", "weight": 1.5}), "weight"),
        ("aws-sims", columns("excludedDatasetColumns", Interactions=["EVENT_TYPE"]), "EVENT_TYPE"),
        ("aws-sims", columns("excludedDatasetColumns", Items=["COLOUR"]), "COLOUR"),
        ("aws-sims", columns("includedDatasetColumns", Wonders=["PRICE"]), "Wonders"),
        ("aws-sims", {"autoTrainingConfig": {"schedulingExpression": "rate(31 days)"}}, "30 days"),
        ("aws-sims", {"autoTrainingConfig": {"schedulingExpression": "rate(0 days)"}}, "1 day"),
    ],
)
def test_what_is_not_documented_is_refused_at_once(
    world: World, shop: Shop, recipe: str, config: Config, named: str
) -> None:
    message = refusal("InvalidInputException", lambda: create(world, shop.group, recipe, config))
    assert named in message


@pytest.mark.parametrize(
    ("recipe", "settings", "named"),
    [
        ("aws-item-affinity", {"performHPO": True}, "performHPO"),
        ("aws-user-personalization", {"performIncrementalUpdate": True}, "aws-semantic-similarity"),
        ("aws-ecomm-recommended-for-you", {}, "recommender"),
        ("aws-user-personalization", {"performAutoML": True}, "AutoML"),
    ],
)
def test_settings_that_a_recipe_does_not_have(
    world: World, shop: Shop, recipe: str, settings: Config, named: str
) -> None:
    message = refusal(
        "InvalidInputException", lambda: create(world, shop.group, recipe, {}, **settings)
    )
    assert named in message


def test_only_semantic_similarity_is_updated_incrementally(world: World, shop: Shop) -> None:
    create(world, shop.group, "aws-semantic-similarity", {}, performIncrementalUpdate=True)


def test_an_objective_needs_an_items_dataset(world: World) -> None:
    config = objective(itemAttribute="PRICE", objectiveSensitivity="LOW")
    refusal(
        "InvalidInputException",
        lambda: create(world, world.group, "aws-user-personalization-v2", config),
    )


def test_events_need_an_event_type_column(world: World) -> None:
    config = events({"eventType": "Buy", "weight": 1.0})
    refusal(
        "InvalidInputException",
        lambda: create(world, world.group, "aws-user-personalization-v2", config),
    )


def test_an_update_is_checked_as_well_and_replaces_the_events(world: World, shop: Shop) -> None:
    """Developer Guide, Updating a solution."""
    p = world.personalize
    solution = world.new_solution(
        shop.group,
        f"{RECIPE}/aws-user-personalization-v2",
        solutionConfig=events({"eventType": "Buy"}),
    )
    wrong = events({"eventType": "Buy"}, {"eventType": "Buy"})
    refusal(
        "InvalidInputException",
        lambda: p.update_solution(solutionArn=solution, solutionUpdateConfig=wrong),
    )
    new = events({"eventType": "click", "weight": 0.5})
    p.update_solution(solutionArn=solution, solutionUpdateConfig=new)
    world.settle()
    assert world.solution_described(solution)["solutionConfig"] == new


def test_a_version_keeps_the_configuration_it_was_trained_with(world: World, shop: Shop) -> None:
    config = {"algorithmHyperParameters": {"popularity_discount_factor": "0.3"}}
    version = world.version_of(shop.group, f"{RECIPE}/aws-sims", solutionConfig=config)
    assert version["solutionConfig"] == config
    rate = {"autoTrainingConfig": {"schedulingExpression": "rate(3 days)"}}
    world.personalize.update_solution(solutionArn=version["solutionArn"], solutionUpdateConfig=rate)
    world.settle()
    assert world.solution_described(version["solutionArn"])["solutionConfig"] == config | rate
    again = world.version_described(version["solutionVersionArn"])
    assert again["solutionConfig"] == config


@pytest.mark.parametrize(
    ("config", "by_genre", "by_price"),
    [
        (columns("excludedDatasetColumns", Items=["PRICE"]), True, False),
        (columns("includedDatasetColumns", ITEMS=["PRICE"]), False, True),
        ({}, True, True),
    ],
    ids=["excluded", "included", "neither"],
)
def test_segments_know_the_columns_that_are_trained_on(
    world: World, shop: Shop, config: Config, by_genre: bool, by_price: bool
) -> None:
    """Developer Guide, Configuring columns used when training."""
    recipe = f"{RECIPE}/aws-item-attribute-affinity"
    version = world.version_of(shop.group, recipe, solutionConfig=config)
    lines = world.segment(
        '{"itemAttributes": "ITEMS.GENRES = \\"Comedy\\""}\n'
        '{"itemAttributes": "ITEMS.PRICE = 4.5"}\n',
        solutionVersionArn=version["solutionVersionArn"],
        numResults=3,
    )
    assert ['"error":null' in line for line in lines] == [by_genre, by_price]
    world.personalize.delete_solution(solutionArn=version["solutionArn"])
    world.settle()
