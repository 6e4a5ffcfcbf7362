"""Avro schemas, as Personalize restricts them (Developer Guide, Creating schema JSON files)."""

import json
import re
from dataclasses import dataclass
from typing import Any

from batchrec.localaws.personalize.exceptions import InvalidInputException
from batchrec.localaws.personalize.schema_rules import Form, Rules, plain, rules_of

NUMBERS = {"float", "double", "int", "long"}
TYPES = NUMBERS | {"string", "boolean", "null"}
REPLACEABLE = ("Items", "Users")  # types of datasets whose schema can be replaced
# Also how long a column's name may be in an API request (API Reference, TrainingDataConfig).
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,149}")
# As the documentation's examples write them; of the last there are two spellings.
NAMES = ("Interactions", "Users", "Items", "Actions", "Action_Interactions", "ActionInteractions")


@dataclass(frozen=True)
class Field:
    """One column."""

    name: str
    type: str
    nullable: bool
    categorical: bool = False
    textual: bool = False


def metadata(columns: list[Field]) -> list[Field]:
    """Keep what items are described with: no ids, no reserved, textual or Boolean columns."""
    reserved = {"ITEM_ID", "CREATION_TIMESTAMP"}
    return [
        column
        for column in columns
        if column.name not in reserved and not column.textual and column.type != "boolean"
    ]


def fields(schema: str) -> list[Field]:
    """Return the columns of a valid schema, in order."""
    return [_field(field) for field in json.loads(schema)["fields"]]


def validate(schema: str, domain: str | None = None) -> None:
    """Check a schema's form. AWS documents the rules; the texts are our own.

    Args:
        schema: Avro in JSON.
        domain: that of the schema, None for a Custom dataset group.

    Raises:
        InvalidInputException: it isn't a flat Avro record of a dataset type, with that type's
            required fields, reserved fields as they have to be, and not too many others.
    """
    record = _record(schema)
    name = record.get("name")
    if name not in NAMES:
        raise InvalidInputException(
            f"The schema's name must be one of {', '.join(NAMES)}, not {name!r}."
        )
    rules = rules_of(name, domain)
    if rules is None:
        raise InvalidInputException(f"The domain {domain} has no {name} datasets.")
    columns = [_field(field) for field in record["fields"]]
    if len({plain(column.name) for column in columns}) < len(columns):
        raise InvalidInputException("Field names must be unique, ignoring underscores.")
    missing = [required for required in rules.required if required not in _named(columns)]
    if missing:
        raise InvalidInputException(f"The {name} schema needs the fields {', '.join(missing)}.")
    for column in columns:
        form = rules.required.get(column.name) or rules.reserved.get(column.name)
        if form is not None:
            _require_form(column, form)
    _require_metadata(name, columns, rules)


def require_type(schema: str, dataset_type: str) -> None:
    """Check that a schema is of the dataset's type.

    Raises:
        InvalidInputException: it is of another type, or there is no such type.
    """
    name = json.loads(schema)["name"]
    if plain(name) != plain(dataset_type):
        raise InvalidInputException(f"The schema is for {name}, not for {dataset_type}.")


def canonical(dataset_type: str) -> str:
    """Return a dataset type as ARNs have it, in capitals: of two spellings, the one with `_`.

    Raises:
        InvalidInputException: there is no such type.
    """
    for name in NAMES:
        if name.upper() == dataset_type.upper():
            return next(first for first in NAMES if plain(first) == plain(name)).upper()
    raise InvalidInputException(f"There is no dataset type {dataset_type}.")


def require_successor(earlier: str, later: str) -> None:
    """Check that a schema can replace a dataset's (Developer Guide, Replacing a dataset's schema).

    Raises:
        InvalidInputException: the dataset is of interactions or actions, a field is missing or
            another one, or a new field has no null.
    """
    kind = json.loads(earlier)["name"]
    if kind not in REPLACEABLE:
        raise InvalidInputException(f"The schema of a dataset of {kind} can't be replaced.")
    new = _attributes(later)
    for name, attributes in _attributes(earlier).items():
        if new.pop(name, None) != attributes:
            raise InvalidInputException(
                f"The new schema must keep the field {name}, its type and its attributes."
            )
    for field in fields(later):
        if field.name in new and not field.nullable:
            raise InvalidInputException(f"The new field {field.name} must support null.")


