"""The process in which a script runs."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Output:
    """What a script's process left."""

    exit_code: int
    stdout: str
    stderr: str
    timed_out: bool

    def map(self, change: Callable[[str], str]) -> "Output":
        """Return the same with both texts changed."""
        return Output(self.exit_code, change(self.stdout), change(self.stderr), self.timed_out)

    def error_message(self) -> str:
        """Return the exception that ended the script, as Glue puts it into ErrorMessage."""
        lines = self.stderr.rstrip().splitlines()
        starts = [n for n, line in enumerate(lines) if line.startswith("Traceback")]
        if not starts:
            return "\n".join(lines[-5:]) or "The script ended with an error and no message."
        after = [n for n in range(starts[-1] + 1, len(lines)) if not lines[n].startswith(" ")]
        text = "\n".join(lines[after[0] :]) if after else lines[-1]
        return re.sub(r"^[\w.]*?(\w+: )", r"\1", text)


class ScriptProcess:
    """The process of one script."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._killed = False

    def run(
        self, command: list[str], environment: dict[str, str], folder: Path, limit: float
    ) -> Output:
        """Run `command` in `folder`, for at most `limit` seconds."""
        self._process = subprocess.Popen(  # noqa: S603 (the user's own script)
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        if self._killed:  # before there was a process
            self.kill()
        killer = threading.Timer(limit, self.kill)
        killer.daemon = True
        killer.start()
        try:
            stdout, stderr = self._process.communicate()
        finally:
            timed_out = not killer.is_alive()
            killer.cancel()
            self.kill()
        return Output(self._process.returncode, stdout.decode(), stderr.decode(), timed_out)

    def kill(self) -> None:
        """Kill the process and its children, at once or as soon as it starts."""
        self._killed = True
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
