"""Values of a source, all strings, become what a CSV file for Personalize may hold.

Developer Guide, "Data format guidelines", "Creating schema JSON files" and "Endpoints and quotas".
"""

from configuration import RESERVED_KEYWORDS, Metadata
from outcomes import Reason
from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812 - PySpark's own convention

MAX_ID_CHARACTERS = 256
MAX_EVENT_TYPE_CHARACTERS = 256
MAX_STRING_CHARACTERS = 1000
_REPLACEMENT = "\ufffd"  # what a decoder leaves where bytes aren't text
_MAXIMUM = {"float": 3.4028234e38, "double": 1.7976931348623157e308}
_INT_RANGE = (-(2**31), 2**31 - 1)
# A JSON list of strings, numbers or the like, and nothing after it.
_LIST = r"""\A\[\s*+((?:"(?:[^"\\]|\\.)*+"|[^"\[\]{},\s]++)\s*+(?:,\s*+|(?=\])))*+\]\z"""

# Conditions in the order of Reason: a row carries the reason of the first that is true.
Faults = list[tuple[Column, Reason]]


def is_missing(text: Column) -> Column:
    """Whether there is no value: null, empty or only spaces."""
    # Trimming copies a text: only one that starts with a space is worth it.
    is_blank = (F.octet_length(text) == 0) | (text.startswith(" ") & (F.trim(text) == ""))
    return text.isNull() | is_blank


def integer(text: Column) -> Column:
    """Return the bigint that a whole number stands for (`7`, `7.0`); null for any other text."""
    # Formatting the number again is much faster than a regular expression, and mostly enough.
    value = text.cast("bigint")
    is_integer = (value.cast("string") == text) | text.rlike(r"\A[+-]?[0-9]{1,18}(\.0+)?\z")
    return F.when(is_integer, value)


def number(text: Column, kind: str = "float") -> Column:
    """Return the double that a decimal text stands for; null if `kind` can't hold it."""
    whole, value = text.cast("bigint"), text.cast("double")
    is_decimal = text.rlike(r"\A[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?\z")
    # Most are whole, and formatting one again is much faster than a regular expression.
    return F.when(whole.cast("string") == text, whole.cast("double")).when(
        is_decimal & (F.abs(value) <= _MAXIMUM[kind]), value
    )


def number_text(text: Column) -> Column:
    """Return a decimal text as it stands, but without an exponent; null if it is missing."""
    digits = F.regexp_replace(F.format_string("%.340f", text.cast("double")), r"\.?0+\z", "")
    return F.when(~is_missing(text), F.when(text.rlike("[eE]"), digits).otherwise(text))


def metadata_text(text: Column, column: Metadata) -> Column:
    """Return a metadata value as Personalize reads it; null if it is missing."""
    if column.type == "boolean":
        shown = F.lower(text)
    elif column.type in ("int", "long"):
        return integer(text).cast("string")
    elif column.type != "string":
        return number_text(text)
    elif column.categorical:
        shown = _categories(text, column.separator)
    else:
        shown = text
    return F.when(~is_missing(text) & ~is_missing(shown), F.regexp_replace(shown, r"[\r\n]+", " "))


def identifier_faults(id_: Column, missing: Reason, *, may_hold_line_breaks: bool) -> Faults:
    """Say what may be wrong with an id. White space in it is part of it."""
    faults = [(is_missing(id_), missing), (_is_no_text(id_), Reason.INVALID_ENCODING)]
    if may_hold_line_breaks:
        # JSON's lists and objects arrive as their text.
        faults.append((id_.rlike(r"[\r\n]|\A[\[{]"), Reason.INVALID_ID))
    return [
        *faults,
        (_is_longer(id_, MAX_ID_CHARACTERS), Reason.ID_TOO_LONG),
        (id_.isin(*RESERVED_KEYWORDS), Reason.RESERVED_KEYWORD),
    ]


