"""What becomes of a row, and why a row is in quarantine."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a row is in quarantine. A row with several faults carries the first in this order."""

    BLANK_LINE = "blank_line"  # nothing, or only spaces
    WRONG_COLUMN_COUNT = "wrong_column_count"  # more or fewer columns than the header
    UNBALANCED_QUOTES = "unbalanced_quotes"  # a quoted value that doesn't end
    MALFORMED_JSON = "malformed_json"  # no JSON object
    INVALID_ENCODING = "invalid_encoding"  # a value with U+FFFD: bytes that aren't text
    MISSING_USER_ID = "missing_user_id"  # absent, empty or only spaces
    MISSING_ITEM_ID = "missing_item_id"
    INVALID_ID = "invalid_id"  # a line break in it, or the value of a JSON list or object
    ID_TOO_LONG = "id_too_long"  # more than 256 characters
    MISSING_EVENT_TYPE = "missing_event_type"
    EVENT_TYPE_TOO_LONG = "event_type_too_long"  # more than 256 characters
    MISSING_EVENT_VALUE = "missing_event_value"  # absent, and a minimum is configured
    INVALID_EVENT_VALUE = "invalid_event_value"  # not a decimal number
    INVALID_TIMESTAMP = "invalid_timestamp"  # absent, or not of the configured form
    TIMESTAMP_TOO_EARLY = "timestamp_too_early"  # before 1990
    TIMESTAMP_IN_FUTURE = "timestamp_in_future"  # after the run's start
    MISSING_VALUE = "missing_value"  # a required metadata column is absent or empty
    INVALID_VALUE = "invalid_value"  # not of its type; a `|` in a category; a line break in a type
    VALUE_TOO_LONG = "value_too_long"  # a string of more than 1,000 characters
    RESERVED_KEYWORD = "reserved_keyword"  # a value that is one of Personalize's keywords


# Outcomes are kept as numbers: these two, and the place of a reason after them.
KEPT, FILTERED = 0, 1
_FIRST_REASON = 2


def code(reason: Reason) -> int:
    """Return the outcome of a row that is quarantined for `reason`."""
    return list(Reason).index(reason) + _FIRST_REASON


def reason(outcome: int) -> Reason:
    """Return the reason that an outcome above `FILTERED` stands for."""
    return list(Reason)[outcome - _FIRST_REASON]
