"""The users that a data deletion job deletes.

Developer Guide, Deleting users and their data with a data deletion job.
"""

import io

import pandas as pd

from batchrec.localaws.personalize.exceptions import JobFailure
from batchrec.localaws.personalize.storage import Storage

MAXIMUM_SIZE = 100_000_000  # bytes of all files
COLUMN = "USER_ID"


def users(storage: Storage, location: str) -> frozenset[str]:
    """Read ids of users from one CSV file, or from those of a folder and its subfolders.

    Files in a folder that aren't CSV files are left out, as AWS does.

    Raises:
        JobFailure: with the `failureReason`, whose text is ours.
    """
    files = [
        name
        for name in storage.prefix(location)
        if name == location or (location.endswith("/") and name.lower().endswith(".csv"))
    ]
    if not files:
        raise JobFailure("Invalid Data location.")
    found: set[str] = set()
    size = 0
    for name in sorted(files):
        content = storage.read(name)
        size += len(content)
        if size > MAXIMUM_SIZE:
            raise JobFailure(f"The input files have more than {MAXIMUM_SIZE // 1_000_000} MB.")
        found.update(_ids(content, name))
    return frozenset(found)


def _ids(content: bytes, name: str) -> list[str]:
    try:
        rows = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise JobFailure(f"{name} is not a valid CSV file in UTF-8: {error}") from error
    if list(rows.columns) != [COLUMN]:
        raise JobFailure(f"{name} must have one column, {COLUMN}.")
    return [str(user) for user in rows[COLUMN]]
