"""Show a finished rehearsal in the terminal."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from batchrec.console import duration
from batchrec.data.samples import Met
from batchrec.rehearsal import Rehearsal
from batchrec.results import Recommendations

_SHOWN_USERS = 3
_SHOWN_ITEMS = 5


def show(rehearsal: Rehearsal, console: Console) -> None:
    """Print counts, warnings, metrics, timings, and a few users' best beside what they get."""
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
    for solution, recommended in rehearsal.recommendations.items():
        metrics = summary.offline_metrics[solution]
        shown = ", ".join(f"{name} {value}" for name, value in metrics.items() if "25" in name)
        console.print(
            f"[bold]Solution[/]  {solution}: {recommended.count:,} recommendations for"
            f" {len(recommended.by_user):,} users, {len(recommended.errors)} errors\n"
            f"[bold]Offline[/]   {shown}, coverage {metrics['coverage']}",
            highlight=False,
        )
    console.print(
        f"[bold]Time[/]      {sum(summary.seconds.values()):.0f} s real,"
        f" {duration(summary.virtual_seconds)} virtual (modelled, not measured on AWS)",
        highlight=False,
    )
    for solution, recommended in rehearsal.recommendations.items():
        console.print(_users_table(rehearsal, solution, recommended))


def _users_table(rehearsal: Rehearsal, solution: str, recommended: Recommendations) -> Table:
    table = Table(title=f"A few users: {solution}", show_lines=True)
    table.add_column("User")
    table.add_column(rehearsal.sample.best)
    table.add_column("Recommended")
    users = _few_users(recommended)
    history = rehearsal.sample.history(rehearsal.data, users)
    for user in users:
        table.add_row(
            Text(user),
            _met(rehearsal.titles, history.get(user, [])[:_SHOWN_ITEMS]),
            Text("\n").join(
                _title(rehearsal.titles, item) for item in recommended.by_user[user][:_SHOWN_ITEMS]
            ),
        )
    return table


def _few_users(recommended: Recommendations) -> list[str]:
    """Choose users from all over the list."""
    users = list(recommended.by_user)
    wanted = min(_SHOWN_USERS, len(users))
    return [users[(2 * n + 1) * len(users) // (2 * wanted)] for n in range(wanted)]


def _met(titles: dict[str, str], history: list[Met]) -> Text:
    return Text("\n").join(
        _title(titles, met.item_id).append(f"  {met.how}", style="dim") for met in history
    )


def _title(titles: dict[str, str], item: str) -> Text:
    # Not a str: a title or an id may look like the console's own markup.
    return Text(titles.get(item, f"item {item}"))
