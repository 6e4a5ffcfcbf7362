"""Compare what the local Personalize recommends with popularity, ALS, item kNN and EASE.

    .venv/bin/python benchmarks/recommender.py [--data ml-100k] [--seeds 3] [--scale]

Every model trains on the same events, is asked for 25 items for every user with hidden ones, and
is measured by the same code; each run is a process of its own. What has a random start runs with
several seeds. `--scale` also trains on 10 million synthetic events and asks for all 100,000 users.
The exit code is 1 when a goal isn't reached. Linux only: the peaks of memory come from /proc.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, median

import figures
import numpy as np
from figures import BenchmarkError, Goal
from numpy.typing import NDArray
from recommender_data import (
    RATINGS,
    SCALE_EVENTS,
    SCALE_ITEMS,
    SCALE_USERS,
    Events,
    Split,
    every_rating,
    split,
    synthetic,
)
from recommender_peers import PEERS, STOCHASTIC
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from batchrec.errors import BatchrecError

OURS = "batchrec"
VARIANTS = (OURS, "without recency")
NOTES = (
    "A rating of 3.5 or more is an event; users with 5 or more take part; the latest tenth of each"
    " one's events is hidden. NDCG and recall are means over these users, and over the seeds.",
    "Coverage: the share of all items that some list holds. Seconds: medians over the seeds, one"
    " run where nothing is random, on one thread (EASE: BLAS' own), without imports and reading."
    " Peak: the whole process, imports included.",
    "Hyperparameters of all models but ALS' defaults were chosen on the latest tenth of the"
    " training events.",
)

console = Console(width=None if sys.stdout.isatty() else 110)


@dataclass(frozen=True)
class Run:
    """One model's figures on one set with one seed; without quality where nothing is hidden."""

    data: str
    peer: str
    seed: int
    training_seconds: float
    inference_seconds: float
    peak_bytes: int
    ndcg: float = 0.0
    recall: float = 0.0
    coverage: float = 0.0

    @property
    def seconds(self) -> float:
        """Training and inference."""
        return self.training_seconds + self.inference_seconds


