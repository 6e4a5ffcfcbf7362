"""The events that a model learns from, as arrays."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

Column: TypeAlias = Sequence[Any] | NDArray[Any] | pd.Series


_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, eq=False)
class Interactions:
    """Events between U users and I items; N events, by user, then time, then item.

    Args:
        user_ids: the U users, sorted and unique.
        item_ids: the I items, sorted and unique.
        users: N positions in `user_ids`.
        items: N positions in `item_ids`.
        timestamps: N times, epoch seconds.
        weights: how much each of the N events tells, compared with the others; above 0.
        teaching: which of the U users models learn from. The events of the others are only
            looked up when these users are asked for.
    """

    user_ids: pd.Index
    item_ids: pd.Index
    users: NDArray[np.int64]
    items: NDArray[np.int64]
    timestamps: NDArray[np.int64]
    weights: NDArray[np.float32]
    teaching: NDArray[np.bool_]

    @classmethod
    def from_columns(
        cls,
        user_ids: Column,
        item_ids: Column,
        timestamps: Column,
        weights: NDArray[np.float32] | None = None,
    ) -> Self:
        """Build from columns of equal length N: ids become strings, times epoch seconds.

        The order of the rows has no influence. All events weigh 1 unless weights are given.

        Raises:
            ValueError: the lengths differ, or an id or a time is missing.
        """
        if not len(user_ids) == len(item_ids) == len(timestamps):
            raise ValueError(
                f"columns of unequal length: {len(user_ids):,} user ids, "
                f"{len(item_ids):,} item ids, {len(timestamps):,} timestamps"
            )
        users, unique_users = _index("user", user_ids)
        items, unique_items = _index("item", item_ids)
        if pd.Index(timestamps).hasnans:
            raise ValueError("a time is missing")
        times = np.asarray(timestamps, dtype=np.int64)
        if weights is None:
            weights = np.ones(len(times), dtype=np.float32)
        order = np.lexsort((weights, items, times, users))
        return cls(
            unique_users,
            unique_items,
            users[order],
            items[order],
            times[order],
            weights[order],
            np.ones(len(unique_users), dtype=np.bool_),
        )

    def __len__(self) -> int:
        """Count the events."""
        return len(self.timestamps)

    @cached_property
    def counts(self) -> csr_matrix:
        """How often each user met each item: U by I, float32, columns in order."""
        return self.weighted(np.ones(len(self), dtype=np.float32))

    def weighted(self, weights: NDArray[np.float32]) -> csr_matrix:
        """Sum up numbers of events (N) for each user and item: U by I, float32."""
        shape = (len(self.user_ids), len(self.item_ids))
        return csr_matrix((weights, (self.users, self.items)), shape=shape)

    @cached_property
    def ages(self) -> NDArray[np.int64]:
        """How many events each event's user had later than it (N)."""
        new = (np.diff(self.users, prepend=-1) != 0) | (np.diff(self.timestamps, prepend=0) != 0)
        starts = np.flatnonzero(new)
        after_simultaneous = np.repeat(
            np.append(starts[1:], len(self)), np.diff(starts, append=len(self))
        )
        after_user = np.cumsum(np.bincount(self.users, minlength=len(self.user_ids)))[self.users]
        ages: NDArray[np.int64] = after_user - after_simultaneous
        return ages

    def positions_of(self, user_ids: Sequence[str]) -> NDArray[np.intp]:
        """Look users up in `user_ids`; -1 for one who isn't there."""
        return self.user_ids.get_indexer(_texts(user_ids))

    def positions_of_items(self, item_ids: Sequence[str]) -> NDArray[np.intp]:
        """Look items up in `item_ids`; -1 for one that isn't there."""
        return self.item_ids.get_indexer(_texts(item_ids))

    def items_of(self, user: int) -> NDArray[np.int32]:
        """Give the positions of the items that the user at this position has, sorted."""
        start, end = self.counts.indptr[user : user + 2]
        items: NDArray[np.int32] = self.counts.indices[start:end]
        return items

    def where(self, kept: NDArray[np.bool_]) -> "Interactions":
        """Keep the events that the mask (N) marks; users and items left without any disappear."""
        users, user_positions = np.unique(self.users[kept], return_inverse=True)
        items, item_positions = np.unique(self.items[kept], return_inverse=True)
        return Interactions(
            self.user_ids[users],
            self.item_ids[items],
            user_positions,
            item_positions,
            self.timestamps[kept],
            self.weights[kept],
            self.teaching[users],
        )

    def taught_by(self, teaching: NDArray[np.bool_]) -> "Interactions":
        """Let models learn only from the users (U) that the mask marks."""
        return replace(self, teaching=teaching)


def _index(what: str, ids: Column) -> tuple[NDArray[np.int64], pd.Index]:
    """Number the ids in their sorted order: N positions, and the unique ids."""
    # Only the unique ones become strings: of ten million numbers that takes seconds and gigabytes.
    numbers, unique = pd.factorize(pd.Series(ids))
    if (numbers < 0).any():
        raise ValueError(f"missing {what} id at position {numbers.argmin()}")
    positions, names = pd.factorize(pd.Series(unique, dtype="str"), sort=True)
    return positions[numbers], names


def _texts(ids: Sequence[str]) -> "pd.Index[str]":
    """Make an index; halves of characters, which JSON can escape, are no text and in no data."""
    return pd.Index([None if _HALF.search(each) else each for each in ids], dtype="str")
