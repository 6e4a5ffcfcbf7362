"""Filter expressions: their grammar and what a dataset group must have for them.

Developer Guide: Filter expression structure and elements; Guidelines and requirements; Error
messages. Case matters in values only, as public samples show. Not documented is that AND binds
closer than OR.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyparsing as pp

from batchrec.localaws.personalize import schemas
from batchrec.localaws.personalize.exceptions import InvalidInputException
from batchrec.localaws.personalize.tables import Table

MAXIMUM_FIELDS = 10  # distinct ones in a filter

# Which datasets can tell something about what is filtered.
_DATASETS = {"ITEMID": ("ITEMS", "INTERACTIONS"), "USERID": ("USERS", "INTERACTIONS")}


@dataclass(frozen=True)
class Placeholder:
    """A value that comes with each line of a batch input."""

    name: str


@dataclass(frozen=True)
class Condition:
    """A comparison of a field with values: several for IN and NOT IN, one for the others."""

    dataset: str  # in capitals, as field and operator are
    field: str
    operator: str
    values: tuple[str | float | Placeholder, ...]

    @property
    def placeholders(self) -> list[str]:
        """Names of the values that are still to come."""
        return [value.name for value in self.values if isinstance(value, Placeholder)]


@dataclass(frozen=True)
class Rule:
    """One expression of a chain; what it is about meets all conditions of some alternative."""

    include: bool
    alternatives: tuple[tuple[Condition, ...], ...]

    def __iter__(self) -> Iterator[Condition]:
        return (condition for alternative in self.alternatives for condition in alternative)


@dataclass(frozen=True)
class Filter:
    """A chain of rules about items (`ITEMID`) or users (`USERID`)."""

    target: str
    rules: tuple[Rule, ...]

    def __iter__(self) -> Iterator[Condition]:
        return (condition for rule in self.rules for condition in rule)

    @property
    def fields(self) -> set[tuple[str, str]]:
        """Dataset and name of each field."""
        return {(condition.dataset, condition.field) for condition in self}


def parse(expression: str) -> Filter:
    """Read a filter expression.

    Raises:
        InvalidInputException: it is none, or one that is not emulated. AWS doesn't document which
            errors come at once and which as CREATE FAILED.
    """
    bare = re.sub(r'"[^"]*"', '""', expression)
    if unsupported := re.search(r"\b(IF|CurrentUser|CurrentItem|ActionID)\b", bare, re.IGNORECASE):
        raise InvalidInputException(
            f"The local Personalize does not evaluate {unsupported[1]} in filter expressions."
        )
    try:
        rules = _CHAIN.parse_string(expression, parse_all=True).as_list()
    except pp.ParseBaseException as error:
        raise invalid(f"{error.msg} at position {error.loc}") from error
    for condition in (condition for _, rule in rules for condition in rule):
        if condition.operator == "NOT IN" and condition.placeholders:
            raise InvalidInputException(
                f"Could not create filter. Invalid input symbol: ${condition.placeholders[0]}."
                " Placeholders are not allowed with NOT_IN operator."
            )
    targets = {target for target, _ in rules}
    if len(targets) > 1:
        raise invalid("all expressions of a chain must be about the same, ItemID or UserID")
    found = Filter(targets.pop(), tuple(rule for _, rule in rules))
    _check_datasets(found)
    if len(found.fields) > MAXIMUM_FIELDS:
        raise invalid(f"it has more than {MAXIMUM_FIELDS} distinct fields")
    return found


def require_fields(wanted: Filter, tables: Mapping[str, Table]) -> None:
    """Check that the datasets have the fields, and that they can be compared so.

    Args:
        wanted: the filter.
        tables: by dataset type, in capitals.

    Raises:
        InvalidInputException: they don't, or can't.
    """
    for condition in wanted:
        name = f"{condition.dataset.capitalize()}.{condition.field}"
        table = tables.get(condition.dataset)
        field = table.field(condition.field) if table else None
        if field is None:
            raise invalid(f"the dataset group has no field {name}")
        if field.type == "boolean" or field.textual:
            raise invalid(f"{name} is Boolean or textual, and can't be filtered by")
        if condition.operator not in ("IN", "NOT IN") and field.type not in schemas.NUMBERS:
            raise invalid(f"{name} is text: use IN or NOT IN instead of {condition.operator}")


def invalid(reason: str) -> InvalidInputException:
    """Return the documented error; AWS's own text after the colon isn't documented."""
    return InvalidInputException(f"Could not create filter. Invalid Expression: {reason}.")


def _check_datasets(found: Filter) -> None:
    for rule in found.rules:
        datasets = {condition.dataset for condition in rule}
        if len(datasets) > 1:
            raise invalid("the conditions of one expression must be about the same dataset")
        if not datasets <= set(_DATASETS[found.target]):
            possible = " or ".join(name.capitalize() for name in _DATASETS[found.target])
            raise invalid(f"its conditions must be about {possible}")
        for condition in rule:
            on_event_type = condition.field == "EVENT_TYPE" and condition.dataset == "INTERACTIONS"
            if condition.dataset == "INTERACTIONS" and not on_event_type:
                raise invalid("interactions can only be filtered by EVENT_TYPE")
            if "*" in condition.values and not on_event_type:
                raise invalid('"*" is only for EVENT_TYPE')


def _condition(tokens: pp.ParseResults) -> Condition:
    dataset, field, operator, *values = tokens
    return Condition(dataset.upper(), field.upper(), operator.upper(), tuple(values))


def _rule(tokens: pp.ParseResults) -> tuple[str, Rule]:
    action, target, *alternatives = tokens
    include = action.upper() == "INCLUDE"
    return target.upper(), Rule(include, tuple(map(tuple, alternatives)))


def _grammar(make_condition: Callable[..., Any], make_rule: Callable[..., Any]) -> pp.ParserElement:
    word = pp.CaselessKeyword
    text = pp.QuotedString('"', esc_char="\\")
    number = pp.Regex(r"[+-]?\d+(\.\d+)?").set_parse_action(lambda tokens: float(tokens[0]))
    placeholder = pp.Regex(r"\$\w+").set_parse_action(lambda tokens: Placeholder(tokens[0][1:]))
    field = pp.Word(pp.alphas) + pp.Suppress(".") + pp.Word(pp.alphas + "_", pp.alphanums + "_")
    inclusion = word("IN") | pp.Combine(word("NOT") + word("IN"), " ", adjacent=False)
    values = pp.Suppress("(") + pp.DelimitedList(text | placeholder) + pp.Suppress(")")
    comparison = pp.one_of("= != < <= > >=") + (number | placeholder)
    condition = (field + (inclusion + values | comparison)).set_parse_action(make_condition)
    alternative = pp.Group(pp.DelimitedList(condition, word("AND")))
    rule = (
        (word("INCLUDE") | word("EXCLUDE"))
        + (word("ItemID") | word("UserID"))
        + pp.Suppress(word("WHERE"))
        + pp.DelimitedList(alternative, word("OR"))
    ).set_parse_action(make_rule)
    return pp.DelimitedList(rule, "|")


_CHAIN = _grammar(_condition, _rule)
