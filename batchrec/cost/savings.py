"""What would lower a bill, and by how much."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from batchrec.cost.activity import Activity
from batchrec.cost.bill import Line, Saving
from batchrec.cost.prices import Prices
from batchrec.cost.wording import quantity
from batchrec.pipeline import input_key

RUNS_PER_MONTH = 4.3  # every Sunday
_MONTH_DAYS = 365.25 / 12
_LEAST_REUSE_DAYS = 7
_WINDOWS = (30, 90, 365)  # days
_WORTH_IT = 0.95  # of the users are active: leaving the rest out saves next to nothing
_CHOICES = ("ids", "active_days", "active_since", "most_frequent")


def find(
    lines: Sequence[Line],
    solutions: Sequence[Mapping[str, Any]],
    batch_inputs: Mapping[str, Mapping[str, Any]],
    activity: Activity | None,
    prices: Prices,
    region: str,
    runs_per_month: float = RUNS_PER_MONTH,
) -> list[Saving]:
    """List what would lower a bill, the largest first; those of unknown amount last.

    Args:
        lines: of the bill.
        solutions: as the state machine is configured with them.
        batch_inputs: the module's input of that name, by key; empty: not known.
        activity: when users were last active; None: not known.
        prices: for what isn't billed now.
        region: of the pipeline.
        runs_per_month: how often runs are started.
    """
    found = [
        *_reuse(lines, solutions, runs_per_month),
        *_active_users(lines, solutions, batch_inputs, activity),
        *_flex(lines, prices, region),
        *_fewer_results(lines, solutions),
        _schedule(lines),
    ]
    return sorted(found, key=lambda saving: -(saving.amount or 0))


def _reuse(
    lines: Sequence[Line], solutions: Sequence[Mapping[str, Any]], runs_per_month: float
) -> Iterator[Saving]:
    for solution in solutions:
        trained = [line for line in lines if line.what == f"training of {solution['key']}"]
        training = solution["training"]
        if not trained:
            continue
        took = quantity(sum(line.quantity for line in trained), trained[0].unit)
        amount, why = _sum(trained), f"the training took {took}"
        name = f"solutions.{solution['key']}.training"
        if not training["reuse_unchanged"]:
            yield Saving(
                f"{name}.reuse_unchanged = true",
                amount,
                f"runs whose data is unchanged reuse the version; {why}",
            )
        if training["reuse_days"] == 0 and runs_per_month:
            # A run reuses a version that is younger: with one a week, 8 days reach to the next run.
            between = _MONTH_DAYS / runs_per_month
            days = max(_LEAST_REUSE_DAYS, math.floor(between) + 1)
            reusing = math.ceil(days / between) - 1
            yield Saving(
                f"{name}.reuse_days = {days}",
                None if amount is None else amount * reusing / (reusing + 1),
                f"at {runs_per_month:g} runs a month {reusing} of {reusing + 1} reuse the version,"
                f" which knows nothing newer; {why}",
            )


def _active_users(
    lines: Sequence[Line],
    solutions: Sequence[Mapping[str, Any]],
    batch_inputs: Mapping[str, Mapping[str, Any]],
    activity: Activity | None,
) -> Iterator[Saving]:
    if activity is None or not activity.users:
        return
    for key, given in batch_inputs.items():
        asking = [each["key"] for each in solutions if input_key(each) == key]
        whats = {f"{kind} of {each}" for each in asking for kind in ("batch inference", "themes")}
        asked = [line for line in lines if line.what in whats]
        if given["kind"] != "users" or any(given.get(choice) for choice in _CHOICES) or not asked:
            continue
        for days in _WINDOWS:
            active = activity.active(days)
            share = active / activity.users
            if 0 < share < _WORTH_IT:
                amount = _sum(asked)
                yield Saving(
                    f"batch_inputs.{key}.active_days = {days}",
                    None if amount is None else amount * (1 - share),
                    f"{active:,} of {activity.users:,} users ({share:.0%}) had an event in the last"
                    f" {days} days",
                )


def _flex(lines: Sequence[Line], prices: Prices, region: str) -> Iterator[Saving]:
    jobs = [line for line in lines if line.price_id == "glue.standard"]
    hours = sum(line.quantity for line in jobs)
    flex, amount = prices.of("glue.flex", region), _sum(jobs)
    if jobs:
        yield Saving(
            'glue.execution_class = "FLEX"',
            None if flex is None or amount is None else amount - hours * flex,
            f"{hours:,.2f} DPU-hours cost less, and the jobs may wait for room; for workers of the"
            " types G.1X and G.2X",
        )


def _fewer_results(
    lines: Sequence[Line], solutions: Sequence[Mapping[str, Any]]
) -> Iterator[Saving]:
    asked = {line.what.removeprefix("batch inference of ") for line in lines}
    many = [s["key"] for s in solutions if s["key"] in asked and s["number_of_results"] > 10]
    if many:
        yield Saving(
            f"solutions.{many[0] if len(many) == 1 else '*'}.number_of_results",
            None,
            "fewer results make smaller files and a shorter publishing job; whether Personalize"
            " bills them isn't verified",
        )


def _schedule(lines: Sequence[Line]) -> Saving:
    return Saving(
        "schedule.expression, less often",
        _sum([line for line in lines if line.price_id != "s3.storage"]),
        "each run that isn't started saves all of it",
    )


def _sum(lines: Sequence[Line]) -> float | None:
    """Add amounts; None if one is unknown."""
    amounts = [line.amount for line in lines]
    return None if None in amounts else sum(amount or 0 for amount in amounts)
