"""Titles of items that a person gives: a CSV file with the columns id and title."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from batchrec.errors import BatchrecError
from batchrec.pipeline import Clients
from batchrec.published import objects

_COLUMNS = ("id", "title")


def read(source: str, client: Clients) -> dict[str, str]:
    """Read titles, by item id; of several for one item, the last.

    Args:
        source: path of a file or s3://BUCKET/KEY: UTF-8, with a header line.
        client: makes boto3 clients.

    Raises:
        BatchrecError: the file can't be read, or has no such columns.
    """
    rows = csv.DictReader(io.StringIO(_text(source, client), newline=""))
    try:
        if not set(_COLUMNS) <= set(rows.fieldnames or ()):
            raise BatchrecError(
                f"{source} has the columns {', '.join(rows.fieldnames or ()) or 'none'}, and not id"
                " and title. Its first line must name both, separated by a comma."
            )
        return {row["id"]: row["title"] for row in rows if row["id"] and row["title"]}
    except csv.Error as error:
        raise BatchrecError(
            f"{source} is no CSV file: {error} (line {rows.line_num}). Name another with --titles."
        ) from error


def write(titles: Iterable[tuple[str, str]], path: Path) -> None:
    """Write titles as `read` reads them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([_COLUMNS, *titles])


def _text(source: str, client: Clients) -> str:
    try:
        if source.startswith("s3://"):
            bucket, key = objects.split(source)
            content = client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        else:
            content = Path(source).read_bytes()
        return str(content.decode("utf-8-sig"))
    except (OSError, BotoCoreError, ClientError) as error:
        raise BatchrecError(
            f"The titles in {source} can't be read: {error}. Name a CSV file with the columns id"
            " and title, or an s3:// URL, with --titles."
        ) from error
    except UnicodeDecodeError as error:
        raise BatchrecError(f"{source} is not UTF-8: {error}. Save it as UTF-8.") from error
