"""The Step Functions operations that moto lacks, or answers in part."""

import json
from datetime import datetime
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions.exceptions import ValidationException
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse as MotoStepFunctionResponse

from batchrec.localaws.stepfunctions.exceptions import ExecutionNotRedrivable
from batchrec.localaws.stepfunctions.executions import now
from batchrec.localaws.stepfunctions.models import StepFunctionsBackend, stepfunctions_backends

_LIST_PAGE = 100  # API Reference, ListExecutions and GetExecutionHistory: without maxResults

_STOP_SECONDS = 2  # of real time


class StepFunctionsResponse(MotoStepFunctionResponse):
    """moto's Step Functions, completed."""

    @property
    def stepfunction_backend(self) -> StepFunctionsBackend:
        """The backend of the request's account and Region."""
        return stepfunctions_backends[self.current_account][self.region]

    # --- executions -----------------------------------------------------------------------------

    def start_execution(self) -> ActionResult:
        """API Reference, StartExecution: an execution without a name gets a UUID."""
        execution = self.stepfunction_backend.start(
            self._get_param("stateMachineArn"), self._get_param("name"), self._get_param("input")
        )
        return ActionResult(
            {"executionArn": execution.execution_arn, "startDate": execution.start_date}
        )

    def describe_execution(self) -> ActionResult:
        """API Reference, DescribeExecution."""
        execution = self.stepfunction_backend.execution(self._get_param("executionArn"))
        return ActionResult(execution.describe())

    def describe_state_machine_for_execution(self) -> ActionResult:
        """API Reference, DescribeStateMachineForExecution: as it was when the execution started."""
        execution = self.stepfunction_backend.execution(self._get_param("executionArn"))
        return ActionResult(execution.describe_state_machine())

    def stop_execution(self) -> ActionResult:
        """API Reference, StopExecution."""
        execution = self.stepfunction_backend.execution(self._get_param("executionArn"))
        execution.abort(self._get_param("error"), self._get_param("cause"))
        # A task that stops its own execution can't end before it has this answer.
        execution.ended.wait(_STOP_SECONDS)
        return ActionResult({"stopDate": execution.stop_date or now()})

    def redrive_execution(self) -> ActionResult:
        """API Reference, RedriveExecution; children are redriven with their parent only."""
        execution = self.stepfunction_backend.execution(self._get_param("executionArn"))
        if execution.map_run_arn is not None:
            raise ExecutionNotRedrivable("Redrive the parent workflow")
        execution.redrive()
        return ActionResult({"redriveDate": execution.redrive_date})

    def list_executions(self) -> ActionResult:
        """API Reference, ListExecutions: of a state machine or of a Map Run."""
        machine, map_run = self._get_param("stateMachineArn"), self._get_param("mapRunArn")
        if bool(machine) == bool(map_run):
            raise ValidationException("Specify either stateMachineArn or mapRunArn")
        found = self.stepfunction_backend.latest_executions(
            machine, map_run, self._get_param("statusFilter")
        )
        return self._page("executions", [execution.list_item() for execution in found])

    def get_execution_history(  # type: ignore[override]
        self,
    ) -> tuple[int, dict[str, str], str]:
        """API Reference, GetExecutionHistory: in pages, in either order."""
        execution = self.stepfunction_backend.execution(self._get_param("executionArn"))
        # moto copies every event, however few are asked for, while the interpreter waits.
        manager = execution.worker.env.event_manager
        with manager._mutex:
            events: list[Any] = list(manager._history_event_list)
        if self._get_param("reverseOrder"):
            events.reverse()
        answer = self._members("events", events)
        answer["events"] = [
            event | {"timestamp": datetime.fromisoformat(event["timestamp"]).timestamp()}
            for event in answer["events"]
        ]
        # moto's serializer looks for each of the 40 members that an event can have in four places.
        body = json.dumps(answer)
        return 200, {"Content-Type": "application/x-amz-json-1.0"}, body

    def send_task_failure(self) -> ActionResult:
        """API Reference, SendTaskFailure, with the cause."""
        self.stepfunction_backend.send_task_failure(
            self._get_param("taskToken"), self._get_param("error"), self._get_param("cause")
        )
        return EmptyResult()

    # --- Map Runs -------------------------------------------------------------------------------

    def describe_map_run(self) -> ActionResult:
        """API Reference, DescribeMapRun."""
        map_run = self.stepfunction_backend.map_run(self._get_param("mapRunArn"))
        return ActionResult(map_run.describe())

    def list_map_runs(self) -> ActionResult:
        """API Reference, ListMapRuns."""
        found = self.stepfunction_backend.map_runs_of(self._get_param("executionArn"))
        return self._page("mapRuns", [map_run.list_item() for map_run in found])

    def update_map_run(self) -> ActionResult:
        """API Reference, UpdateMapRun."""
        raise NotImplementedError("UpdateMapRun of Step Functions")

    # --- state machines ---------------------------------------------------------------------------

    def validate_state_machine_definition(self) -> ActionResult:
        """API Reference, ValidateStateMachineDefinition: what the interpreter refuses fails."""
        try:
            StepFunctionsParserBackend._validate_definition(self._get_param("definition"))
        except Exception as error:
            diagnostic = {
                "severity": "ERROR",
                "code": "SCHEMA_VALIDATION_FAILED",
                "message": getattr(error, "message", str(error)),
                "location": "/",
            }
            return ActionResult({"result": "FAIL", "diagnostics": [diagnostic]})
        return ActionResult({"result": "OK", "diagnostics": [], "truncated": False})

    def list_state_machine_versions(self) -> ActionResult:
        """API Reference, ListStateMachineVersions."""
        machine = self.stepfunction_backend.describe_state_machine(
            self._get_param("stateMachineArn")
        )
        versions = getattr(machine, "versions", {}) or {}
        return ActionResult(
            {
                "stateMachineVersions": [
                    {
                        "stateMachineVersionArn": version.arn,
                        "creationDate": version.creation_date,
                    }
                    for version in versions.values()
                ]
            }
        )

    def _page(self, member: str, found: list[Any]) -> ActionResult:
        return ActionResult(self._members(member, found))

    def _members(self, member: str, found: list[Any]) -> dict[str, Any]:
        start = int(self._get_param("nextToken") or 0)
        end = start + (self._get_int_param("maxResults") or _LIST_PAGE)
        answer: dict[str, Any] = {member: found[start:end]}
        if end < len(found):
            answer["nextToken"] = str(end)
        return answer
