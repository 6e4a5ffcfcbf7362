"""What the previous release applied survives an upgrade: data and trained models stay."""

import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from planning import planned_changes

from batchrec.localaws.server import LocalAws
from batchrec.terraform.workspace import Workspace

pytestmark = pytest.mark.xdist_group("upgrade")

# The root module, its modules, job scripts and examples, as `git archive` has them.
RELEASE = Path(__file__).parent / "releases" / "0.1.0.tar.gz"
EXAMPLE = "examples/segments"
KEPT = {
    "aws_s3_bucket",
    "aws_cloudcontrolapi_resource",  # the dataset group, its datasets and schemas
    "aws_glue_catalog_database",
    "aws_glue_catalog_table",
}


@pytest.fixture(scope="module")
def upgraded(
    local_aws: LocalAws, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workspace]:
    """A configuration of the previous release, applied with it; now this module is in its place.

    About two minutes, most of it the provider's own waits.
    """
    release = tmp_path_factory.mktemp("release")
    with tarfile.open(RELEASE) as archive:
        archive.extractall(release, filter="data")
    with Workspace(release, EXAMPLE, endpoint=local_aws.endpoint) as before:
        before.init()
        before.apply({"name": "upgraded"})
        state = before.state_file.read_bytes()
    with Workspace(repository, EXAMPLE, endpoint=local_aws.endpoint) as after:
        for file in (repository / EXAMPLE).glob("*.tf"):
            (after.folder / file.name).unlink()
        shutil.copytree(release / EXAMPLE, after.folder, dirs_exist_ok=True)
        after.put_state(state)
        after.init()
        yield after


@pytest.fixture(scope="module")
def changes(upgraded: Workspace) -> dict[str, str]:
    """What a plan of the upgrade would do, by address."""
    return planned_changes(upgraded, {"name": "upgraded"})


def type_of(address: str) -> str:
    return address.split(".")[-2]


def test_all_that_holds_data_is_there(upgraded: Workspace) -> None:
    assert {type_of(address) for address in upgraded.state_list()} >= KEPT


def test_nothing_that_holds_data_is_replaced_or_deleted(changes: dict[str, str]) -> None:
    assert changes  # a release with nothing new would make the next line say nothing
    holding = {each: action for each, action in changes.items() if type_of(each) in KEPT}
    assert set(holding.values()) <= {"create", "update"}, holding


def test_the_bucket_keeps_what_protects_it(changes: dict[str, str]) -> None:
    protecting = {
        each: action
        for each, action in changes.items()
        if type_of(each).startswith("aws_s3_bucket_")
    }
    assert set(protecting.values()) <= {"create", "update"}, protecting
