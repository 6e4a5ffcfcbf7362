"""Show a finished rehearsal in the terminal."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid
from rich.text import Text

from batchrec.console import duration
from batchrec.data.samples import Met
from batchrec.published.tables import Table
from batchrec.rehearsal import Rehearsal

_SHOWN_INPUTS = 3
_SHOWN_IDS = 5
_SHOWN_METRICS = ("_25", "_percent", "coverage")  # the ends of their names

# The table's title and its headings, by what is asked and what is answered.
_HEADINGS = {
    ("users", "items"): ("recommended for users", "User", "Recommended"),
    ("items", "items"): ("similar to items", "Item", "Similar"),
    ("items", "users"): ("users for items", "Item", "Users"),
    ("item attributes", "users"): ("users for item attributes", "Attributes", "Users"),
}


def show(rehearsal: Rehearsal, console: Console) -> None:
    """Print counts, warnings, metrics, timings, and a few answers of each solution."""
    summary = rehearsal.summary
    rows = summary.rows
    console.print()
    console.print(
        f"[bold]Data[/]      {rows['read']:,} rows read, {rows['filtered']:,} filtered,"
        f" {rows['duplicate']:,} duplicate, {rows['quarantined']:,} quarantined,"
        f" {rows['written']:,} imported ({summary.users:,} users, {summary.items:,} items)",
        highlight=False,
    )
    for warning in summary.warnings:
        console.print(f"[bold yellow]Warning[/]   {escape(warning)}", highlight=False)
    for solution, published in rehearsal.published.items():
        counts, metrics = published.counts, summary.offline_metrics[solution]
        shown = (
            f"{name} {value}" for name, value in metrics.items() if name.endswith(_SHOWN_METRICS)
        )
        console.print(
            f"[bold]Solution[/]  {solution}: {counts['recommendations']:,} recommendations for"
            f" {counts['answered']:,} {published.asked}, {counts['errors']:,} errors\n"
            f"[bold]Offline[/]   {', '.join(shown)}",
            highlight=False,
        )
    console.print(
        f"[bold]Time[/]      {sum(summary.seconds.values()):.0f} s real,"
        f" {duration(summary.virtual_seconds)} virtual (modelled, not measured on AWS)",
        highlight=False,
    )
    for solution, published in rehearsal.published.items():
        if inputs := _few(published.inputs()):
            console.print(_answers(rehearsal, solution, published, inputs))


def _answers(rehearsal: Rehearsal, solution: str, published: Table, inputs: list[str]) -> Grid:
    """Show the answers to a few inputs; beside users, what they liked best."""
    kind, asked, answered = _HEADINGS[published.asked, published.answered]
    is_about_users = published.asked == "users"
    history = rehearsal.sample.history(rehearsal.data, inputs) if is_about_users else {}
    title = f"{solution}: {kind}"
    grid = Grid(title=title, min_width=len(title), show_lines=True)
    grid.add_column(asked)
    if is_about_users:
        grid.add_column(rehearsal.sample.best)
    grid.add_column(answered)
    for each in inputs:
        met = [_met(rehearsal.titles, history.get(each, [])[:_SHOWN_IDS])] if is_about_users else []
        rows = published.rows_of([each], most=_SHOWN_IDS)[:_SHOWN_IDS]
        ids = [row["recommended_id"] for row in rows]
        grid.add_row(
            _name(rehearsal.titles, published.asked, each),
            *met,
            Text("\n").join(_name(rehearsal.titles, published.answered, one) for one in ids),
        )
    return grid


def _few(inputs: list[str]) -> list[str]:
    """Choose some from all over the list."""
    wanted = min(_SHOWN_INPUTS, len(inputs))
    return [inputs[(2 * n + 1) * len(inputs) // (2 * wanted)] for n in range(wanted)]


def _met(titles: dict[str, str], history: list[Met]) -> Text:
    return Text("\n").join(
        _title(titles, met.item_id).append(f"  {met.how}", style="dim") for met in history
    )


def _name(titles: dict[str, str], kind: str, name: str) -> Text:
    return _title(titles, name) if kind == "items" else Text(name)


def _title(titles: dict[str, str], item: str) -> Text:
    # Not a str: a title or an id may look like the console's own markup.
    return Text(titles.get(item, f"item {item}"))
