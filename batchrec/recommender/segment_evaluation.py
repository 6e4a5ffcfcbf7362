"""How good a segmentation recipe is on data it has not seen.

Split and definitions are those of the Amazon Personalize Developer Guide, "Evaluating a solution
version with metrics".
"""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from batchrec.recommender.affinity import ItemAttributeAffinity
from batchrec.recommender.holdout import hold_out_latest
from batchrec.recommender.interactions import Interactions
from batchrec.recommender.ranking import Segmenter
from batchrec.recommender.recipes import train


def segment_metrics(
    recipe: str,
    interactions: Interactions,
    *,
    hyperparameters: Mapping[str, str],
    seed: int,
    items: pd.DataFrame | None = None,
) -> dict[str, float]:
    """Train the recipe without the latest fifth of each user's events, then ask it for the users.

    Asked for is every item (or attribute) with a hidden event that the model knows; relevant are
    the users with these events, and a segment is the likeliest 1 % of all users, rounded up.

    Args:
        recipe: a recipe of the type USER_SEGMENTATION, as for `train`.
        interactions: all events.
        hyperparameters: as for `train`.
        seed: as for `train`.
        items: as for `train`.

    Returns:
        Personalize's keys, rounded to 4 decimals: hits are a mean number of users, so they may
        exceed 1. Coverage is the share of all users that some segment holds.

    Raises:
        ValueError: as for `train`, or nothing that is hidden can be asked for.
    """
    split = hold_out_latest(interactions, one_in=5)
    model: Any = train(
        recipe, split.training, hyperparameters=hyperparameters, seed=seed, items=items
    )
    relevant = _relevant(model, split.relevant)
    if not relevant:
        raise ValueError("no item with two events, so there is nothing to measure")
    size = math.ceil(len(interactions.user_ids) / 100)
    return measure(model, relevant, size, len(interactions.user_ids))


def measure(
    model: Segmenter[Any],
    relevant: Sequence[tuple[Any, Collection[str]]],
    size: int,
    everybody: int,
) -> dict[str, float]:
    """Compare segments of `size` users with the users who are relevant to each query."""
    segments = model.segment([query for query, _ in relevant], size)
    hits = np.array(
        [
            sum(user in users for user in segment)
            for segment, (_, users) in zip(segments, relevant, strict=True)
        ]
    )
    sizes = np.array([len(users) for _, users in relevant])
    found = {user for segment in segments for user in segment}
    return {
        "coverage": round(len(found) / everybody, 4),
        "hits_at_1_percent": round(float(hits.mean()), 4),
        "recall_at_1_percent": round(float((hits / sizes).mean()), 4),
    }


def _relevant(
    model: Segmenter[Any], hidden: Mapping[str, Collection[str]]
) -> list[tuple[Any, set[str]]]:
    """Give, for what can be asked, the users with a hidden event."""
    users_of: dict[str, set[str]] = {}
    for user, items in hidden.items():
        for item in items:
            users_of.setdefault(item, set()).add(user)
    if not isinstance(model, ItemAttributeAffinity):
        return [(item, users) for item, users in sorted(users_of.items()) if model.knows(item)]
    found: list[tuple[Any, set[str]]] = []
    for attribute in model.attributes:
        items = model.item_ids[model.attributes.items_with([attribute])]
        users = set().union(*(users_of.get(item, set()) for item in items))
        if users:
            found.append(([attribute], users))
    return found
