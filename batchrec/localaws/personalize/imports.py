"""Dataset import: CSV files in S3 into a dataset.

Developer Guide: Preparing training data; Importing bulk data; Endpoints and quotas. Of the texts
here only "Invalid Data location." is documented (Error messages).
"""

import pandas as pd
from pandas.api.types import union_categoricals

from batchrec.localaws.personalize import csv_files, schemas
from batchrec.localaws.personalize.exceptions import JobFailure
from batchrec.localaws.personalize.schema_rules import rules_of
from batchrec.localaws.personalize.schemas import Field
from batchrec.localaws.personalize.storage import Storage
from batchrec.localaws.personalize.tables import conformed

MINIMUM_INTERACTIONS = 1000
MAXIMUM_INCREMENT = 2**30  # bytes; of a full import 100 GB, which doesn't fit in here anyway
# Distinct event types and optional columns of interactions, EVENT_TYPE and EVENT_VALUE included
# (Developer Guide, Item interactions dataset schema requirements).
MAXIMUM_EVENT_TYPES_AND_COLUMNS = 10
_NOT_COUNTED = ("IMPRESSION", "RECOMMENDATION_ID", "EVENT_ATTRIBUTION_SOURCE")


def read(
    storage: Storage,
    location: str,
    schema: str,
    dataset_type: str,
    domain: str | None = None,
    *,
    is_increment: bool = False,
) -> pd.DataFrame:
    """Read and check the CSV files of an import.

    Of records with one id the last counts; of interactions that are the same in everything, one.

    Args:
        storage: where they are.
        location: one object, or a folder of which only the first level counts.
        schema: the dataset's.
        dataset_type: in capitals.
        domain: that of the schema.
        is_increment: whether they are to be added to what is there (`merged`).

    Returns:
        The files' rows, columns in the schema's order. Values are text, "" where there is none,
        but int64 where whole numbers of type long are always there.

    Raises:
        JobFailure: with the `failureReason` that the import job ends with.
    """
    files = storage.files(location)
    if not files:
        raise JobFailure("Invalid Data location.")
    others = [name for name in files if not name.lower().endswith(".csv")]
    if others:
        # Not documented whether AWS skips or refuses them: refusing is the safe side.
        raise JobFailure(f"Invalid Data location. Not a CSV file: {', '.join(sorted(others))}")
    columns, rules = schemas.fields(schema), rules_of(dataset_type, domain)
    keywords = rules.reserved if rules else ()
    frames, size = [], 0
    for name in sorted(files):
        content = storage.read(name)
        size += len(content)
        if is_increment and size > MAXIMUM_INCREMENT:
            raise JobFailure("An incremental import can have at most 1 GB of data.")
        frames.append(csv_files.parse(content, name, columns, dataset_type, keywords))
    found = sum(map(len, frames))
    if dataset_type == "INTERACTIONS" and found < MINIMUM_INTERACTIONS:
        raise JobFailure(
            f"The dataset has {found} interactions; an import needs at least"
            f" {MINIMUM_INTERACTIONS}."
        )
    return _finished(frames, columns, dataset_type)


def merged(
    earlier: pd.DataFrame, increment: pd.DataFrame, schema: str, dataset_type: str
) -> pd.DataFrame:
    """Add the rows of an incremental import to those that are there, by the rules of `read`.

    Raises:
        JobFailure: together they break a limit.
    """
    columns = schemas.fields(schema)
    frames = [
        rows.astype(dict.fromkeys(rows.columns[rows.dtypes != "int64"], "category"))
        for rows in (conformed(earlier, columns), increment)
    ]
    return _finished(frames, columns, dataset_type)


def _finished(frames: list[pd.DataFrame], columns: list[Field], dataset_type: str) -> pd.DataFrame:
    rows = _unique(_joined(frames), dataset_type)
    if dataset_type == "INTERACTIONS" and "EVENT_TYPE" in rows:
        _require_few_event_types(rows["EVENT_TYPE"], columns)
    return rows.astype({name: "str" for name in rows if rows[name].dtype == "category"})


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    first, *others = frames
    if not others:
        return first
    return pd.DataFrame(
        {
            name: union_categoricals([frame[name] for frame in frames])
            if first[name].dtype == "category"
            else pd.concat([frame[name] for frame in frames], ignore_index=True)
            for name in first
        }
    )


def _unique(rows: pd.DataFrame, dataset_type: str) -> pd.DataFrame:
    if dataset_type.endswith("INTERACTIONS"):
        return rows.drop_duplicates(ignore_index=True)
    key = f"{dataset_type.removesuffix('S')}_ID"
    return rows.drop_duplicates(key, keep="last", ignore_index=True)


def _require_few_event_types(values: pd.Series, columns: list[Field]) -> None:
    rules = rules_of("Interactions", None)
    assert rules is not None  # noqa: S101 (there are such datasets)
    counted = [
        column.name
        for column in columns
        if column.name not in rules.required and column.name not in _NOT_COUNTED
    ]
    total = len(counted) + values.nunique()
    if total > MAXIMUM_EVENT_TYPES_AND_COLUMNS:
        raise JobFailure(
            f"The dataset has {values.nunique()} event types and {len(counted)} optional columns"
            f" ({', '.join(counted)}); together there can be"
            f" {MAXIMUM_EVENT_TYPES_AND_COLUMNS}."
        )
