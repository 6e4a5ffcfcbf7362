"""Show what is recommended for one user, item or expression in the terminal."""

from rich.columns import Columns
from rich.console import Console
from rich.table import Table
from rich.text import Text

from batchrec.published.lookup import Found, Looked

_WHAT = {"users": "User", "items": "Item", "item attributes": "Item attributes"}
_ANSWERED = {"items": "Item", "users": "User"}


def show(found: Found, console: Console) -> None:
    """Print who it is, what was there before, and a table for each solution."""
    # Text, not a str: an id or a title may look like the console's own markup.
    console.print(Text.assemble((f"{_WHAT[found.asked]} ", "bold"), _named(found.id, found.title)))
    console.print(_known(found), highlight=False)
    for run in dict.fromkeys(each.run for each in found.solutions):
        keys = ", ".join(each.solution for each in found.solutions if each.run == run)
        console.print(Text(f"Recommended by the run {run}: {keys}."))
    shown = [_history(found)] if found.history else []
    shown += [_answers(each) for each in found.solutions if each.answers]
    console.print()
    # Side by side where there is room, else one below the other.
    console.print(Columns(shown, padding=(1, 3)))
    for each in found.solutions:
        if each.why_none is not None:
            console.print(Text.assemble((f"{each.solution}: ", "bold"), each.why_none))
    for sentence in found.missing:
        console.print(Text(sentence))


def _known(found: Found) -> str:
    if found.asked == "item attributes":
        return ""
    if found.events is None:
        return f"What the run {found.history_run} imported wasn't read, or isn't kept any more."
    cold = ": cold" if found.events == 0 else ""
    events = "1 event" if found.events == 1 else f"{found.events:,} events"
    return f"{events} in the data of the run {found.history_run}{cold}."


def _history(found: Found) -> Table:
    total = found.events or 0
    whole = len(found.history) == total
    table = Table(title="Before" if whole else f"Before: the latest {len(found.history)}")
    has_types = any(event.event_type for event in found.history)
    table.add_column("Item")
    if has_types:
        table.add_column("Event")
    table.add_column("When (UTC)")
    for event in found.history:
        table.add_row(
            _named(event.item, found.titles.get(event.item)),
            *([Text(event.event_type or "")] if has_types else []),
            f"{event.at:%Y-%m-%d %H:%M}",
        )
    return table


def _answers(looked: Looked) -> Table:
    table = Table(title=Text(looked.solution), min_width=len(looked.solution))
    has_themes = any(answer.theme for answer in looked.answers)
    if has_themes:
        table.add_column("Theme")
    table.add_column("#", justify="right")
    table.add_column(_ANSWERED[looked.answered])
    has_scores = any(answer.score is not None for answer in looked.answers)
    if has_scores:
        table.add_column("Score", justify="right")
    for answer in looked.answers:
        table.add_row(
            *([Text(answer.theme or "")] if has_themes else []),
            str(answer.rank),
            _named(answer.id, answer.title),
            *([_score(answer.score)] if has_scores else []),
        )
    return table


def _named(id_: str, title: str | None) -> Text:
    return Text(id_) if title is None else Text.assemble(title, "  ", (id_, "dim"))


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:.4g}"
