"""The factors, against the least squares that they shall solve (numpy, row by row)."""

import numpy as np
import pytest
from numpy.linalg import solve

from batchrec.recommender import Interactions, als

CONFIDENCE, HALF_LIFE, LEAST = 5, 5, 0.02


@pytest.fixture(scope="module")
def events() -> Interactions:
    """60 users of three tastes with repeated events of different weights; some simultaneous."""
    random = np.random.default_rng(3)
    users = random.integers(60, size=1500)
    items = (random.integers(14, size=1500) ** 2 // 9 + users % 3 * 21) % 60
    weights = random.choice([0.5, 1.5], 1500).astype(np.float32)
    return Interactions.from_columns(users, items, random.integers(400, size=1500), weights)


def least_squares(rows: np.ndarray, confidences: np.ndarray, penalty: float) -> np.ndarray:
    """Hu, Koren and Volinsky (2008), equation 4; a confidence of 1 where there is no event."""
    weights = np.where(confidences > 0, confidences, 1)
    return np.array(
        [
            solve(
                rows.T @ (rows * weight[:, None]) + penalty * np.eye(rows.shape[1]),
                rows.T @ confidence,
            )
            for weight, confidence in zip(weights, confidences, strict=True)
        ]
    )


def penalty(events: Interactions) -> float:
    met = events.counts.toarray() > 0
    return 1.5 * (np.sqrt(met.sum(axis=1).mean()) + np.sqrt(met.sum(axis=0).mean()))


def test_users_solve_least_squares_in_which_late_events_count_more(events: Interactions) -> None:
    confidences = np.zeros((len(events.user_ids), len(events.item_ids)))
    for user, item, weight, time in zip(
        events.users, events.items, events.weights, events.timestamps, strict=True
    ):
        later = ((events.users == user) & (events.timestamps > time)).sum()
        faded = LEAST + (1 - LEAST) * 0.5 ** (later / HALF_LIFE)
        confidences[user, item] += CONFIDENCE * weight * faded

    found = als.factorize(events, factors=8, seed=1)

    expected = least_squares(found.items.astype(float), confidences, penalty(events))
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(found.users, expected, atol=1e-4)


def test_items_solve_least_squares_in_which_events_count_by_their_weight(
    events: Interactions,
) -> None:
    confidences = np.zeros((len(events.user_ids), len(events.item_ids)))
    np.add.at(confidences, (events.users, events.items), CONFIDENCE * events.weights)

    found = als.factorize(events, factors=8, seed=1, recency=False)

    expected = least_squares(found.users.astype(float), confidences.T, penalty(events))
    # implicit solves by three steps of conjugate gradients.
    np.testing.assert_allclose(found.items, expected, atol=5e-3)


def test_rows_in_any_order_and_any_number_of_threads_give_the_same_bits(
    events: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    shuffled = np.random.default_rng(5).permutation(len(events))
    again = Interactions.from_columns(
        events.user_ids[events.users[shuffled]],
        events.item_ids[events.items[shuffled]],
        events.timestamps[shuffled],
        events.weights[shuffled],
    )
    first = als.factorize(events, factors=16, seed=1)

    monkeypatch.setattr(als, "_MANY_EVENTS", 0)
    second = als.factorize(again, factors=16, seed=1)

    assert first.users.tobytes() == second.users.tobytes()
    assert first.items.tobytes() == second.items.tobytes()


def test_another_seed_gives_other_factors(events: Interactions) -> None:
    first, second = (als.factorize(events, factors=16, seed=seed) for seed in (1, 2))

    assert not np.allclose(first.items, second.items)


def test_items_learn_only_from_users_who_teach_and_everybody_has_a_row(
    events: Interactions,
) -> None:
    teaching = np.arange(len(events.user_ids)) % 5 != 0
    without_the_others = events.where(teaching[events.users])
    assert without_the_others.item_ids.equals(events.item_ids)

    found = als.factorize(events.taught_by(teaching), factors=8, seed=1)

    expected = als.factorize(without_the_others, factors=8, seed=1)
    assert found.items.tobytes() == expected.items.tobytes()
    assert found.users[teaching].tobytes() == expected.users.tobytes()
    assert np.abs(found.users[~teaching]).max(axis=1).min() > 0.1
