"""Plans for tests that only read them, made with tftest in copies of the repository.

tftest's clean-up deletes lock files and state: it never gets the repository itself.
"""

import functools
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import inventories
import pytest
import tftest

from batchrec.localaws.server import LocalAws
from batchrec.terraform.workspace import Workspace

PlanOf = Callable[[Workspace], tftest.TerraformPlanOutput]
PlanExample = Callable[[str], tftest.TerraformPlanOutput]


@pytest.fixture(scope="session")
def plan_of() -> PlanOf:
    """Plan what lies in a workspace: about 7 s, half of it the provider's start."""

    def plan(workspace: Workspace) -> tftest.TerraformPlanOutput:
        test = tftest.TerraformTest(str(workspace.folder), binary=str(workspace.terraform))
        test.env = workspace.env  # its own argument would only add to the person's environment
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tempfile, "tempdir", str(workspace.folder))  # tftest leaves its plan file
            test.setup()
            return test.plan(output=True)

    return plan


@pytest.fixture(scope="session")
def plan_example(local_aws: LocalAws, repository: Path, plan_of: PlanOf) -> PlanExample:
    """Plan an example, once, with its defaults and what its inventory gives it."""

    @functools.cache
    def plan(name: str) -> tftest.TerraformPlanOutput:
        with Workspace(repository, f"examples/{name}", endpoint=local_aws.endpoint) as workspace:
            variables = inventories.inventory(name).get("variables", {})
            (workspace.folder / "test.auto.tfvars.json").write_text(json.dumps(variables))
            return plan_of(workspace)

    return plan


@pytest.fixture(scope="session")
def plan(plan_example: PlanExample) -> tftest.TerraformPlanOutput:
    """examples/movielens, and through it the root module, with their defaults."""
    return plan_example("movielens")


@pytest.fixture(scope="session")
def clickstream(plan_example: PlanExample) -> tftest.TerraformPlanOutput:
    """examples/clickstream with its defaults."""
    return plan_example("clickstream")
