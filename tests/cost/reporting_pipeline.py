"""A deployed pipeline whose jobs report as much as the real ones, and a run of it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from deployed_pipeline import Pipeline as Deployed
from deployed_pipeline import made

from batchrec import pipeline as pipelines
from batchrec.localaws.server import LocalAws

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
    report_fully(pipeline)
    return pipeline


def report_fully(pipeline: Deployed) -> None:
    pipeline.set_script(_FULLY, publish_fault=_COUNTED)
    glue = pipeline.aws.client("glue")
    for job in ("prepare-training-data", "publish-recommendations"):
        described = glue.get_job(JobName=f"{pipeline.name}-{job}")["Job"]
        update = {name: described[name] for name in ("Role", "Command", "GlueVersion")}
        update |= {"WorkerType": "G.2X", "NumberOfWorkers": 3}
        glue.update_job(JobName=f"{pipeline.name}-{job}", JobUpdate=update)


@pytest.fixture
def found(reporting: Deployed) -> pipelines.Pipeline:
    """The pipeline, found by the ARN of its state machine."""
    reporting.deploy()
    return find(reporting)


def find(pipeline: Deployed) -> pipelines.Pipeline:
    where = pipelines.Where(state_machine=pipeline.machine_arn)
    return pipelines.find(where, {}, pipeline.aws.client)


@dataclass(frozen=True)
class Weekly:
    """A run named weekly, for tests that change nothing."""

    deployed: Deployed
    execution_arn: str

    @property
    def found(self) -> pipelines.Pipeline:
        return find(self.deployed)


@pytest.fixture(scope="session")
def weekly(
    local_aws: LocalAws, asl: str, personalize_role: Callable[[str], str]
) -> Iterator[Weekly]:
    for deployed in made(local_aws, asl, personalize_role):
        report_fully(deployed)
        described, _ = deployed.run("weekly")
        yield Weekly(deployed, described["executionArn"])
