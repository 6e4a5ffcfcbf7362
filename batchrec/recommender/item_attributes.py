"""What items are like: the attributes that a segment can be asked for."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Attribute: TypeAlias = tuple[str, str]  # a column's name in capitals, a value as in the data


class ItemAttributes:
    """Which items of a model have which attributes; iterates over all attributes.

    Args:
        items: the column ITEM_ID, unique, and columns of metadata as text; several values of an
            item are separated by `|`, no value is empty text.
        item_ids: the items of the model.
    """

    def __init__(self, items: pd.DataFrame, item_ids: pd.Index) -> None:
        known = items.set_index("ITEM_ID").reindex(item_ids).reset_index(drop=True)
        self._items: dict[Attribute, NDArray[np.intp]] = {}
        for column in map(str, known.columns):
            values = known[column].dropna().str.split("|").explode()
            filled = values[values != ""]
            for value, positions in filled.groupby(filled.to_numpy()).groups.items():
                self._items[column.upper(), str(value)] = np.unique(positions)

    def __iter__(self) -> Iterator[Attribute]:
        return iter(self._items)

    def items_with(self, attributes: Sequence[Attribute]) -> NDArray[np.intp]:
        """Give the positions of the items that have all these attributes."""
        nothing = np.empty(0, dtype=np.intp)
        found = self._items.get(attributes[0], nothing)
        for attribute in attributes[1:]:
            found = np.intersect1d(found, self._items.get(attribute, nothing), assume_unique=True)
        return found
