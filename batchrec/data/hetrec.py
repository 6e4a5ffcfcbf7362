"""The ratings file of HetRec 2011, `user_ratedmovies-timestamps.dat`.

A header line, then one rating a line: user, movie, rating from 0.5 to 5, and the time in Unix
milliseconds, separated by single tabs. Copies with CRLF and with LF are in circulation.
"""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from batchrec.data import delimited

FILE_NAME = "user_ratedmovies-timestamps.dat"
HEADER = ("userID", "movieID", "rating", "timestamp")


def _advise(header: str) -> str | None:
    if "date_day" in header:
        return (
            "This looks like the sibling user_ratedmovies.dat, whose date_day … date_second "
            f"columns are in local time. Give {FILE_NAME} of the same data set instead."
        )
    return None


_LAYOUT = delimited.Layout(
    kind="ratings",
    columns=HEADER,
    user="userID",
    delimiter="\t",
    quote="",
    file_name=FILE_NAME,
    origin="HetRec",
    advise=_advise,
)


def write(ratings: pd.DataFrame, path: Path) -> None:
    """Write ratings as HetRec does: CRLF, whole stars without `.0`, by user and then movie.

    Args:
        ratings: columns userId, movieId, rating, timestamp (whole epoch seconds).
        path: the file to write; compressed if its name ends in .gz.
    """
    ordered = ratings.sort_values(["userId", "movieId"], kind="stable")
    columns = (
        ordered["userId"],
        ordered["movieId"],
        ordered["rating"].map("{:g}".format),
        ordered["timestamp"] * 1000,
    )
    table = pd.DataFrame(dict(zip(HEADER, columns, strict=True)))
    table.to_csv(
        path,
        sep="\t",
        index=False,
        lineterminator="\r\n",
        compression=delimited.compression(path),
    )


def read(path: Path, users: Collection[str] | None = None) -> pd.DataFrame:
    """Read a ratings file, leaving out the rows that can't be used; a fifth field is ignored.

    Args:
        path: the file.
        users: read only their ratings; memory then depends on them, not on the file's size.

    Returns:
        Columns user_id (str), item_id (str), rating (float), timestamp (int, epoch seconds), in
        the file's order.

    Raises:
        BatchrecError: as for `require_readable`.
    """
    return pd.concat(map(_usable, delimited.chunks(path, _LAYOUT, users)), ignore_index=True)


def require_readable(path: Path) -> None:
    """Look at the start of a file: is it a ratings file that is worth starting for?

    A byte order mark, LF or CRLF, and gzip (with a name in .gz) are all right.

    Raises:
        BatchrecError: it isn't; the message says what is wrong and what to do.
    """
    delimited.require_readable(path, _LAYOUT)


def _usable(table: pd.DataFrame) -> pd.DataFrame:
    rating = pd.to_numeric(table["rating"], errors="coerce")
    time = delimited.milliseconds(table["timestamp"])
    usable = (table["userID"] != "") & (table["movieID"] != "") & np.isfinite(rating) & time.notna()
    return pd.DataFrame(
        {
            "user_id": table["userID"][usable],
            "item_id": table["movieID"][usable],
            "rating": rating[usable].astype("float64"),
            "timestamp": (time[usable] // 1000).astype("int64"),
        }
    )
