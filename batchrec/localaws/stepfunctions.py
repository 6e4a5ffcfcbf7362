"""Step Functions: moto's, and the operations that Terraform and a rerun need."""

import uuid
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse as MotoStepFunctionResponse

PAGE = 1000  # API Reference, GetExecutionHistory: the most that one answer holds


class StepFunctionsResponse(MotoStepFunctionResponse):
    """moto's Step Functions, completed."""

    def start_execution(self) -> ActionResult:
        """API Reference, StartExecution: an execution without a name gets a UUID."""
        execution = self.stepfunction_backend.start_execution(
            self._get_param("stateMachineArn"),
            self._get_param("name") or str(uuid.uuid4()),
            self._get_param("input", if_none="{}"),
        )
        return ActionResult(
            {"executionArn": execution.execution_arn, "startDate": execution.start_date}
        )

    def get_execution_history(self) -> ActionResult:
        """API Reference, GetExecutionHistory: in pages, in either order."""
        execution: Any = self.stepfunction_backend.describe_execution(
            self._get_param("executionArn")
        )
        events: list[dict[str, Any]] = []
        if execution.exec_worker.env is not None:
            # moto copies every event, however few are asked for, while the interpreter waits.
            manager = execution.exec_worker.env.event_manager
            with manager._mutex:
                events = list(manager._history_event_list)
        if self._get_param("reverseOrder"):
            events.reverse()
        start = int(self._get_param("nextToken") or 0)
        end = start + (self._get_int_param("maxResults") or 100)
        answer: dict[str, Any] = {"events": events[start:end]}
        if end < len(events):
            answer["nextToken"] = str(end)
        return ActionResult(answer)

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
