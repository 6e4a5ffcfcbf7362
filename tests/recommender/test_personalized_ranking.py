"""Given items in a user's order, against softmax on the factors."""

import numpy as np
import pytest
from scipy.special import softmax

from batchrec.recommender import Interactions, ItemRanker, train
from batchrec.recommender.als import factorize


@pytest.fixture(scope="module")
def events() -> Interactions:
    random = np.random.default_rng(7)
    users = np.repeat(np.arange(40), 10)
    items = np.concatenate([random.choice(30, size=10, replace=False) for _ in range(40)])
    names = [f"i{item:02}" for item in items]
    return Interactions.from_columns([f"u{user:02}" for user in users], names, range(400))


@pytest.fixture(scope="module", params=["aws-personalized-ranking", "aws-personalized-ranking-v2"])
def model(request: pytest.FixtureRequest, events: Interactions) -> ItemRanker:
    trained = train(request.param, events, hyperparameters={}, seed=1)
    assert isinstance(trained, ItemRanker)
    return trained


def test_scores_are_the_softmax_over_the_given_items(
    model: ItemRanker, events: Interactions
) -> None:
    factors = factorize(events, factors=64, seed=1)
    items = ["i07", "i01", "i22", "i13"]
    rows = [int(item[1:]) for item in items]
    shares = softmax(10 * factors.items[rows].astype(float) @ factors.users[4])
    expected = dict(sorted(zip(items, shares, strict=True), key=lambda pair: -pair[1]))

    [ranking] = model.rank(["u04"], [items])

    assert ranking.items == list(expected)
    assert ranking.scores == pytest.approx(list(expected.values()), rel=1e-4)
    assert sum(ranking.scores) == pytest.approx(1)


def test_unknown_items_come_last_without_a_score(model: ItemRanker) -> None:
    """Developer Guide, Personalized-Ranking: items without interactions get no score."""
    [ranking] = model.rank(["u04"], [["new 2", "i07", "new 1", "i01"]])

    assert set(ranking.items[:2]) == {"i07", "i01"}
    assert ranking.items[2:] == ["new 2", "new 1"]
    assert len(ranking.scores) == 2
    assert sum(ranking.scores) == pytest.approx(1)
    [nothing] = model.rank(["u04"], [["new 2", "new 1"]])
    assert (nothing.items, nothing.scores) == (["new 2", "new 1"], [])


def test_cold_users_get_the_items_by_recent_popularity(
    model: ItemRanker, events: Interactions
) -> None:
    # An event counts half as much as one that is a tenth of all events (here 40) later.
    popular = np.bincount(events.items, weights=0.5 ** ((399 - events.timestamps) / 40))
    items = ["i03", "i19", "i28"]
    counts = {item: popular[int(item[1:])] for item in items}

    [ranking] = model.rank(["nobody"], [items])

    assert ranking.items == sorted(items, key=lambda item: -counts[item])
    assert ranking.scores == pytest.approx(
        [counts[item] / sum(counts.values()) for item in ranking.items]
    )


def test_what_is_not_eligible_leaves_the_list(model: ItemRanker) -> None:
    mask = np.ones(30, dtype=bool)
    mask[7] = False
    items = ["i07", "i01", "new", "i22"]

    first, second = model.rank(["u04", "nobody"], [items, items], [mask, mask])

    assert sorted(first.items) == sorted(second.items) == ["i01", "i22", "new"]
    assert sum(first.scores) == pytest.approx(1)
