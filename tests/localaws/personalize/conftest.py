"""Clients and worlds for the tests of the local Personalize."""

from collections.abc import Iterator
from typing import Any

import pytest
from personalize_world import (
    INTERACTIONS,
    LONG_ENOUGH,
    Shop,
    World,
    avro,
    bucket_policy,
    csv,
    unique,
)

from batchrec.localaws.server import LocalAws


@pytest.fixture(scope="module")
def personalize(local_aws: LocalAws) -> Any:
    return local_aws.client("personalize")


@pytest.fixture
def held(local_aws: LocalAws) -> Iterator[LocalAws]:
    """Nothing that is under way gets on unless the test says so."""
    local_aws.clock.hold()
    yield local_aws
    local_aws.clock.release()
    local_aws.clock.sleep(LONG_ENOUGH)


@pytest.fixture(scope="module")
def world(local_aws: LocalAws, personalize: Any, role: str) -> World:
    bucket = unique("personalize")
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=bucket_policy(bucket))
    bare = World(local_aws, personalize, bucket, "", "", "", "", "")
    group, dataset = bare.new_dataset(avro(*INTERACTIONS))
    imported = bare.import_job(bare.put("data/interactions.csv", csv()), dataset)
    assert imported["status"] == "ACTIVE", imported
    version = bare.version_of(group)
    assert version["status"] == "ACTIVE", version
    schema = personalize.describe_dataset(datasetArn=dataset)["dataset"]["schemaArn"]
    return World(
        local_aws,
        personalize,
        bucket,
        group,
        schema,
        dataset,
        version["solutionArn"],
        version["solutionVersionArn"],
    )


@pytest.fixture(scope="module")
def shop(world: World) -> Shop:
    return Shop.open(world)
