"""State of Step Functions in one account and Region: moto's, with Map Runs and their children."""

import copy
import json
import uuid
from typing import Any, cast

from moto.core.base_backend import BackendDict
from moto.stepfunctions.exceptions import (
    InvalidExecutionInput,
    ResourceNotFound,
)
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from batchrec.localaws import runtime
from batchrec.localaws.stepfunctions.executions import Execution, now
from batchrec.localaws.stepfunctions.map_runs import MapRun


class StepFunctionsBackend(StepFunctionsParserBackend):
    """Step Functions in one account and Region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._children: dict[str, Execution] = {}
        self._map_runs: dict[str, MapRun] = {}

    # --- executions -----------------------------------------------------------------------------

    def start(self, machine_arn: str, name: str | None, given: str | None) -> Execution:
        """API Reference, StartExecution: without a name, a UUID; a name serves once."""
        machine: Any = self.describe_state_machine(machine_arn)
        name, given = name or str(uuid.uuid4()), given or "{}"
        execution: Execution | None = machine._handle_name_input_idempotency(name, given)
        if execution is None:
            # Its date and its beginning are one instant.
            with runtime.current().clock.participant():
                execution = self._new_execution(machine, machine.name, name, given)
                machine.executions.append(execution)
                execution.start()
        return execution

    def new_child(self, map_run: MapRun, program: Program, given: Any) -> Execution:
        """Make, and keep, the execution of one child of a Map Run."""
        parent = self.execution(map_run.execution_arn)
        child = self._new_execution(
            parent.state_machine,
            map_run.machine,
            str(uuid.uuid4()),
            to_json_str(given),
            program=program,
            map_run_arn=map_run.arn,
            on_end=map_run.child_ended,
        )
        self._children[child.exec_arn] = child
        return child

    def execution(self, arn: str) -> Execution:
        """Return an execution, or a child of a Map Run.

        Raises:
            ExecutionDoesNotExist: there is neither.
        """
        found: Any = self._children.get(arn) or self.describe_execution(arn)
        return cast(Execution, found)

    def latest_executions(
        self, machine_arn: str | None, map_run_arn: str | None, status: str | None
    ) -> list[Execution]:
        """Return a state machine's executions, or a Map Run's children, the newest first."""
        if machine_arn:
            executions: list[Any] = self.describe_state_machine(machine_arn).executions
        else:
            children = self.map_run(str(map_run_arn)).children
            executions = [child for child in children if child is not None]
        found = [e for e in reversed(executions) if status in (None, e.status)]
        return sorted(found, key=lambda execution: execution.start_date, reverse=True)

    # --- Map Runs -------------------------------------------------------------------------------

    def add_map_run(self, map_run: MapRun) -> None:
        """Keep a Map Run."""
        self._map_runs[map_run.arn] = map_run

    def map_run(self, map_run_arn: str) -> MapRun:
        """Return a Map Run.

        Raises:
            ResourceNotFound: there is none with that ARN.
        """
        if map_run_arn not in self._map_runs:
            raise ResourceNotFound(map_run_arn)
        return self._map_runs[map_run_arn]

    def map_runs_of(self, execution_arn: str) -> list[MapRun]:
        """Return the Map Runs of an execution, the newest first.

        Raises:
            ExecutionDoesNotExist: there is no such execution.
        """
        self.execution(execution_arn)
        runs = [run for run in self._map_runs.values() if run.execution_arn == execution_arn]
        return runs[::-1]

    # --- what both share ------------------------------------------------------------------------

    def _get_executions(self, execution_status: ExecutionStatus | None = None) -> list[Any]:
        """Return every execution, as moto asks to find a task's token."""
        children = [
            child
            for child in self._children.values()
            if execution_status in (None, child.exec_status)
        ]
        return [*super()._get_executions(execution_status), *children]

    def _new_execution(
        self, machine: Any, machine_name: str, name: str, given: str, **of_child: Any
    ) -> Execution:
        try:
            json.loads(given)
        except ValueError as error:
            raise InvalidExecutionInput(str(error)) from error
        place = f"{self.partition}:states:{self.region_name}:{self.account_id}"
        return Execution(
            name=name,
            sm_type=machine.sm_type,
            role_arn=machine.roleArn,
            exec_arn=f"arn:{place}:execution:{machine_name}:{name}",
            account_id=self.account_id,
            region_name=self.region_name,
            state_machine=_snapshot(machine),
            start_date=now(),
            input_data=given,
            cloud_watch_logging_session=None,
            activity_store={},
            **{"on_end": lambda _: None} | of_child,
        )


def _snapshot(machine: Any) -> Any:
    """Copy a state machine as it is now: an update doesn't change what runs already."""
    shared = {id(machine.executions): [], id(machine.backend): machine.backend}
    return copy.deepcopy(machine, shared)


stepfunctions_backends = BackendDict(StepFunctionsBackend, "stepfunctions")


def backend_of(env: Environment) -> StepFunctionsBackend:
    """Return the backend that an environment of the interpreter belongs to."""
    details = env.aws_execution_details
    return stepfunctions_backends[details.account][details.region]
