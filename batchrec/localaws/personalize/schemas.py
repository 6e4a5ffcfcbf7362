"""Avro schemas, as Personalize restricts them (Developer Guide, Creating schema JSON files)."""

import json
from dataclasses import dataclass
from typing import Any

from batchrec.localaws.personalize.exceptions import InvalidInputException

NUMBERS = {"float", "double", "int", "long"}
TYPES = NUMBERS | {"string", "boolean", "null"}
REQUIRED = {
    "Interactions": {"USER_ID": "string", "ITEM_ID": "string", "TIMESTAMP": "long"},
    "Users": {"USER_ID": "string"},
    "Items": {"ITEM_ID": "string"},
}


@dataclass(frozen=True)
class Field:
    """One column."""

    name: str
    type: str
    nullable: bool
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


def validate(schema: str) -> None:
    """Check a schema's form.

    Raises:
        InvalidInputException: it isn't a flat Avro record of a dataset type, with that type's
            required fields.
    """
    try:
        record = json.loads(schema)
    except (ValueError, RecursionError) as error:
        raise InvalidInputException(f"The schema is not valid JSON: {error}.") from error
    if not isinstance(record, dict) or record.get("type") != "record":
        raise InvalidInputException("The schema must be an Avro record.")
    name = record.get("name")
    required = REQUIRED.get(name) if isinstance(name, str) else None
    if required is None:
        raise InvalidInputException(
            f"The schema's name must be one of {', '.join(REQUIRED)}, not {record.get('name')!r}."
        )
    listed = record.get("fields")
    if not isinstance(listed, list):
        raise InvalidInputException("The schema needs a list of fields.")
    columns = {field.name: field for field in map(_field, listed)}
    unique = {name.replace("_", "").upper() for name in columns}
    if len(unique) < len(listed):
        raise InvalidInputException("Field names must be unique, ignoring underscores.")
    for name, kind in required.items():
        if name not in columns or columns[name].type != kind or columns[name].nullable:
            raise InvalidInputException(f"The schema needs the field {name} of type {kind}.")


def require_type(schema: str, dataset_type: str) -> None:
    """Check that a schema is of the dataset's type.

    Raises:
        InvalidInputException: it is of another type, or there is no such type.
    """
    name = json.loads(schema)["name"]
    if name.upper() != dataset_type.upper():
        raise InvalidInputException(f"The schema is for {name}, not for {dataset_type}.")


def _field(field: Any) -> Field:
    if not isinstance(field, dict) or not {"name", "type"} <= field.keys():
        raise InvalidInputException(f"A schema field needs a name and a type: {field!r}.")
    if not isinstance(field["name"], str):
        raise InvalidInputException(f"The name of a field must be a string: {field!r}.")
    kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
    others = [kind for kind in kinds if kind != "null"]
    if len(others) != 1 or not isinstance(others[0], str) or others[0] not in TYPES:
        raise InvalidInputException(f"Field {field['name']} has an unsupported type: {kinds!r}.")
    textual = field.get("textual") is True
    return Field(field["name"], others[0], nullable="null" in kinds, textual=textual)
