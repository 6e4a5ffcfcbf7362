"""Show how runs went in a terminal or a pipe."""

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from batchrec import progress_view
from batchrec.console import duration
from batchrec.pipeline import Pipeline
from batchrec.problems import Problem, console_link
from batchrec.status import Status

_WIDE = 110  # columns that the numbers need to have columns of their own
_IN_A_PIPE = 200  # nobody scrolls there
_FATES = ("read", "filtered", "duplicate", "quarantined", "written")

# The metric that a list shows: the first of these that a solution has, and its usual name.
_HEADLINES = {
    "normalized_discounted_cumulative_gain_at_25": "NDCG@25",
    "mean_reciprocal_rank_at_25": "MRR@25",
    "precision_at_25": "precision@25",
    "hits_at_1_percent": "hits@1%",
    "coverage": "coverage",
}


def width(console: Console) -> int:
    """Return how wide to print: a pipe has no width of its own."""
    return console.width if console.is_terminal else max(console.width, _IN_A_PIPE)


def show_list(statuses: list[Status], console: Console) -> None:
    """Print the last runs as a table, the newest first."""
    available = width(console)
    is_wide = available >= _WIDE
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("Run", "Outcome", "Started (UTC)"):
        table.add_column(heading, no_wrap=heading != "Run", overflow="fold")
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
    console.print(table, width=available)


def show(status: Status, pipeline: Pipeline, console: Console) -> None:
    """Print one run: what needs a person first, then what it did and what came out."""
    run, available = status.run, width(console)
    head = Text.assemble((run.name, "bold"), "  ", progress_view.outcome(run.status))
    head.append(f"  started {progress_view.clock_time(run.started)} UTC, ")
    head.append(f"took {duration(run.seconds)}" if run.ended else f"{duration(run.seconds)} so far")
    console.print(head, width=available)
    console.print(Text(run.execution_arn, style="dim"), soft_wrap=True)
    console.print(Text(console_link(pipeline, run), style="dim"), soft_wrap=True)
    show_problems(status.problems, console)
    if status.steps:
        console.print(progress_view.table(status.steps), width=available)
    if status.report and status.report.get("datasets"):
        console.print(_rows(status.report), width=available)
    if status.metrics or status.recommendations:
        console.print(_solutions(status), width=available)
    console.print(_consumed(status), width=available)
    for note in status.notes:
        console.print(Text(f"Not shown: {note}", style="yellow"), soft_wrap=True)


def show_problems(problems: list[Problem], console: Console) -> None:
    """Print what needs a person: what happened, why, what to do."""
    for problem in problems:
        mark = ("FAILED   ", "bold red") if problem.is_failure else ("WARNING  ", "bold yellow")
        console.print()
        console.print(Text.assemble(mark, (problem.title, "bold")), soft_wrap=True)
        for label, text in (("why      ", problem.explanation), ("what to do  ", problem.advice)):
            told = Text.assemble((label, "dim"), text)
            console.print(Padding(told, (0, 0, 0, 2)), width=width(console))


def _result(status: Status) -> str:
    """Say in a few words what came of a run."""
    failed = [problem.title for problem in status.problems if problem.is_failure]
    if failed:
        return "\n".join(dict.fromkeys(failed))
    if status.run.status == "SKIPPED":
        return "another run was under way"
    shown = [f"{key} {_headline(metrics)}" for key, metrics in status.metrics.items()]
    warnings = len(status.problems)
    if warnings:
        shown.append(f"{warnings} warning{'s' if warnings > 1 else ''}")
    return "\n".join(shown)


def _headline(metrics: Mapping[str, float]) -> str:
    name = next((name for name in _HEADLINES if name in metrics), None)
    return "" if name is None else f"{_HEADLINES[name]} {metrics[name]:.3g}"


def _total(counts: Mapping[str, int] | None) -> str:
    return "" if counts is None else f"{sum(counts.values()):,}"


def _rows(report: Mapping[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Rows of")
    for fate in _FATES:
        table.add_column("imported" if fate == "written" else fate, justify="right")
    for name, dataset in report["datasets"].items():
        table.add_row(Text(name), *(f"{dataset['rows'][fate]:,}" for fate in _FATES))
    return table


def _solutions(status: Status) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Solution")
    table.add_column("Recommendations", justify="right")
    table.add_column("Offline metrics", overflow="fold")
    for key in dict.fromkeys([*status.metrics, *(status.recommendations or {})]):
        metrics = status.metrics.get(key, {})
        table.add_row(
            Text(key),
            f"{(status.recommendations or {}).get(key, 0):,}",
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
