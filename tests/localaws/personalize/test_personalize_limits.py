"""Limits on tags, and quotas of a Region (Developer Guide, Tagging; Endpoints and quotas)."""

import dataclasses
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore import xform_name
from personalize_world import (
    INTERACTIONS,
    LONG_ENOUGH,
    ROLE,
    Shop,
    World,
    avro,
    csv,
    refusal,
    unique,
)

from batchrec.localaws import runtime
from batchrec.localaws.personalize.quotas import Quotas
from batchrec.localaws.personalize.responses import emulated
from batchrec.localaws.runtime import Durations
from batchrec.localaws.server import LocalAws
from batchrec.localaws.service_model import service_model

pytestmark = pytest.mark.timeout(120)

Tags = list[dict[str, str]]


def tags(*keys: str) -> Tags:
    return [{"tagKey": key, "tagValue": ""} for key in keys]


def numbered(start: int, end: int) -> Tags:
    return tags(*(f"key-{n}" for n in range(start, end)))


# --- tags -----------------------------------------------------------------------------------------


def test_a_resource_has_fifty_tags(personalize: Any) -> None:
    create, too_many = personalize.create_dataset_group, "TooManyTagsException"
    refusal(too_many, lambda: create(name=unique(), tags=numbered(0, 51)))
    group = create(name=unique(), tags=numbered(0, 48))["datasetGroupArn"]
    personalize.tag_resource(resourceArn=group, tags=numbered(46, 50))  # two of them are there
    more = numbered(50, 51)
    refusal(too_many, lambda: personalize.tag_resource(resourceArn=group, tags=more))
    personalize.untag_resource(resourceArn=group, tagKeys=["key-0"])
    personalize.tag_resource(resourceArn=group, tags=more)
    assert len(personalize.list_tags_for_resource(resourceArn=group)["tags"]) == 50


@pytest.mark.parametrize(
    "wrong",
    [
        tags("aws:mine"),
        [{"tagKey": "mine", "tagValue": "AWS:mine"}],
        tags("twice", "twice"),
        tags("question?"),
        tags("x" * 129),
    ],
    ids=["key-of-aws", "value-of-aws", "twice", "character", "too-long"],
)
def test_tags_that_cannot_be(world: World, wrong: Tags) -> None:
    p, refused = world.personalize, "InvalidInputException"
    refusal(refused, lambda: p.tag_resource(resourceArn=world.group, tags=wrong))
    refusal(refused, lambda: p.create_dataset_group(name=unique(), tags=wrong))


def test_too_many_keys_to_remove(world: World) -> None:
    keys = [f"key-{n}" for n in range(51)]
    untag = world.personalize.untag_resource
    refusal("TooManyTagKeysException", lambda: untag(resourceArn=world.group, tagKeys=keys))
    untag(resourceArn=world.group, tagKeys=keys[:50])


# --- quotas ---------------------------------------------------------------------------------------


@pytest.fixture
def account(local_aws: LocalAws) -> Callable[[str], Any]:
    """Clients of a new account, by their Region."""
    number = str(uuid.uuid4().int)[:12]
    return lambda region: runtime.client("personalize", local_aws.endpoint, region, number)


@pytest.fixture
def with_documented_quotas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        runtime, "_current", dataclasses.replace(runtime.current(), quotas=Quotas())
    )


@pytest.mark.usefixtures("with_documented_quotas")
def test_five_dataset_groups_in_a_region(account: Callable[[str], Any], held: LocalAws) -> None:
    p = account("us-east-1")
    created = [p.create_dataset_group(name=unique())["datasetGroupArn"] for _ in range(5)]
    refusal("LimitExceededException", lambda: p.create_dataset_group(name=unique()))
    taken = created[0].rpartition("/")[2]
    refusal("ResourceAlreadyExistsException", lambda: p.create_dataset_group(name=taken))
    account("eu-west-1").create_dataset_group(name=taken)
    held.clock.advance(LONG_ENOUGH)
    p.delete_dataset_group(datasetGroupArn=created[0])
    refusal("LimitExceededException", lambda: p.create_dataset_group(name=unique()))
    held.clock.advance(LONG_ENOUGH)
    p.create_dataset_group(name=unique())


