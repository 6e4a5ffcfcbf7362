"""Who or what a filter lets into an answer.

Developer Guide: Filter expressions; Combining multiple expressions; Providing filter values in your
input JSON.
"""

import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from batchrec.localaws.personalize.exceptions import UserError
from batchrec.localaws.personalize.filters import Condition, Filter, Placeholder, Rule
from batchrec.localaws.personalize.tables import Table

Mask = NDArray[np.bool_]

LATEST_EVENTS = 100  # that count, of each user and event type

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Asker:
    """What a line of a batch input tells a filter."""

    user: str | None = None
    filter_values: Mapping[str, str] | None = None

    def texts(self, placeholder: Placeholder) -> list[str]:
        r"""Return the values given for a placeholder, as `"\"horror\",\"comedy\""`.

        Raises:
            UserError: there are none, or they are no text.
        """
        given = (self.filter_values or {}).get(placeholder.name)
        if not isinstance(given, str) or not given:
            raise UserError(f"filterValues has no value for the parameter {placeholder.name}")
        return re.findall(r'"([^"]*)"', given) or [given]


class Eligibility:
    """A filter at work, on the data of its dataset group.

    Args:
        wanted: the filter.
        tables: by dataset type, in capitals.
        ids: the model's items or users, whichever the filter is about.
        barred: ids that may be in no answer.
    """

    def __init__(
        self,
        wanted: Filter,
        tables: Mapping[str, Table],
        ids: pd.Index,
        barred: Collection[str] = (),
    ) -> None:
        ids = ids.rename("ITEM_ID" if wanted.target == "ITEMID" else "USER_ID")
        self._filter = wanted
        self._ids = ids
        self._barred = ids.isin(list(barred))
        self._columns = {
            condition.field: _Column(tables[condition.dataset], condition.field, ids)
            for condition in wanted
            if condition.dataset != "INTERACTIONS"
        }
        self._events = (
            _Events(tables["INTERACTIONS"], ids)
            if any(condition.dataset == "INTERACTIONS" for condition in wanted)
            else None
        )

    def check(self, asker: Asker) -> None:
        """Check that a line has what the filter needs.

        Raises:
            UserError: it hasn't.
        """
        for condition in self._filter:
            self._values(condition, asker)

    def mask(self, asker: Asker) -> Mask:
        """Mark what may be in the answer: what is included, if anything is, and not excluded."""
        nothing = np.zeros(len(self._ids), dtype=np.bool_)
        included, excluded = nothing.copy(), nothing.copy()
        for rule in self._filter.rules:
            if rule.include:
                included |= self._met(rule, asker)
            else:
                excluded |= self._met(rule, asker)
        if not any(rule.include for rule in self._filter.rules):
            included = ~nothing
        return included & ~excluded & ~self._barred

    def _met(self, rule: Rule, asker: Asker) -> Mask:
        alternatives = [
            np.logical_and.reduce([self._condition(condition, asker) for condition in conditions])
            for conditions in rule.alternatives
        ]
        met: Mask = np.logical_or.reduce(alternatives)
        return met

    def _condition(self, condition: Condition, asker: Asker) -> Mask:
        values = self._values(condition, asker)
        if condition.dataset == "INTERACTIONS":
            assert self._events is not None  # noqa: S101
            return self._events.of_types(values, condition.operator == "NOT IN", asker.user)
        column = self._columns[condition.field]
        if condition.operator in _COMPARISONS:
            compared = _COMPARISONS[condition.operator](column.numbers, values[0])
            return np.asarray(compared & ~np.isnan(column.numbers), dtype=np.bool_)
        found = column.with_any(values)
        return found if condition.operator == "IN" else column.present & ~found

    def _values(self, condition: Condition, asker: Asker) -> list[Any]:
        values: list[Any] = []
        for value in condition.values:
            values += asker.texts(value) if isinstance(value, Placeholder) else [value]
        if condition.operator not in _COMPARISONS:
            return values
        try:
            (number,) = map(float, values)
        except ValueError as error:
            raise UserError(f"{condition.field} is compared with a number, not {values}") from error
        return [number]


class _Column:
    """One field of the Items or Users dataset, in the order of the model's ids."""

    def __init__(self, table: Table, name: str, ids: pd.Index) -> None:
        field = table.field(name)
        assert field is not None  # noqa: S101 (checked when the filter was created)
        rows = table.latest(str(ids.name)).set_index(str(ids.name))
        self.present = ids.isin(rows.index)
        texts = rows[field.name].astype("str").reindex(ids).reset_index(drop=True)
        self.numbers = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=np.float64)
        values = texts.dropna().str.split("|").explode()
        self._positions = values.groupby(values.to_numpy()).groups

    def with_any(self, values: list[str]) -> Mask:
        mask = np.zeros(len(self.present), dtype=np.bool_)
        for value in values:
            mask[self._positions.get(value, [])] = True
        return mask


class _Events:
    """Who had which events, in the order of the model's ids; event types without case."""

    def __init__(self, table: Table, ids: pd.Index) -> None:
        rows = table.rows.sort_values("TIMESTAMP", kind="stable")
        rows = rows.assign(EVENT_TYPE=rows["EVENT_TYPE"].str.lower())
        rows = rows.groupby(["USER_ID", "EVENT_TYPE"]).tail(LATEST_EVENTS)
        rows = rows.sort_values("USER_ID", kind="stable")
        self._size = len(ids)
        self._types = rows["EVENT_TYPE"].to_numpy(dtype=object)
        self._positions = ids.get_indexer(pd.Index(rows[ids.name]))
        users, starts, sizes = np.unique(
            rows["USER_ID"].to_numpy(dtype=object), return_index=True, return_counts=True
        )
        # Items are those of the user who asks; users are filtered by anybody's events.
        self._own = ids.name == "ITEM_ID"
        self._slices = {
            user: slice(start, start + size)
            for user, start, size in zip(users, starts, sizes, strict=True)
        }

    def of_types(self, types: list[str], negated: bool, user: str | None) -> Mask:
        mask = np.zeros(self._size, dtype=np.bool_)
        events = self._slices.get(user, slice(0)) if self._own else slice(None)
        positions = self._positions[events]
        wanted = {kind.lower() for kind in types}
        met = (
            np.full(len(positions), not negated)
            if "*" in wanted
            else np.isin(self._types[events], list(wanted), invert=negated)
        )
        mask[positions[met & (positions >= 0)]] = True
        return mask
