"""Inventories: what a plan of each example has at least, in inventories/EXAMPLE.yaml.

`values` are attributes by resource, `counts` resources by type, and `outputs` outputs by name;
`input` is one of main.tf to change, and `changes` what a plan then does, by resource. `variables`
are what an example that needs some is planned with. A mapping stands for one that has
these keys among others, also where the plan has JSON text; a list for one of this length.
"""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "inventories"


def examples(repository: Path) -> list[str]:
    """The names of all examples."""
    return sorted(file.parent.name for file in repository.glob("examples/*/main.tf"))


def inventory(example: str) -> dict[str, Any]:
    """An example's inventory; an empty one if it has none."""
    file = FOLDER / f"{example}.yaml"
    return dict(yaml.safe_load(file.read_text(encoding="utf-8"))) if file.exists() else {}


def differences(expected: Any, actual: Any, where: str) -> list[str]:
    """What isn't as expected, one line each."""
    if isinstance(expected, dict | list) and isinstance(actual, str):
        with suppress(ValueError):
            actual = json.loads(actual)
    if isinstance(expected, dict) and isinstance(actual, dict):
        return [
            line
            for key, value in expected.items()
            for line in differences(value, actual.get(key, "nothing"), f"{where}.{key}")
        ]
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        return [
            line
            for index, (one, other) in enumerate(zip(expected, actual, strict=True))
            for line in differences(one, other, f"{where}[{index}]")
        ]
    return [] if expected == actual else [f"{where} is {actual!r}, not {expected!r}"]
