"""Patches to moto itself. Each says why, and was needed for moto 5.2.5.

Only what can't be composed around moto from outside stands here. A test for each fails as soon as
moto no longer needs it.
"""

import copy
import functools
import hashlib
import json
import logging
import re
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import ModuleType, SimpleNamespace
from typing import Any

from botocore.client import BaseClient
from botocore.model import OperationModel
from jsonata import Jsonata
from jsonata.utils import Utils
from moto.events.models import Rule
from moto.events.utils import EventMessageType
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket
from moto.stepfunctions.parser import models as _parser_models  # noqa: F401 (loads the interpreter)
from moto.stepfunctions.parser.api import EvaluationFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.assign.assign_decl import AssignDecl
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
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.common.retry.retrier_decl import RetrierDecl
from moto.stepfunctions.parser.asl.component.common.retry.retry_outcome import RetryOutcome
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.intrinsic import jsonata as intrinsic_functions
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (  # noqa: E501
    DistributedIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.inline_iteration_component import (  # noqa: E501
    InlineIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import (  # noqa: E501
    IterationWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.job import (
    Job,
    JobPool,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branch_worker import (
    BranchWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.credentials import (
    StateCredentials,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceRuntimePart,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (  # noqa: E501
    StateTaskService,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_glue import (  # noqa: E501
    StateTaskServiceGlue,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.program_state import (
    ProgramEnded,
    ProgramError,
    ProgramState,
    ProgramStopped,
    ProgramTimedOut,
)
from moto.stepfunctions.parser.asl.jsonata import jsonata as moto_jsonata
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from batchrec.clock import ModuleShims, VirtualClock
from batchrec.localaws import event_targets, runtime
from batchrec.localaws.service_model import service_model
from batchrec.localaws.stepfunctions import map_runs, progress
from batchrec.localaws.stepfunctions.map_runs import InterruptedStateError
from batchrec.localaws.stepfunctions.models import backend_of

_INTERPRETER = "moto.stepfunctions.parser."
_SEPARATOR = "\x1e"
_GLUE_POLL_SECONDS = 5  # of virtual time

# What stood in a module before the first `apply`, so that the next one finds the same places.
_originals: dict[tuple[str, str], object] = {}


def apply(clock: VirtualClock) -> None:
    """Mend moto; its Step Functions run on `clock`, and their tasks call the running local AWS."""
    # It logs every failure that a state machine handles, several times.
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)
    _run_on_virtual_time(clock)
    _unescape_literals()
    _evaluate_jsonata(clock)
    _convert_sdk_parameters_and_results()
    _name_sdk_errors()
    _wait_for_glue()
    _end_what_runs_inside(clock)
    _assign_beside_output()
    _handle_failing_outputs()
    _wake_retries()
    _remember_progress(clock)
    _take_whole_percentages()
    _run_map_children_as_executions()
    _let_reserved_errors_leave_a_map()
    _call_this_server()
    _pass_over_conditional_bucket_policy_statements()
    _send_events_to_more_targets()


def _run_on_virtual_time(clock: VirtualClock) -> None:
    """The interpreter waits, and dates its events, in real time."""
    shims = ModuleShims(clock)
    for name in ("threading", "time", "datetime", "Thread", "Event"):
        _replace(name, _original(name), getattr(shims, name))


def _unescape_literals() -> None:
    """moto takes a definition's strings as they are written, with JSON's escapes."""

    def inner_string_of(parser_rule_context: Any) -> Any:
        text = parser_rule_context.getText()
        if text.startswith('"'):
            return json.loads(text, strict=False)
        return original(parser_rule_context)

    original = _remember(Preprocessor, "_inner_string_of")
    _patch(Preprocessor, "_inner_string_of", staticmethod(inner_string_of))


def _evaluate_jsonata(clock: VirtualClock) -> None:
    """moto calls None where a JSONata engine should be, and writes variables into expressions.

    Strings are not escaped there, and every expression would be parsed anew each time. So variables
    are handed to the engine as they are, as JSON between separators that JSON itself escapes.

    An expression that fails is States.QueryEvaluationError (Step Functions Developer Guide,
    Transforming data with JSONata, Error handling); moto lets it pass as States.Runtime.
    """

    @functools.cache
    def compiled(expression: str) -> Jsonata:
        engine = Jsonata(expression)
        engine.register_lambda("hash", _hash)
        engine.register_lambda("uuid", lambda: str(uuid.uuid4()))
        engine.register_lambda("millis", lambda: int(clock.time() * 1000))
        engine.register_lambda("now", lambda: _timestamp(clock.now()))
        return engine

    evaluating = threading.Lock()  # an engine keeps state of its own

    def evaluate(expression: str) -> Any:
        parts = expression.split(_SEPARATOR)
        bindings: dict[str, Any] = {}
        for declared in parts[1::2]:
            bindings |= _nulls(json.loads(declared))
        with evaluating:
            return compiled("".join(parts[0::2])).evaluate(None, bindings)

    def declare(bindings: dict[str, Any]) -> str:
        named = {name.removeprefix("$"): value for name, value in bindings.items()}
        return f"{_SEPARATOR}{to_json_str(named)}{_SEPARATOR}"

    def eval_body(expression: StringJSONata, env: Environment) -> None:
        try:
            original_eval_body(expression, env)
        except FailureEventException:
            raise
        except Exception as error:
            raise FailureEventException(_query_evaluation_error(env, expression, error)) from error

    for builtin in ("$hash", "$uuid"):
        intrinsic_functions._DECLARATION_BY_VARIABLE_REFERENCE.pop(builtin, None)
    _replace("eval_jsonata_expression", moto_jsonata.eval_jsonata_expression, evaluate)
    _replace(
        "encode_jsonata_variable_declarations",
        moto_jsonata.encode_jsonata_variable_declarations,
        declare,
    )
    original_eval_body = _remember(StringJSONata, "_eval_body")
    _patch(StringJSONata, "_eval_body", eval_body)


def _convert_sdk_parameters_and_results() -> None:
    """moto's hooks that convert names between PascalCase and the service's own do nothing."""

    def operation(
        task: StateTaskService, service: str | None, action: str | None
    ) -> OperationModel:
        model = service_model(task._get_boto_service_name(service))
        wanted = (action or task.resource.api_action).lower()
        name = next(name for name in model.operation_names if name.lower() == wanted)
        return model.operation_model(name)

    def parameters(
        task: StateTaskService,
        parameters: dict[str, Any],
        boto_service_name: str | None = None,
        service_action_name: str | None = None,
    ) -> None:
        shape = operation(task, boto_service_name, service_action_name).input_shape
        if shape is not None:
            task._to_boto_request(parameters, shape)

    def response(
        task: StateTaskService,
        response: Any,
        boto_service_name: str | None = None,
        service_action_name: str | None = None,
    ) -> None:
        shape = operation(task, boto_service_name, service_action_name).output_shape
        if shape is not None:
            _dates_to_text(response)
            task._from_boto_response(response, shape)

    _patch(StateTaskService, "_normalise_parameters", parameters)
    _patch(StateTaskService, "_normalise_response", response)


def _name_sdk_errors() -> None:
    """moto's table of the services' names in errors has two entries."""
    state_task_service_aws_sdk._SERVICE_ERROR_NAMES |= {"personalize": "Personalize", "s3": "S3"}


def _wait_for_glue() -> None:
    """moto's startJobRun.sync interrupts callbacks that it doesn't have: an AttributeError.

    A task that is stopped stops its run (Developer Guide, Run a Job (.sync)).
    """

    def eval_integration_pattern(
        task: StateTaskServiceGlue,
        env: Environment,
        resource_runtime_part: ResourceRuntimePart,
        normalised_parameters: dict[str, Any],
        state_credentials: StateCredentials,
    ) -> None:
        started = env.stack[-1]
        result = task._build_sync_resolver(
            env, resource_runtime_part, normalised_parameters, state_credentials
        )
        while (outcome := result()) is None:  # type: ignore[misc]
            env.program_state_event.wait(_GLUE_POLL_SECONDS)
            if isinstance(env.program_state(), ProgramStopped):
                glue: Any = boto_client.boto_client_for(
                    region=resource_runtime_part.region,
                    service="glue",
                    state_credentials=state_credentials,
                )
                glue.batch_stop_job_run(JobName=started["JobName"], JobRunIds=[started["JobRunId"]])
            if not env.is_running():
                raise InterruptedStateError
        env.stack.append(outcome)

    _patch(StateTaskServiceGlue, "_eval_integration_pattern", eval_integration_pattern)


def _end_what_runs_inside(clock: VirtualClock) -> None:
    """moto hands an end down as it is, so that what is interrupted seems to have ended likewise.

    An iteration that is interrupted counts as a success, or as a failure of its own, and may end
    after its execution; a state that is stopped fails, and its Catch or its error hides the stop;
    a task that waits for its token isn't woken.
    """

    def stopped() -> ProgramState:
        return ProgramStopped(clock.now(), None, None)

    def end(env: Environment, state: ProgramState) -> None:
        with env._state_mutex:
            if not env.is_running():
                return
            env._program_state = state
            for frame in env._frames:
                end(frame, stopped())
            task = env.states.context_object.context_object_data.get("Task")
            callback = task and env.callback_pool_manager.get(task["Token"])
            if callback:
                callback.interrupt_all()
            env.program_state_event.set()
            env.program_state_event.clear()

    def evaluate(state: ExecutionState, env: Environment) -> None:
        try:
            original_evaluate(state, env)
        except Exception:
            if env.is_running():
                raise

    def eval_iterations(component: InlineIterationComponent, env: Environment) -> None:
        given = env.stack.pop()
        pool = JobPool(component._get_iteration_program(), given.input_items)
        threads = [
            clock.thread(component._create_worker(env, given, pool).eval)
            for _ in range(given.max_concurrency or len(given.input_items))
        ]
        for thread in threads:
            thread.start()
        pool.await_jobs()
        failure = pool.get_worker_exception()
        if failure is not None:
            interrupted = list(env._frames)
            env._frames.clear()  # whose events are not what led to the failure
            for frame in interrupted:
                end(frame, stopped())
            for thread in threads:
                thread.join()
            raise failure
        env.stack.append([job.job_output for job in pool.get_closed_jobs()])

    _patch(Environment, "set_ended", lambda env: end(env, ProgramEnded()))
    _patch(Environment, "set_error", lambda env, error: end(env, ProgramError(error)))
    _patch(Environment, "set_timed_out", lambda env: end(env, ProgramTimedOut()))
    _patch(
        Environment,
        "set_stop",
        lambda env, stop_date, cause, error: end(env, ProgramStopped(stop_date, error, cause)),
    )
    _patch(InlineIterationComponent, "_eval_body", eval_iterations)
    original_evaluate = _remember(ExecutionState, "_evaluate_with_timeout")
    _patch(ExecutionState, "_evaluate_with_timeout", evaluate)


def _assign_beside_output() -> None:
    """moto's Output sees what Assign of the same state assigns.

    Developer Guide, Transforming data with JSONata: the two happen in parallel.
    """

    def eval_assign(assign: AssignDecl, env: Environment) -> None:
        assigned: dict[str, Any] = {}
        for binding in assign.declaration_bindings:
            binding.eval(env)
            assigned |= env.stack.pop()
        env.assigned = assigned  # type: ignore[attr-defined]

    def exited(state: CommonStateField, env: Environment) -> Any:
        for name, value in getattr(env, "assigned", {}).items():
            env.variable_store.set(name, value)
        env.assigned = {}  # type: ignore[attr-defined]
        return original_exited(state, env)

    _patch(AssignDecl, "_eval_body", eval_assign)
    original_exited = _remember(CommonStateField, "_get_state_exited_event_details")
    _patch(CommonStateField, "_get_state_exited_event_details", exited)


def _handle_failing_outputs() -> None:
    """moto's Retry and Catch don't know of an Output that fails.

    Developer Guide, Transforming data with JSONata, Handling expression errors: they do. A first
    evaluation, where failures are handled, shows whether there is one.
    """

    def evaluate(state: ExecutionState, env: Environment) -> None:
        given, depth = env.states.get_input(), len(env.stack)
        inner_evaluate(state, env)
        if state.output is None or not env.is_running():
            return
        try:
            state.output.jsonata_template_value.eval(env)
        except Exception:
            del env.stack[depth:]
            env.states.reset(given)
            env.assigned = {}  # type: ignore[attr-defined]
            raise
        env.stack.pop()

    inner_evaluate = ExecutionState._evaluate_with_timeout  # patched already, and anew each time
    _patch(ExecutionState, "_evaluate_with_timeout", evaluate)


def _wake_retries() -> None:
    """moto's Retry sleeps through the end of its execution."""

    def eval_body(retrier: RetrierDecl, env: Environment) -> None:
        asleep.event = env.program_state_event
        original_eval_body(retrier, env)

    asleep = threading.local()
    retrier_decl.time = SimpleNamespace(sleep=lambda seconds: asleep.event.wait(seconds))  # type: ignore[assignment,attr-defined]
    original_eval_body = _remember(RetrierDecl, "_eval_body")
    _patch(RetrierDecl, "_eval_body", eval_body)


def _remember_progress(clock: VirtualClock) -> None:
    """moto can't redrive: it forgets where programs were, and what their parts gave."""

    def frame_of(
        _: type[Environment], env: Environment, *args: Any, **settings: Any
    ) -> Environment:
        frame: Environment = original_frame_of(env, *args, **settings)
        frame.progress = progress.of(env)  # type: ignore[attr-defined]
        return frame

    def eval_program(program: Program, env: Environment) -> None:
        own = progress.of(env)
        if own.done:
            env.states.reset(own.output)
            env.set_ended()
            return
        if env.is_running():
            env.next_state_name = own.resume(env) or program.start_at.start_at_name
        worker = clock.thread(EvalComponent.eval, program, env)
        worker.start()
        limit = program.timeout_seconds
        worker.join(None if limit is None else limit.timeout_seconds)
        if worker.is_alive():
            env.set_timed_out()
            worker.join()  # moto says that the execution has ended before it has
        if isinstance(env.program_state(), ProgramEnded):
            own.finish(env.states.get_input())

    def eval_state(state: CommonStateField, env: Environment) -> None:
        progress.of(env).enter(state.name, env)
        original_eval_state(state, env)

    def eval_iteration(worker: IterationWorker, env: Environment, job: Job) -> None:
        env.progress = progress.of(env).part(job.job_index)  # type: ignore[attr-defined]
        if progress.of(env).done:
            job.job_output = progress.of(env).output
        else:
            original_eval_iteration(worker, env, job)

    def start_branch(worker: BranchWorker) -> None:
        worker.env.progress = progress.of(worker.env).part(worker._program)  # type: ignore[attr-defined]
        original_start_branch(worker)

    def retry(state: ExecutionState, env: Environment, failure_event: FailureEvent) -> RetryOutcome:
        outcome: RetryOutcome = original_retry(state, env, failure_event)
        progress.of(env).forget_parts()
        return outcome

    original_frame_of = _remember(Environment, "as_inner_frame_of")
    _patch(Environment, "as_inner_frame_of", classmethod(frame_of))  # type: ignore[arg-type]
    _patch(Program, "eval", eval_program)
    original_eval_state = _remember(CommonStateField, "_eval_body")
    _patch(CommonStateField, "_eval_body", eval_state)
    original_eval_iteration = _remember(IterationWorker, "_eval_job")
    _patch(IterationWorker, "_eval_job", eval_iteration)
    original_start_branch = _remember(BranchWorker, "start")
    _patch(BranchWorker, "start", start_branch)
    original_retry = _remember(ExecutionState, "_handle_retry")
    _patch(ExecutionState, "_handle_retry", retry)


def _take_whole_percentages() -> None:
    """moto's grammar has fractions only as ToleratedFailurePercentage.

    What is parsed keeps no state of an execution, and parsing a large definition takes a second:
    it is done once for the validation and all executions.
    """

    @functools.lru_cache(maxsize=32)
    def parse(definition: str) -> Any:
        whole = r'("ToleratedFailurePercentage"\s*:\s*\d+)(?![\d.eE])'
        return original_parse(re.sub(whole, r"\1.0", definition))

    original_parse = _remember(AmazonStateLanguageParser, "parse")
    _patch(AmazonStateLanguageParser, "parse", staticmethod(parse))


def _run_map_children_as_executions() -> None:
    """moto runs the children of a Distributed Map as parts of their parent, with its variables."""

    def eval_body(component: DistributedIterationComponent, env: Environment) -> None:
        map_runs.evaluate(component, env, backend_of(env))

    _patch(DistributedIterationComponent, "_eval_body", eval_body)


def _let_reserved_errors_leave_a_map() -> None:
    """moto fails on an error named States.* that comes out of a Map or a Parallel state."""

    def init(name: CustomErrorName, error_name: str | None) -> None:
        ErrorName.__init__(name, error_name)

    _patch(CustomErrorName, "__init__", init)


def _call_this_server() -> None:
    """moto's tasks call a fixed port, build a client for each call, and work without their role."""

    def credentials(task: StateTask, env: Environment) -> StateCredentials:
        found: StateCredentials = original_credentials(task, env)
        machine = env.states.context_object.context_object_data["StateMachine"]
        found.machine_arn = machine["Id"]  # type: ignore[attr-defined]
        return found

    def client_for(region: str, service: str, state_credentials: StateCredentials) -> BaseClient:
        # The role is the state machine's, or the one in the state's Credentials.
        role = state_credentials.role_arn
        somewhere = f"arn:{role.split(':')[1]}:states:{region}:{role.split(':')[4]}:stateMachine:"
        machine = getattr(state_credentials, "machine_arn", somewhere)  # S3 readers don't say
        who = runtime.current().acting("states.amazonaws.com", machine, role)
        client: BaseClient = runtime.current().client(
            service, region, who, parameter_validation=False
        )
        return client

    original_credentials = _remember(StateTask, "_eval_state_credentials")
    _patch(StateTask, "_eval_state_credentials", credentials)
    _replace("boto_client_for", boto_client.boto_client_for, client_for)


def _pass_over_conditional_bucket_policy_statements() -> None:
    """moto applies conditional statements of bucket policies whatever their conditions say.

    So a bucket that refuses plain HTTP refuses everybody. The local AWS, which has no TLS, stands
    for one that is called over TLS.
    """

    def get_permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
        if bucket.policy is None:
            return PermissionResult.NEUTRAL
        policy = json.loads(bucket.policy)
        policy["Statement"] = [s for s in policy["Statement"] if "Condition" not in s]
        return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)

    _patch(FakeBucket, "get_permission", get_permission)


def _send_events_to_more_targets() -> None:
    """moto's EventBridge has no SNS topics and no state machines as targets.

    And it sends events to rules that are disabled.
    """

    def send_to_targets(rule: Rule, event: EventMessageType, transform_input: bool = True) -> None:
        if rule.state != "ENABLED" or not rule.event_pattern.matches_event(event):
            return
        ours = [target for target in rule.targets if event_targets.emulated(target)]
        for target in ours:
            event_targets.deliver(target, dict(event), rule.arn)
        others = copy.copy(rule)
        others.targets = [target for target in rule.targets if target not in ours]
        original_send(others, event, transform_input)

    original_send = _remember(Rule, "send_to_targets")
    _patch(Rule, "send_to_targets", send_to_targets)


# --- helpers ----------------------------------------------------------------------------------


def _original(name: str) -> object:
    import threading

    if name in {"Thread", "Event"}:
        return getattr(threading, name)
    return sys.modules[name]


def _replace(name: str, original: object, replacement: object) -> None:
    """Replace the global `name` wherever the interpreter imported `original` under it."""
    for module in list(_interpreter_modules()):
        if getattr(module, name, None) is original:
            _originals.setdefault((module.__name__, name), original)
        if (module.__name__, name) in _originals:
            setattr(module, name, replacement)


def _patch(owner: type, name: str, method: Callable[..., Any]) -> None:
    setattr(owner, name, method)


def _remember(owner: type, name: str) -> Callable[..., Any]:
    value = _originals.setdefault((owner.__qualname__, name), getattr(owner, name))
    assert callable(value)  # noqa: S101
    return value


def _interpreter_modules() -> Iterator[ModuleType]:
    return (module for name, module in sys.modules.items() if name.startswith(_INTERPRETER))


def _nulls(value: Any) -> Any:
    """Replace None, which JSONata takes for nothing at all, by its null."""
    if isinstance(value, dict):
        return {key: _nulls(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_nulls(member) for member in value]
    return Utils.NULL_VALUE if value is None else value


def _dates_to_text(value: Any) -> None:
    if isinstance(value, dict):
        for key, member in value.items():
            if isinstance(member, datetime):
                value[key] = _timestamp(member)
            else:
                _dates_to_text(member)
    elif isinstance(value, list):
        for member in value:
            _dates_to_text(member)


def _timestamp(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def _hash(value: Any, algorithm: str) -> str:
    """`$hash`, one of the functions Step Functions adds to JSONata; hexadecimal."""
    text = value if isinstance(value, str) else json.dumps(value)
    return hashlib.new(algorithm.replace("-", ""), text.encode()).hexdigest()


def _query_evaluation_error(
    env: Environment, expression: StringJSONata, error: Exception
) -> FailureEvent:
    name = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
    return FailureEvent(
        env=env,
        error_name=name,
        event_type=HistoryEventType.EvaluationFailed,
        event_details=EventDetails(  # type: ignore[typeddict-item]
            evaluationFailedEventDetails=EvaluationFailedEventDetails(
                error=name.error_name,
                cause=f"The JSONata expression '{expression.expression}' failed: {error}",
            )
        ),
    )
