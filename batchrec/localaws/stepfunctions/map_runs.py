"""Map Runs: the children of a Distributed Map are executions of their own.

Developer Guide, Using Map state in Distributed mode: each child has its own history, its own
context object and no variables of the workflow around it.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import (
    ExecutionStatus,
    HistoryEventType,
    MapRunFailedEventDetails,
    MapRunRedrivenEventDetails,
    MapRunStartedEventDetails,
)
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (  # noqa: E501
    DistributedIterationComponent,
    DistributedIterationComponentEvalInput,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.states import ItemData, MapData

from batchrec.clock import VirtualEvent
from batchrec.localaws import runtime
from batchrec.localaws.authorization import actions, decision
from batchrec.localaws.authorization.session import Session
from batchrec.localaws.calls import Call
from batchrec.localaws.iam_policies import Request
from batchrec.localaws.stepfunctions import progress
from batchrec.localaws.stepfunctions.executions import Execution, now


@dataclass(frozen=True)
class Tolerance:
    """How many children may fail (Developer Guide, Setting failure thresholds)."""

    count: int
    percentage: float

    def exceeded(self, failed: int, total: int) -> bool:
        """Whether `failed` of `total` children are too many; with neither set, any is."""
        if not self.count and not self.percentage:
            return failed > 0
        too_many = bool(self.count) and failed > self.count
        return too_many or (bool(self.percentage) and failed * 100 > self.percentage * total)


class MapRun:
    """One run of a Distributed Map state.

    Args:
        arn: of the Map Run, `…:mapRun:MACHINE/LABEL:ID`.
        execution_arn: the execution whose state it is.
        inputs: of the children, one each.
        concurrency: how many children run at once; 0 for no limit.
        tolerance: of failures.
        new_child: makes the child for an input; its end is to be told to `child_ended`.
    """

    def __init__(
        self,
        arn: str,
        execution_arn: str,
        inputs: list[Any],
        concurrency: int,
        tolerance: Tolerance,
        new_child: Callable[["MapRun", Any], Execution],
    ) -> None:
        self.arn = arn
        self.execution_arn = execution_arn
        self.status = "RUNNING"
        self.refusal: ClientError | None = None  # why the role may not have a child run
        self.children: list[Execution | None] = [None] * len(inputs)
        self._inputs = inputs
        self._concurrency = concurrency
        self._tolerance = tolerance
        self._new_child = new_child
        self._start_date = now()
        self._stop_date: datetime | None = None
        self._redrive_count = 0
        self._redrive_date: datetime | None = None
        self._changed = _Changes(runtime.current().clock)

    @property
    def machine(self) -> str:
        """The name in the ARNs of what belongs to this run: MACHINE/LABEL."""
        return self.arn.split(":")[6]

    @property
    def outputs(self) -> list[Any]:
        """The children's outputs; null for one that failed, which isn't documented."""
        return [None if child is None else child.output for child in self.children]

    def redrive(self) -> int:
        """Make `run` redrive what didn't succeed; return how often that has been done."""
        self.status = "RUNNING"
        self._stop_date = None
        self._redrive_count += 1
        self._redrive_date = now()
        return self._redrive_count

    def run(self, env: Environment) -> None:
        """Run the children until the run's status is known."""
        env.program_state_event = self._changed  # type: ignore[misc]
        require = partial(_require, env)
        self.refusal = None
        waiting = [n for n, child in enumerate(self.children) if not _succeeded(child)]
        started: list[int] = []
        while self.status == "RUNNING":
            self._changed.forget()
            running = [n for n in started if self._runs(n)]
            if not env.is_running():
                self.status = "ABORTED"
            elif self._failed_too_often(started):
                self.status = "FAILED"
            elif not running and not waiting:
                self.status = "SUCCEEDED"
            elif waiting and (not self._concurrency or len(running) < self._concurrency):
                started.append(waiting.pop(0))
                try:
                    self._launch(started[-1], require)
                except ClientError as refusal:
                    self.refusal, self.status = refusal, "FAILED"
            else:
                self._changed.wait()
        self._abort(started, require)
        self._stop_date = now()

    def child_ended(self, _child: Execution) -> None:
        """Look again at what is to be done next."""
        self._changed.set()

    def describe(self) -> dict[str, Any]:
        """Return what DescribeMapRun answers."""
        return _without_none(
            mapRunArn=self.arn,
            executionArn=self.execution_arn,
            status=self.status,
            startDate=self._start_date,
            stopDate=self._stop_date,
            maxConcurrency=self._concurrency,
            toleratedFailurePercentage=self._tolerance.percentage,
            toleratedFailureCount=self._tolerance.count,
            itemCounts=self._counts(),
            executionCounts=self._counts(),
            redriveCount=self._redrive_count,
            redriveDate=self._redrive_date,
        )

    def list_item(self) -> dict[str, Any]:
        """Return what ListMapRuns answers."""
        return _without_none(
            executionArn=self.execution_arn,
            mapRunArn=self.arn,
            stateMachineArn=self.arn.rpartition(":")[0].replace(":mapRun:", ":stateMachine:"),
            startDate=self._start_date,
            stopDate=self._stop_date,
        )

    def _launch(self, number: int, require: Callable[[str, str], None]) -> None:
        child = self.children[number]
        if child is None:
            machine, _, _ = self.execution_arn.replace(":execution:", ":stateMachine:").rpartition(
                ":"
            )
            require("StartExecution", machine)
            child = self._new_child(self, self._inputs[number])
            require("DescribeExecution", str(child.exec_arn))
            self.children[number] = child
            child.start()
        else:
            require("RedriveExecution", str(child.exec_arn))
            child.redrive()

    def _abort(self, started: list[int], require: Callable[[str, str], None]) -> None:
        """Stop the children that still run, even if the role may not, and wait for their ends."""
        for child in (self.children[n] for n in started if self._runs(n)):
            with suppress(ClientError):
                require("StopExecution", str(child.exec_arn))  # type: ignore[union-attr]
            child.abort()  # type: ignore[union-attr]
        while any(self._runs(n) for n in started):
            self._changed.wait()
            self._changed.forget()

    def _runs(self, number: int) -> bool:
        child = self.children[number]
        return child is not None and child.exec_status == ExecutionStatus.RUNNING

    def _failed_too_often(self, started: list[int]) -> bool:
        ended = (self.children[n] for n in started if not self._runs(n))
        failed = sum(not _succeeded(child) for child in ended)
        return self._tolerance.exceeded(failed, len(self.children))

    def _counts(self) -> dict[str, int]:
        found = Counter("pending" if c is None else c.status for c in self.children)
        return {
            "pending": found["pending"],
            "running": found["RUNNING"],
            "succeeded": found["SUCCEEDED"],
            "failed": found["FAILED"],
            "timedOut": found["TIMED_OUT"],
            "aborted": found["ABORTED"],
            "total": len(self.children),
            "resultsWritten": 0,
        }


