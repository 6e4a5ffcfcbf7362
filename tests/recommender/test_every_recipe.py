"""What holds for every recipe, on a small world of two tastes."""

import math
import warnings

import implicit.utils
import numpy as np
import pytest
from scipy.special import softmax

from batchrec.recommender import Interactions, UnsupportedRecipeError, als, arrays, train

RECIPES = ["aws-user-personalization", "aws-user-personalization-v2", "aws-popularity-count"]
USERS = 60
ITEMS = 80


def columns() -> tuple[list[str], list[str], list[int]]:
    """Even users like even items, odd ones odd items; the lower an item, the more it is liked."""
    random = np.random.default_rng(7)
    users, items = [], []
    for user in range(USERS):
        for item in random.choice(ITEMS // 2, size=12, replace=False, p=_falling(ITEMS // 2)):
            users.append(f"u{user}")
            items.append(f"i{2 * item + user % 2:02}")
    return users, items, list(range(len(users)))


def _falling(size: int) -> np.ndarray:
    weights = 1 / np.arange(1, size + 1)
    return weights / weights.sum()


@pytest.fixture(scope="module")
def world() -> Interactions:
    return Interactions.from_columns(*columns())


@pytest.fixture(scope="module")
def owned() -> dict[str, set[str]]:
    owned: dict[str, set[str]] = {}
    for user, item, _ in zip(*columns(), strict=True):
        owned.setdefault(user, set()).add(item)
    return owned


@pytest.mark.parametrize("recipe", RECIPES)
class TestEveryRecipe:
    def test_known_users_get_25_new_items(self, recipe, world, owned) -> None:
        recommender = train(recipe, world, hyperparameters={}, seed=1)

        rankings = recommender.recommend(list(owned), 25)

        for ranking, had in zip(rankings, owned.values(), strict=True):
            assert len(set(ranking.items)) == len(ranking.items) == len(ranking.scores) == 25
            assert not had.intersection(ranking.items)

    def test_scores_descend_and_sum_to_at_most_1(self, recipe, world, owned) -> None:
        recommender = train(recipe, world, hyperparameters={}, seed=1)

        for ranking in recommender.recommend(list(owned), 25):
            assert ranking.scores == sorted(ranking.scores, reverse=True)
            assert all(type(score) is float and score > 0 for score in ranking.scores)
            assert sum(ranking.scores) < 1

    def test_a_cold_user_gets_popular_items_with_scores_that_sum_to_1(self, recipe, world) -> None:
        recommender = train(recipe, world, hyperparameters={}, seed=1)
        _, items, times = columns()
        # For personalization, an event counts half as much as one that is a tenth of all later.
        half_life = len(times) / 10 if recipe != "aws-popularity-count" else math.inf
        shares = dict.fromkeys(items, 0.0)
        for item, time in zip(items, times, strict=True):
            shares[item] += 0.5 ** ((times[-1] - time) / half_life)

        [ranking] = recommender.recommend(["nobody"], 1000)

        assert ranking.items == sorted(shares, key=lambda item: (-shares[item], item))
        assert ranking.scores[0] == pytest.approx(max(shares.values()) / sum(shares.values()))
        assert sum(ranking.scores) == pytest.approx(1)

    def test_the_catalogue_bounds_a_list(self, recipe, world, owned) -> None:
        recommender = train(recipe, world, hyperparameters={}, seed=1)

        [ranking] = recommender.recommend(["u0"], 1000)

        assert set(ranking.items) == set(columns()[1]) - owned["u0"]

    def test_same_data_in_any_order_and_same_seed_give_the_same_answer(self, recipe, world) -> None:
        shuffled = np.random.default_rng(3).permutation(len(world))
        again = Interactions.from_columns(*(np.array(column)[shuffled] for column in columns()))
        users = ["u3", "nobody", "u4"]

        first = train(recipe, world, hyperparameters={}, seed=5).recommend(users, 25)
        second = train(recipe, again, hyperparameters={}, seed=5).recommend(users, 25)

        assert first == second

    def test_answers_come_in_the_order_asked(self, recipe, world) -> None:
        recommender = train(recipe, world, hyperparameters={}, seed=1)

        known, cold = recommender.recommend(["u7"], 25) + recommender.recommend(["nobody"], 25)
        mixed = recommender.recommend(["nobody", "u7", "nobody", "u7"], 25)

        assert [m.items for m in mixed] == [cold.items, known.items, cold.items, known.items]
        assert recommender.recommend([], 25) == []

    def test_only_eligible_items_are_recommended_even_ones_that_the_user_has(
        self, recipe, world, owned
    ) -> None:
        recommender = train(recipe, world, hyperparameters={}, seed=1)
        users = ["u3", "nobody", "u4"]
        allowed = [
            {"i01", "i02", "i03", *list(owned["u3"])[:1]},
            {"i40", "i41"},
            set(),
        ]
        masks = [np.isin(world.item_ids, list(items)) for items in allowed]

        rankings = recommender.recommend(users, 25, iter(masks))

        assert [set(ranking.items) for ranking in rankings] == allowed
        for ranking in rankings:
            assert ranking.scores == sorted(ranking.scores, reverse=True)
            assert len(ranking.scores) == len(ranking.items)
        assert [len(r.items) for r in recommender.recommend(users, 1, iter(masks))] == [1, 1, 0]

    def test_no_event_is_an_error(self, recipe) -> None:
        with pytest.raises(ValueError, match="no interactions"):
            train(recipe, Interactions.from_columns([], [], []), hyperparameters={}, seed=1)


def test_personalization_recommends_a_users_own_taste(world) -> None:
    recommender = train("aws-user-personalization", world, hyperparameters={}, seed=1)

    [even, odd] = recommender.recommend(["u0", "u1"], 10)

    assert all(int(item[1:]) % 2 == 0 for item in even.items)
    assert all(int(item[1:]) % 2 == 1 for item in odd.items)


def test_popularity_breaks_ties_by_item_id() -> None:
    events = Interactions.from_columns(["u", "v", "u", "v"], ["c", "c", "b", "a"], [1, 2, 3, 4])

    [ranking] = train("aws-popularity-count", events, hyperparameters={}, seed=1).recommend(
        ["nobody"], 3
    )

    assert ranking.items == ["c", "a", "b"]
    assert ranking.scores == [0.5, 0.25, 0.25]


def test_personalization_scores_are_the_softmax_of_ten_times_the_factors_product(world) -> None:
    factors = als.factorize(world, factors=64, seed=1)
    user = world.user_ids.get_loc("u0")
    shares = softmax(10 * factors.items.astype(float) @ factors.users[user].astype(float))
    expected = dict(zip(world.item_ids, shares, strict=True))

    [ranking] = train("aws-user-personalization", world, hyperparameters={}, seed=1).recommend(
        ["u0"], 25
    )

    assert ranking.scores == pytest.approx([expected[item] for item in ranking.items], rel=1e-4)


def test_blocks_of_users_do_not_change_the_answer(world, owned, monkeypatch) -> None:
    recommender = train("aws-user-personalization", world, hyperparameters={}, seed=1)
    whole = recommender.recommend(list(owned), 25)

    monkeypatch.setattr(arrays, "_BLOCK_CELLS", 7 * ITEMS)
    in_blocks = recommender.recommend(list(owned), 25)

    assert [ranking.items for ranking in in_blocks] == [ranking.items for ranking in whole]


def test_hidden_dimension_is_the_number_of_factors(world) -> None:
    def trained(hyperparameters: dict[str, str]) -> list[str]:
        model = train("aws-user-personalization", world, hyperparameters=hyperparameters, seed=1)
        return model.recommend(["u0"], 25)[0].items

    assert trained({"hidden_dimension": "64", "bptt": "32"}) == trained({})
    assert trained({"hidden_dimension": "2"}) != trained({})


@pytest.mark.parametrize(
    ("recipe", "name"),
    [
        ("aws-user-personalization-v2", "apply_recency_bias"),
        ("aws-user-personalization", "recency_mask"),
    ],
)
def test_recency_is_a_hyperparameter_and_on_by_default(recipe: str, name: str) -> None:
    """A user had twelve even items, and then six odd ones."""
    users, items, times = columns()
    users += ["changed"] * 18
    items += [f"i{item:02}" for item in (*range(0, 24, 2), *range(1, 13, 2))]
    times += range(10_000, 10_018)
    events = Interactions.from_columns(users, items, times)

    def odd_share(hyperparameters: dict[str, str]) -> float:
        model = train(recipe, events, hyperparameters=hyperparameters, seed=1)
        [ranking] = model.recommend(["changed"], 10)
        return sum(int(item[1:]) % 2 for item in ranking.items) / 10

    assert odd_share({}) == odd_share({name: "true"}) > 0.5
    assert odd_share({name: "false"}) < 0.5
    with pytest.raises(ValueError, match=f"{name} must be true or false, not 'yes'"):
        odd_share({name: "yes"})


@pytest.mark.parametrize("value", ["0", "-3", "many", "1.5", ""])
def test_a_senseless_hidden_dimension_is_refused(world, value: str) -> None:
    with pytest.raises(ValueError, match="hidden_dimension"):
        train(
            "aws-user-personalization", world, hyperparameters={"hidden_dimension": value}, seed=1
        )


def test_an_unknown_recipe_is_refused_by_name(world) -> None:
    with pytest.raises(UnsupportedRecipeError, match=r"aws-hrnn .*aws-popularity-count"):
        train("aws-hrnn", world, hyperparameters={}, seed=1)
    assert issubclass(UnsupportedRecipeError, ValueError)


def test_training_is_silent(world, capfd, monkeypatch) -> None:
    monkeypatch.setattr(implicit.utils, "_checked_blas_config", False)  # it warns only once
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train("aws-user-personalization", world, hyperparameters={}, seed=1).recommend(["u0"], 25)

    assert capfd.readouterr() == ("", "")
