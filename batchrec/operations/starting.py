"""Start a run of a deployed pipeline."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from batchrec import runs
from batchrec.errors import BatchrecError
from batchrec.pipeline import Pipeline


@dataclass(frozen=True)
class Started:
    """An execution that has begun."""

    run: str
    execution_arn: str


def start(
    pipeline: Pipeline, name: str | None = None, continued: str | None = None, *, anyway: bool
) -> Started:
    """Start a run.

    Args:
        pipeline: whose.
        name: of the run; None: a name with the time.
        continued: a run that is continued, as runs.find takes it; what it has finished is used.
        anyway: even if another run is under way: the workflow then skips the new one.

    Raises:
        BatchrecError: another run is under way, the name is taken or can't be one, or there is
            nothing to continue.
    """
    if not anyway:
        _require_no_other(pipeline)
    if continued is not None:
        return _continue(pipeline, continued)
    if name is not None:
        _require_free(pipeline, name)
    run = name or f"run-{_now()}"
    return Started(run, _start(pipeline, run, {}))


def _continue(pipeline: Pipeline, named: str) -> Started:
    stepfunctions = pipeline.client("stepfunctions")
    try:
        described = stepfunctions.describe_execution(executionArn=runs.find(pipeline, named))
    except (BatchrecError, stepfunctions.exceptions.ExecutionDoesNotExist) as error:
        # Step Functions forgets an execution after 90 days, the bucket doesn't.
        run = runs.fitting_name(named.rsplit(":", 1)[-1])
        is_foreign = named.startswith("arn:") and isinstance(error, BatchrecError)
        if is_foreign or pipeline.read_report(run) is None:
            raise
    else:
        run = runs.name_of(described)
        _require_unfinished(run, described)
    return Started(run, _start(pipeline, f"{run}-again-{_now()}", {"run": run}))


def _require_unfinished(run: str, described: dict[str, Any]) -> None:
    if runs.action_of(described) != "run":
        raise BatchrecError(
            f"The execution {described['name']} is no run but a {runs.action_of(described)}. To go"
            " on with a teardown, `batchrec destroy` once more."
        )
    if runs.json_object(described.get("output")).get("status") == "SUCCEEDED":
        raise BatchrecError(
            f"The run {run} has succeeded: there is nothing to continue. `batchrec run` starts a"
            " new one, which reuses the models if the data is unchanged."
        )


def _start(pipeline: Pipeline, execution: str, given: dict[str, str]) -> str:
    stepfunctions = pipeline.client("stepfunctions")
    try:
        started = stepfunctions.start_execution(
            stateMachineArn=pipeline.state_machine_arn, name=execution, input=json.dumps(given)
        )
    except stepfunctions.exceptions.ExecutionAlreadyExists as error:
        raise _taken(execution) from error
    return str(started["executionArn"])


def _require_no_other(pipeline: Pipeline) -> None:
    running = pipeline.client("stepfunctions").list_executions(
        stateMachineArn=pipeline.state_machine_arn, statusFilter="RUNNING", maxResults=1
    )["executions"]
    if running:
        name = running[0]["name"]
        raise BatchrecError(
            f"The execution {name} of {pipeline.name} is under way, and two runs would import into"
            f" the same datasets. Watch it with `batchrec watch {name}`, and start yours when it"
            " has ended. With --anyway yours is started now, and ends as SKIPPED if that one still"
            " runs."
        )


def _require_free(pipeline: Pipeline, name: str) -> None:
    if runs.fitting_name(name) != name:
        raise BatchrecError(
            f"{name!r} can't be the name of a run: it stands in names of jobs and has at most 36"
            " letters, digits, hyphens and underscores, a letter or digit first."
        )
    if pipeline.read_report(name) is not None:
        raise _taken(name)


def _taken(name: str) -> BatchrecError:
    return BatchrecError(
        f"There is a run {name} already. Choose another name, or go on with that run: `batchrec"
        f" run --continue {name}`."
    )


def _now() -> str:
    return datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
