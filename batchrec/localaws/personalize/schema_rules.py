"""The fields that AWS names, by dataset type and domain.

Developer Guide, Custom datasets and schemas; ECOMMERCE datasets and schemas; VIDEO_ON_DEMAND
datasets and schemas: the table "Dataset type, required fields, reserved keywords" of each, and
"Metadata fields".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Form:
    """What a named field has to be.

    Args:
        type: its Avro type.
        null: whether a union with null is allowed.
        categorical: whether it must be marked so; other strings must not.
        textual: whether it must be marked so.
    """

    type: str
    null: bool = False
    categorical: bool = False
    textual: bool = False


@dataclass(frozen=True)
class Rules:
    """What a dataset type wants of its schema.

    Args:
        required: fields that must be there.
        reserved: fields that may be there, and whose names can't be values of the data.
        maximum_metadata: how many other fields there may be; None without a documented limit.
        needs_metadata: whether one of them must be usable in training.
        textual: how many of them may be textual.
    """

    required: Mapping[str, Form]
    reserved: Mapping[str, Form] = field(default_factory=dict)
    maximum_metadata: int | None = None
    needs_metadata: bool = False
    textual: int = 0


_STRING, _LONG, _FLOAT = Form("string"), Form("long"), Form("float")
_NULLABLE_STRING, _NULLABLE_LONG = Form("string", null=True), Form("long", null=True)
_NULLABLE_FLOAT = Form("float", null=True)
_CATEGORY = Form("string", categorical=True)
_NULLABLE_CATEGORY = Form("string", null=True, categorical=True)
_NULLABLE_TEXT = Form("string", null=True, textual=True)

_EVENT = {"USER_ID": _STRING, "ITEM_ID": _STRING, "TIMESTAMP": _LONG}
_ABOUT_EVENTS = {
    "EVENT_VALUE": _NULLABLE_FLOAT,
    "IMPRESSION": _NULLABLE_STRING,
    "RECOMMENDATION_ID": _NULLABLE_STRING,
    "EVENT_ATTRIBUTION_SOURCE": _NULLABLE_STRING,
}

_CUSTOM = {
    "Interactions": Rules(_EVENT, {"EVENT_TYPE": _STRING} | _ABOUT_EVENTS, 5),
    "Users": Rules({"USER_ID": _STRING}, {}, 25, needs_metadata=True),
    "Items": Rules(
        {"ITEM_ID": _STRING}, {"CREATION_TIMESTAMP": _LONG}, 100, needs_metadata=True, textual=1
    ),
    "Actions": Rules(
        {"ACTION_ID": _STRING},
        {
            "CREATION_TIMESTAMP": _LONG,
            "VALUE": _NULLABLE_LONG,
            "TYPE": _NULLABLE_STRING,
            # The table has the first name, the text below it the second.
            "EXPIRATION_TIMESTAMP": _NULLABLE_LONG,
            "ACTION_EXPIRATION_TIMESTAMP": _NULLABLE_LONG,
            "REPEAT_FREQUENCY": _NULLABLE_LONG,
        },
        10,
        needs_metadata=True,
    ),
    "Action_Interactions": Rules(
        {"USER_ID": _STRING, "ACTION_ID": _STRING, "EVENT_TYPE": _STRING, "TIMESTAMP": _LONG},
        {"IMPRESSION": _NULLABLE_STRING, "RECOMMENDATION_ID": _NULLABLE_STRING},
    ),
}
_DOMAIN_INTERACTIONS = Rules({**_EVENT, "EVENT_TYPE": _STRING}, _ABOUT_EVENTS, 5)
_ECOMMERCE = {
    "Interactions": _DOMAIN_INTERACTIONS,
    "Users": _CUSTOM["Users"],
    "Items": Rules(
        {"ITEM_ID": _STRING, "PRICE": _FLOAT, "CATEGORY_L1": _CATEGORY},
        {
            "CATEGORY_L2": _NULLABLE_CATEGORY,
            "CATEGORY_L3": _NULLABLE_CATEGORY,
            "PRODUCT_DESCRIPTION": _NULLABLE_TEXT,
            "CREATION_TIMESTAMP": _LONG,  # float on the page about the Items dataset
            "AGE_GROUP": _NULLABLE_CATEGORY,
            "ADULT": _NULLABLE_CATEGORY,
            "GENDER": _NULLABLE_CATEGORY,
        },
        100,
        textual=1,
    ),
}
_VIDEO_ON_DEMAND = {
    "Interactions": _DOMAIN_INTERACTIONS,
    "Users": Rules(
        {"USER_ID": _STRING}, {"SUBSCRIPTION_MODEL": _NULLABLE_CATEGORY}, 25, needs_metadata=True
    ),
    "Items": Rules(
        {"ITEM_ID": _STRING, "CREATION_TIMESTAMP": _LONG, "GENRES": _CATEGORY},
        {
            "PRICE": _NULLABLE_FLOAT,
            "DURATION": _NULLABLE_FLOAT,
            "GENRE_L2": _NULLABLE_CATEGORY,
            "GENRE_L3": _NULLABLE_CATEGORY,
            "AVERAGE_RATING": _NULLABLE_FLOAT,
            "PRODUCT_DESCRIPTION": _NULLABLE_TEXT,
            "CONTENT_OWNER": _NULLABLE_CATEGORY,
            "CONTENT_CLASSIFICATION": _NULLABLE_CATEGORY,
        },
        100,
        textual=1,
    ),
}
_BY_DOMAIN = {None: _CUSTOM, "ECOMMERCE": _ECOMMERCE, "VIDEO_ON_DEMAND": _VIDEO_ON_DEMAND}


def rules_of(dataset_type: str, domain: str | None) -> Rules | None:
    """Return the rules of a dataset type, whose case and underscore don't matter; None if unknown.

    Domain dataset groups have no actions (Developer Guide, Preparing action metadata for training).
    """
    wanted = plain(dataset_type)
    return next(
        (rules for name, rules in _BY_DOMAIN[domain].items() if plain(name) == wanted), None
    )


def plain(name: str) -> str:
    """Return a name without what doesn't tell it from others: case and underscores."""
    return name.replace("_", "").upper()
