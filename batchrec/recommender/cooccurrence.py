"""Items that the same users have: the related-items recipes."""

from collections.abc import Sequence
from itertools import islice, repeat

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from batchrec.recommender.arrays import blocks
from batchrec.recommender.interactions import Interactions
from batchrec.recommender.popularity import Popularity
from batchrec.recommender.ranking import Eligible


class CoOccurrence:
    """Ranks items by the users that they share with an item; popular items fill a short answer.

    A score is the number of shared users over users_of_the_other_item ** discount: 0 favours what
    everybody has, 0.5 ranks as the cosine of the two items' users does. Equal ones are in the order
    of their ids.

    Args:
        interactions: all events; how often a user met an item doesn't matter.
        discount: Personalize's `popularity_discount_factor`, 0 to 1.
        minimum: how many users two items share at least, or they aren't related.
    """

    def __init__(self, interactions: Interactions, *, discount: float, minimum: int) -> None:
        self._interactions = interactions
        self._met = interactions.counts[interactions.teaching].sign().tocsc()
        users = np.asarray(self._met.sum(axis=0)).ravel()
        self._weights = np.maximum(users, 1) ** -discount
        self._minimum = max(1, minimum)
        self._popularity = Popularity(interactions)
        self._ids = interactions.item_ids.to_numpy(dtype=object)

    @property
    def item_ids(self) -> pd.Index:
        """The catalogue."""
        return self._interactions.item_ids

    def related(
        self, item_ids: Sequence[str], count: int, eligible: Eligible | None = None
    ) -> list[list[str]]:
        """Find items like each item; see `RelatedItems`."""
        everything = np.ones(len(self.item_ids), dtype=np.bool_)
        masks = repeat(everything) if eligible is None else iter(eligible)
        items = self._interactions.positions_of_items(item_ids)
        answers: list[list[str]] = []
        for block in blocks(len(items), len(self.item_ids)):
            asked = items[block]
            together = (self._met[:, asked[asked >= 0]].T @ self._met).tocsr()
            rows = iter(together)
            for item, mask in zip(asked, islice(masks, len(asked)), strict=True):
                others = mask.copy()
                if item < 0:
                    answers.append(self._popularity.top(count, others).items)
                    continue
                others[item] = False
                row = next(rows)
                answers.append(self._best(row.indices, row.data, others, count))
        return answers

    def _best(
        self,
        items: NDArray[np.int32],
        users: NDArray[np.float32],
        others: NDArray[np.bool_],
        count: int,
    ) -> list[str]:
        kept = others[items] & (users >= self._minimum)
        items, scores = items[kept], (users * self._weights[items])[kept]
        best = items[np.lexsort((items, -scores))][:count]
        others[best] = False
        found: list[str] = self._ids[best].tolist()
        return found + self._popularity.top(count - len(best), others).items
