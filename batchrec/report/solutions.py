"""What one solution of a run learned and said."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from botocore.exceptions import ClientError

from batchrec import recipes
from batchrec.console import Say
from batchrec.pipeline import Pipeline
from batchrec.published import imported
from batchrec.published.tables import Table
from batchrec.report import changes, offline, sampling, statistics
from batchrec.report.earlier import Earlier
from batchrec.report.facts import Answer, Asked, Change, Measured, Popularity, SolutionFacts
from batchrec.report.statistics import Tally
from batchrec.runs import Run

SAMPLE = 200  # of those that were asked about
MOST_SAMPLED = 600  # of all solutions together, so that the page stays small
SHOWN = 25  # answers for each


@dataclass(frozen=True)
class Data:
    """Counts of the imported interactions; empty if they aren't there."""

    users: pa.Table  # of Tally.counts
    items: pa.Table  # of Tally.counts
    events: int


@dataclass(frozen=True)
class Source:
    """What every solution's facts are made of."""

    pipeline: Pipeline
    run: Run
    publication: dict[str, Any]  # empty if nothing was published
    entries: dict[str, dict[str, Any]]  # what the manifest said, by solution
    tables: dict[str, Table]  # of the run, by solution
    before: list[Earlier]  # the newest first
    compared: dict[str, Table]  # of earlier runs, by solution
    data: Data
    say: Say


def facts(source: Source, solution: dict[str, Any]) -> tuple[SolutionFacts, list[str]]:
    """Return the facts of one solution, and sentences that say what of them is a sample.

    The sample is without histories and titles yet.

    Args:
        source: of all solutions.
        solution: as the pipeline's configuration has it.
    """
    key, recipe = solution["key"], solution["recipe"]
    entry, table = source.entries.get(key, {}), source.tables.get(key)
    metrics = entry.get("metrics") or _measured(source, key)
    of_popularity, note = None, None
    if metrics and offline.is_comparable(recipe):
        source.say(f"Measuring popularity beside {key}")
        of_popularity, note = _of_popularity(source, solution)
    said = _said(source, solution, table) if table is not None else _Said()
    notes = [*([note] if note else []), *said.notes]
    return SolutionFacts(
        key=key,
        recipe=recipe,
        asked=table.asked if table else recipes.asked_by(recipe),
        answered=recipes.answered_by(recipe),
        counts=entry.get("counts") or source.publication.get("published", {}).get(key) or {},
        metrics=metrics,
        popularity_metrics=of_popularity,
        earlier=[
            Measured(each.name, each.metrics[key])
            for each in reversed(source.before)
            if each.metrics.get(key)
        ],
        cold=said.cold,
        distinct=said.distinct,
        catalogue=said.catalogue,
        covered=said.covered,
        popularity=said.popularity,
        change=said.change,
        sample=list(said.sample),
        refused=_refused(source, key),
    ), notes


def _measured(source: Source, key: str) -> dict[str, float]:
    """Ask for the metrics of a version that isn't published, such as one that the gate refused."""
    for job in source.run.jobs:
        if (job.kind, job.subject, job.status) == ("training", key, "ACTIVE"):
            try:
                answer = source.pipeline.client("personalize").get_solution_metrics(
                    solutionVersionArn=job.id
                )
            except ClientError:
                return {}  # it is deleted, or may not be read
            return dict(answer["metrics"])
    return {}


def _of_popularity(
    source: Source, solution: dict[str, Any]
) -> tuple[dict[str, float] | None, str | None]:
    trained = {
        each["key"]: (each["recipe"], source.entries.get(each["key"], {}).get("metrics", {}))
        for each in source.pipeline.configuration["solutions"]
    }
    return offline.popularity(
        source.pipeline, source.run.name, solution, trained, source.data.events
    )


def _refused(source: Source, key: str) -> str | None:
    if key in source.publication.get("published", {}) or source.run.ended is None:
        return None
    refused: dict[str, str] = source.publication.get("refused", {})
    causes = [each.cause for each in source.run.failures if each.subject == key]
    return refused.get(key) or (causes[0] if causes else "The run ended before it was published.")


