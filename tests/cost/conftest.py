"""A deployed pipeline, and the command line beside it."""

from collections.abc import Callable

import pytest
from click.testing import Result
from deployed_pipeline import asl, pipeline
from reporting_pipeline import found, reporting, weekly
from typer.testing import CliRunner

from batchrec.cli import app
from batchrec.pytest_plugin import local_aws_environment

__all__ = ["asl", "found", "local_aws_environment", "pipeline", "reporting", "weekly"]


@pytest.fixture
def batchrec(local_aws_environment: dict[str, str]) -> Callable[..., Result]:
    """Run batchrec on the command line."""
    return lambda *arguments: CliRunner().invoke(app, [str(each) for each in arguments])
