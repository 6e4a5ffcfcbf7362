"""Synthetic ratings in the HetRec 2011 MovieLens format, the same ones in every run."""

from pathlib import Path

import duckdb

HEADER = "userID\tmovieID\trating\ttimestamp"
MOVIES = 10_197
MEAN_RATINGS_OF_USER, FEWEST, MOST = 405, 20, 3_400
FIRST_SECOND, SECONDS = 1_000_200_000, 230_000_000  # September 2001 to 2008: 13 digits in ms
TIES, COPIES, UNUSABLE = 0.04, 0.001, 0.0005  # shares of the rows

# How often each rating occurs among the 20,000,263 of MovieLens 20M.
RATINGS = {
    "0.5": 239_125,
    "1": 680_732,
    "1.5": 279_252,
    "2": 1_430_997,
    "2.5": 883_398,
    "3": 4_291_193,
    "3.5": 2_200_156,
    "4": 5_561_926,
    "4.5": 1_534_824,
    "5": 2_898_660,
}

# What can be wrong with a row, as SQL over its good values; one fault a row, all equally frequent.
_TAB = "chr(9)"
_UNUSABLE_LINES = (
    "''",
    "'  '",
    f"concat_ws({_TAB}, user_id, movie_id, rating)",
    f"concat_ws({_TAB}, user_id, movie_id, rating, timestamp, 'x')",
    "CAST(user_id AS VARCHAR)",
    f"concat_ws({_TAB}, '', movie_id, rating, timestamp)",
    f"concat_ws({_TAB}, user_id, '  ', rating, timestamp)",
    f"concat_ws({_TAB}, repeat('7', 257), movie_id, rating, timestamp)",
    f"concat_ws({_TAB}, user_id, movie_id, '', timestamp)",
    f"concat_ws({_TAB}, user_id, movie_id, 'n/a', timestamp)",
    f"concat_ws({_TAB}, user_id, movie_id, '4,5', timestamp)",
    f"concat_ws({_TAB}, user_id, movie_id, rating, '')",
    f"concat_ws({_TAB}, user_id, movie_id, rating, '13.11.2008 20:50')",
    f"concat_ws({_TAB}, user_id, movie_id, rating, '536457600000')",  # 1987
    f"concat_ws({_TAB}, user_id, movie_id, rating, '4102444800000')",  # 2100
)


def write_ratings(path: Path, rows: int) -> None:
    """Write `rows` ratings (and a header), sorted by user.

    Every value is drawn by a hash of what it belongs to, so that neither the threads nor the order
    in which they work can change a file.
    """
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(
            "CREATE MACRO draw(what, user_number, place) AS"
            " hash(what, user_number, place) / 18446744073709551616.0"
        )
        connection.execute(_users(rows))
        connection.execute(
            f"COPY (SELECT line AS \"{HEADER}\" FROM ({_lines()})) TO '{path}'"  # noqa: S608
            " (FORMAT csv, HEADER, DELIMITER '', QUOTE '', ESCAPE '')"
        )


def _users(rows: int) -> str:
    """Return SQL for the table of users: each one's number of ratings, `rows` altogether."""
    # (-ln(1 - u)) ** 1.3 has a mean of 1.167 and, as real activity has, a long tail.
    typical = (MEAN_RATINGS_OF_USER - FEWEST) / 1.167
    return f"""
        CREATE TABLE users AS
        WITH sized AS (
            SELECT
                n AS user_number,
                least({MOST}, {FEWEST} + CAST(
                    {typical} * pow(-ln(1 - draw('activity', n, 0)), 1.3) AS INTEGER
                )) AS size,
            FROM range({rows // FEWEST + 1}) AS numbers (n)
        ),
        counted AS (SELECT *, sum(size) OVER (ORDER BY user_number) AS total FROM sized)
        SELECT
            user_number,
            75 + 3 * user_number AS user_id,
            CAST(least(size, {rows} - total + size) AS INTEGER) AS size,
        FROM counted WHERE total - size < {rows} ORDER BY user_number
    """  # noqa: S608 (numbers only)


def _lines() -> str:
    """Return SQL for the lines."""
    # Movies are drawn in strata, so that a user seldom rates one twice; the exponential gives the
    # most popular tenth of them half of the ratings. 4733 and 7919 share no divisor with what they
    # shuffle.
    return f"""
        WITH places AS (SELECT *, unnest(range(size)) AS row_place FROM users),
        drawn AS (
            SELECT
                *,
                -- An exact duplicate repeats the row before it.
                row_place - CAST(
                    row_place > 0 AND draw('copy', user_number, row_place) < {COPIES} AS INTEGER
                ) AS place,
                draw('rating', user_number, place) AS rating_draw,
                draw('fault', user_number, place) / {UNUSABLE} AS fault_draw,
                exp(4.8 * (place + draw('movie', user_number, place)) / size) - 1 AS popularity,
                -- A tie has the second of a row far away, hence of another movie.
                CASE WHEN draw('tie', user_number, place) < {TIES}
                    THEN (place + size // 2) % size ELSE place END * 7919 % size AS slot,
                {FIRST_SECOND} + CAST({SECONDS} * draw('start', user_number, 0) AS BIGINT)
                    + 37 * slot + CAST(36 * draw('second', user_number, slot) AS BIGINT) AS second,
            FROM places
        ),
        ratings AS (
            SELECT
                user_id,
                1 + 6 * (
                    CAST(floor({MOVIES} * popularity / (exp(4.8) - 1)) AS BIGINT) * 4733 % {MOVIES}
                ) AS movie_id,
                {_rating()} AS rating,
                concat(second, '000') AS timestamp,
                CASE WHEN fault_draw < 1
                    THEN CAST(floor({len(_UNUSABLE_LINES)} * fault_draw) AS INTEGER) END AS fault,
            FROM drawn
        )
        SELECT CASE fault
            {" ".join(f"WHEN {n} THEN {line}" for n, line in enumerate(_UNUSABLE_LINES))}
            ELSE concat_ws({_TAB}, user_id, movie_id, rating, timestamp) END AS line
        FROM ratings
    """  # noqa: S608 (constants only)


def _rating() -> str:
    total, below, cases = sum(RATINGS.values()), 0, []
    for rating, count in RATINGS.items():
        below += count
        cases.append(f"WHEN rating_draw < {below / total} THEN '{rating}'")
    return f"CASE {' '.join(cases)} ELSE '{rating}' END"
