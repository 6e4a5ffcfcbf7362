"""Which model a recipe trains."""

from collections.abc import Callable, Mapping

from batchrec.recommender.als import DEFAULT_FACTORS, train_als
from batchrec.recommender.interactions import Interactions
from batchrec.recommender.popularity import Popularity
from batchrec.recommender.ranking import Recommender


class UnsupportedRecipeError(ValueError):
    """A recipe that has no local counterpart."""


def train(
    recipe: str, interactions: Interactions, *, hyperparameters: Mapping[str, str], seed: int
) -> Recommender:
    """Train what the recipe stands for; the same data and seed give the same recommendations.

    Args:
        recipe: the last part of a recipe's ARN, such as `aws-user-personalization-v2`.
        interactions: at least one event.
        hyperparameters: Personalize's `algorithmHyperParameters`. `hidden_dimension` is the number
            of factors; the others have no counterpart here and are ignored.
        seed: for the model's random start.

    Raises:
        UnsupportedRecipeError: the recipe has no local counterpart.
        ValueError: there is no event, or `hidden_dimension` is not a whole number above 0.
    """
    if recipe not in _TRAINERS:
        known = ", ".join(_TRAINERS)
        raise UnsupportedRecipeError(f"recipe {recipe} can't be trained locally; can be: {known}")
    if not len(interactions):
        raise ValueError("no interactions to train on")
    return _TRAINERS[recipe](interactions, hyperparameters, seed)


def _user_personalization(
    interactions: Interactions, hyperparameters: Mapping[str, str], seed: int
) -> Recommender:
    return train_als(interactions, factors=_factors(hyperparameters), seed=seed)


def _popularity_count(
    interactions: Interactions, _hyperparameters: Mapping[str, str], _seed: int
) -> Recommender:
    return Popularity(interactions)


def _factors(hyperparameters: Mapping[str, str]) -> int:
    value = hyperparameters.get("hidden_dimension", str(DEFAULT_FACTORS))
    if not value.isdecimal() or int(value) == 0:
        raise ValueError(f"hidden_dimension must be a whole number above 0, not {value!r}")
    return int(value)


_TRAINERS: dict[str, Callable[[Interactions, Mapping[str, str], int], Recommender]] = {
    "aws-user-personalization": _user_personalization,
    "aws-user-personalization-v2": _user_personalization,
    "aws-popularity-count": _popularity_count,
}
