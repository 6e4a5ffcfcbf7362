"""Users for an item, or for items of a kind: the user-segmentation recipes."""

from collections.abc import Sequence
from itertools import islice

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from batchrec.recommender.als import Factors
from batchrec.recommender.arrays import blocks, largest, one_blas_thread
from batchrec.recommender.interactions import Interactions
from batchrec.recommender.item_attributes import Attribute, ItemAttributes
from batchrec.recommender.ranking import Eligible


class ItemAffinity:
    """Ranks users by the inner product of their factors and an item's."""

    def __init__(self, interactions: Interactions, factors: Factors) -> None:
        self._interactions = interactions
        self._factors = factors

    @property
    def user_ids(self) -> pd.Index:
        """Everybody."""
        return self._interactions.user_ids

    def knows(self, query: str) -> bool:
        """Tell whether the item has an event in the training data."""
        return query in self._interactions.item_ids

    def segment(
        self, queries: Sequence[str], count: int, eligible: Eligible | None = None
    ) -> list[list[str]]:
        """Find users for each item; see `Segmenter`."""
        items = self._interactions.positions_of_items(queries)
        return users_nearest(
            self._factors.items[items], self._factors, self.user_ids, count, eligible
        )


class ItemAttributeAffinity:
    """Ranks users by the mean inner product of their factors and those of the items of a kind."""

    def __init__(
        self, interactions: Interactions, factors: Factors, attributes: ItemAttributes
    ) -> None:
        self._interactions = interactions
        self._factors = factors
        self.attributes = attributes

    @property
    def user_ids(self) -> pd.Index:
        """Everybody."""
        return self._interactions.user_ids

    @property
    def item_ids(self) -> pd.Index:
        """The items that the attributes' positions point to."""
        return self._interactions.item_ids

    def knows(self, query: Sequence[Attribute]) -> bool:
        """Tell whether some item with an event in the training data has all the attributes."""
        return len(self.attributes.items_with(query)) > 0

    def segment(
        self, queries: Sequence[Sequence[Attribute]], count: int, eligible: Eligible | None = None
    ) -> list[list[str]]:
        """Find users for each combination of attributes; see `Segmenter`."""
        means = [
            self._factors.items[self.attributes.items_with(query)].mean(axis=0) for query in queries
        ]
        return users_nearest(np.array(means), self._factors, self.user_ids, count, eligible)


def users_nearest(
    wanted: NDArray[np.float32],
    factors: Factors,
    user_ids: pd.Index,
    count: int,
    eligible: Eligible | None,
) -> list[list[str]]:
    """Give the users with the largest inner products with each row of factors, largest first."""
    masks = None if eligible is None else iter(eligible)
    ids = user_ids.to_numpy(dtype=object)
    segments: list[list[str]] = []
    for block in blocks(len(wanted), len(user_ids)):
        with one_blas_thread():
            products = wanted[block] @ factors.users.T
        if masks is not None:
            products[~np.array(list(islice(masks, len(products))))] = -np.inf
        best = largest(products, count)
        kept = np.isfinite(np.take_along_axis(products, best, axis=1))
        segments += [ids[users[row]].tolist() for users, row in zip(best, kept, strict=True)]
    return segments
