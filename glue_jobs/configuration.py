"""What the transform is told: one JSON document, the module inputs of the same names.

The document's members are `interactions`, `users`, `items`, `batch_inputs` and
`maximum_quarantined_share`; docs/data.md describes each. Unknown members are refused, so that a
misspelt one can't be overlooked.
"""

import dataclasses
import json
import re
import types
import typing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast

# Amazon Personalize Developer Guide: "Creating schema JSON files", "Custom dataset and schema
# requirements", and "Endpoints and quotas".
NUMBERS = ("int", "long", "float", "double")
TYPES = ("string", *NUMBERS, "boolean")
RESERVED_KEYWORDS = (
    "EVENT_TYPE",
    "EVENT_VALUE",
    "IMPRESSION",
    "RECOMMENDATION_ID",
    "EVENT_ATTRIBUTION_SOURCE",
    "CREATION_TIMESTAMP",
)
RESERVED_STRINGS = ("IMPRESSION", "RECOMMENDATION_ID", "EVENT_ATTRIBUTION_SOURCE")
OWN_FIELDS = (
    "USER_ID",
    "ITEM_ID",
    "TIMESTAMP",
    "EVENT_TYPE",
    "EVENT_VALUE",
    "CREATION_TIMESTAMP",
)
MAX_METADATA = {"interactions": 5, "users": 25, "items": 100}
MAX_EVENT_TYPES_AND_OPTIONAL_COLUMNS = 10
MAX_AFFINITY_ATTRIBUTES = 10

FORMATS = ("csv", "json", "parquet")
ENCODINGS = ("UTF-8", "ISO-8859-1")
UNITS = ("auto", "seconds", "milliseconds", "microseconds", "iso8601")
BATCH_INPUT_KINDS = ("users", "items", "item_attributes")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})?)?")
_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,149}")
_FOLDER = re.compile(r"[A-Za-z0-9][\w.=-]*(/[A-Za-z0-9][\w.=-]*)*", re.ASCII)
_KEY = re.compile(r"[a-z0-9][a-z0-9_]{0,29}")


class ConfigurationError(ValueError):
    """The document can't be used; the message lists everything that is wrong with it."""


@dataclass(frozen=True)
class Format:
    """How files are to be read."""

    type: str = "csv"
    delimiter: str = ","
    quote: str = '"'  # "": a quotation mark is a character like any other
    escape: str = '"'  # what stands before a quote inside quotes
    encoding: str = "UTF-8"
    column_names: list[str] | None = None  # None: each file's first line names the columns
    multiline: bool = False  # whether quoted values may hold line breaks


@dataclass(frozen=True)
class Timestamp:
    """A column of times, and the range of them that is wanted."""

    column: str = "TIMESTAMP"
    unit: str = "auto"
    pattern: str | None = None  # Spark's datetime pattern, instead of a unit
    time_zone: str = "UTC"  # of times that don't name their own
    not_before: str | None = None  # ISO 8601, inclusive
    before: str | None = None  # ISO 8601, exclusive

    @property
    def is_told_from_data(self) -> bool:
        """Whether the unit is told from the data."""
        return self.unit == "auto" and self.pattern is None


@dataclass(frozen=True)
class EventType:
    """A column that says what happened; `allowed` None keeps them all."""

    column: str
    allowed: list[str] | None = None


@dataclass(frozen=True)
class EventValue:
    """A column of numbers, such as ratings; rows below the minimum are filtered."""

    column: str
    minimum: float | None = None
    imported: bool = True  # whether it becomes EVENT_VALUE


@dataclass(frozen=True)
class Metadata:
    """One more column of a dataset."""

    name: str
    column: str = ""  # "": the name
    type: str = "string"
    categorical: bool = False
    textual: bool = False
    required: bool = False
    separator: str = "|"  # between the values of a categorical column, as the source has them

    @property
    def source(self) -> str:
        """The source's name of the column."""
        return self.column or self.name

    @property
    def is_learned(self) -> bool:
        """Whether training can use it: other strings and booleans serve filters only."""
        return self.categorical or self.textual or self.type in NUMBERS


