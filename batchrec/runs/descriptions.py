"""What the description of an execution says of its run (DescribeExecution)."""

import hashlib
import json
import re
from typing import Any

_RUN_NAME = r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,35}"


def fitting_name(name: str) -> str:
    """Return the run's name for that of an execution, or for the one that an input gives.

    As the state NameRun does: what fits into names of jobs stays, anything else is shortened.
    Schedules give long names.
    """
    if re.fullmatch(_RUN_NAME, name):
        return name
    readable = re.sub(r"[^a-zA-Z0-9_-]", "-", name)[:23]
    return f"run-{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def name_of(described: dict[str, Any]) -> str:
    """Return the run's name by the description of an execution."""
    return fitting_name(str(json_object(described.get("input")).get("run", described["name"])))


def action_of(described: dict[str, Any]) -> str:
    """Return what an execution does, run or teardown, by its description."""
    return str(json_object(described.get("input")).get("action", "run"))


def json_object(text: str | None) -> dict[str, Any]:
    """Parse the input or output of an execution or state; what is no object has no members."""
    try:
        parsed = json.loads(text or "{}")
    except ValueError:  # such as a cause in words
        return {}
    return parsed if isinstance(parsed, dict) else {}
