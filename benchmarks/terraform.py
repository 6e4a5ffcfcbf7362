"""Measure terraform plan, apply and destroy of an example against the provider's own floor.

    python benchmarks/terraform.py [--example segments] [--rounds 3] [--json figures.json]

The floor is terraform_floor/: a bucket with lifecycle rules and a queue, for which the provider
waits by itself until they have settled, about a minute on AWS and here. Both are applied to the
local AWS by the same Terraform, in turns, each in a copy of its own and in an account of its own.
"""

import argparse
import json
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from figures import Goal, machine, show_goals, show_machine, write_json
from rich.console import Console
from rich.table import Table

from batchrec.localaws.server import LocalAws
from batchrec.terraform.workspace import Workspace

HERE = Path(__file__).parent
STEPS = ("plan", "apply", "destroy")
MOST_ADDED_SECONDS = 15.0  # by all of ours to an apply: reading, signing and sending 60 resources


@dataclass(frozen=True)
class Run:
    """Seconds that each step took."""

    configuration: str
    resources: int
    plan: float
    apply: float
    destroy: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--example", default="segments", help="folder in examples/")
    parser.add_argument("--rounds", type=int, default=3, help="of floor and example in turn")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    asked = parser.parse_args()
    console = Console()
    described = machine(["moto"], versions())
    show_machine(described, console)
    runs = []
    for _ in range(asked.rounds):
        runs.append(measure(HERE, "terraform_floor"))
        runs.append(measure(HERE.parent, f"examples/{asked.example}"))
    floor, example = medians(runs[::2]), medians(runs[1::2])
    show(floor, example, console)
    added = example.apply - floor.apply
    text = f"the example's apply takes at most {MOST_ADDED_SECONDS:.0f} s more than the floor's"
    goals = [Goal(text, f"{added:.1f} s more", added <= MOST_ADDED_SECONDS)]
    show_goals([f"Medians of {asked.rounds} rounds."], goals, console)
    if asked.json:
        write_json(asked.json, described, runs, goals)


def measure(repository: Path, configuration: str) -> Run:
    """Plan, apply and destroy a configuration in an empty account."""
    with (
        LocalAws() as aws,
        Workspace(repository, configuration, endpoint=aws.endpoint) as workspace,
    ):
        workspace.init()
        plan = seconds(workspace.plan)
        apply = seconds(workspace.apply)
        resources = len([name for name in workspace.state_list() if ".data." not in name])
        return Run(configuration, resources, plan, apply, seconds(workspace.destroy))


def seconds(step: Callable[[], object]) -> float:
    """Return how long it takes."""
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def medians(runs: list[Run]) -> Run:
    """Return the median of each step."""
    plan, apply, destroy = (statistics.median(getattr(run, step) for run in runs) for step in STEPS)
    return Run(runs[0].configuration, runs[0].resources, plan, apply, destroy)


def versions() -> str:
    """Return the versions of Terraform and of the provider."""
    with Workspace(HERE, "terraform_floor") as workspace:
        workspace.init()
        shown = subprocess.run(  # noqa: S603 (the Terraform that is measured)
            [workspace.terraform, "version", "-json"],
            cwd=workspace.folder,
            env=workspace.env,
            capture_output=True,
            check=True,
        ).stdout
    told = json.loads(shown)
    (provider,) = told["provider_selections"].values()
    return f"Terraform {told['terraform_version']}, hashicorp/aws {provider}"


def show(floor: Run, example: Run, console: Console) -> None:
    """Print both, and their ratio."""
    table = Table(box=None)
    for column in ("", "resources", *STEPS):
        table.add_column(column, justify="left" if not column else "right")
    for run in (floor, example):
        times = [f"{getattr(run, step):.1f} s" for step in STEPS]
        table.add_row(run.configuration, str(run.resources), *times)
    ratios = [f"{getattr(example, step) / getattr(floor, step):.2f}" for step in STEPS]
    table.add_row("ratio", "", *ratios)
    console.print(table)


if __name__ == "__main__":
    main()