@dataclass(frozen=True)
class _Said:
    """What a table tells."""

    cold: int | None = None
    distinct: int | None = None
    catalogue: int | None = None
    covered: int | None = None
    popularity: Popularity | None = None
    change: Change | None = None
    sample: tuple[Asked, ...] = ()
    notes: tuple[str, ...] = ()


def _said(source: Source, solution: dict[str, Any], table: Table) -> _Said:
    data, key = source.data, table.key
    columns = [table.column, "recommended_id"]
    asking, recommending, rows = Tally(), Tally(), 0
    for batch in table.batches(columns):
        asking.add(batch[table.column])
        recommending.add(batch["recommended_id"])
        rows += len(batch)
        source.say(f"Reading the table of {key}: {rows:,} rows")
    answered, recommended = asking.counts()["id"].combine_chunks(), recommending.counts()
    change = None
    if (earlier := source.compared.get(key)) is not None and earlier.column == table.column:
        source.say(f"Comparing {key} with the run {earlier.run}")
        change = changes.compare(earlier.run, table.batches(columns), earlier.batches(columns))
    asked = _asked(source, solution, answered)
    known = {"users": data.users, "items": data.items}
    counts = known.get(table.asked, data.users.slice(0, 0))
    has_events = table.asked in known and data.events > 0
    warm = _common(asked, counts["id"].combine_chunks())
    sample, notes = _sample(source, table, asked, counts)
    catalogue = known[table.answered]["id"].combine_chunks() if data.events else None
    return _Said(
        cold=len(asked) - warm if has_events else None,
        distinct=len(recommended),
        catalogue=None if catalogue is None else len(catalogue),
        covered=None if catalogue is None else _common(recommended["id"], catalogue),
        popularity=(
            statistics.popularity(data.items, recommended) if table.answered == "items" else None
        ),
        change=change,
        sample=tuple(sample),
        notes=tuple(notes),
    )


def _common(ids: pa.Array | pa.ChunkedArray, others: pa.Array) -> int:
    return pc.sum(pc.is_in(ids, value_set=others)).as_py() or 0


def _asked(source: Source, solution: dict[str, Any], answered: pa.Array) -> pa.Array:
    """Return the ids of the batch input, each once; if it isn't kept, those with an answer."""
    folder = solution["batch_input_folder"]
    pieces = list(imported.asked(source.pipeline, source.run.name, folder))
    if not pieces:
        return answered
    return pa.chunked_array(pieces, pa.string()).unique()


def _sample(
    source: Source, table: Table, asked: pa.Array, counts: pa.Table
) -> tuple[list[Asked], list[str]]:
    size = min(SAMPLE, MOST_SAMPLED // len(source.tables))
    chosen = sampling.choose(asked, counts, size)
    source.say(f"Reading a sample of {table.key}")
    answers: dict[str, list[Answer]] = {}
    for row in table.rows_of([id_ for id_, _ in chosen], most=SHOWN + 1):
        answer = Answer(row["recommended_id"], None, row["score"], row.get("theme"))
        answers.setdefault(row[table.column], []).append(answer)
    has_events = table.asked != "item attributes" and source.data.events > 0
    sample = [
        Asked(
            id=id_,
            title=None,
            is_cold=has_events and events == 0,
            history=[],
            events=events if has_events else None,
            answers=answers.get(id_, [])[:SHOWN],
        )
        for id_, events in chosen
    ]
    notes = []
    if len(chosen) < len(asked):
        notes.append(
            f"{table.key}: {len(chosen):,} of {len(asked):,} {table.asked} can be searched, from"
            " those with the most events to those with none."
        )
    if any(len(each) > SHOWN for each in answers.values()):
        notes.append(f"{table.key}: the best {SHOWN} answers of each are shown.")
    return sample, notes
