"""Dataset import: CSV files in S3 against the dataset's schema.

Developer Guide: Preparing training data; Importing bulk records; Error messages (the texts).
"""

import io

import pandas as pd

from batchrec.localaws.personalize import schemas
from batchrec.localaws.personalize.exceptions import JobFailure
from batchrec.localaws.personalize.storage import Storage

MINIMUM_INTERACTIONS = 1000
MAXIMUM_ID_LENGTH = 256
MAXIMUM_STRING_LENGTH = 1000


def read(storage: Storage, location: str, schema: str, dataset_type: str) -> pd.DataFrame:
    """Read and check the CSV files of an import; columns in the schema's order.

    Values are text, empty where there is none, but for whole numbers that are always there.

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
    columns = schemas.fields(schema)
    frames = [_parse(storage.read(name), name, columns, dataset_type) for name in sorted(files)]
    rows = pd.concat(frames, ignore_index=True)
    if dataset_type == "INTERACTIONS" and len(rows) < MINIMUM_INTERACTIONS:
        raise JobFailure(
            f"The dataset has {len(rows)} interactions; an import needs at least"
            f" {MINIMUM_INTERACTIONS}."
        )
    return rows


def _parse(
    content: bytes, name: str, columns: list[schemas.Field], dataset_type: str
) -> pd.DataFrame:
    try:
        rows = pd.read_csv(
            io.BytesIO(content),
            dtype=str,
            keep_default_na=False,
            escapechar="\\",
            encoding="utf-8",
        )
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise JobFailure(f"{name} is not a valid CSV file in UTF-8: {error}") from error
    missing = [column.name for column in columns if column.name not in rows.columns]
    if missing:
        raise JobFailure(
            f"Failed to create a data import job {dataset_type} dataset."
            f"Input CSV is missing the following columns:[{', '.join(missing)}]."
        )
    rows = rows[[column.name for column in columns]]
    for column in columns:
        _check(rows[column.name], column, name)
    times = [c.name for c in columns if c.type == "long" and not c.nullable]
    return rows.astype(dict.fromkeys(times, "int64"))


def _check(values: pd.Series, column: schemas.Field, file: str) -> None:
    filled = values != ""
    if not column.nullable and not filled.all():
        raise JobFailure(f"{file}: {column.name} is empty in {(~filled).sum()} rows.")
    if column.type in schemas.NUMBERS:
        whole = r"[+-]?\d+" if column.type in {"long", "int"} else r"[+-]?(\d+\.?\d*|\.\d+)"
        bad = filled & ~values.str.fullmatch(whole)
        if bad.any():
            raise JobFailure(
                f"{file}: {column.name} must be of type {column.type};"
                f" found '{values[bad].iloc[0]}'."
            )
    elif column.type == "string":
        limit = MAXIMUM_ID_LENGTH if column.name.endswith("_ID") else MAXIMUM_STRING_LENGTH
        if (values.str.len() > limit).any():
            raise JobFailure(
                f"Length cannot be more than {limit} characters for {column.name}. If no values"
                " exceed the character limit, make sure your data follows the formatting"
                " guidelines listed in"
                " https://docs.aws.amazon.com/personalize/latest/dg/data-prep-formatting.html."
            )