class Backend(Protocol):
    """What keeps Map Runs and their children."""

    def add_map_run(self, map_run: MapRun) -> None:
        """Keep a Map Run."""

    def new_child(self, map_run: MapRun, program: Program, given: Any) -> Execution:
        """Make, and keep, the execution of one child."""


def evaluate(component: DistributedIterationComponent, env: Environment, backend: Backend) -> None:
    """Evaluate a Distributed Map state, in the place of moto's component for it."""
    given: DistributedIterationComponentEvalInput = env.stack.pop()
    state = progress.of(env)
    map_run: MapRun | None = state.map_run
    if map_run is None:
        map_run = state.map_run = _new_map_run(component, env, given, backend)
        backend.add_map_run(map_run)
        started = MapRunStartedEventDetails(mapRunArn=map_run.arn)
        _add_event(env, HistoryEventType.MapRunStarted, mapRunStartedEventDetails=started)
    else:
        redriven = MapRunRedrivenEventDetails(mapRunArn=map_run.arn, redriveCount=map_run.redrive())
        _add_event(env, HistoryEventType.MapRunRedriven, mapRunRedrivenEventDetails=redriven)
    map_run.run(env)
    if map_run.status == "ABORTED":
        _add_event(env, HistoryEventType.MapRunAborted)
        raise InterruptedStateError
    if map_run.status == "FAILED":
        raise _failure(env, map_run)
    _add_event(env, HistoryEventType.MapRunSucceeded)
    env.stack.append(map_run.outputs)


