"""Attend a run until it ends, for `batchrec watch` and `batchrec run --wait`."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.live import Live

from batchrec.console import console, print_json, redraws
from batchrec.errors import BatchrecError
from batchrec.operations import plain, progress, progress_view, status, status_view, watching
from batchrec.operations.progress import Durations
from batchrec.operations.watching import Look
from batchrec.pipeline import Pipeline
from batchrec.runs import Run

SKIPPED = 3  # exit code: another run was under way
BROKEN_OFF = 4  # the run could not be watched to its end
INTERRUPTED = 130  # by Ctrl-C, as shells have it
EXITS = {"SUCCEEDED": 0, "TORN_DOWN": 0, "RUNNING": 0, "SKIPPED": SKIPPED}  # else 1


def attend(
    pipeline: Pipeline,
    execution_arn: str,
    interval: float,
    again: str,
    *,
    as_json: bool,
    is_new: bool = False,
) -> None:
    """Show a run until it ends.

    Args:
        pipeline: whose.
        execution_arn: of the run.
        interval: seconds between two looks.
        again: the command that goes on watching.
        as_json: whether to print a JSON object for each change, and one for the result.
        is_new: the run has just been started.

    Raises:
        typer.Exit: always; the code says how the run ended, or that the watching did before it.
    """
    with _breaking_off(again):
        looks = watching.follow(pipeline, execution_arn, interval, is_new=is_new)
        if as_json:
            run = _show_json(looks)
        elif redraws():
            run = _show_live(looks, pipeline, progress.durations(pipeline))
        else:
            run = _show_lines(looks, pipeline, progress.durations(pipeline))
        found = status.of_run(pipeline, run)
    if as_json:
        print_json({"kind": "result", **plain.status(found)}, indent=None)
    else:
        status_view.show_problems(found.problems, console)
    raise typer.Exit(EXITS.get(run.status, 1))


@contextmanager
def _breaking_off(again: str) -> Iterator[None]:
    try:
        yield
    except (BatchrecError, BotoCoreError, ClientError) as error:
        typer.echo(f"Error: the run can't be watched any longer: {error}", err=True)
        typer.echo(f"It may go on without you. Watch it again: {again}", err=True)
        raise typer.Exit(BROKEN_OFF) from error
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
    for before, run in _news(looks):
        steps = progress.steps(pipeline, run, expected)
        if before is None:
            console.print(progress_view.heading(run, steps), soft_wrap=True)
        for change in watching.changes(before, run):
            console.print(progress_view.line(change, run, steps), soft_wrap=True)
    return run


def _show_json(looks: Iterable[Look]) -> Run:
    for before, run in _news(looks):
        for change in watching.changes(before, run):
            print_json(plain.change(change), indent=None)
    return run


def _news(looks: Iterable[Look]) -> Iterator[tuple[Run | None, Run]]:
    """Pair each look at the run with the one before; what kept a look from it goes to stderr."""
    before: Run | None = None
    for look in looks:
        if look.trouble is not None:
            typer.echo(_trouble(look), err=True)
            continue
        yield before, look.run
        before = look.run


def _trouble(look: Look) -> str:
    return "" if look.trouble is None else f"AWS can't be asked, trying again: {look.trouble}"
