"""Run Terraform: its output is read as it comes, and Ctrl-C stops it."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_GRACE_SECONDS = 20.0

OnLine = Callable[[str], None]


@dataclass(frozen=True)
class Ended:
    """A command of Terraform that has ended."""

    code: int
    shown: str  # what it wrote to stdout
    trouble: str  # what it wrote to stderr


def run(
    arguments: list[str], folder: Path, env: Mapping[str, str], on_line: OnLine | None = None
) -> Ended:
    """Run a command in a folder until it ends, and call `on_line` with each line of its stdout."""
    lines = []
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        with _running(arguments, folder, env, errors) as process:
            for line in process.stdout or ():
                lines.append(line)
                if on_line:
                    on_line(line.rstrip("\n"))
            code = process.wait()
        errors.seek(0)
        return Ended(code, "".join(lines), errors.read())


@contextmanager
def _running(
    arguments: list[str], folder: Path, env: Mapping[str, str], errors: IO[str]
) -> Iterator[subprocess.Popen[str]]:
    # In a process group of its own, with the providers it starts, so that all can be ended.
    process = subprocess.Popen(  # noqa: S603 (the person's own Terraform)
        arguments,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        encoding="utf-8",
        errors="replace",
        process_group=0,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    """Ask Terraform to stop, as Ctrl-C in a terminal does, and end what is left after a while."""
    try:
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
