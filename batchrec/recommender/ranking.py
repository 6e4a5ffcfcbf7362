"""What the models answer, whatever they were trained with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# For each query, a mark for each item (or user) of the model: whether it may be in the answer.
Eligible: TypeAlias = Iterable[NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Ranking:
    """One user's recommendations, best first.

    Args:
        items: item ids.
        scores: one number an item, descending and not rounded. They are shares of 1 that the whole
            catalogue divides among itself, the user's own items included, so a list of 25 sums to
            less (Amazon Personalize Developer Guide, How User-Personalization recommendation
            scoring works); an `ItemRanker` divides it among the items that it was given.
    """

    items: list[str]
    scores: list[float]


@runtime_checkable
class Recommender(Protocol):
    """A model that recommends items to users."""

    @property
    def item_ids(self) -> pd.Index:
        """The catalogue."""
        ...

    def recommend(
        self, user_ids: Sequence[str], count: int, eligible: Eligible | None = None
    ) -> list[Ranking]:
        """Rank items for each user.

        Args:
            user_ids: who asks; a user without an event in the training data gets popular items.
            count: items a user, at least 1.
            eligible: what may be recommended, for each user; by default the items that the user
                has no event with in the training data.

        Returns:
            One ranking a user, in the order asked: `count` items, fewer only when no more are
            eligible.
        """
        ...


@runtime_checkable
class ItemRanker(Protocol):
    """A model that puts given items in a user's order."""

    @property
    def item_ids(self) -> pd.Index:
        """The catalogue."""
        ...

    def rank(
        self,
        user_ids: Sequence[str],
        item_lists: Sequence[Sequence[str]],
        eligible: Eligible | None = None,
    ) -> list[Ranking]:
        """Rank a list of items for each user.

        Args:
            user_ids: who asks; one without an event in the training data gets the items by
                popularity.
            item_lists: item ids, for each user.
            eligible: which items stay in the list, for each user; all by default, and those that
                the model doesn't know always do.

        Returns:
            One ranking a user, in the order asked. The scores of a list sum to 1; items that the
            model doesn't know come last, in the given order and without a score.
        """
        ...


@runtime_checkable
class RelatedItems(Protocol):
    """A model that finds items like an item."""

    @property
    def item_ids(self) -> pd.Index:
        """The catalogue."""
        ...

    def related(
        self, item_ids: Sequence[str], count: int, eligible: Eligible | None = None
    ) -> list[list[str]]:
        """Find items like each item.

        Args:
            item_ids: what is asked for; for an item without an event in the training data, popular
                items are found.
            count: items in an answer, at least 1.
            eligible: what may be in the answer, for each item; by default everything. The item
                itself never is.

        Returns:
            Item ids, best first, for each item in the order asked: `count` of them, fewer only when
            no more are eligible.
        """
        ...


Query = TypeVar("Query", contravariant=True)


@runtime_checkable
class Segmenter(Protocol[Query]):
    """A model that finds the users who are most likely to interact with something."""

    @property
    def user_ids(self) -> pd.Index:
        """Everybody."""
        ...

    def knows(self, query: Query) -> bool:
        """Tell whether the training data has what is asked for."""
        ...

    def segment(
        self, queries: Sequence[Query], count: int, eligible: Eligible | None = None
    ) -> list[list[str]]:
        """Find users for each query.

        Args:
            queries: what is asked for; the model knows it.
            count: users in an answer, at least 1.
            eligible: who may be in the answer, for each query; everybody by default, those who have
                interacted already included.

        Returns:
            User ids, the likeliest first, for each query in the order asked.
        """
        ...
