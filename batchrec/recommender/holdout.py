"""Hiding each user's latest events, to ask a model for them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchrec.recommender.interactions import Interactions


@dataclass(frozen=True, eq=False)
class HeldOut:
    """A split in time.

    Args:
        training: the events to train on.
        relevant: user id → ids of the items in that user's hidden events.
    """

    training: Interactions
    relevant: dict[str, set[str]]


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
    relevant: dict[str, set[str]] = {}
    user_ids = interactions.user_ids[interactions.users[hidden]]
    item_ids = interactions.item_ids[interactions.items[hidden]]
    for user_id, item_id in zip(user_ids, item_ids, strict=True):
        relevant.setdefault(user_id, set()).add(item_id)
    return HeldOut(interactions.where(~hidden), relevant)


def _latest(interactions: Interactions, one_in: int) -> NDArray[np.bool_]:
    """Mark the events (N) that are in their user's latest part."""
    users = interactions.users
    by_time = np.lexsort((interactions.items, interactions.timestamps, users))
    sizes = np.bincount(users, minlength=len(interactions.user_ids))
    last = np.cumsum(sizes) - 1
    later_events = np.empty(len(users), dtype=np.int64)
    later_events[by_time] = last[users[by_time]] - np.arange(len(users))
    parts = np.where(sizes >= 2, np.maximum(1, sizes // one_in), 0)
    marked: NDArray[np.bool_] = later_events < parts[users]
    return marked
