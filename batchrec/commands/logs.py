"""`batchrec logs`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.text import Text

from batchrec.commands.options import (
    AsJson,
    Folder,
    StateMachine,
    StateMachineOutput,
    find_pipeline,
)
from batchrec.console import console, print_json

if TYPE_CHECKING:
    from batchrec.operations.glue_logs import Log
    from batchrec.runs import Job, Run


def logs(
    run: Annotated[
        str | None,
        typer.Argument(
            help="Name of the run or its execution, or an ARN. Default: the newest that is no"
            " teardown and wasn't skipped."
        ),
    ] = None,
    job: Annotated[
        Literal["prepare", "publish"] | None,
        typer.Option(help="Which Glue job. Default: the one that failed, or else the last."),
    ] = None,
    tail: Annotated[int, typer.Option(min=1, help="How many of its last lines.")] = 50,
    state_machine: StateMachine = None,
    folder: Folder = Path(),
    state_machine_output: StateMachineOutput = "state_machine_arn",
    as_json: AsJson = False,
) -> None:
    """Show the end of what a run's Glue job wrote, or what failed outside of Glue.

    Example: batchrec logs --tail 200
    """
    from batchrec import runs
    from batchrec.operations import glue_logs

    pipeline = find_pipeline(state_machine, folder, state_machine_output)
    found = runs.read(pipeline, run, only_runs=True)
    chosen = glue_logs.choose(pipeline, found, job)
    read = glue_logs.read(pipeline, chosen, tail) if chosen else []
    if as_json:
        about = {"id": chosen.id, "kind": chosen.kind, "status": chosen.status} if chosen else None
        failures = [asdict(failure) for failure in found.failures]
        members = {"run": found.name, "job": about, "failures": failures}
        print_json(members | {"logs": [asdict(log) for log in read]})
    elif chosen is None:
        _show_failures(found)
    else:
        _show(glue_logs.job_name(pipeline, chosen.kind), chosen, read)


def _show(name: str, job: "Job", logs: "list[Log]") -> None:
    _say(f"{name}: {job.status}, job run {job.id}", style="bold")
    for log in logs:
        _say(f"--- {log.group}, {log.stream}", style="dim")
        for line in log.lines:
            _say(line)
    if not logs:
        _say("It wrote nothing into its log groups, or they don't keep it any longer.")
    if job.reason:
        _say("--- it ended with", style="dim")
        _say(job.reason)


def _show_failures(run: "Run") -> None:
    _say(f"What failed in the run {run.name} is no Glue job:", style="bold")
    for failure in run.failures:
        about = f" of {failure.subject}" if failure.subject else ""
        _say(f"{failure.state}{about}: {failure.error}: {failure.cause}")
    _say(f"`batchrec status {run.name}` says what to do.")


def _say(text: str, style: str = "") -> None:
    # Not a str: a log may hold what looks like the console's own markup.
    console.print(Text(text, style=style), soft_wrap=True)
