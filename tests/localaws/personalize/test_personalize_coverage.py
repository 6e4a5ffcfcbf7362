"""docs/personalize-coverage.md says what the code does."""

import json
import urllib.request
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from botocore.loaders import Loader

from batchrec.localaws import runtime
from batchrec.localaws.personalize import coverage
from batchrec.localaws.personalize.responses import emulated
from batchrec.localaws.server import LocalAws

OPERATIONS = sorted(Loader().load_service_model("personalize", "service-2")["operations"])
# Real-time and domain resources, and what they need; none of them is part of a batch.
BEYOND_BATCH = ("Campaign", "EventTracker", "Recommender", "DatasetExportJob")


def test_the_page_is_not_stale(repository: Path) -> None:
    written = (repository / "docs" / "personalize-coverage.md").read_text(encoding="utf-8")
    assert written == coverage.page(), "run make personalize-coverage"


def test_the_page_has_a_row_for_every_operation() -> None:
    rows = [line.split("|")[1:3] for line in coverage.page().splitlines() if line.startswith("| ")]
    assert [name.strip() for name, _ in rows[1:]] == OPERATIONS
    assert len(OPERATIONS) == 71


def test_everything_a_batch_user_meets_is_emulated() -> None:
    missing = {name for name in OPERATIONS if not emulated(name)}
    assert missing == {name for name in OPERATIONS if any(kind in name for kind in BEYOND_BATCH)}


def test_differences_are_of_operations_that_are_emulated() -> None:
    assert [name for name in coverage.DIFFERENCES if not emulated(name)] == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_is_emulated_or_says_at_once_that_it_is_not(
    local_aws: LocalAws, operation: str
) -> None:
    """Without members, so that all but Lists are refused before they do anything."""
    request = urllib.request.Request(
        local_aws.endpoint,
        data=b'{"unknown": 1}',
        headers={
            "X-Amz-Target": f"AmazonPersonalize.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/personalize/"
            "aws4_request, SignedHeaders=host, Signature=x",
        },
    )
    try:
        status, body = 200, urllib.request.urlopen(request, timeout=30).read()
    except urllib.request.HTTPError as error:
        status, body = error.code, error.read()
    if emulated(operation):
        assert status in (200, 400), body
    else:
        assert status == 501
        assert operation in json.loads(body)["message"]


def test_a_client_sees_what_is_not_emulated(local_aws: LocalAws) -> None:
    personalize = runtime.current().client("personalize", "us-east-1")
    with pytest.raises(ClientError, match="CreateCampaign of Amazon Personalize") as refused:
        personalize.create_campaign(name="c", solutionVersionArn="arn:aws:personalize:::x/y")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