def _attributes(schema: str) -> dict[str, dict[str, Any]]:
    """Return each field as it is written, but for the order of its types and what is false."""
    return {
        field["name"]: {
            name: sorted(value) if name == "type" and isinstance(value, list) else value
            for name, value in field.items()
            if value is not False
        }
        for field in json.loads(schema)["fields"]
    }


def _record(schema: str) -> dict[str, Any]:
    try:
        record = json.loads(schema)
    except (ValueError, RecursionError) as error:
        raise InvalidInputException(f"The schema is not valid JSON: {error}.") from error
    if not isinstance(record, dict) or record.get("type") != "record":
        raise InvalidInputException("The schema must be an Avro record.")
    if not isinstance(record.get("fields"), list):
        raise InvalidInputException("The schema must have a list of fields.")
    return record


def _field(field: Any) -> Field:
    if not isinstance(field, dict) or not {"name", "type"} <= field.keys():
        raise InvalidInputException(f"A schema field needs a name and a type: {field!r}.")
    name = field["name"]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise InvalidInputException(
            f"A field's name consists of letters, digits and underscores, not {name!r}."
        )
    kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
    others = [kind for kind in kinds if kind != "null"]
    if len(others) != 1 or not isinstance(others[0], str) or others[0] not in TYPES:
        raise InvalidInputException(f"Field {name} has an unsupported type: {kinds!r}.")
    marks = {}
    for mark in ("categorical", "textual", "itemName"):
        marks[mark] = field.get(mark, False)
        if not isinstance(marks[mark], bool):
            raise InvalidInputException(f"{mark} of {name} must be true or false.")
        if marks[mark] and others[0] != "string":
            raise InvalidInputException(f"{name} must be a string to be {mark}.")
    if marks["categorical"] and marks["textual"]:
        raise InvalidInputException(f"{name} can't be both categorical and textual.")
    nullable = "null" in kinds
    return Field(name, others[0], nullable, marks["categorical"], marks["textual"])


def _require_form(column: Field, form: Form) -> None:
    marked = {"categorical": form.categorical, "textual": form.textual}
    wrong = [
        f"must be {mark}" if wanted else f"can't be {mark}"
        for mark, wanted in marked.items()
        if getattr(column, mark) != wanted
    ]
    if column.type != form.type:
        wrong.append(f"must be of type {form.type}")
    if column.nullable and not form.null:
        wrong.append("can't be null")
    if wrong:
        raise InvalidInputException(f"The field {column.name} {' and '.join(wrong)}.")


def _require_metadata(name: str, columns: list[Field], rules: Rules) -> None:
    optional = [column for column in columns if column.name not in rules.required]
    metadata = [column for column in optional if column.name not in rules.reserved]
    if rules.maximum_metadata is not None and len(metadata) > rules.maximum_metadata:
        raise InvalidInputException(
            f"The {name} schema has {len(metadata)} metadata fields;"
            f" it can have {rules.maximum_metadata}."
        )
    # Among the reserved fields, the categorical ones are metadata too: the default Users schema of
    # VIDEO_ON_DEMAND has no other.
    usable = [
        column
        for column in optional
        if (column.name not in rules.reserved or column.categorical)
        and (column.type in NUMBERS or column.categorical or column.textual)
    ]
    if rules.needs_metadata and not usable:
        text = ", textual" if rules.textual else ""
        raise InvalidInputException(
            f"The {name} schema needs a metadata field: categorical{text} or numerical."
        )
    textual = [column.name for column in columns if column.textual]
    if len(textual) > rules.textual:
        raise InvalidInputException(
            f"The {name} schema can have {rules.textual} textual fields, not {len(textual)}:"
            f" {', '.join(textual)}."
        )


def _named(columns: list[Field]) -> set[str]:
    return {column.name for column in columns}
