"""Schemas that are replaced, and imports that add to what is there."""

import json

import pytest
from personalize_world import (
    CREATED,
    INTERACTIONS,
    RECIPE,
    World,
    avro,
    csv,
    life,
    refusal,
    unique,
)

from batchrec.localaws import runtime
from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)

ID = {"name": "ITEM_ID", "type": "string"}
GENRE = {"name": "GENRE", "type": ["null", "string"], "categorical": True}
PRICE = {"name": "PRICE", "type": ["null", "float"]}


@pytest.fixture(scope="module")
def group(world: World) -> str:
    """A dataset group whose items have a genre: every other one is a comedy."""
    group, dataset = world.new_dataset(avro(*INTERACTIONS))
    assert world.import_job(world.put(f"{unique()}/i.csv", csv()), dataset)["status"] == "ACTIVE"
    return group


@pytest.fixture
def items(world: World) -> str:
    """An Items dataset of a group of its own."""
    return world.new_dataset(avro(ID, GENRE, name="Items"), "Items")[1]


def new_schema(world: World, *fields: object, name: str = "Items") -> str:
    created = world.personalize.create_schema(name=unique(), schema=avro(*fields, name=name))
    return str(created["schemaArn"])


# --- UpdateDataset (Developer Guide, Replacing a dataset's schema to add new columns) -------------


def test_an_update_has_a_life_and_applies_at_its_end(
    world: World, items: str, held: LocalAws
) -> None:
    p = world.personalize
    before = p.describe_dataset(datasetArn=items)["dataset"]
    assert "latestDatasetUpdate" not in before
    schema = new_schema(world, ID, GENRE, PRICE)
    assert p.update_dataset(datasetArn=items, schemaArn=schema)["datasetArn"] == items

    def status() -> str:
        described = p.describe_dataset(datasetArn=items)["dataset"]
        update = described["latestDatasetUpdate"]
        assert update["schemaArn"] == schema
        assert described["status"] == "ACTIVE"
        ended = update["status"] == "ACTIVE"
        assert described["schemaArn"] == (schema if ended else before["schemaArn"])
        return str(update["status"])

    assert life(held, status, runtime.current().durations.dataset_update) == CREATED
    p.delete_schema(schemaArn=before["schemaArn"])
    refusal("ResourceInUseException", lambda: p.delete_schema(schemaArn=schema))


def test_during_an_update_the_dataset_is_in_use(world: World, items: str, held: LocalAws) -> None:
    p, busy = world.personalize, "ResourceInUseException"
    schema, other = (new_schema(world, ID, GENRE, PRICE) for _ in range(2))
    p.update_dataset(datasetArn=items, schemaArn=schema)
    refusal(busy, lambda: p.update_dataset(datasetArn=items, schemaArn=other))
    refusal(busy, lambda: p.delete_dataset(datasetArn=items))
    refusal(busy, lambda: p.delete_schema(schemaArn=schema))
    location = world.put(f"{unique()}/items.csv", "ITEM_ID,GENRE\n1,Comedy\n")
    refusal(busy, lambda: world.start_import(location, items))


def test_an_import_that_is_under_way_keeps_the_schema(
    world: World, items: str, held: LocalAws
) -> None:
    world.start_import(world.put(f"{unique()}/items.csv", "ITEM_ID,GENRE\n1,Comedy\n"), items)
    schema = new_schema(world, ID, GENRE, PRICE)
    update = world.personalize.update_dataset
    refusal("ResourceInUseException", lambda: update(datasetArn=items, schemaArn=schema))


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ([ID, PRICE], "GENRE"),
        ([ID, GENRE | {"categorical": False}, PRICE], "GENRE"),
        ([ID, GENRE | {"type": "string"}], "GENRE"),
        ([ID, GENRE, {"name": "YEAR", "type": "int"}], "YEAR"),
    ],
    ids=["missing", "attribute", "type", "without-null"],
)
def test_a_new_schema_only_adds(world: World, items: str, fields: list[object], named: str) -> None:
    schema = new_schema(world, *fields)
    update = world.personalize.update_dataset
    message = refusal("InvalidInputException", lambda: update(datasetArn=items, schemaArn=schema))
    assert named in message


def test_the_schema_of_interactions_stays(world: World) -> None:
    fields = [*INTERACTIONS, {"name": "DEVICE", "type": ["null", "string"], "categorical": True}]
    schema = new_schema(world, *fields, name="Interactions")
    update = world.personalize.update_dataset
    refusal("InvalidInputException", lambda: update(datasetArn=world.dataset, schemaArn=schema))


