"""The console script `batchrec`: its commands, and what becomes of their errors."""

import os
import signal
import sys
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape

from batchrec.commands import (
    check,
    cost,
    destroy,
    local_aws,
    logs,
    recommend,
    rehearse,
    report,
    run,
    status,
    watch,
)
from batchrec.errors import BatchrecError

_DEBUG = "BATCHREC_DEBUG"

app = typer.Typer(
    help="Rehearse a batch-recommendation pipeline on Amazon Personalize on one machine, and run,"
    " watch and understand it on AWS.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for _command in (
    rehearse.rehearse,
    run.run,
    watch.watch,
    status.status,
    logs.logs,
    recommend.recommend,
    report.report,
    cost.cost,
    check.check,
    destroy.destroy,
    local_aws.local_aws,
):
    app.command()(_command)


@app.callback()
def options(
    debug: Annotated[
        bool, typer.Option("--debug", envvar=_DEBUG, help="Show the traceback of an error.")
    ] = False,
) -> None:
    """Options of every command."""
    os.environ[_DEBUG] = "1" if debug else ""


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line; an error is one paragraph, and exit code 1."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app(standalone_mode=True)
    except Exception as error:
        if os.environ.get(_DEBUG):
            raise
        text = _told(error)
        Console(stderr=True).print(f"[red]Error:[/] {escape(text)}", soft_wrap=True)
        sys.exit(1)


def _told(error: Exception) -> str:
    if isinstance(error, BatchrecError):
        return str(error)
    if isinstance(error, (BotoCoreError, ClientError)):
        return (
            f"AWS can't be asked, or refused: {error}\nCheck the credentials and what they may do,"
            " and the Region (AWS_PROFILE, AWS_REGION), or AWS_ENDPOINT_URL for a local AWS."
        )
    command = " ".join(sys.argv[1:2]) or "COMMAND"
    if isinstance(error, ModuleNotFoundError):
        return (
            f"`batchrec {command}` needs the Python module {error.name}, which isn't installed.\n"
            "It comes with the extra `rehearsal`. In a checkout of the repository:"
            " pip install -e '.[rehearsal]'"
        )
    return (
        f"Unexpected: {type(error).__name__}: {error}\n`batchrec --debug {command} …` shows where."
    )
