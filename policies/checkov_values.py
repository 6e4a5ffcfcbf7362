"""Values as checkov shows them: wrapped in lists, or out of those of one element."""

from __future__ import annotations

from typing import Any


def first(value: Any) -> Any:
    """Return what checkov wraps in a list."""
    return value[0] if isinstance(value, list) and value else value


def many(value: Any) -> list[Any]:
    """Return a list of what is one thing or a list of them, in a policy or as checkov has it."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
