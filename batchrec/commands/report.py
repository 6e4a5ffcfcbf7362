"""`batchrec report`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from batchrec.commands.options import (
    AsJson,
    Folder,
    OnePrice,
    PriceFile,
    StateMachine,
    StateMachineOutput,
    find_pipeline,
)
from batchrec.commands.recommend import Titles
from batchrec.console import console, print_json


def report(
    run: Annotated[
        str | None, typer.Option(help="Name of the run or its execution. Default: the newest.")
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(
            help="Name of the run that the recommendations are compared with. Default: for each"
            " solution, the one before that published it."
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            dir_okay=False,
            writable=True,
            help="The HTML file, which is replaced.",
        ),
    ] = Path("report.html"),
    titles: Titles = None,
    prices: PriceFile = None,
    price: OnePrice = None,
    state_machine: StateMachine = None,
    folder: Folder = Path(),
    state_machine_output: StateMachineOutput = "state_machine_arn",
    as_json: AsJson = False,
) -> None:
    """Write what a run did as one page: its path, data, model, recommendations, cost, limits.

    The exit code is 0 if the page is written, whatever became of the run, and else 1.

    Example: batchrec report --run weekly-2026-01-11 -o report.html
    """
    from batchrec import runs
    from batchrec.cost import prices as price_table
    from batchrec.published import titles as title_files
    from batchrec.report import collecting, outcome, page

    table = price_table.load(prices, price or [])
    pipeline = find_pipeline(state_machine, folder, state_machine_output)
    named = title_files.read(titles, pipeline.client) if titles else {}
    with console.status("Reading what the run did") as status:
        facts = collecting.collect(
            pipeline,
            runs.read(pipeline, run, only_runs=True),
            compare=compare,
            titles=named,
            prices=table,
            say=lambda text: status.update(escape(text)),
        )
        page.write(facts, output)
    problems = outcome.problems(facts)
    if as_json:
        told = {"run": facts.run.name, "status": facts.run.status, "report": str(output)}
        print_json({**told, "problems": [asdict(each) for each in problems]})
        return
    console.print(f"{outcome.title(facts)}.", highlight=False, markup=False)
    for problem in problems:
        console.print(f"- {problem.title}", highlight=False, markup=False)
    console.print(f"The report is in {output}.", highlight=False, markup=False, soft_wrap=True)
