"""docs/personalize-coverage.md says what the code does."""

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


def test_a_client_sees_what_is_not_emulated(local_aws: LocalAws) -> None:
    personalize = runtime.current().client("personalize", "us-east-1")
    with pytest.raises(ClientError, match="CreateCampaign of Amazon Personalize") as refused:
        personalize.create_campaign(name="c", solutionVersionArn="arn:aws:personalize:::x/y")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
