"""What a run imported and asked: the files of its transformed data (docs/data.md)."""

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.json as pajson

from batchrec.pipeline import Pipeline
from batchrec.published import objects
from batchrec.published.objects import Object

BLOCK_BYTES = 16 * 2**20
SHOWN_EVENTS = 25  # of a user's past
_INTERACTIONS = {
    "USER_ID": pa.string(),
    "ITEM_ID": pa.string(),
    "TIMESTAMP": pa.int64(),
    "EVENT_TYPE": pa.string(),
    "EVENT_VALUE": pa.float64(),
}
_TITLES = ("TITLE", "NAME")  # columns of the items dataset that name an item
_ASKED = ("userId", "itemId", "itemAttributes")  # members of a batch input's line


@dataclass(frozen=True)
class Event:
    """One event of a user's past."""

    user: str
    item: str
    at: datetime
    event_type: str | None


@dataclass(frozen=True)
class Past:
    """What one user had."""

    events: int  # how many
    latest: list[Event]  # the latest first


def interactions(
    pipeline: Pipeline, run: str, columns: tuple[str, ...] = ("USER_ID", "ITEM_ID", "TIMESTAMP")
) -> Iterator[pa.RecordBatch]:
    """Iterate over the interactions that a run imported, piece by piece.

    Args:
        pipeline: whose.
        run: name of the run.
        columns: some of USER_ID and ITEM_ID (string), TIMESTAMP (epoch seconds), EVENT_TYPE
            (string) and EVENT_VALUE (float); null where the files have none.
    """
    for file in _files(pipeline, run, "interactions", ".csv"):
        yield from _csv(file, {name: _INTERACTIONS[name] for name in columns})


def is_there(pipeline: Pipeline, run: str) -> bool:
    """Whether the run's interactions are complete, and still kept."""
    return bool(_files(pipeline, run, "interactions", ".csv"))


def pasts(
    pipeline: Pipeline, run: str, users: list[str], most: int = SHOWN_EVENTS
) -> dict[str, Past]:
    """Return what some users had; those without any event are left out.

    All files are read once, as interactions lie in no order.

    Args:
        pipeline: whose.
        run: name of the run.
        users: their ids.
        most: of the latest events, how many for each; one user may have millions.
    """
    wanted = pa.array(users, pa.string())
    counts: Counter[str] = Counter()
    # Events of one second come by item and type, the same way in every run.
    latest: dict[str, list[tuple[int, str, str]]] = {}
    columns = ("USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE")
    for batch in interactions(pipeline, run, columns):
        new: dict[str, list[tuple[int, str, str]]] = {}
        for row in batch.filter(pc.is_in(batch["USER_ID"], value_set=wanted)).to_pylist():
            event = (-row["TIMESTAMP"], row["ITEM_ID"], row["EVENT_TYPE"] or "")
            new.setdefault(row["USER_ID"], []).append(event)
        for user, events in new.items():
            counts[user] += len(events)
            latest[user] = heapq.nsmallest(most, latest.get(user, []) + events)
    return {
        user: Past(
            counts[user],
            [
                Event(user, item, datetime.fromtimestamp(-before, UTC), event_type or None)
                for before, item, event_type in events
            ],
        )
        for user, events in latest.items()
    }


def count_of_item(pipeline: Pipeline, run: str, item: str) -> int:
    """Count the events with an item."""
    return sum(
        pc.sum(pc.equal(batch["ITEM_ID"], item)).as_py() or 0
        for batch in interactions(pipeline, run, ("ITEM_ID",))
    )


def titles(pipeline: Pipeline, run: str, items: list[str]) -> dict[str, str]:
    """Return the titles of some items: TITLE or NAME of the imported items, if they have one."""
    wanted, found = pa.array(items, pa.string()), {}
    for file in _files(pipeline, run, "items", ".csv"):
        with (
            objects.naming(file.url),
            pacsv.open_csv(file.open(), parse_options=_QUOTES) as opened,
        ):
            named = next((name for name in _TITLES if name in opened.schema.names), None)
        if named is None:
            return {}
        for batch in _csv(file, {"ITEM_ID": pa.string(), named: pa.string()}):
            own = batch.filter(pc.is_in(batch["ITEM_ID"], value_set=wanted))
            pairs = zip(own["ITEM_ID"].to_pylist(), own[named].to_pylist(), strict=True)
            found.update({item: title for item, title in pairs if title})
    return found


def asked(pipeline: Pipeline, run: str, folder: str) -> Iterator[pa.Array]:
    """Iterate over the ids (or item attributes) that a batch job was asked about, in pieces.

    Args:
        pipeline: whose.
        run: name of the run.
        folder: of the batch input, below the run's transformed data.
    """
    for file in _files(pipeline, run, folder, ".json"):
        with (
            objects.naming(file.url),
            pajson.open_json(
                file.open(),
                read_options=pajson.ReadOptions(block_size=BLOCK_BYTES),
                parse_options=pajson.ParseOptions(
                    explicit_schema=pa.schema([(name, pa.string()) for name in _ASKED]),
                    unexpected_field_behavior="ignore",
                ),
            ) as batches,
        ):
            for batch in batches:
                yield pc.coalesce(*(batch[name] for name in _ASKED))


def is_asked(pipeline: Pipeline, run: str, folder: str, id_: str) -> tuple[int, bool]:
    """Count the lines of a batch input, and say whether one of them asks about an id."""
    pieces = list(asked(pipeline, run, folder))
    return sum(map(len, pieces)), any(pc.any(pc.equal(piece, id_)).as_py() for piece in pieces)


_QUOTES = pacsv.ParseOptions(double_quote=False, escape_char="\\")


def _csv(file: Object, columns: dict[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
    with (
        objects.naming(file.url),
        pacsv.open_csv(
            file.open(),
            read_options=pacsv.ReadOptions(block_size=BLOCK_BYTES),
            parse_options=_QUOTES,
            convert_options=pacsv.ConvertOptions(
                column_types=columns, include_columns=list(columns), include_missing_columns=True
            ),
        ) as batches,
    ):
        yield from batches


def _files(pipeline: Pipeline, run: str, folder: str, suffix: str) -> list[Object]:
    """List the files of a folder; none of a run whose data isn't complete."""
    if pipeline.read_report(run) is None:  # it is written last
        return []
    prefix = pipeline.key(f"transformed/{run}/{folder}/")
    return objects.under(pipeline.client("s3"), pipeline.bucket, prefix, suffix)
