"""Related items: a small world by hand, and random ones against a plain reference."""

from itertools import combinations

import numpy as np
import pytest

from batchrec.recommender import Interactions, RelatedItems, train

# Users of each item: a 5, b 3, c 2, d 1; events: a 5, b 3, c 3, d 1.
BASKETS = {"u1": "abc", "u2": "abcc", "u3": "ab", "u4": "ad", "u5": "a"}


def related(recipe: str, item: str, count: int = 10, eligible=None, **hyperparameters: str):
    rows = [(user, item, n) for user, items in BASKETS.items() for n, item in enumerate(items)]
    events = Interactions.from_columns(*zip(*rows, strict=True))
    model = train(recipe, events, hyperparameters=hyperparameters, seed=1)
    assert isinstance(model, RelatedItems)
    [found] = model.related([item], count, eligible)
    return "".join(found)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("a", "bcd"),  # shared users 3, 2, 1
        ("b", "acd"),  # 3, 2; d shares none, and fills the list
        ("c", "abd"),  # 2, 2: by id
        ("d", "abc"),  # 1; b and c fill, equally popular
        ("x", "abcd"),  # unknown: popular items
    ],
)
def test_similar_items_by_shared_users(item: str, expected: str) -> None:
    assert related("aws-similar-items", item) == expected
    assert related("aws-similar-items", item, count=2) == expected[:2]


def test_popularity_can_be_discounted() -> None:
    # Of c: a 2 / 5, b 2 / 3.
    assert related("aws-similar-items", "c", popularity_discount_factor="1") == "bad"


def test_sims_needs_three_shared_users_unless_told() -> None:
    """Developer Guide, SIMS: min_cointeraction_count 3, popularity_discount_factor 0.5."""
    assert related("aws-sims", "c") == "abd"  # nobody shares three users with c: popular items
    # Two are enough: a 2 / sqrt(5), b 2 / sqrt(3).
    assert related("aws-sims", "c", min_cointeraction_count="2") == "bad"


def test_only_what_is_eligible_is_found() -> None:
    mask = np.array([True, False, True, True])
    assert related("aws-similar-items", "a", eligible=[mask]) == "cd"
    assert related("aws-similar-items", "x", eligible=[mask]) == "acd"
    assert mask.tolist() == [True, False, True, True]


@pytest.mark.parametrize("discount", ["0.0", "0.5", "0.8"])
def test_equals_a_plain_reference_on_random_baskets(discount: str) -> None:
    random = np.random.default_rng(3)
    baskets = [set(random.choice(30, size=8, replace=False).tolist()) for _ in range(60)]
    rows = [(f"u{n:02}", f"i{item:02}", 0) for n, items in enumerate(baskets) for item in items]
    events = Interactions.from_columns(*zip(*rows, strict=True))
    model = train(
        "aws-similar-items",
        events,
        hyperparameters={"popularity_discount_factor": discount},
        seed=1,
    )
    users = {item: sum(item in basket for basket in baskets) for item in range(30)}
    together = dict.fromkeys(combinations(range(30), 2), 0)
    for basket in baskets:
        for pair in combinations(sorted(basket), 2):
            together[pair] += 1

    lists = model.related([f"i{item:02}" for item in range(30)], 29)

    for item, found in enumerate(lists):
        shared = {
            other: together[min(item, other), max(item, other)] / users[other] ** float(discount)
            for other in range(30)
            if other != item
        }
        scores = [shared[int(other[1:])] for other in found]
        assert sorted(found) == [f"i{other:02}" for other in shared]
        related_items = [score for score in scores if score]
        assert related_items == pytest.approx(sorted(related_items, reverse=True))
        assert not any(scores[len(related_items) :])


@pytest.mark.parametrize(
    "wrong", [{"popularity_discount_factor": "1.5"}, {"min_cointeraction_count": "few"}]
)
def test_hyperparameters_out_of_range(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        related("aws-sims", "a", **wrong)
