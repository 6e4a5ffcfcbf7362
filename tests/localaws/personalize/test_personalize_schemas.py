"""Schemas of the local Personalize, through boto3.

Personalize Developer Guide, Creating schema JSON files (Schema formatting requirements), Custom
datasets and schemas, ECOMMERCE and VIDEO_ON_DEMAND datasets and schemas, Endpoints and quotas.
"""

import json
from typing import Any

import pytest
from personalize_world import INTERACTIONS, World, avro, refusal, unique

pytestmark = pytest.mark.timeout(120)

Fields = list[dict[str, Any]]


def field(name: str, kind: Any = "string", **marks: object) -> dict[str, Any]:
    return {"name": name, "type": kind} | marks


def category(name: str, kind: Any = "string") -> dict[str, Any]:
    return field(name, kind, categorical=True)


def text(name: str) -> dict[str, Any]:
    return field(name, ["null", "string"], textual=True)


USER, ITEM, ACTION = field("USER_ID"), field("ITEM_ID"), field("ACTION_ID")
TIME, TYPE = field("TIMESTAMP", "long"), field("EVENT_TYPE")
AGE, GENRES = field("AGE", "int"), category("GENRES", ["null", "string"])
CREATED = field("CREATION_TIMESTAMP", "long")
ACTION_EVENT = [USER, ACTION, TYPE, TIME]


def create(personalize: Any, schema: str, **settings: str) -> str:
    created = personalize.create_schema(name=unique(), schema=schema, **settings)
    return str(created["schemaArn"])


def refused(personalize: Any, schema: str, **settings: str) -> str:
    call = "InvalidInputException"
    return refusal(call, lambda: create(personalize, schema, **settings))


# The example of each page on the requirements of a dataset type, and the default schema of each
# domain's, in the order of the documentation.
EXAMPLES: list[tuple[str | None, str, Fields]] = [
    (
        None,
        "Interactions",
        [
            USER,
            ITEM,
            TYPE,
            field("EVENT_VALUE", ["float", "null"]),
            category("LOCATION"),
            category("DEVICE", ["string", "null"]),
            TIME,
            field("IMPRESSION"),
        ],
    ),
    (None, "Users", [USER, AGE, category("GENDER")]),
    (None, "Items", [ITEM, GENRES, CREATED, text("DESCRIPTION")]),
    (
        None,
        "Actions",
        [
            ACTION,
            field("VALUE", ["null", "long"]),
            category("MEMBERSHIP_LEVEL", ["null", "string"]),
            CREATED,
            field("REPEAT_FREQUENCY", ["long", "null"]),
        ],
    ),
    (None, "ActionInteractions", ACTION_EVENT),
    ("VIDEO_ON_DEMAND", "Interactions", [USER, ITEM, TYPE, TIME]),
    ("VIDEO_ON_DEMAND", "Users", [USER, category("SUBSCRIPTION_MODEL")]),
    ("VIDEO_ON_DEMAND", "Items", [ITEM, category("GENRES", ["string"]), CREATED]),
    ("ECOMMERCE", "Interactions", [USER, ITEM, TYPE, TIME]),
    ("ECOMMERCE", "Users", [USER, category("MEMBERSHIP_STATUS")]),
    ("ECOMMERCE", "Items", [ITEM, field("PRICE", "float"), category("CATEGORY_L1", ["string"])]),
]


@pytest.mark.parametrize(
    ("domain", "name", "fields"), EXAMPLES, ids=[f"{d or 'custom'}-{n}" for d, n, _ in EXAMPLES]
)
def test_the_examples_of_the_documentation(
    personalize: Any, domain: str | None, name: str, fields: Fields
) -> None:
    settings = {"domain": domain} if domain else {}
    arn = create(personalize, avro(*fields, name=name), **settings)
    described = personalize.describe_schema(schemaArn=arn)["schema"]
    assert json.loads(described["schema"])["fields"] == fields
    assert described.get("domain") == domain


