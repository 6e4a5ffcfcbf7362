"""Step Functions' interpreter on virtual time."""

import threading
from types import SimpleNamespace

from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.common.retry.retrier_decl import RetrierDecl
from moto.stepfunctions.parser.asl.eval.environment import Environment

from batchrec.clock import ModuleShims, Turn, VirtualClock
from batchrec.localaws.moto_patches.patching import original, patch, remember, replace


def run_on_virtual_time(clock: VirtualClock) -> None:
    """The interpreter waits, and dates its events, in real time."""
    shims = ModuleShims(clock, Turn.STATE_MACHINES)
    for name in ("threading", "time", "datetime", "Thread", "Event"):
        replace(name, original(name), getattr(shims, name))


def wake_retries() -> None:
    """moto's Retry sleeps through the end of its execution."""

    def eval_body(retrier: RetrierDecl, env: Environment) -> None:
        asleep.event = env.program_state_event
        original_eval_body(retrier, env)

    asleep = threading.local()
    retrier_decl.time = SimpleNamespace(sleep=lambda seconds: asleep.event.wait(seconds))  # type: ignore[assignment,attr-defined]
    original_eval_body = remember(RetrierDecl, "_eval_body")
    patch(RetrierDecl, "_eval_body", eval_body)
