"""Show how runs went in a terminal or a pipe."""

import re
import textwrap
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from batchrec.console import duration
from batchrec.operations import progress_view
from batchrec.operations.problems import Problem, console_link
from batchrec.operations.status import Status
from batchrec.pipeline import Pipeline

_WIDE = 110  # columns of a console in which the numbers have columns of their own
_NARROW_NAME = 20
_WHY_CHARACTERS = 120
_FATES = ("read", "filtered", "duplicate", "quarantined", "written")

# The metric that a list shows: the first of these that a solution has, and its usual name.
_HEADLINES = {
    "normalized_discounted_cumulative_gain_at_25": "NDCG@25",
    "mean_reciprocal_rank_at_25": "MRR@25",
    "precision_at_25": "precision@25",
    "hits_at_1_percent": "hits@1%",
    "coverage": "coverage",
}


def show_list(statuses: list[Status], console: Console) -> None:
    """Print the last runs as a table, the newest first."""
    is_wide = console.width >= _WIDE
    table = progress_view.plain_table()
    table.add_column("Run", overflow="fold", max_width=None if is_wide else _NARROW_NAME)
    table.add_column("Outcome", no_wrap=True)
    table.add_column("Started (UTC)", no_wrap=True)
    table.add_column("Took", justify="right", no_wrap=True)
    if is_wide:
        table.add_column("Imported", justify="right", no_wrap=True)
        table.add_column("Recommended", justify="right", no_wrap=True)
    table.add_column("What came of it", overflow="fold")
    for status in statuses:
        run = status.run
        cells = [Text(run.name), progress_view.outcome(run.status)]
        cells += [Text(progress_view.clock_time(run.started)), Text(duration(run.seconds))]
        imported, recommended = _total(status.imported), _total(status.recommendations)
        if is_wide:
            cells += [Text(imported), Text(recommended)]
        counts = "" if is_wide or not imported else f"{imported} imported\n"
        counts += "" if is_wide or not recommended else f"{recommended} recommendations\n"
        table.add_row(*cells, Text(counts + _result(status)))
    console.print(table)


def show(status: Status, pipeline: Pipeline, console: Console) -> None:
    """Print one run: what needs a person first, then what it did and what came out."""
    run = status.run
    head = Text.assemble((run.name, "bold"), "  ", progress_view.outcome(run.status))
    head.append(f"  started {progress_view.clock_time(run.started)} UTC, ")
    head.append(f"took {duration(run.seconds)}" if run.ended else f"{duration(run.seconds)} so far")
    console.print(head)
    console.print(Text(run.execution_arn, style="dim"), soft_wrap=True)
    console.print(Text(console_link(pipeline, run), style="dim"), soft_wrap=True)
    show_problems(status.problems, console)
    blocks: list[Table | Text] = []
    if status.steps:
        blocks.append(progress_view.table(status.steps))
    if status.report and status.report.get("datasets"):
        blocks.append(_rows(status.report))
    if status.metrics or status.recommendations:
        blocks.append(_solutions(status))
    for block in [*blocks, _consumed(status)]:
        console.print()
        console.print(block)
    for note in status.notes:
        console.print(Text(f"Not shown: {note}", style="yellow"), soft_wrap=True)


def show_problems(problems: list[Problem], console: Console) -> None:
    """Print what needs a person: what happened, why, what to do."""
    for problem in problems:
        mark = ("Failed", "bold red") if problem.is_failure else ("Warning", "bold yellow")
        shown = Table.grid(padding=(0, 2, 0, 0))
        shown.add_column(no_wrap=True)
        shown.add_column(overflow="fold")
        shown.add_row(Text(*mark), Text(problem.title, style="bold"))
        shown.add_row(Text("Why", style="dim"), Text(problem.explanation))
        shown.add_row(Text("Do", style="dim"), Text(problem.advice))
        console.print()
        console.print(shown)


def _result(status: Status) -> str:
    """Say in a few words what came of a run."""
    if status.run.status == "SKIPPED":
        return "another run was under way"
    failed = [f"{each.title}: {_why(each)}" for each in status.problems if each.is_failure]
    metrics = [f"{key} {_headline(metrics)}" for key, metrics in status.metrics.items()]
    warnings = sum(not each.is_failure for each in status.problems)
    shown = [*failed, *metrics]
    if warnings:
        shown.append(f"{warnings} warning{'s' if warnings > 1 else ''}")
    return "\n".join(shown)


def _why(problem: Problem) -> str:
    """Shorten an explanation; whose it is, an ARN at its beginning, the title says too."""
    text = re.sub(r"^[\w ]+ arn:\S+?(?: ended as|:) ", "", problem.explanation)
    return textwrap.shorten(text, _WHY_CHARACTERS, placeholder=" …")


def _headline(metrics: Mapping[str, float]) -> str:
    name = next((name for name in _HEADLINES if name in metrics), None)
    return "" if name is None else f"{_HEADLINES[name]} {metrics[name]:.3g}"


def _total(counts: Mapping[str, int] | None) -> str:
    return "" if counts is None else f"{sum(counts.values()):,}"


def _rows(report: Mapping[str, Any]) -> Table:
    table = progress_view.plain_table()
    table.add_column("Rows of")
    for fate in _FATES:
        table.add_column("imported" if fate == "written" else fate, justify="right")
    for name, dataset in report["datasets"].items():
        table.add_row(Text(name), *(f"{dataset['rows'][fate]:,}" for fate in _FATES))
    return table


def _solutions(status: Status) -> Table:
    table = progress_view.plain_table()
    table.add_column("Solution")
    table.add_column("Recommendations", justify="right")
    table.add_column("Offline metrics", overflow="fold")
    recommended = status.recommendations or {}
    for key in dict.fromkeys([*status.metrics, *recommended]):
        metrics = status.metrics.get(key, {})
        table.add_row(
            Text(key),
            f"{recommended[key]:,}" if key in recommended else "",
            Text(", ".join(f"{name} {value:.4g}" for name, value in metrics.items())),
        )
    return table


def _consumed(status: Status) -> Text:
    """Say whose results consumers read: a failed run leaves the earlier ones."""
    if not status.consumed:
        return Text("Nothing is published yet.")
    by_run: dict[str, list[str]] = {}
    for key, run in status.consumed.items():
        by_run.setdefault(run, []).append(key)
    told = "; ".join(
        f"{', '.join(keys)} of {'this run' if run == status.run.name else f'the run {run}'}"
        for run, keys in by_run.items()
    )
    return Text(f"Consumers read: {told}.")
