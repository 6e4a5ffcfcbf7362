"""Timestamps as Step Functions writes them."""

from datetime import UTC, datetime


def timestamp(moment: datetime) -> str:
    """Return a moment in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"
