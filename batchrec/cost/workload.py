"""How much data a run will have: told in numbers, or counted in raw interactions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, json, parquet

from batchrec.cost import activity
from batchrec.cost.activity import Activity
from batchrec.errors import BatchrecError

ROW_BYTES = 40  # of an interaction, if nobody tells: two ids of 14 characters, a time, separators
METADATA_ROW_BYTES = 100  # of a user or an item, if nobody tells
_TIME_BYTES = 10  # epoch seconds
_MICROSECONDS, _MILLISECONDS = 1e14, 1e11  # from here on a number counts these


@dataclass(frozen=True)
class Workload:
    """What a run would import and ask about."""

    interactions: int
    users: int
    items: int
    row_bytes: float  # of an imported interaction
    basis: str  # where this comes from
    activity: Activity | None = None  # None: not known

    def bytes_of(self, dataset: str) -> float:
        """Return the size of an import: interactions, users or items."""
        if dataset == "interactions":
            return self.interactions * self.row_bytes
        return (self.users if dataset == "users" else self.items) * METADATA_ROW_BYTES


def of_numbers(interactions: int | None, users: int | None, items: int | None) -> Workload:
    """Take the user's word.

    Raises:
        BatchrecError: a number is missing.
    """
    if interactions is None or users is None or items is None:
        raise BatchrecError(
            "An estimate needs --interactions, --users and --items together, or the data itself"
            " with --data."
        )
    basis = f"estimated: {ROW_BYTES} bytes for each of {interactions:,} interactions"
    return Workload(interactions, users, items, ROW_BYTES, basis)


def of_files(paths: Sequence[Path], interactions: Mapping[str, Any]) -> Workload:
    """Count raw interactions: those with ids and a time, without repetitions, after the filters.

    It is an estimate: the Glue job checks more.

    Args:
        paths: files or folders.
        interactions: the module's input of that name; docs/data.md describes it.

    Raises:
        BatchrecError: a file can't be read that way.
    """
    rows = _usable(_table(paths, interactions), interactions)
    keys = [name for name in ("user", "item", "time", "type") if name in rows.column_names]
    distinct = rows.group_by(keys).aggregate([])
    if not len(distinct):
        raise BatchrecError(
            f"{', '.join(map(str, paths))}: no row has a user, an item and a time. Say with"
            " --config how the columns are called; `batchrec check` tells more."
        )
    lengths = [
        pc.mean(pc.binary_length(rows[name])).as_py() or 0
        for name in rows.column_names
        if name != "time"
    ]
    latest = _latest(distinct)
    return Workload(
        interactions=len(distinct),
        users=len(pc.unique(distinct["user"])),
        items=len(pc.unique(distinct["item"])),
        row_bytes=sum(lengths) + _TIME_BYTES + len(lengths) + 1,
        basis=f"estimated: {len(distinct):,} interactions counted in the data",
        activity=latest,
    )


def _usable(rows: pa.Table, interactions: Mapping[str, Any]) -> pa.Table:
    for name in ("user", "item", "time"):
        rows = rows.filter(pc.greater(pc.binary_length(pc.utf8_trim_whitespace(rows[name])), 0))
    allowed = (interactions.get("event_type") or {}).get("allowed")
    if allowed is not None:
        rows = rows.filter(pc.is_in(rows["type"], pa.array(allowed, pa.string())))
    value = interactions.get("event_value") or {}
    if value.get("minimum") is not None:
        numbers = pc.match_substring_regex(rows["value"], r"^\s*[-+]?\d+(\.\d*)?\s*$")
        rows = rows.filter(numbers)
        given = pc.cast(pc.utf8_trim_whitespace(rows["value"]), pa.float64())
        rows = rows.filter(pc.greater_equal(given, value["minimum"]))
    if value and not value.get("imported", True):
        rows = rows.drop_columns(["value"])
    return rows


def _latest(rows: pa.Table) -> Activity | None:
    """Find each user's last event; None if the times are neither numbers nor ISO 8601."""
    seconds = _seconds(rows["time"])
    if seconds is None:
        return None
    table = pa.table({"USER_ID": rows["user"], "TIMESTAMP": seconds})
    return activity.of_tables([table], datetime.now(UTC).timestamp())


