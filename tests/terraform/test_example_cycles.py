"""Every example's life: applied, nothing more to do; one input changed; destroyed, nothing left."""

import functools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import inventories
import pytest
from account import everything
from planning import planned_changes

from batchrec.localaws.server import LocalAws
from batchrec.terraform.workspace import Workspace

REPOSITORY = Path(__file__).resolve().parents[2]

EXAMPLES = inventories.examples(REPOSITORY)

pytestmark = pytest.mark.xdist_group("cycles")


@dataclass(frozen=True)
class Life:
    """What an example's life was like."""

    unchanged: dict[str, str]  # actions by address of a plan right after the apply
    changed: dict[str, str]  # and of one after one input was changed
    left: list[str]  # resources that Terraform still knows after the destroy


@dataclass(frozen=True)
class Lives:
    """All of them, and what was in the account before and after."""

    of: dict[str, Life]
    before: dict[str, list[str]]
    after: dict[str, list[str]]


@pytest.fixture(scope="module")
def lives(local_aws: LocalAws) -> Lives:
    """Side by side: most of the time is the provider's own waits."""
    before = everything(local_aws)
    with ThreadPoolExecutor(len(EXAMPLES)) as threads:
        lived = threads.map(functools.partial(live, local_aws.endpoint), EXAMPLES)
        found = dict(zip(EXAMPLES, lived, strict=True))
    return Lives(found, before, everything(local_aws))


def live(endpoint: str, example: str) -> Life:
    inventory = inventories.inventory(example)
    variables = inventory.get("variables", {}) | {"name": f"cycle-{example}"}
    with Workspace(REPOSITORY, f"examples/{example}", endpoint=endpoint) as workspace:
        workspace.init()
        workspace.apply(variables)
        try:
            unchanged = planned_changes(workspace, variables)
            change_input(workspace.folder / "main.tf", **inventory["input"])
            changed = planned_changes(workspace, variables)
        finally:
            workspace.destroy()
        return Life(unchanged, changed, workspace.state_list())


@pytest.mark.parametrize("example", EXAMPLES)
def test_applied_there_is_nothing_more_to_do(lives: Lives, example: str) -> None:
    assert lives.of[example].unchanged == {}


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_changed_input_changes_what_it_is_about(lives: Lives, example: str) -> None:
    assert lives.of[example].changed == inventories.inventory(example)["changes"]


@pytest.mark.parametrize("example", EXAMPLES)
def test_destroyed_terraform_knows_nothing_of_it(lives: Lives, example: str) -> None:
    assert lives.of[example].left == []


def test_destroyed_they_leave_nothing_in_the_account(lives: Lives) -> None:
    assert lives.after == lives.before


def change_input(file: Path, text: str, instead: str) -> None:
    source = file.read_text(encoding="utf-8")
    assert source.count(text) == 1
    file.write_text(source.replace(text, instead), encoding="utf-8")