@dataclass(frozen=True)
class Interactions:
    """Where the interactions lie and what their columns are."""

    folder: str = "interactions"
    format: Format = field(default_factory=Format)
    user_id: str = "USER_ID"
    item_id: str = "ITEM_ID"
    timestamp: Timestamp = field(default_factory=Timestamp)
    event_type: EventType | None = None
    event_value: EventValue | None = None
    metadata: list[Metadata] = field(default_factory=list)

    @property
    def header(self) -> list[str]:
        """The columns of the CSV files and the fields of the schema, in order."""
        return [
            *("USER_ID", "ITEM_ID", "TIMESTAMP"),
            *(["EVENT_TYPE"] if self.event_type else []),
            *(["EVENT_VALUE"] if self.event_value and self.event_value.imported else []),
            *(column.name for column in self.metadata),
        ]

    @property
    def optional_columns(self) -> list[str]:
        """Those that Personalize counts together with the event types.

        Developer Guide, Item interactions dataset schema requirements.
        """
        required = ("USER_ID", "ITEM_ID", "TIMESTAMP")
        return [name for name in self.header if name not in (*required, *RESERVED_STRINGS)]


@dataclass(frozen=True)
class Users:
    """Where the users lie and what their columns are."""

    folder: str = "users"
    format: Format = field(default_factory=Format)
    user_id: str = "USER_ID"
    metadata: list[Metadata] = field(default_factory=list)

    @property
    def header(self) -> list[str]:
        """The columns of the CSV files and the fields of the schema, in order."""
        return ["USER_ID", *(column.name for column in self.metadata)]


@dataclass(frozen=True)
class Items:
    """Where the items lie and what their columns are."""

    folder: str = "items"
    format: Format = field(default_factory=Format)
    item_id: str = "ITEM_ID"
    creation_timestamp: Timestamp | None = None
    metadata: list[Metadata] = field(default_factory=list)

    @property
    def header(self) -> list[str]:
        """The columns of the CSV files and the fields of the schema, in order."""
        return [
            "ITEM_ID",
            *(["CREATION_TIMESTAMP"] if self.creation_timestamp else []),
            *(column.name for column in self.metadata),
        ]


@dataclass(frozen=True)
class BatchInput:
    """What a batch job is asked; a kind of recipe needs a kind of input."""

    kind: str = "users"
    ids: list[str] | None = None  # exactly these users or items; None: those of the interactions
    active_days: int | None = None  # only users with an event in the last so many days
    active_since: str | None = None  # only users with an event since then, ISO 8601
    most_frequent: int | None = None  # only so many, those with the most interactions
    item_list: list[str] | None = None  # what a personalized ranking ranks for each user
    item_attributes: list[str] | None = None  # expressions, one line each
    filter_values: dict[str, list[str]] = field(default_factory=dict)  # by placeholder


@dataclass(frozen=True)
class Configuration:
    """The whole document."""

    interactions: Interactions = field(default_factory=Interactions)
    users: Users | None = None
    items: Items | None = None
    batch_inputs: dict[str, BatchInput] = field(default_factory=lambda: {"users": BatchInput()})
    maximum_quarantined_share: float = 0.01


Dataset = Interactions | Users | Items


