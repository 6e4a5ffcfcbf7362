"""Assign and Output of a state."""

from typing import Any

from moto.stepfunctions.parser.asl.component.common.assign.assign_decl import AssignDecl
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.eval.environment import Environment

from batchrec.localaws.moto_patches.patching import patch, remember


def assign_beside_output() -> None:
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

    patch(AssignDecl, "_eval_body", eval_assign)
    original_exited = remember(CommonStateField, "_get_state_exited_event_details")
    patch(CommonStateField, "_get_state_exited_event_details", exited)


def handle_failing_outputs() -> None:
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
    patch(ExecutionState, "_evaluate_with_timeout", evaluate)