def test_the_quota_of_schemas(
    account: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Quotas().schemas == 500
    raised = dataclasses.replace(runtime.current(), quotas=Quotas(schemas=2))
    monkeypatch.setattr(runtime, "_current", raised)
    p = account("ap-southeast-1")
    for _ in range(2):
        p.create_schema(name=unique(), schema=avro(*INTERACTIONS))
    create = p.create_schema
    message = refusal(
        "LimitExceededException",
        lambda: create(name=unique(), schema=avro(*INTERACTIONS)),
    )
    assert "ap-southeast-1" in message


def test_a_taken_job_name_is_not_reported_as_a_full_quota(world: World, held: LocalAws) -> None:
    """A pipeline waits for room, but looks up what exists."""
    location = world.put("data/interactions.csv", csv())
    name = unique()
    world.start_import(location, jobName=name)
    for _ in range(4):
        world.start_import(location)
    refusal("LimitExceededException", lambda: world.start_import(location))
    refusal("ResourceAlreadyExistsException", lambda: world.start_import(location, jobName=name))


def test_durations_are_those_that_were_observed() -> None:
    """In seconds, of small datasets: recorded outputs of AWS's public notebooks."""
    durations = Durations()
    assert 15 <= durations.dataset_group <= 30
    assert durations.dataset == 30
    assert 240 <= durations.dataset_import_job <= 360
    assert 1200 <= durations.solution_version <= 2400
    assert 780 <= durations.batch_inference_job <= 1620
    assert 420 <= durations.batch_segment_job <= 480


def test_a_role_of_a_group_comes_with_a_key(personalize: Any) -> None:
    """API Reference, CreateDatasetGroup, roleArn."""
    create = personalize.create_dataset_group
    refusal("InvalidInputException", lambda: create(name=unique(), roleArn=ROLE))


# --- deleting -------------------------------------------------------------------------------------


def test_data_that_is_trained_on_stays(world: World, held: LocalAws) -> None:
    """API Reference, DeleteDataset: not while a solution version is pending or in progress."""
    delete = world.personalize.delete_dataset
    version = world.start_version(world.solution)
    refusal("ResourceInUseException", lambda: delete(datasetArn=world.dataset))
    held.clock.advance(runtime.current().durations.solution_version / 2)
    assert world.version_described(version)["status"] == "CREATE IN_PROGRESS"
    refusal("ResourceInUseException", lambda: delete(datasetArn=world.dataset))


# --- lists ----------------------------------------------------------------------------------------


LISTS = sorted(
    name
    for name in service_model("personalize").operation_names
    if name.startswith("List") and name != "ListTagsForResource" and emulated(name)
)


@pytest.mark.parametrize("operation", LISTS)
def test_every_list_has_pages_and_knows_its_tokens(
    world: World, shop: Shop, operation: str
) -> None:
    """One by one, a list gives the same as at once; a token of another list is none."""
    call = getattr(world.personalize, xform_name(operation))
    wanted = {}
    if operation == "ListMetricAttributionMetrics":
        wanted = {"metricAttributionArn": attribution(world, shop.group)}
    (key,) = (name for name in call(**wanted) if name not in ("ResponseMetadata", "nextToken"))
    everything, found, token = call(**wanted, maxResults=100), [], {}
    while True:
        page = call(**wanted, **token, maxResults=7)
        assert len(page[key]) <= 7
        found += page[key]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert found[:100] == everything[key]
    other = world.personalize.list_recipes if key != "recipes" else world.personalize.list_schemas
    strange = other(maxResults=1)["nextToken"]
    refusal("InvalidNextTokenException", lambda: call(**wanted, nextToken=strange))


def attribution(world: World, group: str) -> str:
    created = world.personalize.create_metric_attribution(
        name=unique(),
        datasetGroupArn=group,
        metrics=[
            {"eventType": "click", "metricName": f"m{n}", "expression": "SAMPLECOUNT()"}
            for n in range(10)
        ],
        metricsOutputConfig={"roleArn": ROLE},
    )
    world.settle()
    return str(created["metricAttributionArn"])
