"""A deployed pipeline, and the command line beside it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from deployed_pipeline import Pipeline as Deployed
from deployed_pipeline import asl, pipeline
from typer.testing import CliRunner

from batchrec import pipeline as pipelines
from batchrec.cli import app

__all__ = ["asl", "pipeline"]

# What the Spark job reports beside the fingerprint, of the data that the script in its place makes.
REPORT: dict[str, Any] = {
    "datasets": {"interactions": {"rows": {"written": 1800}}},
    "interactions": {"users": 60, "items": 200},
    "batch_inputs": {"users": 60, "items": 20},
    "configuration": {"batch_inputs": {"users": {"kind": "users"}, "items": {"kind": "items"}}},
}
COUNTS = {"inputs": 60, "answered": 60, "errors": 0, "recommendations": 1500}
_FULLY = f"""
dumps = json.dumps
json.dumps = lambda given, **kwargs: dumps(
    given | json.loads({json.dumps(json.dumps(REPORT))}) if "fingerprint" in given else given
)
"""
_COUNTED = f"""
dumps = json.dumps
counts = json.loads({json.dumps(json.dumps(COUNTS))})
json.dumps = lambda given, **kwargs: dumps(
    given | {{"published": dict.fromkeys(given["published"], counts)}}
    if "published" in given else given
)
"""


@pytest.fixture
def reporting(pipeline: Deployed) -> Deployed:
    """The pipeline, whose jobs report as much as the real ones."""
    pipeline.set_script(_FULLY, publish_fault=_COUNTED)
    for job in ("prepare-training-data", "publish-recommendations"):
        glue = pipeline.aws.client("glue")
        described = glue.get_job(JobName=f"{pipeline.name}-{job}")["Job"]
        update = {name: described[name] for name in ("Role", "Command", "GlueVersion")}
        update |= {"WorkerType": "G.2X", "NumberOfWorkers": 3}
        glue.update_job(JobName=f"{pipeline.name}-{job}", JobUpdate=update)
    return pipeline


@pytest.fixture
def found(reporting: Deployed) -> pipelines.Pipeline:
    """The pipeline, found by the ARN of its state machine."""
    reporting.deploy()
    where = pipelines.Where(state_machine=reporting.machine_arn)
    return pipelines.find(where, {}, reporting.aws.client)


@pytest.fixture
def batchrec(local_aws_environment: dict[str, str]) -> Callable[..., Result]:
    """Run batchrec on the command line."""
    return lambda *arguments: CliRunner().invoke(app, [str(each) for each in arguments])
