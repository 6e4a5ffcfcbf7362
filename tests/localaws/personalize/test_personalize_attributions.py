"""Metric attributions (Developer Guide, Guidelines and requirements for a metric attribution)."""

from typing import Any

import pytest
from personalize_world import (
    CREATED,
    INTERACTIONS,
    ROLE,
    World,
    avro,
    life,
    refusal,
    unique,
)

from batchrec.localaws import runtime
from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)

Metric = dict[str, str]

FIELDS = [
    *INTERACTIONS,
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "EVENT_VALUE", "type": ["null", "float"]},
]
ITEM = [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "PRICE", "type": ["null", "float"]},
    {"name": "TITLE", "type": ["null", "string"]},
]


@pytest.fixture
def group(world: World) -> str:
    group, _ = world.new_dataset(avro(*FIELDS))
    rows = "ITEM_ID,PRICE,TITLE\n1,2.5,One\n"
    world.add_dataset(group, avro(*ITEM, name="Items"), "Items", rows)
    return group


def metric(name: str = "clicks", expression: str = "SAMPLECOUNT()") -> Metric:
    return {"eventType": "click", "metricName": name, "expression": expression}


def create(world: World, group: str, *metrics: Metric, **settings: Any) -> str:
    created = world.personalize.create_metric_attribution(
        **{
            "name": unique("attribution"),
            "datasetGroupArn": group,
            "metrics": list(metrics) or [metric()],
            "metricsOutputConfig": {"roleArn": ROLE},
        }
        | settings
    )
    return str(created["metricAttributionArn"])


def described(world: World, arn: str) -> Any:
    answer = world.personalize.describe_metric_attribution(metricAttributionArn=arn)
    return answer["metricAttribution"]


def metrics(world: World, arn: str) -> list[Metric]:
    pages = world.personalize.get_paginator("list_metric_attribution_metrics").paginate(
        metricAttributionArn=arn, PaginationConfig={"PageSize": 2}
    )
    return [found for page in pages for found in page["metrics"]]


def test_the_life_of_a_metric_attribution(world: World, group: str, held: LocalAws) -> None:
    destination = {"path": f"s3://{world.bucket}/metrics/"}
    config = {"roleArn": ROLE, "s3DataDestination": destination}
    arn = create(world, group, metricsOutputConfig=config)
    assert arn.rpartition(":")[2].startswith("metric-attribution/attribution-")

    def status() -> str:
        return str(described(world, arn)["status"])

    assert life(held, status, runtime.current().durations.metric_attribution) == CREATED
    members = described(world, arn)
    assert members["metricsOutputConfig"] == config
    assert members["datasetGroupArn"] == group
    listed = world.personalize.list_metric_attributions(datasetGroupArn=group)
    (summary,) = listed["metricAttributions"]
    assert summary["metricAttributionArn"] == arn
    world.personalize.delete_metric_attribution(metricAttributionArn=arn)
    assert status() == "DELETE PENDING"
    held.clock.advance(runtime.current().durations.delete)
    refusal("ResourceNotFoundException", lambda: described(world, arn))


def test_metrics_are_listed_added_and_removed(world: World, group: str) -> None:
    sums = [
        metric("revenue", "SUM(Items.PRICE)"),
        metric("watched", "SUM(Interactions.EVENT_VALUE)"),
    ]
    arn = create(world, group, metric(), *sums)
    world.settle()
    assert metrics(world, arn) == [metric(), *sums]
    update = world.personalize.update_metric_attribution
    update(
        metricAttributionArn=arn, addMetrics=[metric("more")], removeMetrics=["clicks", "revenue"]
    )
    assert metrics(world, arn) == [sums[1], metric("more")]
    destination = {"roleArn": ROLE, "s3DataDestination": {"path": f"s3://{world.bucket}/other/"}}
    update(metricAttributionArn=arn, metricsOutputConfig=destination)
    assert described(world, arn)["metricsOutputConfig"] == destination
    assert described(world, arn)["status"] == "ACTIVE"
    refusal(
        "ResourceAlreadyExistsException",
        lambda: update(metricAttributionArn=arn, addMetrics=[metric("more")]),
    )
    wrong = "InvalidInputException"
    refusal(wrong, lambda: update(metricAttributionArn=arn, removeMetrics=["clicks"]))
    nine = [metric(f"m{n}") for n in range(9)]
    refusal(wrong, lambda: update(metricAttributionArn=arn, addMetrics=nine))
    assert metrics(world, arn) == [sums[1], metric("more")]


def test_one_for_a_dataset_group(world: World, group: str) -> None:
    arn = create(world, group)
    world.settle()
    refusal("LimitExceededException", lambda: create(world, group))
    name = arn.rpartition("/")[2]
    refusal("ResourceAlreadyExistsException", lambda: create(world, group, name=name))


@pytest.mark.parametrize(
    "wrong",
    [
        [metric(expression="COUNT()")],
        [metric(expression="SUM(Users.AGE)")],
        [metric(expression="SUM(Items.TITLE)")],
        [metric(expression="SUM(Items.COLOUR)")],
        [metric(), metric()],
        [metric(f"m{n}") for n in range(11)],
    ],
    ids=["function", "dataset", "text", "column", "same-name", "eleven"],
)
def test_metrics_that_cannot_be(world: World, group: str, wrong: list[Metric]) -> None:
    refusal("InvalidInputException", lambda: create(world, group, *wrong))


def test_interactions_need_event_types(world: World) -> None:
    refusal("InvalidInputException", lambda: create(world, world.group))


def test_the_bucket_must_let_personalize_in(world: World, group: str) -> None:
    bucket = unique("closed")
    world.aws.client("s3").create_bucket(Bucket=bucket)
    config = {"roleArn": ROLE, "s3DataDestination": {"path": f"s3://{bucket}/metrics/"}}
    refusal("InvalidInputException", lambda: create(world, group, metricsOutputConfig=config))


def test_what_is_not_there_or_not_ready(world: World, group: str, held: LocalAws) -> None:
    p = world.personalize
    arn = create(world, group)
    update = p.update_metric_attribution
    refusal(
        "ResourceInUseException",
        lambda: update(metricAttributionArn=arn, addMetrics=[metric("more")]),
    )
    missing = f"{arn}-not"
    gone = "ResourceNotFoundException"
    refusal(gone, lambda: described(world, missing))
    refusal(gone, lambda: update(metricAttributionArn=missing))
    refusal(gone, lambda: p.delete_metric_attribution(metricAttributionArn=missing))
    refusal("InvalidInputException", lambda: metrics(world, missing))


def test_it_goes_with_its_dataset_group(world: World, group: str) -> None:
    """API Reference, DeleteDatasetGroup: it isn't among what keeps a group from being deleted."""
    p, arn = world.personalize, create(world, group)
    world.settle()
    for summary in p.list_datasets(datasetGroupArn=group)["datasets"]:
        p.delete_dataset(datasetArn=summary["datasetArn"])
    world.settle()
    p.delete_dataset_group(datasetGroupArn=group)
    world.settle()
    refusal("ResourceNotFoundException", lambda: described(world, arn))
