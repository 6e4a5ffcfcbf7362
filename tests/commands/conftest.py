"""A deployed pipeline, and how a person finds it."""

import pytest
from deployed_pipeline import Pipeline as Deployed
from deployed_pipeline import asl, pipeline

from batchrec import pipeline as pipelines
from batchrec.pytest_plugin import local_aws_environment

__all__ = ["asl", "local_aws_environment", "pipeline"]


@pytest.fixture
def found(pipeline: Deployed) -> pipelines.Pipeline:
    """The pipeline, found by the ARN of its state machine."""
    pipeline.deploy()
    where = pipelines.Where(state_machine=pipeline.machine_arn)
    return pipelines.find(where, {}, pipeline.aws.client)
