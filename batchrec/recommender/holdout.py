"""Hiding each user's latest events, to ask a model for them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from batchrec.recommender.interactions import Interactions


@dataclass(frozen=True, eq=False)
class HeldOut:
    """A split in time.

    Args:
        training: the events to train on.
        rewards: user id → ids of the items in that user's hidden events → the greatest weight of
            such an event.
    """

    training: Interactions
    rewards: dict[str, dict[str, float]]

    @cached_property
    def relevant(self) -> dict[str, set[str]]:
        """User id → ids of the items in that user's hidden events."""
        return {user: set(items) for user, items in self.rewards.items()}


def hold_out_latest(
    interactions: Interactions,
    users: NDArray[np.integer] | None = None,
    *,
    one_in: int = 10,
) -> HeldOut:
    """Hide the latest tenth of each user's events, rounded down but at least one event.

    Events of the same second are ordered by item id, so the order of the input has no influence.
    A user with a single event keeps it: there would be nothing left to recommend from.

    Args:
        interactions: all events.
        users: positions of the users whose events are hidden; all users by default.
        one_in: the part of a user's events that is hidden, 5 for a fifth.
    """
    hidden = _latest(interactions, one_in)
    if users is not None:
        hidden &= np.isin(interactions.users, users)
    rewards: dict[str, dict[str, float]] = {}
    user_ids = interactions.user_ids[interactions.users[hidden]]
    item_ids = interactions.item_ids[interactions.items[hidden]]
    weights = interactions.weights[hidden].tolist()
    for user_id, item_id, weight in zip(user_ids, item_ids, weights, strict=True):
        of_user = rewards.setdefault(user_id, {})
        of_user[item_id] = max(weight, of_user.get(item_id, 0))
    return HeldOut(interactions.where(~hidden), rewards)


def _latest(interactions: Interactions, one_in: int) -> NDArray[np.bool_]:
    """Mark the events (N) that are in their user's latest part."""
    users = interactions.users
    sizes = np.bincount(users, minlength=len(interactions.user_ids))
    later_events = np.cumsum(sizes)[users] - 1 - np.arange(len(users))
    parts = np.where(sizes >= 2, np.maximum(1, sizes // one_in), 0)
    marked: NDArray[np.bool_] = later_events < parts[users]
    return marked
