"""One local AWS for each test process, and one applied example for the tests that only use it.

moto's state is global to a process, so tests share the account: give what a test creates a name of
its own. Tests that share an expensive fixture carry the same xdist_group, so that one process runs
them.
"""

import functools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import service_role
from answer_recorder import Recorder
from browsers import browser

from batchrec.localaws import server
from batchrec.localaws.router import Router
from batchrec.localaws.server import LocalAws
from batchrec.pytest_plugin import SHARED_QUOTAS
from batchrec.terraform.workspace import Workspace

# Here, and nowhere else: playwright bears no second start in one process.
__all__ = ["browser"]

REPOSITORY = Path(__file__).resolve().parents[1]

# Spark's jobs here are so short that most of their time is the JVM's own: compiling and collecting
# less cleverly makes them take a quarter of it. Nothing that is measured runs under pytest.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
# Likewise Terraform: a third of a plan's processor time is the collector, while schemas are read.
os.environ.setdefault("GOGC", "400")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the groups: their fixtures take long, and much of that is waiting for nothing.

    pytest-xdist hands out what comes first first, if it is told not to reorder.
    """
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture(scope="session")
def local_aws(recorder: Recorder) -> Iterator[LocalAws]:
    """Its recorder sees what Personalize itself answers, before an injected fault changes it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "Router", lambda *given: recorder.around(Router(*given)))
        with LocalAws(quotas=SHARED_QUOTAS) as aws:
            yield aws
    assert recorder.take() == []


@pytest.fixture(autouse=True)
def personalize_answers_as_modelled(recorder: Recorder) -> Iterator[None]:
    """Fails the test that gets an answer which botocore's model of Personalize doesn't allow."""
    yield
    assert recorder.take() == []


@pytest.fixture(scope="session")
def personalize_role(local_aws: LocalAws) -> Callable[[str], str]:
    """Make a role of this name, with which Personalize can read and write in S3; its ARN."""

    return functools.cache(lambda name: service_role.create(local_aws.client("iam"), name))


@dataclass(frozen=True)
class Applied:
    """examples/movielens, applied to the local AWS."""

    workspace: Workspace
    outputs: dict[str, str]
    aws: LocalAws


@pytest.fixture(scope="session")
def applied_movielens(local_aws: LocalAws) -> Iterator[Applied]:
    """About 70 s, most of it the provider's own waits; use it with xdist_group("movielens")."""
    with Workspace(REPOSITORY, endpoint=local_aws.endpoint) as workspace:
        workspace.init()
        workspace.apply()
        outputs = {name: str(value) for name, value in workspace.output().items()}
        yield Applied(workspace, outputs, local_aws)
        workspace.destroy()
