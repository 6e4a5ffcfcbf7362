"""`batchrec run`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from batchrec.commands.options import (
    AsJson,
    Folder,
    Interval,
    StateMachine,
    StateMachineOutput,
    find_pipeline,
    named_again,
)
from batchrec.console import console, print_json


def run(
    wait: Annotated[bool, typer.Option("--wait", help="Watch it until it ends.")] = False,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the run. Default: run- and the time."),
    ] = None,
    continued: Annotated[
        str | None,
        typer.Option(
            "--continue",
            metavar="RUN",
            help="Go on with a run that failed or was stopped: its name, its execution's, or an"
            " ARN. What it has finished is used.",
        ),
    ] = None,
    anyway: Annotated[
        bool,
        typer.Option("--anyway", help="Start it even if another run is under way."),
    ] = False,
    interval: Interval = 5.0,
    state_machine: StateMachine = None,
    folder: Folder = Path(),
    state_machine_output: StateMachineOutput = "state_machine_arn",
    as_json: AsJson = False,
) -> None:
    """Start a run of a deployed pipeline.

    Amazon Personalize bills for it; `batchrec cost` says about how much.
    Exit codes: 0 it has started, 1 it has not; with --wait those of `batchrec watch`.

    Example: batchrec run --wait
    """
    from batchrec.commands.attendance import attend
    from batchrec.operations import starting

    if name is not None and continued is not None:
        raise typer.BadParameter(
            "A run that is continued keeps its name. Leave out --name, or --continue."
        )
    pipeline = find_pipeline(state_machine, folder, state_machine_output)
    started = starting.start(pipeline, name, continued, anyway=anyway)
    execution = started.execution_arn.rsplit(":", 1)[-1]
    again = f"batchrec watch {execution}{named_again(state_machine, folder, state_machine_output)}"
    if as_json:
        begun = {"kind": "started", "run": started.run, "execution_arn": started.execution_arn}
        print_json(begun, indent=None)
    else:
        console.print(Text(f"Started the run {started.run} of {pipeline.name}."), soft_wrap=True)
        console.print(Text(started.execution_arn, style="dim"), soft_wrap=True)
    if wait:
        attend(pipeline, started.execution_arn, interval, again, as_json=as_json, is_new=True)
    elif not as_json:
        console.print(Text(f"Watch it: {again}"), soft_wrap=True)
