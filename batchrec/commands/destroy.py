"""`batchrec destroy`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from batchrec.console import console


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
