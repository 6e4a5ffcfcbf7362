"""Everything that a report shows of one run, from what the run left in the bucket.

A run that failed, or is under way, has left less: what isn't there is empty or None in the facts.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pyarrow.compute as pc

from batchrec import limits, runs
from batchrec.console import Say
from batchrec.cost import billing
from batchrec.cost import prices as price_table
from batchrec.cost.prices import Prices
from batchrec.errors import BatchrecError
from batchrec.operations import problems
from batchrec.pipeline import Pipeline
from batchrec.published import imported, tables
from batchrec.published.tables import Table
from batchrec.report import earlier, solutions, statistics
from batchrec.report.earlier import Earlier
from batchrec.report.facts import Event, Facts, Funnel, SolutionFacts
from batchrec.report.solutions import Data, Source
from batchrec.report.statistics import Tally
from batchrec.runs import Run

_SECONDS_A_DAY = 86_400


def collect(
    pipeline: Pipeline,
    run: Run,
    *,
    compare: str | None = None,
    titles: Mapping[str, str] | None = None,
    prices: Prices | None = None,
    real_seconds: dict[str, float] | None = None,
    say: Say = lambda _: None,
) -> Facts:
    """Collect the facts of a run.

    Args:
        pipeline: whose run.
        run: the run.
        compare: name of the run that lists are compared with; None: the latest one before that
            published the solution.
        titles: by item id; without any, the imported items may have them.
        prices: for the bill; None: those of the table.
        real_seconds: of a rehearsal, by step.
        say: is told what is going on.

    Raises:
        BatchrecError: what is there can't be read, or the run `compare` has published nothing.
    """
    pipeline = runs.as_it_was(pipeline, run)
    report = pipeline.read_report(run.name)
    publication = pipeline.read_publication(run.name)
    say("Looking for earlier runs")
    all_entries = earlier.entries(pipeline)
    before = earlier.before(pipeline, run, all_entries)
    data, days = _count(pipeline, run, say)
    entries = earlier.entries_of(run, all_entries)
    source = Source(
        pipeline=pipeline,
        run=run,
        publication=publication or {},
        entries=entries,
        tables=tables.of_run(pipeline, run.name, entries),
        before=before,
        compared=_compared(pipeline, compare, before),
        data=data,
        say=say,
    )
    found = [solutions.facts(source, each) for each in pipeline.configuration["solutions"]]
    tails = [statistics.long_tail("users", data.users), statistics.long_tail("items", data.items)]
    say("Looking for what people had before")
    learned = _with_past(pipeline, run, [each for each, _ in found], titles or {})
    say("Working out the bill")
    return Facts(
        pipeline=pipeline.name,
        run=run,
        made_at=run.as_of,
        states=pipeline.definition["States"],
        problems=problems.of(pipeline, run, report, publication),
        funnels=_funnels(report),
        events_over_time=statistics.over_time(days),
        long_tails=[tail for tail in tails if tail is not None],
        solutions=learned,
        bill=billing.after(pipeline, run, report, publication, prices or price_table.load()),
        limits=limits.of(pipeline, run, report),
        # Solutions can say the same of what they share.
        sampled=[
            *_unread(pipeline, run, data),
            *dict.fromkeys(note for _, notes in found for note in notes),
        ],
        real_seconds=real_seconds,
    )


def _funnels(report: dict[str, Any] | None) -> list[Funnel]:
    return [
        Funnel(
            dataset=name,
            read=found["rows"]["read"],
            filtered=found["rows"]["filtered"],
            duplicate=found["rows"]["duplicate"],
            quarantined=found["quarantined_by_reason"],
            imported=found["rows"]["written"],
        )
        for name, found in (report or {}).get("datasets", {}).items()
    ]


def _unread(pipeline: Pipeline, run: Run, data: Data) -> list[str]:
    """Say why nothing is shown of the imported data, if there is none."""
    if data.events:
        return []
    return [
        "Nothing is shown of what the run imported: the files aren't kept any more, or were never"
        " complete, which is when"
        f" s3://{pipeline.bucket}/{pipeline.key(f'transformed/{run.name}/report.json')} is written."
    ]


def _count(pipeline: Pipeline, run: Run, say: Say) -> tuple[Data, Counter[int]]:
    """Count the interactions by user and item, and by day since 1970-01-01."""
    users, items, days = Tally(), Tally(), Counter[int]()
    for batch in imported.interactions(pipeline, run.name):
        users.add(batch["USER_ID"])
        items.add(batch["ITEM_ID"])
        for each in pc.value_counts(pc.divide(batch["TIMESTAMP"], _SECONDS_A_DAY)).to_pylist():
            days[each["values"]] += each["counts"]
        say(f"Reading the interactions: {days.total():,}")
    return Data(users.counts(), items.counts(), days.total()), days


def _compared(pipeline: Pipeline, compare: str | None, before: list[Earlier]) -> dict[str, Table]:
    """Find the tables of earlier runs that this run's are compared with, by solution."""
    if compare is not None:
        found = tables.of_run(pipeline, compare, {})
        if not found:
            raise BatchrecError(
                f"There is nothing to compare with: no table of a run {compare} that it published"
                f" is in s3://{pipeline.bucket}/{pipeline.key(f'curated/{compare}/')}. `batchrec"
                " status` lists the runs."
            )
        return found
    compared: dict[str, Table] = {}
    for each in before:
        if set(each.published) - set(compared):
            compared = tables.of_run(pipeline, each.name, {}) | compared
    return compared


def _with_past(
    pipeline: Pipeline, run: Run, facts: list[SolutionFacts], titles: Mapping[str, str]
) -> list[SolutionFacts]:
    """Give the samples what users had before, and items their titles: one pass for all."""
    users = {one.id for each in facts if each.asked == "users" for one in each.sample}
    pasts = imported.pasts(pipeline, run.name, sorted(users)) if users else {}
    latest = {user: past.latest for user, past in pasts.items()}
    if not titles:
        titles = imported.titles(pipeline, run.name, sorted(_items(facts, latest)))
    return [_told(each, latest, titles) for each in facts]


def _items(facts: list[SolutionFacts], past: dict[str, list[imported.Event]]) -> set[str]:
    items = {event.item for events in past.values() for event in events}
    for each in facts:
        if each.asked == "items":
            items |= {one.id for one in each.sample}
        if each.answered == "items":
            items |= {answer.id for one in each.sample for answer in one.answers}
    return items


def _told(
    facts: SolutionFacts, past: dict[str, list[imported.Event]], titles: Mapping[str, str]
) -> SolutionFacts:
    is_of_users, is_of_items = facts.asked == "users", facts.asked == "items"
    sample = [
        replace(
            one,
            title=titles.get(one.id) if is_of_items else None,
            history=[
                Event(event.item, titles.get(event.item), event.at, event.event_type)
                for event in (past.get(one.id, []) if is_of_users else [])
            ],
            answers=[replace(answer, title=titles.get(answer.id)) for answer in one.answers]
            if facts.answered == "items"
            else one.answers,
        )
        for one in facts.sample
    ]
    return replace(facts, sample=sample)
