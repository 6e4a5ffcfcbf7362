"""How an execution ends, and everything inside it."""

from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.inline_iteration_component import (  # noqa: E501
    InlineIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.job import (
    JobPool,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import (
    ProgramEnded,
    ProgramError,
    ProgramState,
    ProgramStopped,
    ProgramTimedOut,
)

from batchrec.clock import VirtualClock
from batchrec.localaws.moto_patches.patching import patch, remember


def end_what_runs_inside(clock: VirtualClock) -> None:
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

    patch(Environment, "set_ended", lambda env: end(env, ProgramEnded()))
    patch(Environment, "set_error", lambda env, error: end(env, ProgramError(error)))
    patch(Environment, "set_timed_out", lambda env: end(env, ProgramTimedOut()))
    patch(
        Environment,
        "set_stop",
        lambda env, stop_date, cause, error: end(env, ProgramStopped(stop_date, error, cause)),
    )
    patch(InlineIterationComponent, "_eval_body", eval_iterations)
    original_evaluate = remember(ExecutionState, "_evaluate_with_timeout")
    patch(ExecutionState, "_evaluate_with_timeout", evaluate)