def parse(text: str) -> Configuration:
    """Read the document.

    Raises:
        ConfigurationError: it isn't one; says everything that is wrong.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"The configuration is not valid JSON: {error}") from error
    problems: list[str] = []
    configuration = _read(Configuration, document, "", problems)
    if not problems:
        problems = _check(configuration)
    if problems:
        raise ConfigurationError(
            "The configuration can't be used:" + "".join(f"\n  - {each}" for each in problems)
        )
    return configuration


_T = TypeVar("_T")


def _read(kind: type[_T], document: Any, path: str, problems: list[str]) -> _T:
    """Build a dataclass of JSON; a member that is null or absent has its default."""
    here = path or "the document"
    fields = {each.name: each for each in dataclasses.fields(cast(Any, kind))}
    hints = typing.get_type_hints(kind)
    if not isinstance(document, dict):
        problems.append(f"{here} must be an object, not {json.dumps(document)}")
        document = {}
    problems += [
        f"{here} has no member {name!r}; it has {', '.join(fields)}"
        for name in document
        if name not in fields
    ]
    members = {}
    for name, each in fields.items():
        if document.get(name) is not None:
            members[name] = _value(
                hints[name], document[name], f"{path}.{name}".lstrip("."), problems
            )
        elif each.default is each.default_factory is dataclasses.MISSING:
            problems.append(f"{here} needs the member {name!r}")
            members[name] = ""
    return kind(**members)


def _value(hint: Any, value: Any, path: str, problems: list[str]) -> Any:
    if isinstance(hint, types.UnionType):
        hint = next(option for option in typing.get_args(hint) if option is not types.NoneType)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint):
        return _read(cast(type[Any], hint), value, path, problems)
    if origin is list and isinstance(value, list):
        return [
            _value(arguments[0], each, f"{path}[{n}]", problems) for n, each in enumerate(value)
        ]
    if origin is dict and isinstance(value, dict):
        return {
            key: _value(arguments[1], each, f"{path}.{key}", problems)
            for key, each in value.items()
        }
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    # Terraform writes whole numbers without a fraction, other tools may not.
    if hint is int and isinstance(value, float) and value.is_integer():
        return int(value)
    expected = origin or hint
    if isinstance(value, bool) is not (hint is bool) or not isinstance(value, expected):
        names = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}
        names |= {list: "a list", dict: "an object"}
        problems.append(f"{path} must be {names[expected]}, not {json.dumps(value)}")
    return value


def _check(configuration: Configuration) -> list[str]:
    problems = []
    for name in ("interactions", "users", "items"):
        dataset: Dataset | None = getattr(configuration, name)
        if dataset is not None:
            problems += [f"{name}.{problem}" for problem in _check_dataset(name, dataset)]
    folders = [
        dataset.folder
        for dataset in (configuration.interactions, configuration.users, configuration.items)
        if dataset is not None
    ]
    problems += [
        f"the folders {one} and {other} lie in one another; give each dataset its own"
        for number, one in enumerate(folders)
        for other in folders[number + 1 :]
        if f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")
    ]
    for key, batch_input in configuration.batch_inputs.items():
        path = f"batch_inputs.{key}"
        if not _KEY.fullmatch(key):
            problems.append(
                f"{path}: use 1 to 30 lower-case letters, digits and underscores as a key"
            )
        problems += [f"{path}{problem}" for problem in _check_batch_input(batch_input)]
    if not 0 <= configuration.maximum_quarantined_share <= 1:
        problems.append("maximum_quarantined_share must lie between 0 and 1")
    return problems


def _check_dataset(name: str, dataset: Dataset) -> list[str]:
    problems = [f"format.{problem}" for problem in _check_format(dataset.format)]
    if not _FOLDER.fullmatch(dataset.folder):
        problems.append(
            f"folder must name a folder below raw/, no slash at its ends, not {dataset.folder!r}"
        )
    timestamps = {}
    if isinstance(dataset, Interactions):
        timestamps["timestamp"] = dataset.timestamp
    if isinstance(dataset, Items) and dataset.creation_timestamp:
        timestamps["creation_timestamp"] = dataset.creation_timestamp
        if dataset.creation_timestamp.not_before or dataset.creation_timestamp.before:
            problems.append("creation_timestamp takes no not_before or before: items stay")
    for member, timestamp in timestamps.items():
        problems += [f"{member}.{problem}" for problem in _check_timestamp(timestamp)]
    problems += _check_metadata(name, dataset)
    return problems


def _check_format(form: Format) -> list[str]:
    problems = []
    if form.type not in FORMATS:
        problems.append(f"type must be one of {', '.join(FORMATS)}, not {form.type!r}")
    if form.encoding not in ENCODINGS:
        problems.append(f"encoding must be one of {', '.join(ENCODINGS)}, not {form.encoding!r}")
    if form.type != "csv":
        default = Format()
        problems += [
            f"{name} is for csv only, and type is {form.type}"
            for name in ("delimiter", "quote", "escape", "column_names", "multiline")
            if getattr(form, name) != getattr(default, name)
        ]
        return problems
    if len(form.delimiter) != 1 or form.delimiter in "\r\n":
        problems.append(f"delimiter must be one character, not {form.delimiter!r}")
    if len(form.quote) > 1 or len(form.escape) != 1:
        problems.append("quote must be one character or empty, and escape one character")
    if form.delimiter in (form.quote, form.escape):
        problems.append("delimiter must differ from quote and escape")
    if form.multiline and not form.quote:
        problems.append("multiline needs a quote: only quoted values can hold line breaks")
    if form.column_names is not None and (
        not form.column_names or len(set(form.column_names)) < len(form.column_names)
    ):
        problems.append("column_names must name every column of the files once")
    return problems


def _check_timestamp(timestamp: Timestamp) -> list[str]:
    problems = []
    if timestamp.unit not in UNITS:
        problems.append(f"unit must be one of {', '.join(UNITS)}, not {timestamp.unit!r}")
    if timestamp.pattern is not None and timestamp.unit != "auto":
        problems.append("pattern stands instead of a unit: leave one of them out")
    problems += [
        f"{name} must be a date such as 2024-01-31 or 2024-01-31T00:00:00Z, not {value!r}"
        for name in ("not_before", "before")
        if (value := getattr(timestamp, name)) is not None and not _is_date(value)
    ]
    return problems


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _check_metadata(name: str, dataset: Dataset) -> list[str]:
    problems = []
    columns = dataset.metadata
    reserved = [column for column in columns if column.name in RESERVED_STRINGS]
    if len(columns) - len(reserved) > MAX_METADATA[name]:
        problems.append(f"metadata has more than the {MAX_METADATA[name]} columns of a dataset")
    if name != "interactions" and not columns:
        problems.append("metadata needs at least one column: Personalize takes no dataset of ids")
    elif name != "interactions" and not any(column.is_learned for column in columns):
        text = ", textual" if name == "items" else ""
        problems.append(
            f"metadata needs a column that is categorical{text} or a number: Personalize refuses a"
            " schema without"
        )
    if isinstance(dataset, Interactions) and dataset.event_type:
        allowed, optional = dataset.event_type.allowed, dataset.optional_columns
        if allowed == []:
            problems.append("event_type.allowed must not be empty; leave it out to keep all types")
        count = len(set(allowed or ())) + len(optional)
        if allowed and count > MAX_EVENT_TYPES_AND_OPTIONAL_COLUMNS:
            problems.append(
                f"event_type.allowed and the columns {', '.join(optional)} are {count} together,"
                f" and a dataset takes {MAX_EVENT_TYPES_AND_OPTIONAL_COLUMNS}"
            )
    seen: dict[str, str] = {each.replace("_", "").upper(): each for each in OWN_FIELDS}
    for number, column in enumerate(columns):
        path = f"metadata[{number}]"
        folded = column.name.replace("_", "").upper()
        if not _FIELD_NAME.fullmatch(column.name):
            problems.append(f"{path}.name must be letters, digits and underscores: {column.name!r}")
        if folded in seen:
            problems.append(
                f"{path}.name {column.name} is the same as {seen[folded]}: Personalize ignores"
                " underscores"
            )
        seen[folded] = column.name
        problems += [f"{path}.{problem}" for problem in _check_column(name, column)]
    if sum(column.textual for column in columns) > 1:
        problems.append("metadata has more than one textual column")
    return problems


def _check_column(dataset: str, column: Metadata) -> list[str]:
    problems = []
    if column.type not in TYPES:
        problems.append(f"type must be one of {', '.join(TYPES)}, not {column.type!r}")
    if (column.categorical or column.textual) and column.type != "string":
        problems.append("categorical and textual are for the type string")
    if column.categorical and column.textual:
        problems.append("categorical and textual exclude one another")
    if column.textual and dataset != "items":
        problems.append("textual is for items only")
    if column.name in RESERVED_STRINGS and (
        dataset != "interactions" or column.type != "string" or column.categorical
    ):
        problems.append(f"name {column.name} is for interactions: a string, not categorical")
    if not column.separator:
        problems.append("separator must not be empty")
    return problems


def _check_batch_input(batch_input: BatchInput) -> list[str]:
    kind = batch_input.kind
    if kind not in BATCH_INPUT_KINDS:
        return [f".kind must be one of {', '.join(BATCH_INPUT_KINDS)}, not {kind!r}"]
    takes = {
        "ids": ("users", "items"),
        "active_days": ("users",),
        "active_since": ("users",),
        "most_frequent": ("users", "items"),
        "item_list": ("users",),
        "item_attributes": ("item_attributes",),
    }
    problems = [
        f".{name} is for the kind {' or '.join(kinds)}, not for {kind}"
        for name, kinds in takes.items()
        if getattr(batch_input, name) is not None and kind not in kinds
    ]
    choices = ("ids", "active_days", "active_since", "most_frequent")
    chosen = [name for name in choices if getattr(batch_input, name) is not None]
    if len(chosen) > 1:
        problems.append(f" takes one of {', '.join(chosen)}")
    problems += [
        f".{name} must not be empty"
        for name in ("ids", "item_list", "item_attributes")
        if getattr(batch_input, name) == []
    ]
    problems += [
        f".{name} must be at least 1"
        for name in ("active_days", "most_frequent")
        if (number := getattr(batch_input, name)) is not None and number < 1
    ]
    if batch_input.active_since is not None and not _is_date(batch_input.active_since):
        problems.append(
            f".active_since must be a date such as 2024-01-31, not {batch_input.active_since!r}"
        )
    if kind == "item_attributes":
        count = len(batch_input.item_attributes or [])
        if not 1 <= count <= MAX_AFFINITY_ATTRIBUTES:
            problems.append(
                f".item_attributes takes 1 to {MAX_AFFINITY_ATTRIBUTES} expressions, not {count}"
            )
    return problems
