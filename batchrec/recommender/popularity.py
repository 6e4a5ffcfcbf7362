"""Popular items for everybody: what aws-popularity-count and cold users get."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from batchrec.recommender.interactions import Interactions
from batchrec.recommender.ranking import Ranking


class Popularity:
    """Ranks items by their number of events, equal ones by item id.

    A score is the item's share of all events.
    """

    def __init__(self, interactions: Interactions) -> None:
        events = np.bincount(interactions.items, minlength=len(interactions.item_ids))
        self._interactions = interactions
        self._best_first = np.argsort(-events, kind="stable")
        self._shares = events / events.sum()
        self._item_ids = interactions.item_ids.to_numpy(dtype=object)

    def recommend(self, user_ids: Sequence[str], count: int) -> list[Ranking]:
        """Rank items for each user; see `Recommender`."""
        return [
            self.top(count) if user < 0 else self.top(count, self._interactions.items_of(user))
            for user in self._interactions.positions_of(user_ids).tolist()
        ]

    def top(self, count: int, without: NDArray[np.integer] | None = None) -> Ranking:
        """Rank the most popular items, leaving out those at the given positions."""
        if without is None:
            best = self._best_first[:count]
        else:
            candidates = self._best_first[: count + len(without)]
            best = candidates[~np.isin(candidates, without)][:count]
        return Ranking(self._item_ids[best].tolist(), self._shares[best].tolist())
