"""The example in each module's README plans, alone, without anything beside it."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import tftest

from batchrec.localaws.server import LocalAws
from batchrec.terraform.workspace import Workspace

if TYPE_CHECKING:
    from conftest import PlanOf

pytestmark = pytest.mark.xdist_group("plans")

SOURCE = "./terraform-aws-personalize-batch/modules/"


def examples(repository: Path) -> dict[str, list[str]]:
    """The HCL blocks of each module's README, by the module's name."""
    return {
        folder.name: re.findall(r"```hcl\n(.*?)```", (folder / "README.md").read_text(), re.S)
        for folder in (repository / "modules").iterdir()
    }


@pytest.fixture(scope="module")
def plan(local_aws: LocalAws, repository: Path, plan_of: "PlanOf") -> tftest.TerraformPlanOutput:
    """All the examples in one plan: starting the provider takes most of one."""
    with Workspace(repository, endpoint=local_aws.endpoint) as workspace:
        for file in workspace.folder.glob("*.tf"):
            if file.name not in ("versions.tf", "batchrec_override.tf"):
                file.unlink()
        for module, (block,) in examples(repository).items():
            assert f'source = "{SOURCE}{module}"' in block
            text = block.replace(SOURCE, "../../modules/")
            (workspace.folder / f"{module}.tf").write_text(text)
        return plan_of(workspace)


def test_each_readme_calls_its_module(plan: tftest.TerraformPlanOutput, repository: Path) -> None:
    made = {
        address.split(".")[1]
        for address, resource in plan.resource_changes.items()
        if resource["change"]["actions"] == ["create"]
    }
    assert made == set(examples(repository))