def main() -> int:
    """Run the benchmark; return the exit code."""
    arguments = _parse_arguments()
    machine = figures.machine(["implicit", "numpy", "scipy"])
    figures.show_machine(machine, console)
    runs: list[Run] = []
    goals: list[Goal] = []
    try:
        for data in arguments.data:
            found, reached = _compare(data, arguments.seeds)
            runs += found
            goals += reached
        if arguments.scale:
            found, reached = at_scale(SCALE_EVENTS, SCALE_USERS, SCALE_ITEMS)
            runs += found
            goals += reached
    except (BatchrecError, BenchmarkError) as error:
        console.print(f"[red]✗[/] {escape(str(error))}", highlight=False)
        return 1
    figures.show_goals(NOTES, goals, console)
    if arguments.json:
        figures.write_json(arguments.json, machine, runs, goals)
    return 0 if all(goal.reached for goal in goals) else 1


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--data", nargs="*", choices=RATINGS, default=list(RATINGS), help="sets of real ratings"
    )
    parser.add_argument("--seeds", type=int, default=3, help="runs of models with a random start")
    parser.add_argument("--scale", action="store_true", help="10 million synthetic events too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    arguments = parser.parse_args()
    if arguments.seeds < 1:
        parser.error("--seeds takes 1 or more")
    return arguments


# Running


def _compare(data: str, seeds: int) -> tuple[list[Run], list[Goal]]:
    """Compare all models on a set of ratings, and time ours on all of them."""
    ratings = RATINGS[data]()
    given, everything = split(ratings), every_rating(ratings)
    runs = list(_run_all(data, given, seeds))
    console.print(_table(data, given, runs))
    with console.status(f"{data}: {len(everything):,} events"):
        users = np.unique(everything.users)
        whole, _ = run(data, OURS, everything, users, seed=0)
    goals = [*quality_goals(data, runs)]
    text = f"{data}, all {len(everything):,} ratings: training and inference under 5 s"
    goals.append(Goal(text, f"{whole.seconds:.1f} s", whole.seconds < 5))
    return [*runs, whole], goals


def _run_all(data: str, given: Split, seeds: int) -> Iterator[Run]:
    items = len(np.unique(given.training.items))
    for seed in range(seeds):
        # Peers take turns, so that whatever else the machine does hits all of them alike.
        for peer in PEERS if seed == 0 else STOCHASTIC:
            with console.status(f"{data}, seed {seed}: {peer}"):
                found, lists = run(data, peer, given.training, given.asked, seed)
            yield Run(**(asdict(found) | quality(lists, given.relevant, items)))


def at_scale(events: int, users: int, items: int) -> tuple[list[Run], list[Goal]]:
    """Train on synthetic events and ask for all users, in one process.

    Raises:
        BenchmarkError: it failed, or a user got fewer than 25 items.
    """
    data = f"{events:,} synthetic events"
    with console.status(f"{data}: drawing"):
        given = synthetic(events, users, items)
    with console.status(f"{data}: training, and asking for {users:,} users"):
        found, lists = run(data, OURS, given, np.arange(users), seed=0)
    if (lists < 0).any():
        raise BenchmarkError(f"{data}: a user got fewer than {lists.shape[1]} items")
    console.print(
        f"{data}, {users:,} users, {items:,} items: training {found.training_seconds:.0f} s,"
        f" inference {found.inference_seconds:.0f} s, peak {found.peak_bytes / 2**20:,.0f} MiB",
        highlight=False,
    )
    return [found], [
        Goal(
            f"{data}: training and inference within 10 minutes",
            f"{found.seconds:.0f} s",
            found.seconds <= 600,
        ),
        Goal(
            f"{data}: within 4 GiB",
            f"{found.peak_bytes / 2**30:.2f} GiB",
            found.peak_bytes <= 2**32,
        ),
    ]


def run(
    data: str, peer: str, events: Events, asked: NDArray[np.int64], seed: int
) -> tuple[Run, NDArray[np.int64]]:
    """Train a model and ask it, in a process of its own.

    Returns:
        What it took, and the lists: asked by 25, -1 where a list ends early.

    Raises:
        BenchmarkError: it failed.
    """
    script = Path(__file__).with_name("recommender_peers.py")
    with tempfile.TemporaryDirectory(prefix="recommender-benchmark-") as folder:
        names = ("events.npz", "asked.npy", "lists.npy")
        given, users, lists = (Path(folder, name) for name in names)
        events.save(given)
        np.save(users, asked)
        process = subprocess.run(  # noqa: S603 (our own script)
            [sys.executable, script, peer, given, users, lists, str(seed)],
            capture_output=True,
            text=True,
            check=False,
        )
        if process.returncode:
            raise BenchmarkError(f"{peer} failed on {data}:\n{process.stderr[-4_000:]}")
        measured = json.loads(process.stdout.splitlines()[-1])
        return Run(data, peer, seed, **measured), np.load(lists)


def quality(
    lists: NDArray[np.int64], relevant: list[NDArray[np.int64]], items: int
) -> dict[str, float]:
    """Compare lists with what was hidden.

    Args:
        lists: users by ranks; -1 where a list ends early.
        relevant: each user's hidden items, distinct; -1, however often, stands for items that
            nobody could recommend, which count as missed.
        items: how many the training data has.

    Returns:
        ndcg and recall, means over the users, and coverage.
    """
    ranks = lists.shape[1]
    gains = 1 / np.log2(np.arange(2, ranks + 2))
    hits = np.array(
        [np.isin(row, of) & (row >= 0) for row, of in zip(lists, relevant, strict=True)]
    )
    sizes = np.array([len(of) for of in relevant])
    perfect = np.cumsum(gains)[np.minimum(sizes, ranks) - 1]
    return {
        "ndcg": float((hits @ gains / perfect).mean()),
        "recall": float((hits.sum(axis=1) / sizes).mean()),
        "coverage": len(np.unique(lists[lists >= 0])) / items,
    }


# Telling


def _table(data: str, given: Split, runs: list[Run]) -> Table:
    events = given.training
    table = Table(
        title=f"{data}: {len(events):,} events of {events.users.max() + 1:,} users with"
        f" {events.items.max() + 1:,} items, {len(given.asked):,} users asked for",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("", no_wrap=True)
    for title in (
        *("\nNDCG@25", "\nmin..max", "\npopularity", "\nrecall@25", "\ncoverage"),
        *("training\ns", "inference\ns", "peak\nMiB"),
    ):
        table.add_column(title, justify="right", no_wrap=True)
    base = _ndcg("popularity", runs)
    for peer in PEERS:
        own = [each for each in runs if each.peer == peer]
        values = [each.ndcg for each in own]
        table.add_row(
            peer,
            f"{mean(values):.4f}",
            f"{min(values):.4f}..{max(values):.4f}" if len(values) > 1 else "",
            f"{mean(values) / base:.2f} x",
            f"{mean(each.recall for each in own):.4f}",
            f"{mean(each.coverage for each in own):.3f}",
            f"{median(each.training_seconds for each in own):.2f}",
            f"{median(each.inference_seconds for each in own):.2f}",
            f"{max(each.peak_bytes for each in own) / 2**20:,.0f}",
        )
    return table


def _ndcg(peer: str, runs: list[Run]) -> float:
    return mean(each.ndcg for each in runs if each.peer == peer)


def quality_goals(data: str, runs: list[Run]) -> list[Goal]:
    """Compare our NDCG with that of popularity and of the best peer."""
    of = {peer: _ndcg(peer, runs) for peer in PEERS}
    best = max((peer for peer in PEERS if peer not in VARIANTS), key=of.__getitem__)
    above, beside = of[OURS] / of["popularity"], of[OURS] / of[best]
    return [
        Goal(f"{data}: NDCG@25 at least 1.6 x popularity", f"{above:.2f} x", above >= 1.6),
        Goal(f"{data}: at least 0.95 x the best peer", f"{beside:.2f} x {best}", beside >= 0.95),
    ]


if __name__ == "__main__":
    sys.exit(main())
