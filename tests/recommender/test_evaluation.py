"""Expected values: the guide's own worked example, small cases by hand, and a plain reference."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from batchrec.recommender import (
    Interactions,
    Ranking,
    RelatedItems,
    evaluation,
    ndcg_at,
    offline_metrics,
    train,
)

METRICS = {
    "coverage",
    "mean_reciprocal_rank_at_25",
    "normalized_discounted_cumulative_gain_at_5",
    "normalized_discounted_cumulative_gain_at_10",
    "normalized_discounted_cumulative_gain_at_25",
    "precision_at_5",
    "precision_at_10",
    "precision_at_25",
}
WEIGHTED_NDCG = "normalized_discounted_cumulative_gain_with_event_weights_at_k"

Event = tuple[str, str, int]

# Everybody's last event is the hit of the day, the most popular item by far.
WITH_HIT_OF_THE_DAY: list[Event] = [
    (f"u{user:02}", f"i{(user * 7 + step) % 50:02}", step)
    for user in range(50)
    for step in range(5)
] + [(f"u{user:02}", "hit", 99) for user in range(50)]


class Answers:
    """A recommender that was told what to say."""

    item_ids = pd.Index([])

    def __init__(self, lists: dict[str, list[str]]) -> None:
        self.lists = lists

    def recommend(self, user_ids: Sequence[str], count: int) -> list[Ranking]:
        lists = [self.lists[user][:count] for user in user_ids]
        return [Ranking(items, [0.0] * len(items)) for items in lists]


def measure(events: list[Event], seed: int = 1, recipe: str = "aws-popularity-count"):
    interactions = Interactions.from_columns(*zip(*events, strict=True))
    return offline_metrics(recipe, interactions, hyperparameters={}, seed=seed)


def random_events(users: int, items: int, each: int) -> list[Event]:
    random = np.random.default_rng(11)
    return [
        (f"u{user:02}", f"i{item:02}", int(random.integers(10**9, 2 * 10**9)))
        for user in range(users)
        for item in random.choice(items, size=each, replace=False)
    ]


def reference_ndcg(items: list[str], relevant: set[str], k: int) -> float:
    """NDCG of one list as the guide words it: 1 / log(1 + position), the top being position 1."""
    gain = sum(1 / math.log2(1 + p) for p, item in enumerate(items[:k], 1) if item in relevant)
    return gain / sum(1 / math.log2(1 + p) for p in range(1, min(k, len(relevant)) + 1))


class TestNdcgAt:
    def test_the_guides_example(self) -> None:
        # Developer Guide, "Evaluating a solution version with metrics", Example: the second and
        # fifth recommendations are relevant; NDCG at 5 is 0.6241.
        answers = Answers({"u": ["no", "x", "no2", "no3", "y"]})

        assert ndcg_at(answers, {"u": {"x", "y"}}, 5) == pytest.approx(0.6241, abs=5e-5)

    def test_a_perfect_list_a_useless_list_and_an_empty_one(self) -> None:
        answers = Answers({"perfect": ["a", "b"], "useless": ["c", "d"], "empty": []})

        assert ndcg_at(answers, {"perfect": {"a", "b", "z"}}, 2) == pytest.approx(1)
        assert ndcg_at(answers, {"useless": {"a"}, "empty": {"a"}}, 2) == 0
        everybody = {user: {"a", "b"} for user in answers.lists}
        assert ndcg_at(answers, everybody, 2) == pytest.approx(1 / 3)

    @pytest.mark.parametrize("k", [1, 3, 25])
    def test_equals_a_plain_reference_on_random_lists(self, k: int) -> None:
        random = np.random.default_rng(5)
        catalogue = [f"i{number}" for number in range(40)]
        lists = {f"u{u}": random.permutation(catalogue)[:25].tolist() for u in range(50)}
        relevant = {
            user: set(random.choice(catalogue, size=random.integers(1, 35), replace=False).tolist())
            for user in lists
        }

        expected = np.mean([reference_ndcg(lists[u], relevant[u], k) for u in lists])

        assert ndcg_at(Answers(lists), relevant, k) == pytest.approx(expected)


def test_the_guides_example_for_every_metric(monkeypatch: pytest.MonkeyPatch) -> None:
    # As above, with reciprocal rank 1/2 and precision at 5 of 2/5; the lists name 5 of 30 items.
    events = [("u", f"i{number:02}", number) for number in range(30)]  # i27, i28, i29 are hidden
    answers = Answers({"u": ["i00", "i28", "i01", "i02", "i29"]})
    monkeypatch.setattr(evaluation, "train", lambda *_, **__: answers)

    metrics = measure(events)

    perfect = 1 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
    ndcg = round((1 / math.log2(3) + 1 / math.log2(6)) / perfect, 4)
    assert metrics == {
        "coverage": round(5 / 30, 4),
        "mean_reciprocal_rank_at_25": 0.5,
        "normalized_discounted_cumulative_gain_at_5": ndcg,
        "normalized_discounted_cumulative_gain_at_10": ndcg,
        "normalized_discounted_cumulative_gain_at_25": ndcg,
        "precision_at_5": 0.4,
        "precision_at_10": 0.2,
        "precision_at_25": 0.08,
    }


def test_cut_offs_are_where_their_names_say(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [("u", f"i{number:02}", number) for number in range(30)]
    ranked = [f"i{number:02}" for number in range(25)]
    ranked[5], ranked[10], ranked[24] = "i27", "i28", "i29"  # ranks 6, 11 and 25
    monkeypatch.setattr(evaluation, "train", lambda *_, **__: Answers({"u": ranked}))

    metrics = measure(events)

    assert [metrics[f"precision_at_{k}"] for k in (5, 10, 25)] == [0, 0.1, 0.12]
    assert metrics["mean_reciprocal_rank_at_25"] == 0.1667
    for k in (5, 10, 25):
        expected = round(reference_ndcg(ranked, {"i27", "i28", "i29"}, k), 4)
        assert metrics[f"normalized_discounted_cumulative_gain_at_{k}"] == expected


@pytest.mark.parametrize(
    "recipe",
    [
        "aws-user-personalization",
        "aws-popularity-count",
        "aws-personalized-ranking",
        "aws-similar-items",
        "aws-sims",
    ],
)
def test_keys_range_rounding_and_determinism(recipe: str) -> None:
    events = random_events(users=40, items=60, each=20)

    metrics = measure(events, recipe=recipe)

    assert set(metrics) == METRICS
    for value in metrics.values():
        assert type(value) is float
        assert 0 <= value <= 1
        assert value == round(value, 4)
    assert metrics["coverage"] > 0
    assert measure(events[::-1], recipe=recipe) == metrics


def test_hidden_events_are_the_latest_tenth_of_a_tenth_of_the_users_who_teach_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = random_events(users=40, items=60, each=20)
    trained: list[Interactions] = []

    def spy(recipe: str, interactions: Interactions, **options: object):
        trained.append(interactions)
        return real_train(recipe, interactions, **options)

    real_train = evaluation.train
    monkeypatch.setattr(evaluation, "train", spy)
    measure(events)

    [training] = trained
    users = training.user_ids[training.users]
    items = training.item_ids[training.items]
    hidden = set(events) - set(zip(users, items, training.timestamps.tolist(), strict=True))
    assert len(hidden) == 40 // 10 * 20 // 10
    test_users = {user for user, _, _ in hidden}
    assert len(test_users) == 40 // 10
    assert set(training.user_ids[~training.teaching]) == test_users
    for user in test_users:
        by_time = sorted((event for event in events if event[0] == user), key=lambda e: e[2])
        assert set(by_time[-2:]) == {event for event in hidden if event[0] == user}


def test_a_hidden_item_is_still_new_to_the_model() -> None:
    """A model trained on the test users' last events would never recommend what these hold."""
    metrics = measure(WITH_HIT_OF_THE_DAY)

    assert metrics["mean_reciprocal_rank_at_25"] == 1
    assert metrics["normalized_discounted_cumulative_gain_at_5"] == 1
    assert metrics["precision_at_5"] == 0.2


