"""Options that several commands have, and what they mean."""

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from batchrec import pipeline
from batchrec.errors import BatchrecError
from batchrec.pipeline import Pipeline, Where

State = Annotated[
    Path | None,
    typer.Option(
        "--state",
        help="File that keeps the account for the next time: taken over at the start if it is"
        " there, written at the end.",
    ),
]
Faults = Annotated[
    list[str] | None,
    typer.Option(
        "--fault",
        help="What is to go wrong; can be given several times. An operation, of Personalize"
        ' or as in glue:StartJobRun; throttle, error CODE, fail "REASON" or hang; how many'
        " times, or always: 'CreateSolutionVersion throttle 3'.",
    ),
]
StateMachine = Annotated[
    str | None,
    typer.Option(
        "--state-machine-arn",
        "--state-machine",
        help="The pipeline's state machine: ARN or name. Default: the one of --folder.",
    ),
]
Folder = Annotated[
    Path, typer.Option(help="Terraform configuration that calls the module, applied.")
]
StateMachineOutput = Annotated[
    str, typer.Option(help="Output of --folder that holds the module's state_machine_arn.")
]
Interval = Annotated[
    float, typer.Option(min=0.1, help="Seconds between two looks at a run that is under way.")
]
PriceFile = Annotated[
    Path | None,
    typer.Option(
        "--prices",
        help="TOML file whose prices take the place of the table's (docs/cost.md).",
        rich_help_panel="Prices",
    ),
]
OnePrice = Annotated[
    list[str] | None,
    typer.Option(
        "--price",
        help="One price, as in glue.flex=0.29; can be given several times.",
        rich_help_panel="Prices",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def find_pipeline(state_machine: str | None, folder: Path, output: str) -> Pipeline:
    """Find the pipeline that StateMachine, Folder and StateMachineOutput name.

    Raises:
        BatchrecError: there is none, or it can't be reached.
    """
    return pipeline.find(Where(state_machine, folder, output), os.environ)


def named_again(state_machine: str | None, folder: Path, output: str) -> str:
    """Return the options that name the same pipeline in another command, with a space before."""
    if state_machine is not None:
        return f" --state-machine-arn {shlex.quote(state_machine)}"
    words = [] if folder == Path() else ["--folder", str(folder)]
    words += [] if output == "state_machine_arn" else ["--state-machine-output", output]
    return f" {shlex.join(words)}" if words else ""


def repository() -> Path:
    """Find the checkout that this package is installed from: it holds the Terraform module."""
    repository = Path(__file__).resolve().parents[2]
    if not (repository / "examples" / "movielens").is_dir():
        raise BatchrecError(
            f"There is no Terraform module beside the installed package ({repository}).\n"
            "Install batchrec from a checkout of the repository: pip install -e '.[rehearsal]'."
        )
    return repository
