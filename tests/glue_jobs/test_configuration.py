"""The document that the job is given: what it means, and what is said about one that is wrong."""

import json
from typing import Any

import configuration
import pytest
from configuration import ConfigurationError

META: dict[str, Any] = {"name": "GENRE", "categorical": True}
LONGEST_NAME = "G" * 150


def interactions(**members: Any) -> dict[str, Any]:
    return {"interactions": members}


def form(**members: Any) -> dict[str, Any]:
    return interactions(format=members)


def timestamp(**members: Any) -> dict[str, Any]:
    return interactions(timestamp=members)


def columns(*metadata: dict[str, Any], dataset: str = "items") -> dict[str, Any]:
    return {dataset: {"metadata": list(metadata)}}


def batch_input(key: str = "some", **members: Any) -> dict[str, Any]:
    return {"batch_inputs": {key: members}}


def numbered(count: int) -> list[dict[str, Any]]:
    return [{"name": f"M{number}", "type": "int"} for number in range(count)]


BAD: list[tuple[Any, str]] = [
    # Its form
    ([], "the document must be an object, not []"),
    (None, "the document must be an object, not null"),
    ({"interaction": {}}, "the document has no member 'interaction'; it has interactions, users"),
    (interactions(userid="u"), "interactions has no member 'userid'; it has folder, format"),
    (timestamp(zone="UTC"), "interactions.timestamp has no member 'zone'"),
    (batch_input(top=1), "batch_inputs.some has no member 'top'"),
    (columns({"name": "A", "kind": "int"}), "items.metadata[0] has no member 'kind'"),
    (columns({}), "items.metadata[0] needs the member 'name'"),
    (columns({"name": None}), "items.metadata[0] needs the member 'name'"),
    (interactions(event_type={}), "interactions.event_type needs the member 'column'"),
    (interactions(event_value={}), "interactions.event_value needs the member 'column'"),
    ({"interactions": []}, "interactions must be an object, not []"),
    ({"items": "items"}, 'items must be an object, not "items"'),
    (interactions(user_id=7), "interactions.user_id must be a string, not 7"),
    (interactions(format="csv"), 'interactions.format must be an object, not "csv"'),
    (form(multiline="true"), 'interactions.format.multiline must be true or false, not "true"'),
    (form(multiline=1), "interactions.format.multiline must be true or false, not 1"),
    (form(column_names="u,i"), 'interactions.format.column_names must be a list, not "u,i"'),
    (form(column_names=["u", 1]), "interactions.format.column_names[1] must be a string, not 1"),
    (form(column_names=[None]), "interactions.format.column_names[0] must be a string, not null"),
    ({"users": {"metadata": {}}}, "users.metadata must be a list, not {}"),
    (
        {"users": {"metadata": [{"name": "A"}, {"name": "B", "type": "boolean"}]}},
        "users.metadata needs a column that is categorical or a number",
    ),
    (
        {"items": {"metadata": [{"name": "A"}, {"name": "B", "type": "boolean"}]}},
        "items.metadata needs a column that is categorical, textual or a number",
    ),
    ({"users": {"metadata": ["A"]}}, 'users.metadata[0] must be an object, not "A"'),
    ({"batch_inputs": ["users"]}, 'batch_inputs must be an object, not ["users"]'),
    ({"batch_inputs": {"some": None}}, "batch_inputs.some must be an object, not null"),
    (batch_input(most_frequent=1.5), "batch_inputs.some.most_frequent must be a whole number"),
    (batch_input(active_days=True), "batch_inputs.some.active_days must be a whole number"),
    (batch_input(active_days="7"), 'some.active_days must be a whole number, not "7"'),
    (batch_input(filter_values=["a"]), 'some.filter_values must be an object, not ["a"]'),
    (batch_input(filter_values={"G": "a"}), 'some.filter_values.G must be a list, not "a"'),
    (batch_input(filter_values={"G": [1]}), "some.filter_values.G[0] must be a string, not 1"),
    (
        interactions(event_value={"column": "r", "minimum": "3"}),
        'interactions.event_value.minimum must be a number, not "3"',
    ),
    ({"maximum_quarantined_share": "1%"}, 'maximum_quarantined_share must be a number, not "1%"'),
    ({"maximum_quarantined_share": True}, "maximum_quarantined_share must be a number, not true"),
    # Its folders
    ({"maximum_quarantined_share": 1.01}, "maximum_quarantined_share must lie between 0 and 1"),
    ({"maximum_quarantined_share": -1}, "maximum_quarantined_share must lie between 0 and 1"),
    (interactions(folder=""), "interactions.folder must name a folder below raw/"),
    (interactions(folder="/raw"), "interactions.folder must name a folder below raw/"),
    (interactions(folder="raw/"), "no slash at its ends, not 'raw/'"),
    (interactions(folder="../raw"), "interactions.folder must name a folder"),
    (interactions(folder="a//b"), "interactions.folder must name a folder"),
    (interactions(folder="a b"), "interactions.folder must name a folder"),
    (interactions(folder="s3://bucket/a"), "interactions.folder must name a folder"),
    (
        {"users": {"folder": "interactions", "metadata": [META]}},
        "the folders interactions and interactions lie in one another",
    ),
    (
        {"users": {"folder": "a", "metadata": [META]}, "items": {"folder": "a/b"}},
        "the folders a and a/b lie in one another",
    ),
    ({"items": {"folder": "interactions/items"}}, "the folders interactions and interactions/it"),
    # Formats
    (form(type="xml"), "interactions.format.type must be one of csv, json, parquet, not 'xml'"),
    (form(type="CSV"), "format.type must be one of csv, json, parquet, not 'CSV'"),
    (form(encoding="utf8"), "format.encoding must be one of UTF-8, ISO-8859-1, not 'utf8'"),
    (form(type="json", encoding="UTF-16"), "format.encoding must be one of"),
    (form(delimiter=""), "interactions.format.delimiter must be one character, not ''"),
    (form(delimiter="||"), "interactions.format.delimiter must be one character, not '||'"),
    (form(delimiter="\n"), r"interactions.format.delimiter must be one character, not '\n'"),
    (form(quote='""'), "format.quote must be one character or empty, and escape one character"),
    (form(escape=""), "format.quote must be one character or empty, and escape one character"),
    (form(escape="\\\\"), "format.quote must be one character or empty, and escape one character"),
    (form(delimiter='"'), "format.delimiter must differ from quote and escape"),
    (form(delimiter="\\", escape="\\"), "format.delimiter must differ from quote and escape"),
    (form(quote="", multiline=True), "format.multiline needs a quote"),
    (form(column_names=[]), "format.column_names must name every column of the files once"),
    (form(column_names=["u", "i", "u"]), "format.column_names must name every column"),
    (form(type="json", delimiter=";"), "format.delimiter is for csv only, and type is json"),
    (form(type="json", quote="'"), "format.quote is for csv only, and type is json"),
    (form(type="parquet", escape="\\"), "format.escape is for csv only, and type is parquet"),
    (form(type="parquet", column_names=["a"]), "format.column_names is for csv only"),
    (form(type="json", multiline=True), "format.multiline is for csv only, and type is json"),
    ({"users": {"format": {"type": "tsv"}}}, "users.format.type must be one of"),
    # Times
    (
        timestamp(unit="ms"),
        "interactions.timestamp.unit must be one of auto, seconds, milliseconds",
    ),
    (timestamp(unit="seconds", pattern="yyyy"), "timestamp.pattern stands instead of a unit"),
    (timestamp(not_before="2024"), "timestamp.not_before must be a date such as 2024-01-31"),
    (timestamp(not_before="2024-02-30"), "timestamp.not_before must be a date"),
    (timestamp(before="31.01.2024"), "timestamp.before must be a date such as 2024-01-31"),
    (timestamp(before="2024-01-31T25:00:00Z"), "timestamp.before must be a date"),
    (timestamp(before="2024-01-31 10:00:00"), "timestamp.before must be a date"),
    (timestamp(before=""), "timestamp.before must be a date such as 2024-01-31"),
    (
        {"items": {"creation_timestamp": {"unit": "days"}}},
        "items.creation_timestamp.unit must be one of",
    ),
    (
        {"items": {"creation_timestamp": {"before": "2024-01-31"}}},
        "items.creation_timestamp takes no not_before or before",
    ),
    # Metadata: schemas of a dataset
    ({"users": {}}, "users.metadata needs at least one column"),
    ({"items": {}}, "items.metadata needs at least one column"),
    (columns(*numbered(6), dataset="interactions"), "more than the 5 columns of a dataset"),
    (columns(*numbered(26), dataset="users"), "users.metadata has more than the 25 columns"),
    (columns(*numbered(101)), "items.metadata has more than the 100 columns of a dataset"),
    (columns({"name": "a-b"}), "metadata[0].name must be letters, digits and underscores: 'a-b'"),
    (columns({"name": ""}), "items.metadata[0].name must be letters, digits and underscores: ''"),
    (columns({"name": "1a"}), "items.metadata[0].name must be letters, digits and underscores"),
    (columns({"name": "größe"}), "items.metadata[0].name must be letters, digits and underscores"),
    (columns({"name": LONGEST_NAME + "G"}), "metadata[0].name must be letters, digits and"),
    (columns({"name": "ITEM_ID"}), "metadata[0].name ITEM_ID is the same as ITEM_ID"),
    (columns({"name": "itemid"}), "metadata[0].name itemid is the same as ITEM_ID"),
    (columns({"name": "Timestamp"}), "metadata[0].name Timestamp is the same as TIMESTAMP"),
    (columns({"name": "EVENT_TYPE"}), "metadata[0].name EVENT_TYPE is the same as EVENT_TYPE"),
    (columns({"name": "eventvalue"}), "metadata[0].name eventvalue is the same as EVENT_VALUE"),
    (columns({"name": "CREATION_TIMESTAMP"}), "is the same as CREATION_TIMESTAMP"),
    (columns(META, META), "items.metadata[1].name GENRE is the same as GENRE"),
    (columns({"name": "A_B"}, {"name": "ab"}), "metadata[1].name ab is the same as A_B"),
    (columns({"name": "A", "type": "text"}), "metadata[0].type must be one of string, int, long"),
    (columns({"name": "A", "type": "int", "categorical": True}), "are for the type string"),
    (columns({"name": "A", "type": "float", "textual": True}), "are for the type string"),
    (columns({"name": "A", "textual": True, "categorical": True}), "exclude one another"),
    (columns({"name": "A", "textual": True}, dataset="users"), "textual is for items only"),
    (columns({"name": "A", "textual": True}, dataset="interactions"), "textual is for items only"),
    (
        columns({"name": "A", "textual": True}, {"name": "B", "textual": True}),
        "items.metadata has more than one textual column",
    ),
    (columns({"name": "A", "separator": ""}), "metadata[0].separator must not be empty"),
    (columns({"name": "IMPRESSION"}), "name IMPRESSION is for interactions: a string"),
    (
        columns({"name": "RECOMMENDATION_ID", "type": "int"}, dataset="interactions"),
        "name RECOMMENDATION_ID is for interactions: a string",
    ),
    (
        columns({"name": "IMPRESSION", "categorical": True}, dataset="interactions"),
        "name IMPRESSION is for interactions: a string, not categorical",
    ),
    # Event types
    (
        interactions(event_type={"column": "e", "allowed": []}),
        "interactions.event_type.allowed must not be empty",
    ),
    (
        interactions(event_type={"column": "e", "allowed": [str(n) for n in range(10)]}),
        "event_type.allowed and the columns EVENT_TYPE are 11 together, and a dataset takes 10",
    ),
    (
        interactions(event_type={"column": "e", "allowed": [*"abcde"]}, metadata=numbered(5)),
        "EVENT_TYPE, M0, M1, M2, M3, M4 are 11 together, and a dataset takes 10",
    ),
    # Batch inputs
    (batch_input("Some"), "batch_inputs.Some: use 1 to 30 lower-case letters, digits and"),
    (batch_input(""), "batch_inputs.: use 1 to 30 lower-case letters"),
    (batch_input("_some"), "batch_inputs._some: use 1 to 30 lower-case letters"),
    (batch_input("a-b"), "batch_inputs.a-b: use 1 to 30 lower-case letters"),
    (batch_input("a" * 31), "use 1 to 30 lower-case letters, digits and underscores as a key"),
    (
        batch_input(kind="user"),
        "some.kind must be one of users, items, item_attributes, not 'user'",
    ),
    (batch_input(kind="items", active_days=1), "some.active_days is for the kind users, not for"),
    (batch_input(kind="items", active_since="2024-01-31"), "some.active_since is for the kind us"),
    (batch_input(kind="items", item_list=["a"]), "some.item_list is for the kind users, not for"),
    (batch_input(item_attributes=["a"]), "item_attributes is for the kind item_attributes, not"),
    (
        batch_input(kind="item_attributes", item_attributes=["a"], ids=["a"]),
        "some.ids is for the kind users or items, not for item_attributes",
    ),
    (batch_input(ids=["7"], active_days=1), "batch_inputs.some takes one of ids, active_days"),
    (batch_input(active_since="2024-01-31", most_frequent=9), "takes one of active_since, most"),
    (batch_input(ids=[]), "batch_inputs.some.ids must not be empty"),
    (batch_input(item_list=[]), "batch_inputs.some.item_list must not be empty"),
    (batch_input(active_days=0), "batch_inputs.some.active_days must be at least 1"),
    (batch_input(most_frequent=-1), "batch_inputs.some.most_frequent must be at least 1"),
    (batch_input(active_since="monday"), "some.active_since must be a date such as 2024-01-31"),
    (batch_input(kind="item_attributes"), "takes 1 to 10 expressions, not 0"),
    (
        batch_input(kind="item_attributes", item_attributes=[f"A = {n}" for n in range(11)]),
        "batch_inputs.some.item_attributes takes 1 to 10 expressions, not 11",
    ),
]


