"""How tests read a plan."""

import json
from typing import Any

import tftest

Statement = dict[str, Any]


def planned(plan: tftest.TerraformPlanOutput, address: str) -> dict[str, Any]:
    """A resource that is to be created."""
    change = plan.resource_changes[address]["change"]
    assert change["actions"] == ["create"]
    return dict(change["after"])


def statements(document: str) -> dict[str, Statement]:
    """A policy's statements by their Sid."""
    found = json.loads(document)["Statement"]
    return {s["Sid"]: s for s in (found if isinstance(found, list) else [found])}


def as_list(value: str | list[str]) -> list[str]:
    """What a policy has one or several of."""
    return value if isinstance(value, list) else [value]