@pytest.mark.parametrize(
    "schema",
    [
        "no JSON",
        "[]",
        '"record"',
        json.dumps({"type": "record", "name": "Interactions"}),
        json.dumps({"type": "record", "name": "Interactions", "fields": {}}),
        json.dumps({"type": "record", "name": ["Interactions"], "fields": INTERACTIONS}),
        json.dumps({"type": "enum", "name": "Interactions", "fields": INTERACTIONS}),
        avro(*INTERACTIONS, name="Wonders"),
        avro(*INTERACTIONS, {"name": "X"}),
        avro(*INTERACTIONS, {"name": 3, "type": "string"}),
        avro(*INTERACTIONS, "X"),  # type: ignore[arg-type]
    ],
    ids=[
        "text",
        "list",
        "string",
        "no-fields",
        "fields-no-list",
        "name-no-text",
        "no-record",
        "name",
        "no-type",
        "field-name-no-text",
        "no-field",
    ],
)
def test_what_is_no_schema(personalize: Any, schema: str) -> None:
    refused(personalize, schema)


@pytest.mark.parametrize(
    "kind",
    ["text", "bytes", "null", ["null"], [], ["string", "int"], {"type": "array", "items": "int"}],
)
def test_types_that_are_not_supported(personalize: Any, kind: object) -> None:
    assert "X" in refused(personalize, avro(*INTERACTIONS, field("X", kind)))


@pytest.mark.parametrize("kind", ["float", "double", "int", "long", "string", "boolean"])
def test_types_that_are_supported(personalize: Any, kind: str) -> None:
    create(personalize, avro(*INTERACTIONS, field("X", kind), field("Y", [kind, "null"])))


@pytest.mark.parametrize("name", ["a b", "a.b", "a-b", "1a", "", "ü", "A" * 151])
def test_names_are_alphanumeric(personalize: Any, name: str) -> None:
    refused(personalize, avro(*INTERACTIONS, field(name)))


def test_names_are_unique_without_underscores(personalize: Any) -> None:
    same = [field("GENRES_FIELD_1"), field("GENRESFIELD1")]  # the documentation's example
    refused(personalize, avro(*INTERACTIONS, *same))
    refused(personalize, avro(*INTERACTIONS, field("X"), field("X")))
    refused(personalize, avro(*INTERACTIONS, field("USERID")))


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("Interactions", [USER, ITEM, TIME]),
        ("Users", [USER, AGE]),
        ("Items", [ITEM, GENRES]),
        ("Actions", [ACTION, GENRES]),
        ("ActionInteractions", ACTION_EVENT),
    ],
)
def test_required_fields(personalize: Any, name: str, fields: Fields) -> None:
    """They are there, of their type, and neither null nor categorical."""
    create(personalize, avro(*fields, name=name))
    required = [f for f in fields if f not in (AGE, GENRES)]
    for changed in required:
        others = [f for f in fields if f is not changed]
        other = "long" if changed["type"] == "string" else "string"
        assert changed["name"] in refused(personalize, avro(*others, name=name))
        for wrong in ({"type": other}, {"type": ["null", changed["type"]]}):
            message = refused(personalize, avro(*others, changed | wrong, name=name))
            assert changed["name"] in message
        if changed["type"] == "string":
            refused(personalize, avro(*others, changed | {"categorical": True}, name=name))


# From the tables "Required fields and reserved keywords": type, and whether null is listed.
RESERVED: list[tuple[str | None, str, Fields, str, str, bool]] = [
    (None, "Interactions", INTERACTIONS, "EVENT_TYPE", "string", False),
    (None, "Interactions", INTERACTIONS, "EVENT_VALUE", "float", True),
    (None, "Interactions", INTERACTIONS, "IMPRESSION", "string", True),
    (None, "Interactions", INTERACTIONS, "RECOMMENDATION_ID", "string", True),
    (None, "Interactions", INTERACTIONS, "EVENT_ATTRIBUTION_SOURCE", "string", True),
    (None, "Items", [ITEM, GENRES], "CREATION_TIMESTAMP", "long", False),
    (None, "Actions", [ACTION, GENRES], "CREATION_TIMESTAMP", "long", False),
    (None, "Actions", [ACTION, GENRES], "VALUE", "long", True),
    (None, "Actions", [ACTION, GENRES], "TYPE", "string", True),
    (None, "Actions", [ACTION, GENRES], "EXPIRATION_TIMESTAMP", "long", True),
    (None, "Actions", [ACTION, GENRES], "ACTION_EXPIRATION_TIMESTAMP", "long", True),
    (None, "Actions", [ACTION, GENRES], "REPEAT_FREQUENCY", "long", True),
    (None, "ActionInteractions", ACTION_EVENT, "IMPRESSION", "string", True),
    (None, "ActionInteractions", ACTION_EVENT, "RECOMMENDATION_ID", "string", True),
    ("VIDEO_ON_DEMAND", "Items", EXAMPLES[7][2], "DURATION", "float", True),
    ("VIDEO_ON_DEMAND", "Items", EXAMPLES[7][2], "AVERAGE_RATING", "float", True),
    ("ECOMMERCE", "Items", EXAMPLES[10][2], "CREATION_TIMESTAMP", "long", False),
]


