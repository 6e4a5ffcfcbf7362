"""Find the execution of a run."""

from collections.abc import Iterator
from typing import Any

from batchrec.errors import BatchrecError
from batchrec.pipeline import Pipeline
from batchrec.runs.descriptions import action_of, fitting_name, json_object, name_of


def find(pipeline: Pipeline, run: str | None = None, *, only_runs: bool = False) -> str:
    """Return the ARN of a run's execution.

    Of several that continued one run it is the newest that wasn't skipped.

    Args:
        pipeline: whose.
        run: name of the run or of its execution, or the execution's ARN; None: the newest.
        only_runs: the newest that is no teardown, and wasn't skipped.

    Raises:
        BatchrecError: there is none.
    """
    if run is not None and run.startswith("arn:"):
        return _own(pipeline, run)
    skipped: str | None = None
    for listed in executions(pipeline):
        arn = str(listed["executionArn"])
        if run in (listed["name"], fitting_name(listed["name"])):
            return arn
        if run is None and not only_runs:
            return arn
        described = pipeline.client("stepfunctions").describe_execution(executionArn=arn)
        is_skipped = json_object(described.get("output")).get("status") == "SKIPPED"
        is_it = action_of(described) == "run" if run is None else name_of(described) == run
        if is_it and not is_skipped:
            return arn
        if is_it and run is not None:
            skipped = skipped or arn
    if skipped is not None:
        return skipped
    what = f"has no run {run}" if run else "has not run yet"
    raise BatchrecError(
        f"The pipeline {pipeline.name} {what}. `batchrec status` lists its runs, and `batchrec run`"
        " starts one."
    )


def _own(pipeline: Pipeline, execution_arn: str) -> str:
    machine = ":".join(pipeline.state_machine_arn.split(":")[:7])  # no version or alias
    begins = f"{machine.replace(':stateMachine:', ':execution:')}:"
    if not execution_arn.startswith(begins):
        raise BatchrecError(
            f"{execution_arn} is no execution of the pipeline {pipeline.name}: ARNs of those begin"
            f" with {begins}"
        )
    return execution_arn


def executions(pipeline: Pipeline) -> Iterator[dict[str, Any]]:
    """List the executions of the state machine, the newest first (ListExecutions)."""
    pages = pipeline.client("stepfunctions").get_paginator("list_executions")
    for page in pages.paginate(stateMachineArn=pipeline.state_machine_arn):
        yield from page["executions"]