def event_type_faults(event_type: Column, *, may_hold_line_breaks: bool) -> Faults:
    """Say what may be wrong with the type of an event."""
    broken = [(event_type.rlike(r"[\r\n]"), Reason.INVALID_VALUE)] if may_hold_line_breaks else []
    return [
        (is_missing(event_type), Reason.MISSING_EVENT_TYPE),
        (_is_no_text(event_type), Reason.INVALID_ENCODING),
        *broken,
        (_is_longer(event_type, MAX_EVENT_TYPE_CHARACTERS), Reason.EVENT_TYPE_TOO_LONG),
        (event_type.isin(*RESERVED_KEYWORDS), Reason.RESERVED_KEYWORD),
    ]


def event_value_faults(text: Column, value: Column, *, is_required: bool) -> Faults:
    """Say what may be wrong with an event's value; `value` is the `number` of its text."""
    required = [(is_missing(text), Reason.MISSING_EVENT_VALUE)] if is_required else []
    return [*required, (value.isNull() & ~is_missing(text), Reason.INVALID_EVENT_VALUE)]


def metadata_faults(text: Column, shown: Column, column: Metadata) -> Faults:
    """Say what may be wrong with a metadata value; `shown` is its `metadata_text`."""
    # A categorical value may turn out to hold no category.
    is_absent = shown.isNull() if column.type == "string" else is_missing(text)
    faults = [(is_absent, Reason.MISSING_VALUE)] if column.required else []
    if column.type != "string":
        is_valid = F.coalesce(_is_of(text, column.type), F.lit(False))
        return [*faults, (~is_missing(text) & ~is_valid, Reason.INVALID_VALUE)]
    faults.append((_is_no_text(text), Reason.INVALID_ENCODING))
    if column.categorical:
        # It would come out as two categories.
        is_one = text.rlike(_LIST) if column.separator == "|" else F.lit(True)
        faults.append((F.contains(text, F.lit("|")) & is_one, Reason.INVALID_VALUE))
    if not column.textual:  # those Personalize shortens itself
        faults.append((_is_longer(shown, MAX_STRING_CHARACTERS), Reason.VALUE_TOO_LONG))
    return [*faults, (text.isin(*RESERVED_KEYWORDS), Reason.RESERVED_KEYWORD)]


def csv_line(cells: list[Column], textual: list[bool]) -> Column:
    r"""Join cells to a line: quoted where needed (always if textual), `\` before `"` and `\`."""
    return F.concat_ws(
        ",",
        *(
            F.coalesce(_csv(cell, always=always), F.lit(""))
            for cell, always in zip(cells, textual, strict=True)
        ),
    )


def _csv(cell: Column, *, always: bool) -> Column:
    quoted = F.concat(F.lit('"'), F.regexp_replace(cell, r'(["\\])', r"\\$1"), F.lit('"'))
    if always:
        return quoted
    special = [F.contains(cell, F.lit(character)) for character in (",", '"', "\\")]
    return F.when(special[0] | special[1] | special[2], quoted).otherwise(cell)


def _categories(text: Column, separator: str) -> Column:
    listed = F.when(text.rlike(_LIST), F.from_json(text, "array<string>"))
    values = F.coalesce(listed, F.split(text, rf"\Q{separator}\E", -1))
    trimmed = F.transform(values, lambda each: F.trim(each))
    return F.array_join(F.filter(trimmed, lambda each: each != ""), "|")


def _is_of(text: Column, kind: str) -> Column:
    if kind == "boolean":
        return F.lower(text).isin("true", "false")
    if kind in ("float", "double"):
        return number(text, kind).isNotNull()
    if kind == "int":
        return integer(text).between(*_INT_RANGE)
    return integer(text).isNotNull()


def _is_no_text(text: Column) -> Column:
    return F.contains(text, F.lit(_REPLACEMENT))


def _is_longer(text: Column, characters: int) -> Column:
    # The bytes are at hand, the characters must be counted.
    return (F.octet_length(text) > characters) & (F.length(text) > characters)
