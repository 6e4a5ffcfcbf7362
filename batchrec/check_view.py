"""Show what was found in raw data."""

from datetime import UTC, datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from batchrec.check import Finding

_FATES = ("read", "written", "filtered", "duplicate", "quarantined")
_SHOWN_CHARACTERS = 80


def show(finding: Finding, console: Console) -> None:
    """Print what becomes of the rows, what is wrong with them, and the verdict."""
    console.print(_rows(finding))
    if finding.unusable:
        console.print(_unusable(finding))
    facts = finding.report["interactions"]
    times = facts["timestamps"]
    if times["first"] is not None:
        console.print(
            f"{facts['users']:,} users ({facts['users_with_two_or_more']:,} with two interactions"
            f" or more), {facts['items']:,} items; {_day(times['first'])} to {_day(times['last'])}"
            f" (told in {times['unit']})",
            highlight=False,
        )
    for event_type, events in facts["event_types"].items():
        console.print(f"  {escape(event_type)}: {events:,}", highlight=False)
    for warning in finding.report["warnings"]:
        console.print(f"[yellow]Warning:[/] {escape(warning)}", highlight=False)
    for breach in finding.breaches:
        console.print(f"[red]Refused:[/] {escape(breach)}", highlight=False)
    if finding.is_importable:
        console.print("[green]The data can be imported.[/]")


def _rows(finding: Finding) -> Table:
    table = Table(title="What becomes of the rows")
    table.add_column("Dataset")
    for fate in _FATES:
        table.add_column(fate, justify="right")
    for name, dataset in finding.report["datasets"].items():
        table.add_row(name, *(f"{dataset['rows'][fate]:,}" for fate in _FATES))
    return table


def _unusable(finding: Finding) -> Table:
    table = Table(title="Unusable rows", show_lines=True)
    table.add_column("Dataset")
    table.add_column("Reason")
    table.add_column("Rows", justify="right")
    table.add_column("For example")
    for each in finding.unusable:
        records = "\n".join(repr(record[:_SHOWN_CHARACTERS]) for record in each.records)
        table.add_row(each.dataset, each.reason, f"{each.rows:,}", escape(records))
    return table


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
