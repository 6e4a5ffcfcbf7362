"""Attend a run until it ends, for `batchrec watch` and `batchrec run --wait`."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import typer
from rich.live import Live

from batchrec.console import console
from batchrec.operations import plain, progress, progress_view, status, status_view, watching
from batchrec.operations.progress import Durations
from batchrec.operations.watching import Look
from batchrec.pipeline import Pipeline
from batchrec.runs import Run

SKIPPED = 3  # exit code: another run was under way
INTERRUPTED = 130  # by Ctrl-C, as shells have it
EXITS = {"SUCCEEDED": 0, "TORN_DOWN": 0, "RUNNING": 0, "SKIPPED": SKIPPED}  # else 1


def attend(
    pipeline: Pipeline, execution_arn: str, interval: float, again: str, *, as_json: bool
) -> None:
    """Show a run until it ends.

    Args:
        pipeline: whose.
        execution_arn: of the run.
        interval: seconds between two looks.
        again: the command that goes on watching.
        as_json: whether to print a JSON object for each change, and one for the result.

    Raises:
        typer.Exit: always; the code says how the run ended, or that the watching was interrupted.
    """
    with _interruptible(again):
        looks = watching.follow(pipeline, execution_arn, interval)
        if as_json:
            run = _show_json(looks)
        elif console.is_terminal:
            run = _show_live(looks, pipeline, progress.durations(pipeline))
        else:
            run = _show_lines(looks, pipeline, progress.durations(pipeline))
        found = status.of_run(pipeline, run)
    if as_json:
        typer.echo(json.dumps({"kind": "result", **plain.status(found)}))
    else:
        status_view.show_problems(found.problems, console)
    raise typer.Exit(EXITS.get(run.status, 1))


@contextmanager
def _interruptible(again: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"\nThe run goes on without you. Watch it again: {again}", err=True)
        raise typer.Exit(INTERRUPTED) from None


def _show_live(looks: Iterable[Look], pipeline: Pipeline, expected: Durations) -> Run:
    with Live(console=console, auto_refresh=False) as live:
        for look in looks:
            steps = progress.steps(pipeline, look.run, expected)
            live.update(progress_view.live(look.run, steps, _trouble(look)), refresh=True)
    return look.run


def _show_lines(looks: Iterable[Look], pipeline: Pipeline, expected: Durations) -> Run:
    before: Run | None = None
    for look in looks:
        if look.trouble is not None:
            typer.echo(_trouble(look), err=True)
            continue
        steps = progress.steps(pipeline, look.run, expected)
        if before is None:
            console.print(progress_view.heading(look.run, steps), soft_wrap=True)
        for change in watching.changes(before, look.run):
            console.print(progress_view.line(change, look.run, steps), soft_wrap=True)
        before = look.run
    return look.run


def _show_json(looks: Iterable[Look]) -> Run:
    before: Run | None = None
    for look in looks:
        if look.trouble is None:
            for change in watching.changes(before, look.run):
                typer.echo(json.dumps(plain.change(change)))
            before = look.run
    return look.run


def _trouble(look: Look) -> str:
    return "" if look.trouble is None else f"AWS can't be reached, trying again: {look.trouble}"
