"""`batchrec recommend`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from batchrec.commands.options import (
    AsJson,
    Folder,
    StateMachine,
    StateMachineOutput,
    find_pipeline,
)
from batchrec.console import console, print_json

NOTHING = 3  # the exit code if nothing is recommended

Titles = Annotated[
    str | None,
    typer.Option(
        help="CSV file with the columns id and title, or its s3:// URL. Default: the column TITLE"
        " or NAME of the imported items, if there is one."
    ),
]


def recommend(
    user: Annotated[str | None, typer.Argument(help="Id of a user.")] = None,
    item: Annotated[
        str | None, typer.Option(help="Id of an item, instead: similar items, users for it.")
    ] = None,
    attributes: Annotated[
        str | None, typer.Option(help="Expression of item attributes, instead: users for it.")
    ] = None,
    solution: Annotated[
        str | None, typer.Option(help="Key of one solution. Default: all that fit.")
    ] = None,
    run: Annotated[
        str | None, typer.Option(help="Show this run's tables. Default: what is published now.")
    ] = None,
    titles: Titles = None,
    history: Annotated[
        bool,
        typer.Option(help="Read what was there before; it lies in no order, so all of it is read."),
    ] = True,
    state_machine: StateMachine = None,
    folder: Folder = Path(),
    state_machine_output: StateMachineOutput = "state_machine_arn",
    as_json: AsJson = False,
) -> None:
    """Show what is published for a user or item: exit code 0 if there is something, 3 if not.

    Example: batchrec recommend 4638 --state-machine movielens
    """
    from batchrec.published import lookup, lookup_view
    from batchrec.published import titles as title_files

    given = {"users": user, "items": item, "item attributes": attributes}
    asked = [(kind, id_) for kind, id_ in given.items() if id_ is not None]
    if len(asked) != 1:
        raise typer.BadParameter(
            "Say what to look up: one of USER, --item ITEM and --attributes EXPRESSION."
        )
    pipeline = find_pipeline(state_machine, folder, state_machine_output)
    named = title_files.read(titles, pipeline.client) if titles else {}
    request = lookup.Request(*asked[0], solution=solution, run=run, reads_history=history)
    with console.status("Looking it up") as status:
        found = lookup.look_up(pipeline, request, named, lambda what: status.update(escape(what)))
    if as_json:
        print_json(asdict(found))
    else:
        lookup_view.show(found, console)
    if not any(each.answers for each in found.solutions):
        raise typer.Exit(NOTHING)
