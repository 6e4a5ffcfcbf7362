"""What is recommended for one user, item or expression, beside what was there before."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from batchrec.console import Say
from batchrec.errors import BatchrecError
from batchrec.pipeline import Pipeline
from batchrec.published import absence, imported, tables
from batchrec.published.imported import Event, Past
from batchrec.published.tables import Table


@dataclass(frozen=True)
class Request:
    """What to look up, and where."""

    asked: str  # users, items or item attributes
    id: str
    solution: str | None = None  # its key; None: all that can be asked about this
    run: str | None = None  # whose tables; None: the ones that the manifest names
    reads_history: bool = True


@dataclass(frozen=True)
class Answer:
    """One recommended item or user."""

    rank: int
    id: str
    title: str | None
    score: float | None
    theme: str | None
    theme_relevance_score: float | None


@dataclass(frozen=True)
class Looked:
    """What one solution answers."""

    solution: str
    run: str
    recipe: str | None
    answered: str  # items or users
    answers: list[Answer]
    why_none: str | None  # if there are no answers


@dataclass(frozen=True)
class Found:
    """Everything about one user, item or expression."""

    asked: str
    id: str
    title: str | None  # of an item
    history_run: str  # whose imported data is meant
    events: int | None  # in that data; None: it isn't there any more, or wasn't looked at
    history: list[Event]  # a user's latest ones
    titles: dict[str, str]  # of the items in the history
    solutions: list[Looked]
    missing: list[str]  # sentences about tables that should be there


def look_up(
    pipeline: Pipeline, request: Request, titles: Mapping[str, str], say: Say = lambda _: None
) -> Found:
    """Look up what is recommended.

    Args:
        pipeline: whose published tables.
        request: what is asked about.
        titles: by item id, if a person gave some; else the imported items may have them.
        say: is told what is going on.

    Raises:
        BatchrecError: nothing is published, or no solution can be asked about this.
    """
    say("Looking for the published tables")
    chosen, missing = _choose(pipeline, request)
    run = chosen[0].run
    solutions = []
    for table in chosen:
        say(f"Reading the table of {table.key}")
        solutions.append(_looked(table, request.id))
    past = Past(0, [])
    events = None
    if request.reads_history and request.asked != "item attributes":
        say(f"Reading the interactions of the run {run}")
        past, events = _past(pipeline, run, request)
    solutions = [
        each
        if each.answers
        else replace(
            each,
            why_none=absence.explain(
                pipeline,
                each.run,
                each.solution,
                request.asked,
                request.id,
                events if each.run == run else None,
            ),
        )
        for each in solutions
    ]
    known = _titles(pipeline, run, request, solutions, past.latest, titles)
    return Found(
        request.asked,
        request.id,
        known.get(request.id) if request.asked == "items" else None,
        run,
        events,
        past.latest,
        {event.item: known[event.item] for event in past.latest if event.item in known},
        [_titled(each, known) for each in solutions],
        missing,
    )


def _choose(pipeline: Pipeline, request: Request) -> tuple[list[Table], list[str]]:
    """Find the tables that can be asked, and say which aren't there."""
    missing: list[str] = []
    if request.run is None:
        found, gone = tables.published(pipeline)
        missing = [
            each.message
            for each in gone
            if each.asked == request.asked and request.solution in (None, each.key)
        ]
    else:
        found = tables.of_run(pipeline, request.run, {})
        if not found:
            raise BatchrecError(
                f"There are no tables of a run {request.run} that it published, in"
                f" s3://{pipeline.bucket}/{pipeline.key(f'curated/{request.run}/')}. `batchrec"
                " status` lists the runs; without --run, what is published now is shown."
            )
    if missing and not any(_fits(table, request) for table in found.values()):
        raise BatchrecError(" ".join(missing))
    if request.solution is not None and request.solution not in found:
        raise BatchrecError(
            f"There is no table of a solution {request.solution}; there are:"
            f" {', '.join(found)}. Name one of them with --solution."
        )
    fitting = [table for table in found.values() if _fits(table, request)]
    if not fitting:
        there = ", ".join(f"{key} ({table.asked})" for key, table in found.items())
        raise BatchrecError(
            f"No solution is asked about {request.asked}; published are: {there}. Ask about a user"
            " with USER, an item with --item, an expression with --attributes."
        )
    return fitting, missing


def _fits(table: Table, request: Request) -> bool:
    return table.asked == request.asked and request.solution in (None, table.key)


def _looked(table: Table, asked: str) -> Looked:
    rows = sorted(table.rows_of([asked]), key=lambda row: row.get("theme") or "")
    answers = [
        Answer(
            row["rank"],
            row["recommended_id"],
            None,
            row["score"],
            row.get("theme"),
            row.get("theme_relevance_score"),
        )
        for row in rows
    ]
    recipe = table.entry.get("recipe")
    return Looked(table.key, table.run, recipe, table.answered, answers, None)


def _past(pipeline: Pipeline, run: str, request: Request) -> tuple[Past, int | None]:
    """Return a user's past, and of a user or an item the number of events, if it is known."""
    nothing = Past(0, [])
    if not imported.is_there(pipeline, run):
        return nothing, None
    if request.asked == "users":
        past = imported.pasts(pipeline, run, [request.id]).get(request.id, nothing)
        return past, past.events
    return nothing, imported.count_of_item(pipeline, run, request.id)


def _titles(
    pipeline: Pipeline,
    run: str,
    request: Request,
    solutions: list[Looked],
    history: list[Event],
    given: Mapping[str, str],
) -> Mapping[str, str]:
    if given:
        return given
    items = {event.item for event in history}
    items |= {request.id} if request.asked == "items" else set()
    for each in solutions:
        if each.answered == "items":
            items |= {answer.id for answer in each.answers}
    return imported.titles(pipeline, run, sorted(items))


def _titled(looked: Looked, titles: Mapping[str, str]) -> Looked:
    if looked.answered != "items":
        return looked
    return replace(
        looked, answers=[replace(each, title=titles.get(each.id)) for each in looked.answers]
    )