def test_a_schema_of_another_type_or_none(world: World, items: str) -> None:
    update = world.personalize.update_dataset
    refusal("InvalidInputException", lambda: update(datasetArn=items, schemaArn=world.schema))
    missing = world.schema + "-not"
    refusal("ResourceNotFoundException", lambda: update(datasetArn=items, schemaArn=missing))
    missing = items.replace("/ITEMS", "/USERS")
    refusal("ResourceNotFoundException", lambda: update(datasetArn=missing, schemaArn=world.schema))


def test_data_from_before_an_update_has_nothing_in_new_columns(world: World) -> None:
    """Rows that were imported later do: a filter tells them apart."""
    p = world.personalize
    group, dataset = world.new_dataset(avro(*INTERACTIONS))
    assert world.import_job(world.put(f"{unique()}/i.csv", csv()), dataset)["status"] == "ACTIVE"
    rows = "ITEM_ID,GENRE\n3,War\n4,War\n"
    items = world.add_dataset(group, avro(ID, GENRE, name="Items"), "Items", rows)
    colour = {"name": "COLOUR", "type": ["null", "string"], "categorical": True}
    p.update_dataset(datasetArn=items, schemaArn=new_schema(world, ID, GENRE, colour))
    world.settle()
    rows = "ITEM_ID,GENRE,COLOUR\n4,War,red\n5,War,red\n6,War,blue\n"
    location = world.put(f"{unique()}/items.csv", rows)
    job = world.import_job(location, items, importMode="INCREMENTAL")
    assert job["status"] == "ACTIVE", job["failureReason"]
    red = p.create_filter(
        name=unique(),
        datasetGroupArn=group,
        filterExpression='INCLUDE ItemID WHERE Items.COLOUR IN ("red")',
    )["filterArn"]
    version = world.version_of(group, f"{RECIPE}/aws-popularity-count")["solutionVersionArn"]
    (line,) = world.recommend('{"userId": "0"}\n', solutionVersionArn=version, filterArn=red)
    assert set(json.loads(line)["output"]["recommendedItems"]) == {"4", "5"}


# --- importMode (API Reference, CreateDatasetImportJob) -------------------------------------------

SEGMENT = '{"itemAttributes": "ITEMS.GENRE = \\"%s\\""}\n'


def has_genre(world: World, group: str, genre: str) -> bool:
    """Whether any item has this genre, as a version trained now knows it."""
    version = world.version_of(group, f"{RECIPE}/aws-item-attribute-affinity")
    assert version["status"] == "ACTIVE", version
    (line,) = world.segment(
        SEGMENT % genre, solutionVersionArn=version["solutionVersionArn"], numResults=3
    )
    world.personalize.delete_solution(solutionArn=version["solutionArn"])
    world.settle()
    return '"error":null' in line


def test_incremental_imports_append_and_replace_records_of_the_same_id(
    world: World, group: str
) -> None:
    content = "ITEM_ID,GENRE\n1,Comedy\n2,Drama\n"
    items = world.add_dataset(group, avro(ID, GENRE, name="Items"), "Items", content)
    location = world.put(f"{unique()}/items.csv", "ITEM_ID,GENRE\n2,Horror\n3,War\n")
    assert world.import_job(location, items, importMode="INCREMENTAL")["status"] == "ACTIVE"
    assert [has_genre(world, group, g) for g in ("Comedy", "Drama", "Horror", "War")] == [
        True,
        False,
        True,
        True,
    ]
    location = world.put(f"{unique()}/items.csv", "ITEM_ID,GENRE\n2,Drama\n2,Western\n")
    assert world.import_job(location, items)["importMode"] == "FULL"
    assert [has_genre(world, group, g) for g in ("Comedy", "Drama", "Western")] == [
        False,
        False,
        True,
    ]


def test_incremental_interactions_count_once(world: World) -> None:
    """Of 1,050 rows, 950 are different: too few to train on, however often they are imported."""
    group, dataset = world.new_dataset(avro(*INTERACTIONS))
    padded = csv(950) + "".join(f"{line}\n" for line in csv(100).splitlines()[1:])
    location = world.put(f"{unique()}/i.csv", padded)
    assert world.import_job(location, dataset)["status"] == "ACTIVE"
    assert world.import_job(location, dataset, importMode="INCREMENTAL")["status"] == "ACTIVE"
    version = world.version_of(group)
    assert version["status"] == "CREATE FAILED"
    assert "1000 interactions" in version["failureReason"]
    location = world.put(f"{unique()}/i.csv", csv(1500))
    assert world.import_job(location, dataset, importMode="INCREMENTAL")["status"] == "ACTIVE"
    assert world.version_of(group)["status"] == "ACTIVE"
