"""What a person sees while long work goes on: numbered steps and what each is doing."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import typer
from rich.console import Console
from rich.markup import escape

_PIPE_WIDTH = 200  # columns of what nobody looks at while it is written

Say = Callable[[str], None]


def _console() -> Console:
    """Return the console of the command line; rich takes a pipe for 80 columns wide."""
    made = Console()
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = _PIPE_WIDTH
    return made


console = _console()


def redraws() -> bool:
    """Whether what is shown can be drawn anew: not in a pipe, nor in a terminal that can't."""
    return console.is_interactive and console.file.isatty()


def print_json(data: object, *, indent: int | None = 2) -> None:
    """Print a document for programs, never in colour; indent None: in one line."""
    typer.echo(json.dumps(data, indent=indent, default=datetime.isoformat))


class Steps:
    """Announces steps and keeps their durations.

    Args:
        console: where to print; in a pipe a step has two lines, as it begins and as it ends.
        total: how many steps there will be.
    """

    def __init__(self, console: Console, total: int) -> None:
        self.console = console
        self.seconds: dict[str, float] = {}
        self._total = total

    @contextmanager
    def step(self, title: str) -> Iterator[Say]:
        """Run one step; the yielded function shows what it is doing right now."""
        number = f"[dim]{len(self.seconds) + 1}/{self._total}[/]"
        started = time.monotonic()
        if not self.console.is_terminal:
            self.console.print(f"{number} … {escape(title)}", highlight=False)
        with self.console.status(f"{number} {escape(title)}") as status:

            def say(detail: str) -> None:
                room = max(self.console.width - len(title) - 14, 0)
                status.update(f"{number} {escape(title)}  [dim]{escape(detail.strip()[:room])}[/]")

            try:
                yield say
            except BaseException:
                self.console.print(f"{number} [red]✗[/] {escape(title)}", highlight=False)
                raise
        self.seconds[title] = round(time.monotonic() - started, 3)
        taken = f"[dim]{self.seconds[title]:6.1f} s[/]"
        self.console.print(f"{number} [green]✓[/] {escape(title):<48} {taken}", highlight=False)


def duration(seconds: float) -> str:
    """Write a duration as h:mm:ss."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