@pytest.mark.parametrize("recipe", ["aws-popularity-count", "aws-user-personalization-v2"])
def test_a_planted_leak_shows(recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = Interactions.from_columns(*zip(*WITH_HIT_OF_THE_DAY, strict=True))
    real_train = evaluation.train
    assert measure(WITH_HIT_OF_THE_DAY, recipe=recipe)["mean_reciprocal_rank_at_25"] >= 0.5

    monkeypatch.setattr(
        evaluation, "train", lambda recipe, _, **options: real_train(recipe, everything, **options)
    )

    assert measure(WITH_HIT_OF_THE_DAY, recipe=recipe)["mean_reciprocal_rank_at_25"] == 0


@pytest.mark.parametrize("recipe", ["aws-popularity-count", "aws-similar-items", "aws-sims"])
def test_nothing_is_learned_from_users_who_do_not_teach(recipe: str) -> None:
    events = Interactions.from_columns(*zip(*random_events(60, 20, 8), strict=True))
    teaching = np.arange(len(events.user_ids)) % 3 != 0
    without_the_others = events.where(teaching[events.users])

    def answers(interactions: Interactions) -> list[list[str]]:
        model = train(recipe, interactions, hyperparameters={}, seed=1)
        if isinstance(model, RelatedItems):
            return model.related(events.item_ids.tolist(), 10)
        return [ranking.items for ranking in model.recommend(["u01", "nobody"], 10)]

    assert answers(events.taught_by(teaching)) == answers(without_the_others)
    assert answers(events) != answers(without_the_others)


def test_without_a_user_to_learn_from_there_is_nothing_to_measure() -> None:
    with pytest.raises(ValueError, match="no interactions to train on"):
        measure([("u", "a", 1), ("u", "b", 2)])


def test_the_seed_chooses_the_test_users() -> None:
    events = random_events(users=40, items=60, each=20)

    assert measure(events, seed=1) != measure(events, seed=2)


def test_without_a_user_to_test_there_is_nothing_to_measure() -> None:
    with pytest.raises(ValueError, match="no user has two events"):
        measure([("u", "a", 1), ("v", "b", 2)])


def test_related_items_are_asked_for_the_latest_item_that_is_not_hidden() -> None:
    """Whoever has the lamp buys the bulb next, and nothing else goes with the lamp."""
    events = [
        (f"u{user:02}", f"i{(user * 7 + step) % 50:02}", step)
        for user in range(50)
        for step in range(5)
    ]
    events += [(f"u{user:02}", "lamp", 98) for user in range(50)]
    events += [(f"u{user:02}", "bulb", 99) for user in range(50)]

    metrics = measure(events, recipe="aws-similar-items")

    assert metrics["mean_reciprocal_rank_at_25"] == 1
    assert metrics["precision_at_5"] == 0.2


def test_segments_are_measured_otherwise() -> None:
    with pytest.raises(TypeError, match="segment_metrics"):
        measure(random_events(users=40, items=60, each=20), recipe="aws-item-affinity")


def test_event_weights_make_a_hit_worth_more(monkeypatch: pytest.MonkeyPatch) -> None:
    # Developer Guide, "Measuring performance with event weight configuration": a purchase of weight
    # 0.3 brings 1.5, a click of weight 0.1 brings 0.5. Hidden are a bought, a clicked and a missed
    # item; the clicked one is also bought, earlier in the hidden part.
    items = [f"i{number:02}" for number in range(38)] + ["both", "both"]
    weights = np.array([1] * 36 + [1.5, 0.5, 1.5, 0.5], dtype=np.float32)
    events = Interactions.from_columns(["u"] * 40, items, list(range(40)), weights)
    answers = Answers({"u": ["i37", "no", "both"]})
    monkeypatch.setattr(evaluation, "train", lambda *_, **__: answers)

    metrics = offline_metrics(
        "aws-user-personalization-v2", events, hyperparameters={}, seed=1, event_weights=True
    )

    found = 0.5 / math.log2(2) + 1.5 / math.log2(4)
    perfect = 1.5 / math.log2(2) + 1.5 / math.log2(3) + 0.5 / math.log2(4)
    assert set(metrics) == METRICS | {WEIGHTED_NDCG}
    assert metrics[WEIGHTED_NDCG] == round(found / perfect, 4)


def test_equal_event_weights_change_nothing() -> None:
    events = Interactions.from_columns(*zip(*random_events(40, 60, 20), strict=True))

    metrics = offline_metrics(
        "aws-user-personalization-v2", events, hyperparameters={}, seed=1, event_weights=True
    )

    assert metrics[WEIGHTED_NDCG] == metrics["normalized_discounted_cumulative_gain_at_25"]
