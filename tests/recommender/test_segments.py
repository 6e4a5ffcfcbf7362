"""Users for items and for attributes: rankings against the factors, numbers by hand."""

import numpy as np
import pandas as pd
import pytest

from batchrec.recommender import (
    Interactions,
    Segmenter,
    segment_evaluation,
    segment_metrics,
    train,
)
from batchrec.recommender.als import factorize
from batchrec.recommender.segment_evaluation import measure

ITEMS = pd.DataFrame(
    {
        "ITEM_ID": [f"i{item:02}" for item in range(32)],  # two of which nobody knows
        "GENRES": ["Comedy|Drama" if item % 3 else "Drama" for item in range(31)] + ["Horror"],
        "YEAR": [str(1990 + item % 4) for item in range(32)],
        "Studio": [None if item % 2 else "A|B" for item in range(32)],
    }
)


@pytest.fixture(scope="module")
def events() -> Interactions:
    random = np.random.default_rng(7)
    users = np.repeat(np.arange(200), 10)
    items = np.concatenate([random.choice(30, size=10, replace=False) for _ in range(200)])
    names = [f"i{item:02}" for item in items]
    return Interactions.from_columns([f"u{user:03}" for user in users], names, range(2000))


@pytest.fixture(scope="module")
def factors(events: Interactions) -> tuple[np.ndarray, np.ndarray]:
    return factorize(events, factors=64, seed=1)


def trained(recipe: str, events: Interactions) -> Segmenter:
    model = train(recipe, events, hyperparameters={}, seed=1, items=ITEMS)
    assert isinstance(model, Segmenter)
    return model


def by_product(factors: tuple[np.ndarray, np.ndarray], items: list[int]) -> list[str]:
    users, all_items = factors
    products = (users.astype(float) @ all_items[items].T.astype(float)).mean(axis=1)
    return [f"u{user:03}" for user in np.argsort(-products)]


def test_users_for_an_item(events: Interactions, factors: tuple[np.ndarray, np.ndarray]) -> None:
    model = trained("aws-item-affinity", events)

    first, second = model.segment(["i05", "i11"], 20)

    assert first == by_product(factors, [5])[:20]
    assert second == by_product(factors, [11])[:20]
    assert model.segment(["i05"], 5_000_000)[0] == by_product(factors, [5])
    assert model.knows("i05")
    assert not model.knows("i31")


def test_users_for_attributes(events: Interactions, factors: tuple[np.ndarray, np.ndarray]) -> None:
    model = trained("aws-item-attribute-affinity", events)
    comedies_of_1991 = [item for item in range(30) if item % 3 and item % 4 == 1]
    of_studio_b = [item for item in range(30) if item % 2 == 0]

    first, second = model.segment([[("GENRES", "Comedy"), ("YEAR", "1991")], [("STUDIO", "B")]], 10)

    assert first == by_product(factors, comedies_of_1991)[:10]
    assert second == by_product(factors, of_studio_b)[:10]


@pytest.mark.parametrize(
    ("query", "known"),
    [
        ([("GENRES", "Comedy"), ("GENRES", "Drama")], True),
        ([("GENRES", "comedy")], False),
        ([("GENRES", "Comedy|Drama")], False),
        ([("GENRES", "Horror")], False),  # only of an item without an event
        ([("STUDIO", "")], False),
        ([("GENRE", "Comedy")], False),
    ],
)
def test_attributes_are_those_of_items_with_events(
    events: Interactions, query: list[tuple[str, str]], known: bool
) -> None:
    assert trained("aws-item-attribute-affinity", events).knows(query) is known


def test_only_who_is_eligible_is_found(events: Interactions) -> None:
    model = trained("aws-item-affinity", events)
    everybody = model.segment(["i05"], 200)[0]
    mask = np.array([int(user[1:]) % 2 == 0 for user in model.user_ids])

    [even] = model.segment(["i05"], 500, [mask])

    assert even == [user for user in everybody if int(user[1:]) % 2 == 0]


class Answers:
    """A segmenter that was told what to say."""

    user_ids = pd.Index([])

    def knows(self, query: str) -> bool:
        return True

    def segment(self, queries: list[str], count: int, eligible: object = None) -> list[list[str]]:
        return [{"a": ["u1", "u2"], "b": ["u2", "u3"]}[query][:count] for query in queries]


def test_hits_recall_and_coverage_by_hand() -> None:
    # Segments of 2 of 10 users: a finds 1 of 4, b 2 of 2; u1, u2 and u3 are in some segment.
    relevant = [("a", {"u1", "u7", "u8", "u9"}), ("b", {"u2", "u3"})]

    assert measure(Answers(), relevant, 2, 10) == {
        "coverage": 0.3,
        "hits_at_1_percent": 1.5,
        "recall_at_1_percent": 0.625,
    }


@pytest.mark.parametrize("recipe", ["aws-item-affinity", "aws-item-attribute-affinity"])
def test_metrics_of_segments_are_in_range_and_repeatable(recipe: str, events: Interactions) -> None:
    metrics, again = (
        segment_metrics(recipe, events, hyperparameters={}, seed=1, items=ITEMS) for _ in range(2)
    )

    assert metrics == again
    assert set(metrics) == {"coverage", "hits_at_1_percent", "recall_at_1_percent"}
    assert 0 < metrics["coverage"] <= 1
    assert 0 <= metrics["recall_at_1_percent"] <= 1
    assert 0 <= metrics["hits_at_1_percent"] <= 2  # 1 % of 200 users


def test_a_fan_club_is_found_again() -> None:
    """Of 300 users three watch nothing but films with one star, of which they miss one each."""
    rows = [
        (f"u{n:03}", f"i{(n + step) % 40:02}", step) for n in range(3, 300) for step in range(6)
    ]
    for fan in range(3):
        seen = [f"s{(fan + step) % 10}" for step in range(10)]
        rows += [(f"u{fan:03}", item, step) for step, item in enumerate(seen)]
    events = Interactions.from_columns(*zip(*rows, strict=True))
    items = pd.DataFrame({"ITEM_ID": [f"s{n}" for n in range(10)], "STAR": ["Monroe"] * 10})

    metrics = segment_metrics(
        "aws-item-attribute-affinity", events, hyperparameters={}, seed=1, items=items
    )

    assert metrics == {
        "coverage": 0.01,
        "hits_at_1_percent": 3.0,
        "recall_at_1_percent": 1.0,
    }


def test_what_is_hidden_is_not_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can tell the next of random events; a planted leak, which could, shows."""
    random = np.random.default_rng(3)
    items = np.concatenate([random.choice(60, size=10, replace=False) for _ in range(300)])
    events = Interactions.from_columns(np.repeat(np.arange(300), 10), items, range(3000))

    def recall() -> float:
        metrics = segment_metrics("aws-item-affinity", events, hyperparameters={}, seed=1)
        return metrics["recall_at_1_percent"]

    assert recall() < 0.03
    real_train = segment_evaluation.train
    monkeypatch.setattr(
        segment_evaluation,
        "train",
        lambda recipe, _, **options: real_train(recipe, events, **options),
    )
    assert recall() > 0.06


def test_attributes_need_items(events: Interactions) -> None:
    with pytest.raises(ValueError, match="needs items"):
        train("aws-item-attribute-affinity", events, hyperparameters={}, seed=1)