def _seconds(times: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Read epoch seconds, milliseconds or microseconds, as large as they are, or ISO 8601."""
    if pc.all(pc.match_substring_regex(times, r"^\d+$")).as_py():
        numbers = pc.cast(times, pa.float64())
        for least in (_MICROSECONDS, _MILLISECONDS):
            large = pc.greater_equal(numbers, least)
            numbers = pc.if_else(large, pc.divide(numbers, 1e3), numbers)
        return numbers
    for kind in (pa.timestamp("us", "UTC"), pa.timestamp("us")):
        try:
            return pc.divide(pc.cast(pc.cast(times, kind), pa.int64()), 1_000_000)
        except pa.ArrowInvalid:
            continue
    return None


def _table(paths: Sequence[Path], interactions: Mapping[str, Any]) -> pa.Table:
    """Read the columns that are imported or filtered by, as text."""
    columns = dict(_columns(interactions))
    form = interactions.get("format") or {}
    tables = []
    for path in _files(paths):
        try:
            table = _read(path, form, list(dict.fromkeys(columns.values())))
        except (OSError, pa.ArrowException, KeyError, ValueError) as error:
            raise BatchrecError(
                f"{path} can't be read as {form.get('type') or 'csv'} with the columns"
                f" {', '.join(columns.values())}: {error}\nSay with --config what they are called."
            ) from error
        tables.append(pa.table({name: table[source] for name, source in columns.items()}))
    return pa.concat_tables(tables)


def _columns(interactions: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "user", interactions.get("user_id") or "USER_ID"
    yield "item", interactions.get("item_id") or "ITEM_ID"
    yield "time", (interactions.get("timestamp") or {}).get("column") or "TIMESTAMP"
    if interactions.get("event_type"):
        yield "type", interactions["event_type"]["column"]
    if interactions.get("event_value"):
        yield "value", interactions["event_value"]["column"]
    for column in interactions.get("metadata") or []:
        yield f"metadata {column['name']}", column.get("column") or column["name"]


def _files(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise BatchrecError(f"There is no file {path}.")
        inside = sorted(each for each in path.rglob("*") if each.is_file())
        found += [each for each in inside if each.name[0] not in "_."] if path.is_dir() else [path]
    if not found:
        raise BatchrecError(f"There is no file in {', '.join(map(str, paths))}.")
    return found


def _read(path: Path, form: Mapping[str, Any], columns: list[str]) -> pa.Table:
    kind = form.get("type") or "csv"
    if kind == "csv":
        table = _read_csv(path, form, columns)
    elif kind == "parquet":
        table = parquet.read_table(path, columns=columns)
    else:
        table = json.read_json(path).select(columns)
    return table.cast(pa.schema([(name, pa.string()) for name in table.column_names]))


def _read_csv(path: Path, form: Mapping[str, Any], columns: list[str]) -> pa.Table:
    quote = form.get("quote", '"')
    escape = form.get("escape") or '"'
    return csv.read_csv(
        path,
        read_options=csv.ReadOptions(
            column_names=form.get("column_names"), encoding=form.get("encoding") or "utf8"
        ),
        parse_options=csv.ParseOptions(
            delimiter=form.get("delimiter") or ",",
            quote_char=quote or False,
            escape_char=False if escape == '"' else escape,
            newlines_in_values=bool(form.get("multiline")),
            invalid_row_handler=lambda _: "skip",
        ),
        convert_options=csv.ConvertOptions(
            include_columns=columns, column_types=dict.fromkeys(columns, pa.string())
        ),
    )
