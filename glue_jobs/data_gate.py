"""What an import and a training would refuse, found before either is paid for.

Amazon Personalize Developer Guide, "Endpoints and quotas".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from configuration import MAX_EVENT_TYPES_AND_OPTIONAL_COLUMNS, Configuration

MIN_INTERACTIONS = 1000
MIN_ACTIVE_USERS = 25  # with two interactions or more
MIN_ACTIVE_USERS_SHARE = 0.01
MAX_IMPORT_BYTES = 100 * 1000**3  # a full import
MAX_MODEL_ITEMS = 750_000  # 5 million with the v2 recipes
MAX_MODEL_INTERACTIONS = 500_000_000  # 3 billion with the v2 recipes
MAX_BATCH_FILES = 1000
MAX_BATCH_BYTES = 1000**3
MAX_BATCH_RECORDS = 50_000_000  # in a file

HEAVY_USER_SHARE = 0.1
STALE_SECONDS = 365 * 86_400


class DataGateError(ValueError):
    """The data breaks documented minimums or limits; the message lists all of them."""


@dataclass(frozen=True)
class SourceCounts:
    """Rows of a source, and what became of them; `written` are those to be written."""

    read: int
    written: int
    filtered: int
    duplicate: int
    quarantined: int
    quarantined_by_reason: Mapping[str, int]
    units: Mapping[str, int]  # usable rows by the unit of their time, where the data tells it


@dataclass(frozen=True)
class InteractionCounts:
    """What a model would be trained on."""

    users: int
    items: int
    users_with_two_or_more: int
    most_active_user: str | None
    most_active_user_events: int
    first: int | None  # epoch seconds
    last: int | None
    event_types: Mapping[str, int]
    bytes: int  # of the CSV files, at least


def breaches(
    sources: Mapping[str, SourceCounts],
    interactions: InteractionCounts,
    configuration: Configuration,
) -> list[str]:
    """Return what is too little, too much or too bad, each with its numbers and what to do."""
    written = sources["interactions"].written
    found = []
    for name, counts in sources.items():
        share = counts.quarantined / counts.read
        if share > configuration.maximum_quarantined_share:
            reasons = ", ".join(f"{why} {n:,}" for why, n in counts.quarantined_by_reason.items())
            found.append(
                f"{name}: {counts.quarantined:,} of {counts.read:,} rows ({share:.2%}) are unusable"
                f" ({reasons}); maximum_quarantined_share allows"
                f" {configuration.maximum_quarantined_share:.2%}. Look at them in the quarantine;"
                " correct the data or the configuration."
            )
        if len(counts.units) > 1:
            units = ", ".join(f"{unit} {rows:,}" for unit, rows in counts.units.items())
            found.append(
                f"{name}: the timestamps are of several units ({units} rows). Set the unit, or"
                " separate the files."
            )
        if counts.written == 0 and name != "interactions":
            found.append(f"{name}: no row is left to import. Correct the data, or leave it out.")
    if written < MIN_INTERACTIONS:
        counts = sources["interactions"]
        found.append(
            f"interactions: {written:,} to import of {counts.read:,} rows ({counts.filtered:,}"
            f" filtered, {counts.duplicate:,} duplicate, {counts.quarantined:,} unusable);"
            f" Personalize needs {MIN_INTERACTIONS:,}. Add data, or filter less."
        )
    active = interactions.users_with_two_or_more
    if active < MIN_ACTIVE_USERS:
        found.append(
            f"interactions: {active} of {interactions.users:,} users have two interactions or more;"
            f" Personalize needs {MIN_ACTIVE_USERS}. Add data, or filter less."
        )
    if interactions.users and active / interactions.users < MIN_ACTIVE_USERS_SHARE:
        found.append(
            f"interactions: {active / interactions.users:.2%} of {interactions.users:,} users have"
            f" two interactions or more; Personalize needs {MIN_ACTIVE_USERS_SHARE:.0%}. Leave out"
            " users that can't be told apart from session to session, or add data."
        )
    event_types = len(interactions.event_types)
    optional = configuration.interactions.optional_columns
    if event_types and event_types + len(optional) > MAX_EVENT_TYPES_AND_OPTIONAL_COLUMNS:
        shown = ", ".join(sorted(interactions.event_types)[:20])
        found.append(
            f"interactions: {event_types} event types ({shown}) and {len(optional)} optional"
            f" columns ({', '.join(optional)}); Personalize takes"
            f" {MAX_EVENT_TYPES_AND_OPTIONAL_COLUMNS} together. Set event_type.allowed."
        )
    if interactions.bytes > MAX_IMPORT_BYTES:
        found.append(
            f"interactions: {interactions.bytes / 1000**3:,.0f} GB to import; Personalize takes"
            f" {MAX_IMPORT_BYTES / 1000**3:.0f} GB. Filter more, e.g. with timestamp.not_before."
        )
    return found


def batch_input_breaches(name: str, sizes: Mapping[str, int], records: int) -> list[str]:
    """Return what a batch job would refuse of its input files, whose bytes `sizes` has by URL."""
    figures = [
        (len(sizes), MAX_BATCH_FILES, "files"),
        (sum(sizes.values()), MAX_BATCH_BYTES, "bytes"),
        (-(-records // max(len(sizes), 1)), MAX_BATCH_RECORDS, "records in a file"),
    ]
    return [
        f"batch_inputs.{name}: {value:,} {unit}; a batch job takes {limit:,}. Ask for fewer, e.g."
        " with active_days."
        for value, limit, unit in figures
        if value > limit
    ] + ([f"batch_inputs.{name}: nothing to ask for. Correct its choice."] if records == 0 else [])


def warnings(
    sources: Mapping[str, SourceCounts], interactions: InteractionCounts, started_at: int
) -> list[str]:
    """Return what is legal and foolish."""
    written = sources["interactions"].written
    found = []
    if written and interactions.most_active_user_events / written > HEAVY_USER_SHARE:
        share = interactions.most_active_user_events / written
        found.append(
            f"One user ({interactions.most_active_user}) has {share:.0%} of all events: a robot, or"
            " a placeholder for visitors without an account?"
        )
    if written > 1 and interactions.first == interactions.last:
        found.append("All events have the same time: no model can tell the recent ones.")
    if interactions.last is not None and interactions.last < started_at - STALE_SECONDS:
        days = (started_at - interactions.last) // 86_400
        found.append(f"The last event is {days:,} days old: recommendations will be as old.")
    if interactions.items > MAX_MODEL_ITEMS:
        found.append(
            f"{interactions.items:,} items: a model considers {MAX_MODEL_ITEMS:,} (5 million with"
            " the v2 recipes)."
        )
    if written > MAX_MODEL_INTERACTIONS:
        found.append(
            f"{written:,} interactions: a model considers {MAX_MODEL_INTERACTIONS:,} (3 billion"
            " with the v2 recipes)."
        )
    return found
