"""Finding a deployed pipeline."""

import json

import pytest
from deployed_pipeline import Pipeline as Deployed

from batchrec.errors import BatchrecError
from batchrec.pipeline import Pipeline, Where, find


def test_by_its_arn(pipeline: Deployed, found: Pipeline) -> None:
    assert found.state_machine_arn == pipeline.machine_arn
    assert (found.name, found.bucket, found.region) == (
        pipeline.name,
        pipeline.bucket,
        "us-east-1",
    )
    assert found.configuration == pipeline.configuration


def test_by_its_name(pipeline: Deployed) -> None:
    pipeline.deploy()
    assert find(Where(pipeline.name), {}, pipeline.aws.client).state_machine_arn == (
        pipeline.machine_arn
    )


def test_an_unknown_name_is_told_the_known_ones(pipeline: Deployed) -> None:
    pipeline.deploy()
    with pytest.raises(BatchrecError, match=pipeline.name):
        find(Where("nightly"), {}, pipeline.aws.client)


def test_an_arn_of_nothing(pipeline: Deployed) -> None:
    with pytest.raises(BatchrecError, match=r"can't be described.*\nCheck the credentials"):
        find(Where(pipeline.machine_arn + "-gone"), {}, pipeline.aws.client)


def test_another_state_machine(pipeline: Deployed) -> None:
    pipeline.definition = {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}
    pipeline.deploy()
    with pytest.raises(BatchrecError, match="no state Configure"):
        find(Where(pipeline.machine_arn), {}, pipeline.aws.client)


def test_paths_stand_after_the_prefix(pipeline: Deployed) -> None:
    pipeline.configuration["prefix"] = "shop/"
    pipeline.deploy()
    found = find(Where(pipeline.machine_arn), {}, pipeline.aws.client)
    manifest = {"run": "weekly"}
    s3 = pipeline.aws.client("s3")
    s3.put_object(
        Bucket=pipeline.bucket, Key="shop/curated/latest.json", Body=json.dumps(manifest).encode()
    )
    assert found.read_json("curated/latest.json") == manifest
    assert found.read_json("curated/other.json") is None


def test_an_object_that_is_no_json(pipeline: Deployed, found: Pipeline) -> None:
    s3 = pipeline.aws.client("s3")
    s3.put_object(Bucket=pipeline.bucket, Key="curated/latest.json", Body=b"{")
    with pytest.raises(BatchrecError, match=r"latest\.json is no JSON object"):
        found.read_json("curated/latest.json")
