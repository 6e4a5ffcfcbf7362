"""One local AWS for each test process, and one applied example for the tests that only use it.

moto's state is global to a process, so tests share the account: give what a test creates a name of
its own. Tests that share an expensive fixture carry the same xdist_group, so that one process runs
them.
"""

import functools
import os
import random
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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one process make what tests share, and begin with such groups, which take longest.

    pytest-xdist hands out what comes first first, if it is told not to reorder. By chance, always
    the same, groups that wait for a provider stand between those that compute.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None and (group := shared(item)):
            item.add_marker(pytest.mark.xdist_group(group))
    names = sorted({group_of(item) for item in items})
    places = dict(zip(names, random.Random(0).sample(range(len(names)), len(names)), strict=True))
    items.sort(key=lambda item: (group_of(item) == "", places[group_of(item)]))


def shared(item: pytest.Item) -> str | None:
    """What a test shares with others: a browser, the Spark of a Glue job, a module's fixture."""
    assert isinstance(item, pytest.Function)
    module = item.module.__name__
    if "browser" in item.fixturenames:
        return "browser"
    if "spark" in item.fixturenames:
        return "spark-publish" if "publish" in module else "spark-prepare"
    definitions = item._fixtureinfo.name2fixturedefs.values()
    return module if any(each[-1].scope == "module" for each in definitions) else None


def group_of(item: pytest.Item) -> str:
    marker = item.get_closest_marker("xdist_group")
    return "" if marker is None else str((marker.args or [marker.kwargs.get("name")])[0])


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
    """About 70 s, most of it the provider's own waits; use it with xdist_group("movielens").

    It isn't destroyed: that would take half as long, and goes with the local AWS.
    """
    with Workspace(REPOSITORY, endpoint=local_aws.endpoint) as workspace:
        workspace.init()
        workspace.apply()
        outputs = {name: str(value) for name, value in workspace.output().items()}
        yield Applied(workspace, outputs, local_aws)
