"""`batchrec status`."""

from pathlib import Path
from typing import Annotated

import typer

from batchrec.commands.options import (
    AsJson,
    Folder,
    StateMachine,
    StateMachineOutput,
    find_pipeline,
)
from batchrec.console import console, print_json


def status(
    run: Annotated[
        str | None,
        typer.Argument(help="Show this run in detail: its name, its execution's, or an ARN."),
    ] = None,
    last: Annotated[int, typer.Option(min=1, help="How many runs to list.")] = 10,
    state_machine: StateMachine = None,
    folder: Folder = Path(),
    state_machine_output: StateMachineOutput = "state_machine_arn",
    as_json: AsJson = False,
) -> None:
    """List the last runs, or show one: outcome, counts, metrics, what failed, why, what to do.

    Exit codes: 0; of a run that is named, 1 if it failed and 3 if it was skipped.

    Example: batchrec status --last 3
    """
    from batchrec.commands.attendance import EXITS
    from batchrec.operations import plain, status_view
    from batchrec.operations import status as statuses

    pipeline = find_pipeline(state_machine, folder, state_machine_output)
    if run is None:
        found = statuses.last(pipeline, last)
        if as_json:
            print_json([plain.status(each) for each in found])
        elif found:
            status_view.show_list(found, console)
        else:
            console.print("There is no run yet. `batchrec run` starts one.")
        return
    one = statuses.of(pipeline, run)
    if as_json:
        print_json(plain.status(one))
    else:
        status_view.show(one, pipeline, console)
    raise typer.Exit(EXITS.get(one.run.status, 1))
