"""Which model a recipe trains."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import pandas as pd

from batchrec.recommender.affinity import ItemAffinity, ItemAttributeAffinity
from batchrec.recommender.als import DEFAULT_FACTORS, Factors, factorize
from batchrec.recommender.cooccurrence import CoOccurrence
from batchrec.recommender.interactions import Interactions
from batchrec.recommender.item_attributes import ItemAttributes
from batchrec.recommender.personalization import PersonalizedRanking, UserPersonalization
from batchrec.recommender.popularity import Popularity
from batchrec.recommender.ranking import ItemRanker, Recommender, RelatedItems, Segmenter

Model: TypeAlias = Recommender | ItemRanker | RelatedItems | Segmenter[Any]

_RECIPES = (
    "aws-user-personalization",
    "aws-user-personalization-v2",
    "aws-popularity-count",
    "aws-personalized-ranking",
    "aws-personalized-ranking-v2",
    "aws-similar-items",
    "aws-sims",
    "aws-item-affinity",
    "aws-item-attribute-affinity",
)


class UnsupportedRecipeError(ValueError):
    """A recipe that has no local counterpart."""


def train(
    recipe: str,
    interactions: Interactions,
    *,
    hyperparameters: Mapping[str, str],
    seed: int,
    items: pd.DataFrame | None = None,
) -> Model:
    """Train what the recipe stands for; the same data and seed give the same answers.

    Args:
        recipe: the last part of a recipe's ARN, such as `aws-user-personalization-v2`.
        interactions: at least one event of a user that models learn from.
        hyperparameters: Personalize's `algorithmHyperParameters`. `hidden_dimension` is the number
            of factors; `apply_recency_bias` (the v2 recipes) and `recency_mask` (the others for
            users) tell whether late events count more than early ones, which is the default; the
            related-items recipes know `popularity_discount_factor` and `min_cointeraction_count`.
            The others have no counterpart here and are ignored.
        seed: for the model's random start.
        items: as in `ItemAttributes`; only aws-item-attribute-affinity uses it, and needs it.

    Raises:
        UnsupportedRecipeError: the recipe has no local counterpart.
        ValueError: there is no event, or a hyperparameter is out of its range.
    """
    if recipe not in _RECIPES:
        known = ", ".join(_RECIPES)
        raise UnsupportedRecipeError(f"recipe {recipe} can't be trained locally; can be: {known}")
    if not interactions.teaching.any():
        raise ValueError("no interactions to train on")

    recency = _recency(recipe, hyperparameters)

    def factors() -> Factors:
        rows = _factors(hyperparameters)
        return factorize(interactions, factors=rows, seed=seed, recency=recency)

    match recipe:
        case "aws-popularity-count":
            return Popularity(interactions)
        case "aws-personalized-ranking" | "aws-personalized-ranking-v2":
            return PersonalizedRanking(interactions, factors(), recency=recency)
        case "aws-similar-items":
            discount = _number(hyperparameters, "popularity_discount_factor", 0.0, 1)
            return CoOccurrence(interactions, discount=discount, minimum=1)
        case "aws-sims":
            discount = _number(hyperparameters, "popularity_discount_factor", 0.5, 1)
            minimum = _number(hyperparameters, "min_cointeraction_count", 3, 10)
            return CoOccurrence(interactions, discount=discount, minimum=int(minimum))
        case "aws-item-affinity":
            return ItemAffinity(interactions, factors())
        case "aws-item-attribute-affinity":
            if items is None:
                raise ValueError("aws-item-attribute-affinity needs items to train on")
            attributes = ItemAttributes(items, interactions.item_ids)
            return ItemAttributeAffinity(interactions, factors(), attributes)
        case _:
            return UserPersonalization(interactions, factors(), recency=recency)


def _factors(hyperparameters: Mapping[str, str]) -> int:
    value = hyperparameters.get("hidden_dimension", str(DEFAULT_FACTORS))
    if not value.isdecimal() or int(value) == 0:
        raise ValueError(f"hidden_dimension must be a whole number above 0, not {value!r}")
    return int(value)


def _recency(recipe: str, hyperparameters: Mapping[str, str]) -> bool:
    name = "apply_recency_bias" if recipe.endswith("-v2") else "recency_mask"
    value = hyperparameters.get(name, "true").lower()
    if value not in ("true", "false"):
        raise ValueError(f"{name} must be true or false, not {value!r}")
    return value == "true"


def _number(hyperparameters: Mapping[str, str], name: str, default: float, highest: float) -> float:
    text = hyperparameters.get(name, str(default))
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= highest:
        raise ValueError(f"{name} must be a number from 0 to {highest}, not {text!r}")
    return value
