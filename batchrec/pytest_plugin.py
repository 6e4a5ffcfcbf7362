"""Fixtures for tests of a pipeline of one's own.

Nothing loads them unasked; a project's conftest.py does:

    pytest_plugins = ["batchrec.pytest_plugin"]
"""

from collections.abc import Iterator
from typing import Any

import pytest

from batchrec.localaws.personalize.quotas import Quotas
from batchrec.localaws.server import LocalAws

# On what tests leave behind in an account that they share.
SHARED_QUOTAS = Quotas(dataset_groups=1000, schemas=5000)


@pytest.fixture(scope="session")
def local_aws() -> Iterator[LocalAws]:
    """A local AWS for all tests of a process: give what a test creates a name of its own.

    Its quotas on what tests leave behind, dataset groups and schemas, are raised.
    """
    with LocalAws(quotas=SHARED_QUOTAS) as aws:
        yield aws


@pytest.fixture(scope="session")
def personalize(local_aws: LocalAws) -> Any:
    """A boto3 client of its Amazon Personalize."""
    return local_aws.client("personalize")


@pytest.fixture
def local_aws_environment(local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment during one test: clients that the code under test makes are of local AWS."""
    environment = local_aws.environment()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return environment
