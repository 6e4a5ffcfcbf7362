"""Real ratings: personalisation has to earn its name."""

import pytest

from batchrec.data import movielens
from batchrec.recommender import HeldOut, Interactions, hold_out_latest, ndcg_at, train


@pytest.fixture(scope="module")
def split() -> HeldOut:
    """The latest tenth of each user's liked movies is hidden; users with 5 liked movies or more."""
    ratings = movielens.ratings()
    liked = ratings[ratings["rating"] >= 3.5]
    liked = liked[liked.groupby("userId")["movieId"].transform("size") >= 5]
    return hold_out_latest(
        Interactions.from_columns(liked["userId"], liked["movieId"], liked["timestamp"])
    )


@pytest.mark.parametrize("seed", [0, 1, 42])
def test_personalization_is_well_above_popularity(split: HeldOut, seed: int) -> None:
    ndcg = {
        recipe: ndcg_at(
            train(recipe, split.training, hyperparameters={}, seed=seed), split.relevant, 25
        )
        for recipe in ("aws-user-personalization-v2", "aws-popularity-count")
    }

    assert ndcg["aws-popularity-count"] == pytest.approx(0.053, abs=0.001)
    assert ndcg["aws-user-personalization-v2"] >= 1.6 * ndcg["aws-popularity-count"]


def test_every_user_gets_25_movies_not_yet_liked(split: HeldOut) -> None:
    training = split.training
    recommender = train("aws-user-personalization-v2", training, hyperparameters={}, seed=0)

    users = training.user_ids.tolist()
    for position, ranking in enumerate(recommender.recommend(users, 25)):
        liked = set(training.item_ids[training.items_of(position)])
        assert len(set(ranking.items)) == 25
        assert not liked.intersection(ranking.items)