class InterruptedStateError(Exception):
    """A state ended because what it runs in did."""


def _new_map_run(
    component: DistributedIterationComponent,
    env: Environment,
    given: DistributedIterationComponentEvalInput,
    backend: Backend,
) -> MapRun:
    if given.item_reader:
        given.item_reader.eval(env=env)
        items = env.stack.pop()
    else:
        items = given.input_items
    record = given.map_run_record
    return MapRun(
        arn=record.map_run_arn,
        execution_arn=record.execution_arn,
        inputs=[_input(env, given, index, item) for index, item in enumerate(items)],
        concurrency=given.max_concurrency,
        tolerance=Tolerance(given.tolerated_failure_count, given.tolerated_failure_percentage),
        new_child=lambda run, item: backend.new_child(
            run, component._get_iteration_program(), item
        ),
    )


def _input(
    env: Environment, given: DistributedIterationComponentEvalInput, index: int, item: Any
) -> Any:
    """Apply ItemSelector to an item; it belongs to the Map state, and so sees its variables."""
    selector = given.item_selector or given.parameters
    if selector is None:
        return item
    frame = env.open_inner_frame()
    frame.states.context_object.context_object_data["Map"] = MapData(
        Item=ItemData(Index=index, Value=item)
    )
    frame.states.reset(env.states.get_input())
    frame.stack.append(env.states.get_input())
    selector.eval(frame)
    env.delete_frame(frame)
    return frame.stack[-1]


def _require(env: Environment, operation: str, resource: str) -> None:
    """Check that the execution's role may do what Step Functions does with children.

    Developer Guide, IAM policies for Distributed Map states.

    Raises:
        ClientError: it may not.
    """
    local = runtime.current()
    machine = env.states.context_object.context_object_data["StateMachine"]["Id"]
    who = local.acting("states.amazonaws.com", machine, env.aws_execution_details.role_arn)
    if isinstance(who, Session):
        needed = actions.with_context(
            [Request(f"states:{operation}", resource)], who, resource.split(":")[3]
        )
        refusal = decision.refusal(who, needed)
        local.calls.add(
            Call(
                "states",
                f"{operation} of a child",
                {},
                local.clock.time(),
                400 if refusal else 200,
                "AccessDeniedException" if refusal else "",
                who.role_arn,
                tuple(needed),
            )
        )
        if refusal:
            raise ClientError(
                {"Error": {"Code": "AccessDeniedException", "Message": refusal}}, operation
            )


def _failure(env: Environment, map_run: MapRun) -> FailureEventException:
    """Return the failure of a Map Run; how AWS names that of a role isn't documented."""
    error: ErrorName = StatesErrorName(
        typ=StatesErrorNameType.StatesExceedToleratedFailureThreshold
    )
    cause = "The specified tolerated failure threshold was exceeded"
    if map_run.refusal is not None:
        error = CustomErrorName("StepFunctions.AccessDeniedException")
        cause = map_run.refusal.response["Error"]["Message"]
    failed = MapRunFailedEventDetails(error=error.error_name, cause=cause)
    _add_event(env, HistoryEventType.MapRunFailed, mapRunFailedEventDetails=failed)
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=error,
            event_type=HistoryEventType.MapRunFailed,
            event_details=EventDetails(mapRunFailedEventDetails=failed),  # type: ignore[typeddict-item]
        )
    )


class _Changes(VirtualEvent):
    """Set by children that end, and by the interpreter when the state is to end.

    The interpreter clears at once what it has set, as its waits ask for the reason themselves;
    who looks at several things between two waits would miss that.
    """

    def clear(self) -> None:
        """Stay set."""

    def forget(self) -> None:
        """Make later waits wait again."""
        super().clear()


def _succeeded(child: Execution | None) -> bool:
    return child is not None and child.exec_status == ExecutionStatus.SUCCEEDED


def _add_event(env: Environment, kind: HistoryEventType, **details: Any) -> None:
    env.event_manager.add_event(
        context=env.event_history_context,
        event_type=kind,
        event_details=EventDetails(**details),  # type: ignore[typeddict-item]
    )


def _without_none(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
