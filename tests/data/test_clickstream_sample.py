from pathlib import Path

import pandas as pd
import pytest

from batchrec.data import clickstream, movielens


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    return clickstream.sample()


@pytest.fixture(scope="module")
def first(events: pd.DataFrame) -> pd.DataFrame:
    """Each event's first time, one row a rating."""
    return events.pivot_table(
        index=["visitorid", "itemid"], columns="event", values="timestamp", aggfunc="min"
    )


def test_it_is_the_same_each_time(events: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(clickstream.sample(), events)


def test_it_is_what_it_was_when_it_was_made(
    events: pd.DataFrame,
) -> None:
    assert len(events) == 153_172
    assert events["event"].value_counts().to_dict() == {
        "view": 115_062,
        "addtocart": 22_933,
        "transaction": 15_177,
    }
    assert events.iloc[4].tolist() == [789653096403, 383, "transaction", 47, 1]


def test_each_rating_is_a_view_at_its_time(first: pd.DataFrame) -> None:
    ratings = movielens.ratings().set_index(["userId", "movieId"]).sort_index()
    views = first.sort_index()

    assert views.index.tolist() == ratings.index.tolist()
    assert (views["view"] // 1000).tolist() == ratings["timestamp"].tolist()


def test_high_ratings_are_put_into_the_cart_and_the_highest_bought(first: pd.DataFrame) -> None:
    ratings = movielens.ratings().set_index(["userId", "movieId"])["rating"]
    rating = ratings.reindex(first.index)

    assert first["addtocart"].notna().equals(rating >= 4.5)
    assert first["transaction"].notna().equals(rating == 5)
    assert (first["addtocart"] - first["view"]).dropna().between(5_000, 180_001).all()
    assert (first["transaction"] - first["addtocart"]).dropna().between(60_000, 1_200_001).all()


def test_it_is_a_log(events: pd.DataFrame) -> None:
    assert list(events.columns) == list(clickstream.HEADER)
    assert events["timestamp"].is_monotonic_increasing
    assert (events["timestamp"] % 1000 != 0).all()
    assert events.duplicated().sum() == 762
    pairs = events.drop_duplicates().query("event == 'view'")[["visitorid", "itemid"]]
    assert pairs.duplicated().sum() > 10_000, "repeated views"
    seconds = events.drop_duplicates().assign(timestamp=lambda table: table["timestamp"] // 1000)
    assert seconds.duplicated().sum() > 1_000, "views within the same second"


def test_only_transactions_have_a_number_and_each_its_own(events: pd.DataFrame) -> None:
    bought = events["event"] == "transaction"
    numbers = events.drop_duplicates()["transactionid"].dropna()

    assert events["transactionid"].notna().equals(bought)
    assert numbers.tolist() == list(range(1, 15_096))


def test_all_of_it_survives_the_format(tmp_path: Path, events: pd.DataFrame) -> None:
    path = tmp_path / "events.csv"
    clickstream.write(events, path)

    clickstream.require_readable(path)
    read = clickstream.read(path)

    assert read["user_id"].tolist() == events["visitorid"].astype(str).tolist()
    assert read["item_id"].tolist() == events["itemid"].astype(str).tolist()
    assert read["event"].tolist() == events["event"].tolist()
    assert read["timestamp"].tolist() == events["timestamp"].tolist()
