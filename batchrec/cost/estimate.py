"""What a run would use, before it is started."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from batchrec import limits
from batchrec.cost.plan import Earlier, Plan
from batchrec.cost.quantities import KEPT
from batchrec.cost.stored import GB, GIB
from batchrec.cost.usage import (
    GLUE_JOBS,
    MINIMUM_GLUE_SECONDS,
    Usage,
    Use,
    batch_uses,
    training_use,
)
from batchrec.cost.workload import Workload
from batchrec.limits import BatchFiles, Limit
from batchrec.pipeline import input_key

# Training hours of two recorded notebooks of AWS, for 20 and 40 minutes: the larger is assumed.
# github.com/aws-samples/amazon-personalize-samples, next_steps/core_use_cases/updating_datasets
RECORDED_TRAINING_HOURS = (1.073, 4.212)

# Measured on 2 cores (docs/data.md, Speed; docs/publishing.md, Speed), with a minute for the start.
_START_SECONDS = 60
_PREPARE_SECONDS, _PREPARE_SECONDS_PER_ROW = 8.5, 1.35e-6
_PUBLISH_SECONDS_PER_INPUT = 36e-6
_BYTES_PER_RESULT = 25  # of the .out files and the tables together
_INPUT_BYTES = 30  # of a line
_FILE_BYTES = 50 * 1000**2

_SAME = (0.9, 1.1)  # as much data as before, as far as a person cares
_TRANSITIONS = 1030  # of a first run with one solution (docs/workflow.md, Waiting)


def expected(plan: Plan, workload: Workload, training_hours: float | None) -> Usage:
    """Estimate what a run uses if it trains every solution anew.

    What runs on AWS used counts more than any guess: of Glue and training in proportion to the
    data, of Step Functions as it was.

    Args:
        plan: what the run will do.
        workload: on how much data.
        training_hours: of each solution; None: those of its newest training, or a guess.
    """
    usage = Usage()
    inputs = {key: _inputs(given, workload) for key, given in plan.batch_inputs.items()}
    asked = {each["key"]: inputs.get(input_key(each), 0) for each in plan.solutions}
    results = sum(asked[each["key"]] * each["number_of_results"] for each in plan.solutions)

    usage.uses += _glue(plan, workload, sum(asked.values()))
    for dataset in plan.datasets:
        size = workload.bytes_of(dataset)
        basis = workload.basis if dataset == "interactions" else "estimated: 100 bytes for each"
        usage.uses.append(
            Use("personalize.ingestion", f"import of {dataset}", size / GB, basis, dataset)
        )
    for each in plan.solutions:
        hours, basis = _training(plan, each["key"], workload.interactions, training_hours)
        usage.uses.append(
            training_use(each["recipe"], each["key"], hours, workload.interactions, basis)
        )
        usage.uses += batch_uses(
            each["recipe"],
            each["job"],
            bool(each["themes_item_name"]),
            each["key"],
            asked[each["key"]],
            f"estimated: {asked[each['key']]:,} lines of the batch input {input_key(each)}",
        )
    usage.uses.append(_transitions(plan))
    size = sum(map(workload.bytes_of, plan.datasets)) + results * _BYTES_PER_RESULT
    usage.uses.append(
        Use(
            "s3.storage",
            "a month of keeping this run's files",
            size / GIB,
            f"estimated: the imports, and {_BYTES_PER_RESULT} bytes a result, of {results:,}",
        )
    )
    usage.recommendations = results
    usage.notes += [
        "Every solution is taken to be trained anew. The next run may reuse its version.",
        KEPT,
        *_uncounted(plan, workload),
    ]
    return usage


def expected_limits(plan: Plan, workload: Workload) -> list[Limit]:
    """Compare an estimate with the quotas; the nearest first."""
    files: dict[str, BatchFiles] = {}
    for key, given in plan.batch_inputs.items():
        records = _inputs(given, workload)
        size = records * _INPUT_BYTES
        files[key] = BatchFiles(max(1, -(-size // _FILE_BYTES)), size, records)
    imports = {each: round(workload.bytes_of(each)) for each in plan.datasets}
    found = limits.of_data(imports, workload.interactions, workload.items, plan.solutions, files)
    return limits.nearest_first(list(found))


def _inputs(given: Mapping[str, Any], workload: Workload) -> int:
    """Count the lines of a batch input; docs/data.md says what chooses them."""
    if given["kind"] == "item_attributes":
        return len(given.get("item_attributes") or [])
    if given.get("ids") is not None:
        return len(given["ids"])
    known = workload.users if given["kind"] == "users" else workload.items
    if given.get("most_frequent") is not None:
        return min(int(given["most_frequent"]), known)
    if workload.activity is None:
        return known
    if given.get("active_days") is not None:
        return workload.activity.active(int(given["active_days"]))
    if given.get("active_since") is not None:
        since = datetime.fromisoformat(given["active_since"]).replace(tzinfo=UTC)
        return workload.activity.active_since(since.timestamp())
    return known


def _uncounted(plan: Plan, workload: Workload) -> Iterator[str]:
    for key, given in plan.batch_inputs.items():
        for choice in ("active_days", "active_since"):
            if given.get(choice) is not None and workload.activity is None:
                yield (
                    f"Whom batch_inputs.{key}.{choice} leaves out isn't known without --data: all"
                    f" {workload.users:,} users are counted."
                )


def _glue(plan: Plan, workload: Workload, inputs: int) -> list[Use]:
    seconds = {
        "prepare": _prepare_seconds(workload.interactions),
        "publish": _publish_seconds(inputs),
    }
    both = (each for each in plan.earlier if len(each.uses("glue.")) == len(GLUE_JOBS))
    if (last := next(both, None)) is not None:
        asked = 1000 * sum(use.quantity for use in last.uses("personalize.batch"))
        before = {
            "prepare": _prepare_seconds(last.interactions) if last.interactions else None,
            "publish": _publish_seconds(asked) if asked else None,
        }
        of_job = {what: name for name, what in GLUE_JOBS.items()}
        return [
            _as_in(last, use, seconds[of_job[use.what]], before[of_job[use.what]])
            for use in last.uses("glue.")
        ]
    return [
        Use(
            plan.workers.price_id,
            GLUE_JOBS[name],
            each * plan.workers.dpus / 3600,
            f"estimated: {each:,.0f} s of {plan.workers}",
        )
        for name, each in seconds.items()
    ]


def _prepare_seconds(interactions: int) -> float:
    took = _START_SECONDS + _PREPARE_SECONDS + interactions * _PREPARE_SECONDS_PER_ROW
    return max(took, MINIMUM_GLUE_SECONDS)


def _publish_seconds(inputs: float) -> float:
    return max(_START_SECONDS + inputs * _PUBLISH_SECONDS_PER_INPUT, MINIMUM_GLUE_SECONDS)


def _training(plan: Plan, key: str, interactions: int, given: float | None) -> tuple[float, str]:
    if given is not None:
        return given, "given by you"
    for earlier in plan.earlier:
        if (use := earlier.training_of(key)) is not None:
            scaled = _as_in(earlier, use, interactions, earlier.interactions)
            return scaled.quantity, scaled.basis
    least, most = RECORDED_TRAINING_HOURS
    return most, f"guessed: notebooks of AWS recorded {least} and {most}; see --training-hours"


def _transitions(plan: Plan) -> Use:
    for earlier in plan.earlier[:1]:
        for use in earlier.uses("stepfunctions.transitions"):
            return _as_in(earlier, use, 1, 1)  # waits, not data, make them
    count = _TRANSITIONS * len(plan.solutions)
    basis = "estimated: that of a first run (docs/workflow.md) for each solution"
    return Use("stepfunctions.transitions", "state transitions", count / 1000, basis)


def _as_in(earlier: Earlier, use: Use, now: float, before: float | None) -> Use:
    """Take over what an earlier run used, in proportion to what it depends on."""
    factor = now / before if before else 1.0
    least, most = _SAME
    told = "" if least <= factor <= most else f", times {factor:,.3g} for its data"
    basis = f"as in the run {earlier.name}{told}"
    return replace(use, quantity=use.quantity * factor, basis=basis)
