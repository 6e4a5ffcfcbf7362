"""Popular items for everybody: what aws-popularity-count and cold users get."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from batchrec.recommender.interactions import Interactions
from batchrec.recommender.ranking import Eligible, Ranking

# Chosen like the constants of als.py, but on users whose first event is among the latest.
_HALF_LIFE = 0.1  # the part of all events after an event that halves its weight


class Popularity:
    """Ranks items by their number of events, equal ones by item id.

    A score is the item's share of all events.

    Args:
        interactions: all events.
        recent: whether an event counts the less, the more events there are after it.
    """

    def __init__(self, interactions: Interactions, *, recent: bool = False) -> None:
        learned = interactions.teaching[interactions.users]
        times = interactions.timestamps[learned]
        events = np.bincount(
            interactions.items[learned],
            weights=_recency(times) if recent else None,
            minlength=len(interactions.item_ids),
        )
        self._interactions = interactions
        self._best_first = np.argsort(-events, kind="stable")
        self._ids = interactions.item_ids.to_numpy(dtype=object)
        self.shares = events / events.sum()

    @property
    def item_ids(self) -> pd.Index:
        """The catalogue."""
        return self._interactions.item_ids

    def recommend(
        self, user_ids: Sequence[str], count: int, eligible: Eligible | None = None
    ) -> list[Ranking]:
        """Rank items for each user; see `Recommender`."""
        users = self._interactions.positions_of(user_ids).tolist()
        masks = map(self._new_to, users) if eligible is None else iter(eligible)
        return [self.top(count, mask) for _, mask in zip(users, masks, strict=False)]

    def top(self, count: int, eligible: NDArray[np.bool_] | None = None) -> Ranking:
        """Rank the most popular items, of those that the mask marks."""
        candidates = self._best_first
        if eligible is not None:
            candidates = candidates[eligible[candidates]]
        best = candidates[:count]
        return Ranking(self._ids[best].tolist(), self.shares[best].tolist())

    def _new_to(self, user: int) -> NDArray[np.bool_]:
        new = np.ones(len(self.item_ids), dtype=np.bool_)
        if user >= 0:
            new[self._interactions.items_of(user)] = False
        return new


def _recency(timestamps: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weigh events by the number of later ones, which no gap in time and no unit can mislead."""
    later = len(timestamps) - np.searchsorted(np.sort(timestamps), timestamps, side="right")
    weights: NDArray[np.float64] = np.exp2(later / (-_HALF_LIFE * len(timestamps)))
    return weights
