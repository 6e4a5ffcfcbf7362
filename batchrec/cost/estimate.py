"""What a run would use, before it is started."""

from collections.abc import Mapping
from typing import Any

from batchrec import limits
from batchrec.cost.plan import Plan
from batchrec.cost.quantities import input_key
from batchrec.cost.stored import GB
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

_TRANSITIONS = 1030  # of a first run with one solution (docs/workflow.md, Waiting)


def expected(plan: Plan, workload: Workload, training_hours: float | None) -> Usage:
    """Estimate what a run uses if it trains every solution anew.

    What the newest run on AWS used counts more than any guess: of Glue, training and Step
    Functions its quantities are taken over as they are.

    Args:
        plan: what the run will do.
        workload: on how much data.
        training_hours: of each solution; None: those of the newest run, or a guess.
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
        hours, basis = _training(plan, each["key"], training_hours)
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
            size / GB,
            f"estimated: the imports, and {_BYTES_PER_RESULT} bytes a result, of {results:,}",
        )
    )
    usage.recommendations = results
    usage.notes.append(
        "Every solution is taken to be trained anew. The next run may reuse its version."
    )
    return usage


def expected_limits(plan: Plan, workload: Workload) -> list[Limit]:
    """Compare an estimate with the quotas; the nearest first."""
    files = {}
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
    if given.get("active_days") is not None and workload.activity is not None:
        return workload.activity.active(int(given["active_days"]))
    return known


def _glue(plan: Plan, workload: Workload, inputs: int) -> list[Use]:
    if plan.earlier is not None:
        return [
            Use(use.price_id, use.what, use.quantity, f"as in the run {plan.earlier.name}")
            for use in plan.earlier.usage.uses
            if use.price_id.startswith("glue.")
        ]
    prepare = _START_SECONDS + _PREPARE_SECONDS + workload.interactions * _PREPARE_SECONDS_PER_ROW
    publish = _START_SECONDS + inputs * _PUBLISH_SECONDS_PER_INPUT
    uses = []
    for name, seconds in (("prepare", prepare), ("publish", publish)):
        billed = max(seconds, MINIMUM_GLUE_SECONDS)
        uses.append(
            Use(
                plan.workers.price_id,
                GLUE_JOBS[name],
                billed * plan.workers.dpus / 3600,
                f"estimated: {billed:,.0f} s of {plan.workers}",
            )
        )
    return uses


def _training(plan: Plan, key: str, given: float | None) -> tuple[float, str]:
    if given is not None:
        return given, "given by you"
    if plan.earlier is not None:
        for use in plan.earlier.usage.uses:
            if use.price_id == "personalize.training" and use.subject == key:
                return use.quantity, f"as in the run {plan.earlier.name}"
    least, most = RECORDED_TRAINING_HOURS
    return most, f"guessed: notebooks of AWS recorded {least} and {most}; see --training-hours"


def _transitions(plan: Plan) -> Use:
    if plan.earlier is not None:
        for use in plan.earlier.usage.uses:
            if use.price_id == "stepfunctions.transitions":
                basis = f"as in the run {plan.earlier.name}"
                return Use(use.price_id, use.what, use.quantity, basis)
    count = _TRANSITIONS * len(plan.solutions)
    basis = "estimated: that of a first run (docs/workflow.md) for each solution"
    return Use("stepfunctions.transitions", "state transitions", count / 1000, basis)