@pytest.mark.parametrize(
    ("domain", "name", "fields", "reserved", "kind", "null"),
    RESERVED,
    ids=[f"{d or 'custom'}-{n}-{r}" for d, n, _, r, _, _ in RESERVED],
)
def test_reserved_fields(
    personalize: Any,
    domain: str | None,
    name: str,
    fields: Fields,
    reserved: str,
    kind: str,
    null: bool,
) -> None:
    settings = {"domain": domain} if domain else {}
    create(personalize, avro(*fields, field(reserved, kind), name=name), **settings)
    nullable = avro(*fields, field(reserved, ["null", kind]), name=name)
    if null:
        create(personalize, nullable, **settings)
    else:
        assert reserved in refused(personalize, nullable, **settings)
    other = "int" if kind == "string" else "string"
    wrong = [field(reserved, other)]
    wrong += [category(reserved)] if kind == "string" else []
    for each in wrong:
        assert reserved in refused(personalize, avro(*fields, each, name=name), **settings)


@pytest.mark.parametrize(
    ("domain", "example", "reserved"),
    [
        ("VIDEO_ON_DEMAND", 6, "SUBSCRIPTION_MODEL"),
        ("VIDEO_ON_DEMAND", 7, "GENRE_L2"),
        ("VIDEO_ON_DEMAND", 7, "GENRE_L3"),
        ("VIDEO_ON_DEMAND", 7, "CONTENT_OWNER"),
        ("VIDEO_ON_DEMAND", 7, "CONTENT_CLASSIFICATION"),
        ("ECOMMERCE", 10, "CATEGORY_L2"),
        ("ECOMMERCE", 10, "CATEGORY_L3"),
        ("ECOMMERCE", 10, "AGE_GROUP"),
        ("ECOMMERCE", 10, "ADULT"),
        ("ECOMMERCE", 10, "GENDER"),
    ],
)
def test_reserved_fields_that_must_be_categorical(
    personalize: Any, domain: str, example: int, reserved: str
) -> None:
    _, name, given = EXAMPLES[example]
    others = [AGE, *(f for f in given if f["name"] != reserved)]
    kind = ["null", "string"]
    create(personalize, avro(*others, category(reserved, kind), name=name), domain=domain)
    message = refused(personalize, avro(*others, field(reserved, kind), name=name), domain=domain)
    assert reserved in message


def test_domains_reserve_what_custom_schemas_do_not(personalize: Any) -> None:
    create(personalize, avro(ITEM, AGE, field("ADULT", "boolean"), name="Items"))
    ecommerce = [*EXAMPLES[10][2], field("ADULT", "boolean")]
    refused(personalize, avro(*ecommerce, name="Items"), domain="ECOMMERCE")


@pytest.mark.parametrize(("domain", "name", "fields"), [each for each in EXAMPLES if each[0]])
def test_fields_that_domains_require(
    personalize: Any, domain: str, name: str, fields: Fields
) -> None:
    """All of the default schemas': they have the required fields only."""
    for missing in fields:
        others = [f for f in fields if f is not missing]
        refused(personalize, avro(*others, name=name), domain=domain)


def test_domains_have_no_actions(personalize: Any) -> None:
    """Developer Guide, Preparing action metadata for training."""
    for name, fields in (("Actions", [ACTION, GENRES]), ("ActionInteractions", ACTION_EVENT)):
        assert "ECOMMERCE" in refused(personalize, avro(*fields, name=name), domain="ECOMMERCE")


