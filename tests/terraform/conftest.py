"""One plan of examples/movielens, made with tftest in a copy, for all tests that only read it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import tftest

from batchrec.localaws.server import LocalAws
from batchrec.terraform import Workspace


@pytest.fixture(scope="session")
def copied_example(local_aws: LocalAws, repository: Path) -> Iterator[Workspace]:
    # tftest's clean-up deletes state and lock files: it never gets the repository itself.
    with Workspace(repository, endpoint=local_aws.endpoint) as workspace:
        workspace.init()
        yield workspace


@pytest.fixture(scope="session")
def example(copied_example: Workspace) -> tftest.TerraformTest:
    return tftest.TerraformTest(
        str(copied_example.folder),
        binary=str(copied_example.terraform),
        env=copied_example.env,
    )


@pytest.fixture(scope="session")
def plan(example: tftest.TerraformTest) -> tftest.TerraformPlanOutput:
    return example.plan(output=True)
