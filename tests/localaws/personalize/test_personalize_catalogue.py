"""Recipes, algorithms and feature transformations (pages of the recipes, Developer Guide)."""

from typing import Any

import pytest
from personalize_world import RECIPE, refusal

SERVICE = "arn:aws:personalize:::"


def recipes(personalize: Any, **wanted: str) -> list[str]:
    pages = personalize.get_paginator("list_recipes").paginate(
        PaginationConfig={"PageSize": 4}, **wanted
    )
    return [recipe["name"] for page in pages for recipe in page["recipes"]]


def test_every_recipe_is_listed(personalize: Any) -> None:
    custom = {
        "aws-hrnn",
        "aws-hrnn-coldstart",
        "aws-hrnn-metadata",
        "aws-item-affinity",
        "aws-item-attribute-affinity",
        "aws-next-best-action",
        "aws-personalized-ranking",
        "aws-personalized-ranking-v2",
        "aws-popularity-count",
        "aws-semantic-similarity",
        "aws-similar-items",
        "aws-sims",
        "aws-trending-now",
        "aws-user-personalization",
        "aws-user-personalization-v2",
    }
    listed = recipes(personalize)
    assert len(set(listed)) == len(listed)
    assert {name for name in listed if not name.startswith(("aws-ecomm-", "aws-vod-"))} == custom
    assert recipes(personalize, recipeProvider="SERVICE") == listed


@pytest.mark.parametrize(
    ("domain", "prefix"), [("ECOMMERCE", "aws-ecomm-"), ("VIDEO_ON_DEMAND", "aws-vod-")]
)
def test_a_domain_lists_its_use_cases(personalize: Any, domain: str, prefix: str) -> None:
    listed = recipes(personalize, domain=domain)
    assert len(listed) == 5
    assert all(name.startswith(prefix) for name in listed)
    (first,) = personalize.list_recipes(domain=domain, maxResults=1)["recipes"]
    assert first["domain"] == domain


def test_a_provider_that_does_not_exist(personalize: Any) -> None:
    refusal("InvalidInputException", lambda: personalize.list_recipes(recipeProvider="SOMEBODY"))


@pytest.mark.parametrize(
    ("name", "kind", "transformation"),
    [
        ("aws-user-personalization", "USER_PERSONALIZATION", None),
        ("aws-personalized-ranking", "PERSONALIZED_RANKING", "JSON-percentile-filtering"),
        ("aws-sims", "RELATED_ITEMS", "sims"),
        ("aws-popularity-count", "USER_PERSONALIZATION", "sims"),
        ("aws-item-affinity", "USER_SEGMENTATION", "item-affinity"),
    ],
)
def test_a_recipe_is_described(
    personalize: Any, name: str, kind: str, transformation: str | None
) -> None:
    recipe = personalize.describe_recipe(recipeArn=f"{RECIPE}/{name}")["recipe"]
    assert recipe["recipeArn"] == f"{RECIPE}/{name}"
    assert recipe["recipeType"] == kind
    assert recipe["status"] == "ACTIVE"
    assert recipe["algorithmArn"] == f"{SERVICE}algorithm/{name}"
    arn = recipe.get("featureTransformationArn")
    assert arn == (transformation and f"{SERVICE}feature-transformation/{transformation}")


def test_an_algorithm_has_its_hyperparameters_and_their_ranges(personalize: Any) -> None:
    arn = f"{SERVICE}algorithm/aws-user-personalization"
    algorithm = personalize.describe_algorithm(algorithmArn=arn)["algorithm"]
    assert algorithm["defaultHyperParameters"] == {
        "hidden_dimension": "149",
        "bptt": "32",
        "recency_mask": "true",
    }
    ranges = algorithm["defaultHyperParameterRanges"]
    assert ranges["integerHyperParameterRanges"] == [
        {"name": "hidden_dimension", "minValue": 32, "maxValue": 256, "isTunable": True},
        {"name": "bptt", "minValue": 2, "maxValue": 32, "isTunable": True},
    ]
    assert ranges["categoricalHyperParameterRanges"] == [
        {"name": "recency_mask", "values": ["true", "false"], "isTunable": True}
    ]
    assert ranges["continuousHyperParameterRanges"] == []


def test_trending_now_has_an_algorithm_of_another_name(personalize: Any) -> None:
    recipe = personalize.describe_recipe(recipeArn=f"{RECIPE}/aws-trending-now")["recipe"]
    assert recipe["algorithmArn"] == f"{SERVICE}algorithm/aws-trending-now-custom"


def test_a_feature_transformation_has_its_defaults(personalize: Any) -> None:
    described = personalize.describe_feature_transformation(
        featureTransformationArn=f"{SERVICE}feature-transformation/sims"
    )["featureTransformation"]
    assert described["defaultParameters"] == {
        "min_user_history_length_percentile": "0.005",
        "max_user_history_length_percentile": "0.995",
        "min_item_interaction_count_percentile": "0.01",
        "max_item_interaction_count_percentile": "0.9",
    }
    assert described["status"] == "ACTIVE"


def test_what_the_service_does_not_own(personalize: Any) -> None:
    gone = "ResourceNotFoundException"
    arn = f"{SERVICE}recipe/aws-wonders"
    message = refusal(gone, lambda: personalize.describe_recipe(recipeArn=arn))
    assert message == f"Resource Arn {arn} does not exist."
    arn = f"{SERVICE}algorithm/aws-wonders"
    refusal(gone, lambda: personalize.describe_algorithm(algorithmArn=arn))
    arn = f"{SERVICE}feature-transformation/aws-wonders"
    refusal(
        gone,
        lambda: personalize.describe_feature_transformation(featureTransformationArn=arn),
    )