# --- metadata -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fields", "most"),
    [
        ("Interactions", [*INTERACTIONS, TYPE, field("EVENT_VALUE", "float")], 5),
        ("Users", [USER], 25),
        ("Items", [ITEM, CREATED], 100),
        ("Actions", [ACTION, field("VALUE", "long")], 10),
    ],
)
def test_how_many_metadata_fields_there_can_be(
    personalize: Any, name: str, fields: Fields, most: int
) -> None:
    """Required and reserved fields don't count."""
    metadata = [field(f"M{n}", "int") for n in range(most + 1)]
    create(personalize, avro(*fields, *metadata[:most], name=name))
    message = refused(personalize, avro(*fields, *metadata, name=name))
    assert f"{most + 1} metadata fields" in message


@pytest.mark.parametrize(
    ("name", "fields"),
    [("Users", [USER]), ("Items", [ITEM]), ("Actions", [ACTION])],
)
def test_a_metadata_field_is_needed(personalize: Any, name: str, fields: Fields) -> None:
    """Of a kind that trains; reserved fields are none."""
    refused(personalize, avro(*fields, name=name))
    for useless in (field("TITLE"), field("FLAG", "boolean")):
        refused(personalize, avro(*fields, useless, name=name))
    if name != "Users":
        refused(personalize, avro(*fields, CREATED, name=name))
    for useful in (category("X", ["null", "string"]), field("X", ["null", "double"])):
        create(personalize, avro(*fields, useful, name=name))


def test_only_items_have_a_textual_field_and_only_one(personalize: Any) -> None:
    create(personalize, avro(ITEM, text("PLOT"), name="Items"))
    refused(personalize, avro(ITEM, text("PLOT"), text("REVIEW"), name="Items"))
    refused(personalize, avro(USER, AGE, text("BIOGRAPHY"), name="Users"))
    refused(personalize, avro(*INTERACTIONS, text("COMMENT")))


@pytest.mark.parametrize(
    "wrong",
    [
        field("X", "int", categorical=True),
        field("X", "int", textual=True),
        field("X", "string", categorical="true"),
        field("X", "string", categorical=True, textual=True),
        field("X", "boolean", itemName=True),
    ],
    ids=["categorical", "textual", "no-boolean", "both", "item-name"],
)
def test_attributes_of_fields(personalize: Any, wrong: dict[str, Any]) -> None:
    assert "X" in refused(personalize, avro(ITEM, AGE, wrong, name="Items"))


# --- datasets -------------------------------------------------------------------------------------


def test_a_schema_of_another_type(world: World) -> None:
    create_dataset = world.personalize.create_dataset
    wrong = {"name": unique(), "schemaArn": world.schema, "datasetGroupArn": world.group}
    for kind in ("Users", "Wonders"):
        refusal(
            "InvalidInputException",
            lambda kind=kind: create_dataset(**wrong, datasetType=kind),
        )


def test_action_interactions_have_an_underscore_in_their_arn(world: World) -> None:
    """API Reference, CreateDataset: the type Action_Interactions, whatever its case."""
    schema = avro(*ACTION_EVENT, name="ActionInteractions")
    _, dataset = world.new_dataset(schema, "action_interactions")
    assert dataset.endswith("/ACTION_INTERACTIONS")


def test_a_schema_of_another_domain(world: World) -> None:
    p, name = world.personalize, unique()
    group = p.create_dataset_group(name=name, domain="ECOMMERCE")["datasetGroupArn"]
    fields = [USER, ITEM, TYPE, TIME]
    schemas = {
        domain: create(p, avro(*fields), **({"domain": domain} if domain else {}))
        for domain in (None, "VIDEO_ON_DEMAND", "ECOMMERCE")
    }
    world.settle()
    given = {"name": name, "datasetGroupArn": group, "datasetType": "Interactions"}
    for domain in (None, "VIDEO_ON_DEMAND"):
        refusal(
            "InvalidInputException",
            lambda domain=domain: p.create_dataset(schemaArn=schemas[domain], **given),
        )
    assert p.create_dataset(schemaArn=schemas["ECOMMERCE"], **given)["datasetArn"]
    world.settle()


@pytest.mark.parametrize("odd", ["INTER_ACTIONS", "Inter_Actions"])
def test_a_dataset_type_is_written_as_documented(world: World, odd: str) -> None:
    refusal(
        "InvalidInputException",
        lambda: world.personalize.create_dataset(
            name=unique(), schemaArn=world.schema, datasetGroupArn=world.group, datasetType=odd
        ),
    )
