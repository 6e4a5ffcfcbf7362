"""What the benchmarks share: on which machine, which goals, and both for people and machines."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console


class BenchmarkError(Exception):
    """There is nothing to compare: a peer failed, or did other work."""


@dataclass(frozen=True)
class Goal:
    """What ours should reach."""

    text: str
    found: str
    reached: bool


def machine(packages: Sequence[str], *others: str) -> dict[str, str]:
    """Describe the machine, and the versions of packages and of others on it. Linux only."""
    cpu = _first_value("/proc/cpuinfo", "model name") or platform.processor()
    memory = int((_first_value("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) / 2**20
    versions = [f"{name} {version(name)}" for name in packages]
    load = os.getloadavg()[0]
    return {
        "machine": f"{cpu}, {os.cpu_count()} cores, {memory:.1f} GiB, load {load:.1f} at the start",
        "system": f"{platform.system()} {platform.release()}",
        "versions": ", ".join([f"Python {platform.python_version()}", *versions, *others]),
        "date": datetime.now(UTC).isoformat(" ", "minutes"),
    }


def show_machine(described: dict[str, str], console: Console) -> None:
    """Print it."""
    for name, value in described.items():
        console.print(f"{name:<8} {value}", highlight=False)


def show_goals(notes: Sequence[str], goals: Sequence[Goal], console: Console) -> None:
    """Print what the figures mean, and what was reached."""
    for note in notes:
        console.print(note, style="dim", highlight=False)
    for goal in goals:
        mark = "[green]reached[/]    " if goal.reached else "[red]not reached[/]"
        console.print(f"{mark} {goal.text}: {goal.found}", highlight=False)


def write_json(path: Path, described: dict[str, str], runs: Sequence[Any], goals: Any) -> None:
    """Write everything; the runs are instances of a dataclass."""
    figures = {"machine": described, "runs": runs, "goals": goals}
    path.write_text(json.dumps(figures, indent=2, ensure_ascii=False, default=asdict) + "\n")


def _first_value(path: str, name: str) -> str | None:
    for line in Path(path).read_text().splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return None
