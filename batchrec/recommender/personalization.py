"""Recommendations and rankings by factors: the personalization and ranking recipes."""

from collections.abc import Sequence
from itertools import islice, repeat

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from batchrec.recommender.als import Factors
from batchrec.recommender.arrays import blocks, largest, one_blas_thread
from batchrec.recommender.interactions import Interactions
from batchrec.recommender.popularity import Popularity
from batchrec.recommender.ranking import Eligible, Ranking

# What a softmax multiplies products by. With 10, the events hidden for validation are the likeliest
# by the scores (docs/recommender.md); with 1, all items of a large catalogue would look alike.
_SHARPNESS = 10


class UserPersonalization:
    """Ranks items by the inner product of a user's and an item's factors.

    A score is the softmax of these products, times a constant, over the whole catalogue, as the
    Amazon Personalize Developer Guide defines it for User-Personalization. Users without factors
    get popular items.

    Args:
        interactions: all events.
        factors: of their users and items.
        recency: whether what is popular now counts for users without factors, or ever was.
    """

    def __init__(self, interactions: Interactions, factors: Factors, *, recency: bool) -> None:
        self._interactions = interactions
        self._factors = factors
        self._popularity = Popularity(interactions, recent=recency)
        self._ids = interactions.item_ids.to_numpy(dtype=object)

    @property
    def item_ids(self) -> pd.Index:
        """The catalogue."""
        return self._interactions.item_ids

    def recommend(
        self, user_ids: Sequence[str], count: int, eligible: Eligible | None = None
    ) -> list[Ranking]:
        """Rank items for each user; see `Recommender`."""
        users = self._interactions.positions_of(user_ids)
        masks = None if eligible is None else iter(eligible)
        rankings: list[Ranking] = []
        for block in blocks(len(users), len(self.item_ids)):
            asking = users[block]
            allowed = None if masks is None else np.array(list(islice(masks, len(asking))))
            rankings += self._recommend(asking, count, allowed)
        return rankings

    def _recommend(
        self, users: NDArray[np.intp], count: int, eligible: NDArray[np.bool_] | None
    ) -> list[Ranking]:
        warm = users >= 0
        products = self._products(users[warm])
        highest = products.max(axis=1, keepdims=True, initial=-np.inf)
        total = np.exp(products - highest).sum(axis=1, dtype=np.float64, keepdims=True)
        if eligible is None:
            products[self._interactions.counts[users[warm]].nonzero()] = -np.inf
        else:
            products[~eligible[warm]] = -np.inf
        best = largest(products, count)
        chosen = np.take_along_axis(products, best, axis=1)
        scores = np.exp(chosen - highest, dtype=np.float64) / total
        known = (
            Ranking(self._ids[items[kept]].tolist(), shares[kept].tolist())
            for items, shares, kept in zip(best, scores, np.isfinite(chosen), strict=True)
        )
        masks = repeat(None) if eligible is None else iter(eligible)
        return [
            next(known) if is_warm else self._popularity.top(count, mask)
            for is_warm, mask in zip(warm, masks, strict=False)
        ]

    def _products(self, users: NDArray[np.intp]) -> NDArray[np.float32]:
        with one_blas_thread():
            products: NDArray[np.float32] = self._factors.users[users] @ self._factors.items.T
        products *= _SHARPNESS
        return products


class PersonalizedRanking(UserPersonalization):
    """Puts given items in a user's order; a score is the softmax over the given items."""

    def rank(
        self,
        user_ids: Sequence[str],
        item_lists: Sequence[Sequence[str]],
        eligible: Eligible | None = None,
    ) -> list[Ranking]:
        """Rank a list of items for each user; see `ItemRanker`."""
        users = self._interactions.positions_of(user_ids)
        masks = repeat(None) if eligible is None else iter(eligible)
        with one_blas_thread():
            return [
                self._rank(user, items, mask)
                for user, items, mask in zip(users, item_lists, masks, strict=False)
            ]

    def _rank(self, user: int, items: Sequence[str], mask: NDArray[np.bool_] | None) -> Ranking:
        positions = self._interactions.positions_of_items(items)
        known = positions[positions >= 0]
        if mask is not None:
            known = known[mask[known]]
        if user >= 0:
            products = _SHARPNESS * (self._factors.items[known] @ self._factors.users[user])
            weights = np.exp(products - products.max(initial=-np.inf), dtype=np.float64)
        else:
            weights = self._popularity.shares[known]
        scores = weights / weights.sum()
        order = np.argsort(-scores, kind="stable")
        unknown = [item for item, position in zip(items, positions, strict=True) if position < 0]
        return Ranking(self._ids[known[order]].tolist() + unknown, scores[order].tolist())
