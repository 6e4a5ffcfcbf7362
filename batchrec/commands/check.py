"""`batchrec check`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from batchrec.commands.options import AsJson, repository
from batchrec.console import console, print_json


def check(
    files: Annotated[list[Path], typer.Argument(help="Interactions: files or folders.")],
    config: Annotated[
        Path | None,
        typer.Option(
            help="JSON document with the module's inputs interactions, users, items, …; or a"
            " .tfvars.json. Default: CSV with the columns USER_ID, ITEM_ID and TIMESTAMP.",
        ),
    ] = None,
    users: Annotated[Path | None, typer.Option(help="Users: a file or folder.")] = None,
    items: Annotated[Path | None, typer.Option(help="Items: a file or folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what the Glue job would make of raw data: exit code 0 if it can be imported, else 1.

    Example: batchrec check events.csv --config clickstream.json
    """
    from batchrec import check as data_check
    from batchrec import check_view

    request = data_check.Request(repository(), files, config, users, items)
    if as_json:
        finding = data_check.check(request)
        print_json(asdict(finding))
    else:
        with console.status("Reading the data with Spark"):
            finding = data_check.check(request)
        check_view.show(finding, console)
    if not finding.is_importable:
        raise typer.Exit(1)
