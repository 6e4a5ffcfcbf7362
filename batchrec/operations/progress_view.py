"""Show how far a run has come: as a table that is drawn anew, or line by line."""

from datetime import UTC, datetime, timedelta

from rich.console import Group
from rich.table import Table
from rich.text import Text

from batchrec.console import duration
from batchrec.operations.progress import (
    NOT_REACHED,
    REUSED,
    TO_COME,
    UNFINISHED,
    Step,
    left_seconds,
)
from batchrec.operations.watching import Change
from batchrec.runs import Run

_GOOD = ("ACTIVE", "SUCCEEDED", REUSED)
_COLOURS = {"SUCCEEDED": "green", "TORN_DOWN": "green", "SKIPPED": "yellow", "RUNNING": "cyan"}
_SHORT = {"CREATE PENDING": "PENDING", "CREATE IN_PROGRESS": "IN_PROGRESS"}


def outcome(status: str) -> Text:
    """Return a run's status in its colour."""
    return Text(status, style=_COLOURS.get(status, "red"))


def clock_time(moment: datetime) -> str:
    """Write a time in UTC, to the minute."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def plain_table() -> Table:
    """Return a table without lines, which reads well anywhere."""
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")


def table(steps: list[Step]) -> Table:
    """Return the jobs of a run, one a line."""
    shown = plain_table()
    shown.add_column("", no_wrap=True)
    shown.add_column("Job", no_wrap=True)
    shown.add_column("Of", overflow="fold")
    shown.add_column("Status", overflow="fold")
    for name in ("Time", "Last time", "Left"):
        shown.add_column(name, justify="right", no_wrap=True)
    for step in steps:
        is_under_way = step.job is not None and step.job.ended is None and step.status != UNFINISHED
        # Not a str: a name may look like the console's own markup.
        shown.add_row(
            _mark(step),
            Text(step.kind),
            Text(step.subject or ""),
            Text(_SHORT.get(step.status, step.status)),
            "" if step.seconds is None or step.status == REUSED else duration(step.seconds),
            "" if step.expected_seconds is None else duration(step.expected_seconds),
            _left(step) if is_under_way or step.status == TO_COME else "",
        )
    return shown


def live(run: Run, steps: list[Step], note: str = "") -> Group:
    """Return all of a run that is under way, for a terminal that draws it again and again."""
    parts: list[Text | Table] = [heading(run, steps)]
    if where := _where(run):
        parts.append(Text(f"In  {where}", style="dim"))
    if steps:
        parts.append(table(steps))
    if note:
        parts.append(Text(note, style="yellow"))
    return Group(*parts)


def heading(run: Run, steps: list[Step]) -> Text:
    """Return the first line about a run: how it is, for how long, and about until when."""
    head = Text.assemble("Run ", (run.name, "bold"), "  ", outcome(run.status))
    return head.append(f"  {duration(run.seconds)}{_expected_end(run, steps)}")


def line(change: Change, run: Run, steps: list[Step]) -> Text:
    """Return one line for a change, for a pipe or a log; times count from the run's start."""
    when = f"{duration((change.at - run.started).total_seconds()):>8}  "
    took = "" if change.seconds is None else f" after {duration(change.seconds)}"
    if change.kind == "end":
        what = f"run {run.name}: {change.status}{took}"
    elif change.kind == "state":
        waits = f" of {change.subject}: the Region's quotas have no room" if change.subject else ""
        what = f"{change.state}{waits}"
    else:
        about = f" of {change.subject}" if change.subject else ""
        reason = f": {change.reason.splitlines()[0]}" if change.reason else ""
        what = f"{change.job}{about}: {change.status}{took or _last_time(change, steps)}{reason}"
    return Text(when + what)


def _last_time(change: Change, steps: list[Step]) -> str:
    for step in steps:
        is_it = (step.kind, step.subject) == (change.job, change.subject)
        if is_it and step.expected_seconds is not None and step.status != REUSED:
            return f" (last time {duration(step.expected_seconds)})"
    return ""


def _mark(step: Step) -> Text:
    if step.status in _GOOD:
        return Text("✓", style="green")
    if step.status in (TO_COME, NOT_REACHED, UNFINISHED):
        return Text("·", style="dim")
    is_over = step.job is not None and step.job.ended is not None
    return Text("✗", style="red") if is_over else Text("…", style="cyan")


def _left(step: Step) -> str:
    if step.left_seconds is None:
        return "unknown" if step.job is not None else ""
    is_late = step.job is not None and step.left_seconds == 0
    return "overdue" if is_late else duration(step.left_seconds)


def _expected_end(run: Run, steps: list[Step]) -> str:
    if run.ended is not None or not steps:
        return ""
    left = left_seconds(steps)
    if left is None:
        return " so far, for how long is not known: not all of its jobs ran before"
    end = clock_time(run.as_of + timedelta(seconds=left))
    return f" so far, about {duration(left)} left: until {end} UTC"


def _where(run: Run) -> str:
    """Name the states that the run and its children are in."""
    if run.ended is not None:
        return ""
    current = [visit for visit in run.visits if visit.left is None]
    own = [visit.state for visit in current if not visit.within]
    children = [f"{visit.within[1]} {visit.state}" for visit in current if visit.within]
    return f"{', '.join(own)}{': ' if children else ''}{', '.join(children)}"
