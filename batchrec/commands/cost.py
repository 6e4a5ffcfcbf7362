"""`batchrec cost`."""

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batchrec.commands.options import (
    AsJson,
    Folder,
    OnePrice,
    PriceFile,
    StateMachine,
    StateMachineOutput,
    find_pipeline,
)
from batchrec.console import console, print_json

if TYPE_CHECKING:
    from batchrec.cost.bill import Bill
    from batchrec.cost.plan import Plan
    from batchrec.cost.prices import Prices
    from batchrec.cost.workload import Workload
    from batchrec.limits import Limit

_BEFORE = "Before a run"


def cost(
    run: Annotated[
        str | None, typer.Option(help="Run, or its execution. Default: the newest.")
    ] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(
            help="Raw interactions, a file or folder; can be given several times.",
            rich_help_panel=_BEFORE,
        ),
    ] = None,
    interactions: Annotated[
        int | None, typer.Option(min=1, help="How many, instead of data.", rich_help_panel=_BEFORE)
    ] = None,
    users: Annotated[
        int | None, typer.Option(min=1, help="How many there are.", rich_help_panel=_BEFORE)
    ] = None,
    items: Annotated[
        int | None, typer.Option(min=1, help="How many there are.", rich_help_panel=_BEFORE)
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="JSON document with the module's inputs solutions, batch_inputs, interactions,"
            " glue, …; or a .tfvars.json. Default: as the pipeline is deployed, else the module's"
            " defaults.",
            rich_help_panel=_BEFORE,
        ),
    ] = None,
    training_hours: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Training hours of each solution. Default: as on AWS before, in proportion to the"
            " data, else a guess.",
            rich_help_panel=_BEFORE,
        ),
    ] = None,
    region: Annotated[
        str,
        typer.Option(help="Region, if no pipeline is deployed.", rich_help_panel=_BEFORE),
    ] = "us-east-1",
    prices: PriceFile = None,
    price: OnePrice = None,
    runs_per_month: Annotated[
        float, typer.Option(min=0, help="How often it runs. Default: every Sunday.")
    ] = 4.3,
    state_machine: StateMachine = None,
    folder: Folder = Path(),
    state_machine_output: StateMachineOutput = "state_machine_arn",
    as_json: AsJson = False,
) -> None:
    """Say what a run billed; or, with data or its size, what one would bill.

    A price that isn't verified is unknown until you give it.

    Example: batchrec cost --interactions 25000000 --users 100000 --items 20000
    """
    from batchrec.cost import prices as price_table
    from batchrec.cost import view

    table = price_table.load(prices, price or [])
    pipeline = (state_machine, folder, state_machine_output)
    name: str | None = None
    if data or config or (interactions, users, items) != (None, None, None):
        if run is not None:
            raise typer.BadParameter(
                "--run is about a run that there has been, and --data, --config and sizes about one"
                " to come: leave one of them out."
            )
        plan, region = _plan(config, pipeline, region)
        load = _workload(data, (interactions, users, items), plan)
        title = f"What a run would bill: {load.interactions:,} interactions of {load.users:,} users"
        bill, limits = _before(plan, load, training_hours, table, region, runs_per_month)
    else:
        with nullcontext() if as_json else console.status("Reading what the run used"):
            name, bill, limits = _after(run, pipeline, table, runs_per_month)
        title = f"What the run {name} billed"
    if as_json:
        print_json(view.as_json(bill, limits, name, runs_per_month))
    else:
        view.show(title, bill, limits, table, runs_per_month, console)


def _plan(
    config: Path | None, where: tuple[str | None, Path, str], region: str
) -> tuple["Plan", str]:
    """Take the document that is named, else the pipeline, else the module's defaults."""
    from batchrec.cost import plan

    state_machine, folder, _ = where
    is_applied = folder != Path() or (folder / ".terraform").is_dir()
    if config is None and (state_machine is not None or is_applied):
        pipeline = find_pipeline(*where)
        return plan.deployed(pipeline), pipeline.region
    return plan.document(config), region


def _workload(
    data: list[Path] | None, sizes: tuple[int | None, int | None, int | None], plan: "Plan"
) -> "Workload":
    from batchrec.cost import workload

    return workload.of_files(data, plan.interactions) if data else workload.of_numbers(*sizes)


def _before(
    plan: "Plan",
    load: "Workload",
    hours: float | None,
    prices: "Prices",
    region: str,
    runs_per_month: float,
) -> tuple["Bill", list["Limit"]]:
    from batchrec.cost import billing, estimate

    usage = estimate.expected(plan, load, hours)
    bill = billing.bill(
        usage, plan.solutions, plan.batch_inputs, load.activity, prices, region, runs_per_month
    )
    return bill, estimate.expected_limits(plan, load)


def _after(
    run: str | None, where: tuple[str | None, Path, str], prices: "Prices", runs_per_month: float
) -> tuple[str, "Bill", list["Limit"]]:
    from batchrec import limits, runs
    from batchrec.cost import billing

    pipeline = find_pipeline(*where)
    found = runs.read(pipeline, run, only_runs=True)
    pipeline = runs.as_it_was(pipeline, found)
    report = pipeline.read_report(found.name)
    publication = pipeline.read_publication(found.name)
    bill = billing.after(pipeline, found, report, publication, prices, runs_per_month)
    return found.name, bill, limits.of(pipeline, found, report)
