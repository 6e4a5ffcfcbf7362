"""How far a program has come, so that a redrive can go on from there.

A program is what the interpreter runs state by state: a state machine, an iteration of a Map, a
branch of a Parallel. Developer Guide, Restarting state machine executions with redrive: what ended
well is kept, what didn't goes on in its unsuccessful state, with the same input.
"""

from typing import Any, cast


class Progress:
    """The state a program is in, and the parts that run inside that state."""

    def __init__(self) -> None:
        self.done = False
        self.output: Any = None
        self.map_run: Any = None  # of the Distributed Map state that the program is in
        self._state: str | None = None
        self._input: Any = None
        self._variables: dict[str, Any] = {}
        self._parts: dict[object, Progress] = {}
        self._resuming = False

    def part(self, key: object) -> "Progress":
        """Return the progress of an iteration or a branch of the current state."""
        return self._parts.setdefault(key, Progress())

    def finish(self, output: Any) -> None:
        """Keep the output of a program that ended well."""
        self.done, self.output = True, output

    def enter(self, state: str, env: Any) -> None:
        """Note a state, its input and the variables, as the interpreter enters it."""
        self._state = state
        self._input = env.states.get_input()
        self._variables = dict(env.variable_store._inner_scope)
        if not self._resuming:
            self.forget_parts()
        self._resuming = False

    def forget_parts(self) -> None:
        """Drop what ran inside the current state: it starts anew."""
        self._parts = {}
        self.map_run = None

    def resume(self, env: Any) -> str | None:
        """Put a program back where it was; return that state, None for one that never started."""
        if self._state is None:
            return None
        self._resuming = True
        env.states.reset(self._input)
        env.variable_store._inner_scope.update(self._variables)
        return self._state


def of(env: Any) -> Progress:
    """Return the progress of the program that an environment of the interpreter belongs to."""
    return cast(Progress, env.progress)
