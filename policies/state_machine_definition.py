"""The definition of a state machine, as checkov shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from checkov_values import many


def definition_of(conf: dict[str, Any]) -> dict[str, Any] | None:
    """Return a state machine's definition; None if it is known at plan only."""
    definition: Any = conf.get("definition")
    while isinstance(definition, list) and definition:
        definition = definition[0]
    if isinstance(definition, str):
        try:
            definition = json.loads(definition)
        except ValueError:
            return None
    return definition if isinstance(definition, dict) and "States" in definition else None


def scopes(definition: dict[str, Any]) -> Iterator[dict[str, dict[str, Any]]]:
    """Yield the states of a definition, then those of each of its maps and branches."""
    states = definition["States"]
    yield states
    for state in states.values():
        for inner in [
            state.get("ItemProcessor"),
            state.get("Iterator"),
            *many(state.get("Branches")),
        ]:
            if isinstance(inner, dict) and "States" in inner:
                yield from scopes(inner)


def tasks(definition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every task, at any depth."""
    for states in scopes(definition):
        yield from (state for state in states.values() if state.get("Type") == "Task")
