"""Finding a deployed pipeline."""

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, ResponseStreamingError
from deployed_pipeline import Pipeline as Deployed

from batchrec.errors import BatchrecError
from batchrec.pipeline import Pipeline, Where, find, passes


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


@pytest.mark.parametrize(
    "arn", ["arn:aws:states", "arn:aws:s3:::bucket", "arn:", "arn:a:b:c:d:e:f"]
)
def test_what_is_no_arn_of_a_state_machine(arn: str) -> None:
    with pytest.raises(BatchrecError, match="is no ARN of a state machine"):
        find(Where(arn), {})


def test_a_folder_that_is_not_there() -> None:
    with pytest.raises(BatchrecError, match="There is no folder nowhere"):
        find(Where(folder=Path("nowhere")), {})


def test_a_connection_that_is_lost_while_an_object_is_read(found: Pipeline) -> None:
    class Body:
        def read(self) -> bytes:
            raise ResponseStreamingError(error="cut off")

    class S3:
        exceptions = found.client("s3").exceptions

        def get_object(self, **_: str) -> dict[str, Body]:
            return {"Body": Body()}

    lossy = Pipeline(found.state_machine_arn, found.definition, lambda service: S3())
    with pytest.raises(BatchrecError, match=r"latest\.json can't be read: .*cut off"):
        lossy.read_json("curated/latest.json")


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("ThrottlingException", 400, True),
        ("TooManyRequestsException", 429, True),
        ("ServiceUnavailable", 503, True),
        ("InternalFailure", 500, True),
        ("AccessDeniedException", 400, False),
        ("ExecutionDoesNotExist", 400, False),
    ],
)
def test_what_goes_away_by_itself(code: str, status: int, told: bool) -> None:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    assert passes(ClientError(answer, "DescribeExecution")) is told


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


@pytest.mark.parametrize("body", [b"{", b"null", b"7", b"[]", b"\xff"])
def test_an_object_that_is_no_json_object(pipeline: Deployed, found: Pipeline, body: bytes) -> None:
    s3 = pipeline.aws.client("s3")
    s3.put_object(Bucket=pipeline.bucket, Key="curated/latest.json", Body=body)
    with pytest.raises(BatchrecError, match=r"latest\.json is no JSON object"):
        found.read_json("curated/latest.json")
