"""Jobs for the tests of the local Glue."""

import uuid
from collections.abc import Iterator

import pytest
from glue_world import Jobs

from batchrec.localaws.server import LocalAws


@pytest.fixture
def jobs(local_aws: LocalAws) -> Jobs:
    bucket = f"glue-{uuid.uuid4().hex}"
    local_aws.client("s3").create_bucket(Bucket=bucket)
    return Jobs(local_aws, bucket)


@pytest.fixture
def held(jobs: Jobs) -> Iterator[Jobs]:
    jobs.aws.clock.hold()
    yield jobs
    jobs.aws.clock.release()
    jobs.aws.clock.sleep(24 * 3600)
