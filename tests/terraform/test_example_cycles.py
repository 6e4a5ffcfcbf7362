"""Every example's life: applied, nothing more to do; one input changed; destroyed, nothing left."""

from pathlib import Path

import inventories
import pytest
from account import everything
from planning import planned_changes

from batchrec.localaws.server import LocalAws
from batchrec.terraform import Workspace

REPOSITORY = Path(__file__).resolve().parents[2]

# Most of the time is the provider's own waits: at the same time they cost little more than one.
CYCLES = [
    pytest.param(name, marks=pytest.mark.xdist_group(f"cycle-{name}"))
    for name in inventories.examples(REPOSITORY)
]


@pytest.mark.parametrize("example", CYCLES)
def test_a_life_from_apply_to_destroy(local_aws: LocalAws, example: str) -> None:
    inventory = inventories.inventory(example)
    variables = inventory.get("variables", {}) | {"name": f"cycle-{example}"}
    before = everything(local_aws)
    with Workspace(REPOSITORY, f"examples/{example}", endpoint=local_aws.endpoint) as workspace:
        workspace.init()
        workspace.apply(variables)
        try:
            assert planned_changes(workspace, variables) == []
            change_input(workspace.folder / "main.tf", **inventory["input"])
            changes = planned_changes(workspace, variables)
            found = {change["address"]: change["change"]["actions"] for change in changes}
            assert found == inventory["changes"]
        finally:
            workspace.destroy()
        assert workspace.state_list() == []
    assert everything(local_aws) == before


def change_input(file: Path, text: str, instead: str) -> None:
    source = file.read_text(encoding="utf-8")
    assert source.count(text) == 1
    file.write_text(source.replace(text, instead), encoding="utf-8")