@pytest.mark.parametrize(("document", "says"), BAD, ids=[says[:60] for _, says in BAD])
def test_what_is_wrong_is_said(document: Any, says: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        configuration.parse(json.dumps(document))
    assert str(raised.value).startswith("The configuration can't be used:\n  - ")
    assert says in str(raised.value)
    assert isinstance(raised.value, ValueError)


@pytest.mark.parametrize("text", ["", "{", "{'interactions': {}}", '{"interactions": {},}'])
def test_what_is_no_json_is_said(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"The configuration is not valid JSON: .*column"):
        configuration.parse(text)


def problems(document: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        configuration.parse(json.dumps(document))
    heading, *found = str(raised.value).split("\n  - ")
    assert heading == "The configuration can't be used:"
    return found


def test_everything_that_is_wrong_is_said_at_once() -> None:
    assert problems(
        {"interactions": {"user_id": 1, "itemid": "i"}, "items": {"metadata": [{"type": 2}]}}
    ) == [
        "interactions has no member 'itemid'; it has folder, format, user_id, item_id, timestamp,"
        " event_type, event_value, metadata",
        "interactions.user_id must be a string, not 1",
        "items.metadata[0] needs the member 'name'",
        "items.metadata[0].type must be a string, not 2",
    ]
    assert problems(
        {
            "interactions": {"folder": "/", "format": {"type": "xml"}, "timestamp": {"unit": "s"}},
            "users": {"metadata": []},
            "batch_inputs": {"A": {"ids": []}},
            "maximum_quarantined_share": 2,
        }
    ) == [
        "interactions.format.type must be one of csv, json, parquet, not 'xml'",
        "interactions.folder must name a folder below raw/, no slash at its ends, not '/'",
        "interactions.timestamp.unit must be one of auto, seconds, milliseconds, microseconds,"
        " iso8601, not 's'",
        "users.metadata needs at least one column: Personalize takes no dataset of ids",
        "batch_inputs.A: use 1 to 30 lower-case letters, digits and underscores as a key",
        "batch_inputs.A.ids must not be empty",
        "maximum_quarantined_share must lie between 0 and 1",
    ]


def test_without_a_word_there_are_interactions_and_all_users_are_asked_for() -> None:
    parsed = configuration.parse("{}")
    assert parsed.interactions.folder == "interactions"
    assert (parsed.interactions.user_id, parsed.interactions.item_id) == ("USER_ID", "ITEM_ID")
    assert (parsed.interactions.timestamp.column, parsed.interactions.timestamp.unit) == (
        "TIMESTAMP",
        "auto",
    )
    form = parsed.interactions.format
    assert (form.type, form.delimiter, form.quote, form.escape) == ("csv", ",", '"', '"')
    assert (form.encoding, form.column_names, form.multiline) == ("UTF-8", None, False)
    assert parsed.interactions.event_type is parsed.interactions.event_value is None
    assert parsed.users is parsed.items is None
    assert list(parsed.batch_inputs) == ["users"]
    assert parsed.batch_inputs["users"].kind == "users"
    assert parsed.maximum_quarantined_share == 0.01


def test_a_member_that_is_null_is_as_if_it_were_absent() -> None:
    """Terraform writes the optional attributes that nobody set as null."""
    of_a_format = {"type": None, "delimiter": None, "column_names": None, "multiline": None}
    of_a_time = {"column": None, "unit": None, "pattern": None, "not_before": None, "before": None}
    document = {
        "interactions": {
            "folder": None,
            "format": of_a_format,
            "user_id": None,
            "timestamp": of_a_time,
            "event_type": None,
            "event_value": None,
            "metadata": None,
        },
        "users": None,
        "items": None,
        "batch_inputs": None,
        "maximum_quarantined_share": None,
    }
    assert configuration.parse(json.dumps(document)) == configuration.parse("{}")
    assert configuration.parse(json.dumps({"interactions": None})) == configuration.parse("{}")


def test_no_batch_inputs_at_all_is_a_choice() -> None:
    assert configuration.parse('{"batch_inputs": {}}').batch_inputs == {}


@pytest.mark.parametrize("text", ["30", "30.0", "3e1"])
def test_whole_numbers_in_every_form(text: str) -> None:
    document = f'{{"batch_inputs": {{"some": {{"active_days": {text}}}}}}}'
    found = configuration.parse(document).batch_inputs["some"].active_days
    assert found == 30
    assert type(found) is int


@pytest.mark.parametrize(("text", "share"), [("0", 0.0), ("1", 1.0), ("0.5", 0.5), ("1e-2", 0.01)])
def test_numbers_in_every_form(text: str, share: float) -> None:
    found = configuration.parse(f'{{"maximum_quarantined_share": {text}}}')
    assert found.maximum_quarantined_share == share
    assert type(found.maximum_quarantined_share) is float


def test_the_limits_themselves_are_allowed() -> None:
    reserved = [{"name": name} for name in ("IMPRESSION", "RECOMMENDATION_ID")]
    configuration.parse(
        json.dumps(
            {
                "interactions": {
                    "folder": "shop-1/events_2.0/year=2024",
                    "event_type": {"column": "e", "allowed": ["a", "b", "c", "d"]},
                    "metadata": [*numbered(5), *reserved],
                },
                "users": {"metadata": numbered(25)},
                "items": {
                    "metadata": [
                        *numbered(98),
                        {"name": LONGEST_NAME},
                        {"name": "_t", "textual": True},
                    ]
                },
                "batch_inputs": {
                    "a" * 30: {"kind": "items", "most_frequent": 1},
                    "0": {"kind": "item_attributes", "item_attributes": ["A = 1"] * 10},
                    "1": {"active_since": "2024-02-29T23:59:59+01:00", "item_list": ["a"]},
                },
                "maximum_quarantined_share": 1,
            }
        )
    )


@pytest.mark.parametrize(
    ("document", "header"),
    [
        ({}, "USER_ID,ITEM_ID,TIMESTAMP"),
        ({"event_type": {"column": "e"}}, "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE"),
        ({"event_value": {"column": "r"}}, "USER_ID,ITEM_ID,TIMESTAMP,EVENT_VALUE"),
        ({"event_value": {"column": "r", "imported": False}}, "USER_ID,ITEM_ID,TIMESTAMP"),
        (
            {
                "event_value": {"column": "r"},
                "metadata": [{"name": "Device", "column": "d"}, {"name": "IMPRESSION"}],
                "event_type": {"column": "e"},
            },
            "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,Device,IMPRESSION",
        ),
    ],
)
def test_the_header_of_interactions(document: dict[str, Any], header: str) -> None:
    parsed = configuration.parse(json.dumps({"interactions": document}))
    assert parsed.interactions.header == header.split(",")


def test_the_headers_of_users_and_items() -> None:
    metadata = [{"name": "B", "column": "x"}, {"name": "A", "type": "long"}]
    parsed = configuration.parse(
        json.dumps(
            {
                "users": {"user_id": "u", "metadata": metadata},
                "items": {"creation_timestamp": {"column": "c"}, "metadata": metadata},
            }
        )
    )
    assert parsed.users is not None
    assert parsed.users.header == ["USER_ID", "B", "A"]
    assert [column.source for column in parsed.users.metadata] == ["x", "A"]
    assert parsed.items is not None
    assert parsed.items.header == ["ITEM_ID", "CREATION_TIMESTAMP", "B", "A"]
    assert configuration.Items().header == ["ITEM_ID"]
