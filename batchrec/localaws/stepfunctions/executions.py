"""One execution: moto's, in virtual time, that can be stopped and redriven."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from moto.stepfunctions.parser.api import (
    ExecutionRedrivenEventDetails,
    ExecutionStartedEventDetails,
    ExecutionStatus,
    HistoryEventExecutionDataDetails,
    HistoryEventType,
)
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.eval.evaluation_details import EvaluationDetails
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext, EventManager
from moto.stepfunctions.parser.asl.eval.program_state import (
    ProgramEnded,
    ProgramStopped,
    ProgramTimedOut,
)
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution import Execution as MotoExecution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.backend.execution_worker_comm import ExecutionWorkerCommunication

from batchrec.localaws import events, runtime
from batchrec.localaws.stepfunctions.exceptions import ExecutionNotRedrivable
from batchrec.localaws.stepfunctions.progress import Progress

REDRIVABLE = (ExecutionStatus.FAILED, ExecutionStatus.ABORTED, ExecutionStatus.TIMED_OUT)
REDRIVABLE_PERIOD = timedelta(days=14)  # Developer Guide, Redrive eligibility


def now() -> datetime:
    """Return the virtual present in milliseconds, as precise as the API's dates are."""
    present = runtime.current().clock.now()
    return present.replace(microsecond=present.microsecond // 1000 * 1000)


class Execution(MotoExecution):
    """An execution of a state machine, or a child of a Distributed Map.

    Args:
        program: what to run instead of the state machine's definition: a child's states.
        map_run_arn: the Map Run that a child belongs to.
        on_end: called, in virtual time, when it has ended, each time.
        details: as moto's.
    """

    def __init__(
        self,
        *,
        program: Program | None = None,
        map_run_arn: str | None = None,
        on_end: Callable[["Execution"], None],
        **details: Any,
    ) -> None:
        super().__init__(**details)
        self.program = program
        self.map_run_arn = map_run_arn
        self.on_end = on_end
        self.progress = Progress()
        self.redrive_count = 0
        self.redrive_date: datetime | None = None
        self.ended = threading.Event()

    @property
    def worker(self) -> "Worker":
        """What runs it, or ran it last."""
        return cast(Worker, self.exec_worker)

    def start(self) -> None:
        """Run beside the caller, in virtual time."""
        self._run(None)

    def abort(self, error: str | None = None, cause: str | None = None) -> None:
        """Make it end as ABORTED; harmless for an execution that has ended."""
        self.worker.env.set_stop(stop_date=now(), error=error, cause=cause)

    def redrive(self) -> None:
        """Go on from the unsuccessful states (API Reference, RedriveExecution).

        Raises:
            ExecutionNotRedrivable: it runs, succeeded, or ended too long ago.
        """
        reason = self._not_redrivable()
        if reason is not None:
            raise ExecutionNotRedrivable(reason)
        # Its date and its beginning are one instant.
        with runtime.current().clock.participant():
            self.redrive_count += 1
            self.redrive_date = now()
            self.stop_date = self.error = self.cause = None
            self._run(self.worker.env.event_manager)

    def describe(self) -> dict[str, Any]:
        """Return what DescribeExecution answers."""
        return self._with_map_run(dict(self.to_describe_output()) | self.redrives())

    def describe_state_machine(self) -> dict[str, Any]:
        """Return what DescribeStateMachineForExecution answers."""
        machine: Any = self.state_machine
        described = {
            "stateMachineArn": machine.arn,
            "name": machine.name,
            "definition": machine.definition,
            "roleArn": machine.roleArn,
            "updateDate": machine.update_date,
            "encryptionConfiguration": machine.encryptionConfiguration,
            "loggingConfiguration": machine.loggingConfiguration,
            "tracingConfiguration": machine.tracingConfiguration,
        }
        if self.map_run_arn is not None:  # …:mapRun:MACHINE/LABEL:ID
            label = self.map_run_arn.split(":")[-2].partition("/")[2]
            described |= {"mapRunArn": self.map_run_arn, "label": label}
        return described

    def list_item(self) -> dict[str, Any]:
        """Return what ListExecutions answers."""
        return self._with_map_run(dict(self.to_execution_list_item()) | self.redrives())

    def redrives(self) -> dict[str, Any]:
        """Return the members of DescribeExecution that tell of redrives."""
        reason = self._not_redrivable()
        return {
            "redriveCount": self.redrive_count,
            "redriveDate": self.redrive_date,
            "redriveStatus": "REDRIVABLE" if reason is None else "NOT_REDRIVABLE",
            "redriveStatusReason": reason,
        }

    def _not_redrivable(self) -> str | None:
        """Return why it isn't, in the words of DescribeExecution's redriveStatusReason."""
        if self.exec_status not in REDRIVABLE:
            return f"Execution is {self.status} and cannot be redriven"
        if self.stop_date is not None and now() - self.stop_date > REDRIVABLE_PERIOD:
            return "Execution redrivable period exceeded"
        return None

    def tell_events(self) -> None:
        """Tell EventBridge of the status.

        That children of Map Runs do so too is not documented, but PENDING_REDRIVE, which only they
        can be in, is a status of these events.
        """
        events.execution_changed(self.describe(), self.account_id, self.region_name)

    def _with_map_run(self, described: dict[str, Any]) -> dict[str, Any]:
        described["status"] = self.status
        if self.map_run_arn is not None:
            machine = self.map_run_arn.rpartition(":")[0].replace(":mapRun:", ":stateMachine:")
            described |= {"mapRunArn": self.map_run_arn, "stateMachineArn": machine}
        return {name: value for name, value in described.items() if value is not None}

    def _run(self, earlier: EventManager | None) -> None:
        details = EvaluationDetails(
            self._get_start_aws_execution_details(),
            self.get_start_execution_details(),
            self.get_start_state_machine_details(),
        )
        self.ended.clear()
        self.exec_status = ExecutionStatus.RUNNING
        self.exec_worker = Worker(self, details, earlier)
        self.tell_events()
        self.exec_worker.start()


class _Ending(ExecutionWorkerCommunication):
    """Takes over how an execution ended; moto leaves out error and cause of stops and timeouts."""

    def __init__(self, execution: Execution) -> None:
        self._execution = execution

    def terminated(self) -> None:
        execution = self._execution
        state = execution.worker.env.program_state()
        if isinstance(state, ProgramEnded):
            status = ExecutionStatus.SUCCEEDED
            execution.output = execution.worker.env.states.get_input()
        elif isinstance(state, ProgramStopped):
            status = ExecutionStatus.ABORTED
            execution.error, execution.cause = state.error, state.cause
        elif isinstance(state, ProgramTimedOut):
            status = ExecutionStatus.TIMED_OUT
            execution.error = "States.Timeout"
        else:
            status = ExecutionStatus.FAILED
            error = state.error or {}
            execution.error, execution.cause = error.get("error"), error.get("cause")
        execution.stop_date = now()
        execution.exec_status = status
        execution.ended.set()
        execution.tell_events()
        execution.on_end(execution)


class Worker(ExecutionWorker):
    """Runs an execution once: from its start, or from a redrive on."""

    env: Any

    def __init__(
        self,
        execution: Execution,
        details: EvaluationDetails,
        earlier: EventManager | None,
    ) -> None:
        super().__init__(details, _Ending(execution), None, execution._activity_store)
        self._execution = execution
        self._earlier = earlier
        if execution.program is None:
            execution.program = cast(Program, self._get_evaluation_entrypoint())
        self._program = execution.program
        # At once, so that an execution can be stopped before its thread runs.
        env: Any = self._get_evaluation_environment()
        self.env = env
        env.progress = execution.progress
        env.next_state_name = self._program.start_at.start_at_name
        context = env.states.context_object.context_object_data["Execution"]
        context["RedriveCount"] = execution.redrive_count
        if earlier is not None:
            context["RedriveTime"] = execution.redrive_date
            env.event_manager = earlier
            last = earlier._history_event_list[-1]["id"]
            env.event_history_context = EventHistoryContext(previous_event_id=last)

    def start(self) -> None:
        """Run beside the caller."""
        runtime.current().clock.thread(self._execution_logic).start()

    def _execution_logic(self) -> None:
        details: dict[str, Any] = {}
        if self._earlier is None:
            kind = HistoryEventType.ExecutionStarted
            details["executionStartedEventDetails"] = ExecutionStartedEventDetails(
                input=to_json_str(self._execution.input_data),
                inputDetails=HistoryEventExecutionDataDetails(truncated=False),
                roleArn=self._execution.role_arn,
            )
        else:
            kind = HistoryEventType.ExecutionRedriven
            details["executionRedrivenEventDetails"] = ExecutionRedrivenEventDetails(
                redriveCount=self._execution.redrive_count
            )
        self.env.event_manager.add_event(
            context=self.env.event_history_context,
            event_type=kind,
            event_details=EventDetails(**details),  # type: ignore[typeddict-item]
            update_source_event_id=self._earlier is not None,
        )
        self._program.eval(self.env)
        self._execution_communication.terminated()
