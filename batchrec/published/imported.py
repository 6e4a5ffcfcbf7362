"""What a run imported and asked: the files of its transformed data (docs/data.md)."""

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
    """Whether the run's interactions are still kept."""
    return bool(_files(pipeline, run, "interactions", ".csv"))


def events_of(pipeline: Pipeline, run: str, users: list[str]) -> dict[str, list[Event]]:
    """Return the events of some users, the latest first; those without any are left out.

    All files are read once, as interactions lie in no order.
    """
    wanted = pa.array(users, pa.string())
    found: dict[str, list[Event]] = {}
    columns = ("USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE")
    for batch in interactions(pipeline, run, columns):
        for row in batch.filter(pc.is_in(batch["USER_ID"], value_set=wanted)).to_pylist():
            at = datetime.fromtimestamp(row["TIMESTAMP"], UTC)
            event = Event(row["USER_ID"], row["ITEM_ID"], at, row["EVENT_TYPE"] or None)
            found.setdefault(event.user, []).append(event)
    for events in found.values():
        # By item too, so that events of one second come in the same order in every run.
        events.sort(key=lambda event: event.item)
        events.sort(key=lambda event: event.at, reverse=True)
    return found


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
        with pacsv.open_csv(file.open(), parse_options=_QUOTES) as opened:
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
        with pajson.open_json(
            file.open(),
            read_options=pajson.ReadOptions(block_size=BLOCK_BYTES),
            parse_options=pajson.ParseOptions(
                explicit_schema=pa.schema([(name, pa.string()) for name in _ASKED]),
                unexpected_field_behavior="ignore",
            ),
        ) as batches:
            for batch in batches:
                yield pc.coalesce(*(batch[name] for name in _ASKED))


def is_asked(pipeline: Pipeline, run: str, folder: str, id_: str) -> tuple[int, bool]:
    """Count the lines of a batch input, and say whether one of them asks about an id."""
    pieces = list(asked(pipeline, run, folder))
    return sum(map(len, pieces)), any(pc.any(pc.equal(piece, id_)).as_py() for piece in pieces)


_QUOTES = pacsv.ParseOptions(double_quote=False, escape_char="\\")


def _csv(file: Object, columns: dict[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
    with pacsv.open_csv(
        file.open(),
        read_options=pacsv.ReadOptions(block_size=BLOCK_BYTES),
        parse_options=_QUOTES,
        convert_options=pacsv.ConvertOptions(
            column_types=columns, include_columns=list(columns), include_missing_columns=True
        ),
    ) as batches:
        yield from batches


def _files(pipeline: Pipeline, run: str, folder: str, suffix: str) -> list[Object]:
    prefix = pipeline.key(f"transformed/{run}/{folder}/")
    return objects.under(pipeline.client("s3"), pipeline.bucket, prefix, suffix)
