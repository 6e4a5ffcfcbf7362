"""What a redrive needs to know."""

from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
)
from moto.stepfunctions.parser.asl.component.common.retry.retry_outcome import RetryOutcome
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import (  # noqa: E501
    IterationWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.job import (
    Job,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branch_worker import (
    BranchWorker,
)
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import (
    ProgramEnded,
)

from batchrec.clock import VirtualClock
from batchrec.localaws.moto_patches.patching import patch, remember
from batchrec.localaws.stepfunctions import progress


def remember_progress(clock: VirtualClock) -> None:
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

    original_frame_of = remember(Environment, "as_inner_frame_of")
    patch(Environment, "as_inner_frame_of", classmethod(frame_of))  # type: ignore[arg-type]
    patch(Program, "eval", eval_program)
    original_eval_state = remember(CommonStateField, "_eval_body")
    patch(CommonStateField, "_eval_body", eval_state)
    original_eval_iteration = remember(IterationWorker, "_eval_job")
    patch(IterationWorker, "_eval_job", eval_iteration)
    original_start_branch = remember(BranchWorker, "start")
    patch(BranchWorker, "start", start_branch)
    original_retry = remember(ExecutionState, "_handle_retry")
    patch(ExecutionState, "_handle_retry", retry)
