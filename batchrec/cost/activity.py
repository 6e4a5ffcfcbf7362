"""How recently users were active: whom a batch job need not be asked about."""

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from batchrec.cost.stored import stored
from batchrec.pipeline import Pipeline
from batchrec.published import imported
from batchrec.runs import Run

DAY_SECONDS = 86_400
_MOST_BYTES = 500 * 1000**2  # what is still worth downloading for a saving


@dataclass(frozen=True)
class Activity:
    """The users of the imported interactions, and when each was last seen."""

    last: pa.ChunkedArray  # epoch seconds, one for each user
    as_of: float  # epoch seconds

    @property
    def users(self) -> int:
        """How many there are."""
        return len(self.last)

    def active(self, days: int) -> int:
        """Count the users with an event in the last so many days, as `active_days` does."""
        return self.active_since(self.as_of - days * DAY_SECONDS)

    def active_since(self, moment: float) -> int:
        """Count the users with an event since then, in epoch seconds."""
        return int(pc.sum(pc.greater_equal(self.last, moment)).as_py() or 0)


def of_run(pipeline: Pipeline, run: Run) -> Activity | None:
    """Read what a run imported; None if it is nothing, or more than 500 MB."""
    files = stored(pipeline, f"transformed/{run.name}/interactions/")
    if not 0 < files.bytes <= _MOST_BYTES:
        return None
    batches = imported.interactions(pipeline, run.name, ("USER_ID", "TIMESTAMP"))
    return of_tables((pa.Table.from_batches([each]) for each in batches), run.started.timestamp())


def of_tables(tables: Iterable[pa.Table], as_of: float) -> Activity:
    """Find each user's last event in tables with the columns USER_ID and TIMESTAMP."""
    latest = pa.concat_tables(
        table.group_by("USER_ID").aggregate([("TIMESTAMP", "max")]) for table in tables
    )
    users = latest.group_by("USER_ID").aggregate([("TIMESTAMP_max", "max")])
    return Activity(users["TIMESTAMP_max_max"], as_of)
