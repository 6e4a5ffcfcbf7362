"""Show a finished rehearsal in the terminal."""

from rich.console import Console
from rich.table import Table

from batchrec.console import duration
from batchrec.data import hetrec
from batchrec.rehearsal import Rehearsal
from batchrec.results import Recommendations

_SHOWN_USERS = 3
_SHOWN_ITEMS = 5


def show(rehearsal: Rehearsal, console: Console) -> None:
    """Print counts, metrics, timings, and a few users' tastes beside their recommendations."""
    summary = rehearsal.summary
    rows = summary.rows
    console.print()
    console.print(
        f"[bold]Data[/]      {rows['read']:,} rows read, {rows['filtered']:,} below the minimum"
        f" rating, {rows['duplicate']:,} duplicate, {rows['quarantined']:,} quarantined,"
        f" {rows['written']:,} imported ({summary.users:,} users, {summary.items:,} items)",
        highlight=False,
    )
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
    table.add_column("Rated highest")
    table.add_column("Recommended")
    users = _few_users(recommended)
    ratings = hetrec.read(rehearsal.data, users)
    for user in users:
        own = ratings[ratings["user_id"] == user]
        best = own.sort_values(["rating", "timestamp"], ascending=False)["item_id"]
        table.add_row(
            user,
            _titles(rehearsal, list(best[:_SHOWN_ITEMS])),
            _titles(rehearsal, recommended.by_user[user][:_SHOWN_ITEMS]),
        )
    return table


def _few_users(recommended: Recommendations) -> list[str]:
    """Choose users from all over the list."""
    users = list(recommended.by_user)
    wanted = min(_SHOWN_USERS, len(users))
    return [users[(2 * n + 1) * len(users) // (2 * wanted)] for n in range(wanted)]


def _titles(rehearsal: Rehearsal, items: list[str]) -> str:
    return "\n".join(rehearsal.titles.get(item, f"item {item}") for item in items)
