"""`batchrec watch`."""

from pathlib import Path
from typing import Annotated

import typer

from batchrec.commands.options import (
    AsJson,
    Folder,
    Interval,
    StateMachine,
    StateMachineOutput,
    find_pipeline,
    named_again,
)


def watch(
    run: Annotated[
        str | None,
        typer.Argument(help="Name of the run or its execution, or an ARN. Default: the newest."),
    ] = None,
    interval: Interval = 5.0,
    state_machine: StateMachine = None,
    folder: Folder = Path(),
    state_machine_output: StateMachineOutput = "state_machine_arn",
    as_json: AsJson = False,
) -> None:
    """Watch a run until it ends: its jobs, their age, and about how long they take.

    Ctrl-C ends the watching and leaves the run alone.
    In a pipe, and with --json, each change is a line.
    Exit codes: 0 it succeeded, 1 it failed, 3 it was skipped, 4 it could not be watched to its
    end, 130 Ctrl-C.

    Example: batchrec watch weekly-2026-01-11
    """
    from batchrec import runs
    from batchrec.commands.attendance import attend

    pipeline = find_pipeline(state_machine, folder, state_machine_output)
    arn = runs.find(pipeline, run)
    name = run or arn.rsplit(":", 1)[-1]
    again = f"batchrec watch {name}{named_again(state_machine, folder, state_machine_output)}"
    attend(pipeline, arn, interval, again, as_json=as_json)
