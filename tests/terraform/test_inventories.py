"""A plan of each example has what its inventory says."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import inventories
import pytest

if TYPE_CHECKING:
    from conftest import PlanExample

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = inventories.examples(REPOSITORY)

pytestmark = pytest.mark.xdist_group("plans")


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_plan_has_what_the_inventory_says(plan_example: "PlanExample", example: str) -> None:
    plan, inventory = plan_example(example), inventories.inventory(example)
    assert inventory.keys() >= {"values", "counts", "outputs"}, f"Write inventories/{example}.yaml"
    changes = [change for change in plan.resource_changes.values() if change["mode"] == "managed"]
    after = {change["address"]: change["change"]["after"] for change in changes}
    counted = Counter(change["type"] for change in changes)
    assert inventories.differences(inventory["values"], after, "values") == []
    assert inventories.differences(inventory["counts"], dict(counted), "counts") == []
    assert inventories.differences(inventory["outputs"], dict(plan.outputs), "outputs") == []


def test_every_inventory_has_an_example() -> None:
    assert {file.stem for file in inventories.FOLDER.glob("*.yaml")} == set(EXAMPLES)


@pytest.mark.parametrize(
    ("expected", "actual", "told"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, []),
        ({"a": {"b": 1}}, {"a": '{"b": 1, "c": 2}'}, []),
        ({"a": {"b": 1}}, {"a": "text"}, ["x.a is 'text', not {'b': 1}"]),
        ({"a": None}, {}, ["x.a is 'nothing', not None"]),
        ([{"a": 1}], [{"a": 2}], ["x[0].a is 2, not 1"]),
        ([1], [1, 2], ["x is [1, 2], not [1]"]),
        ({"a": True}, {"a": "true"}, ["x.a is 'true', not True"]),
    ],
)
def test_differences_are_told(expected: object, actual: object, told: list[str]) -> None:
    assert inventories.differences(expected, actual, "x") == told
