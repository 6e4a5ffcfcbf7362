"""`batchrec watch` in a real terminal: it shows a run, survives Ctrl-C, and shows it again.

The local AWS is this process's, its clock held, so that the run stays where it is; tmux is the
terminal.
"""

import os
import re
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from deployed_pipeline import Pipeline as Deployed

BATCHREC = Path(sys.executable).with_name("batchrec")
PATIENCE_SECONDS = 60


class Terminal:
    """A shell in a tmux of its own."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self._socket = f"batchrec-{uuid.uuid4().hex[:8]}"
        self._environment = environment | {
            "TERM": "xterm-256color",
            "PS1": "ready> ",
            "PATH": f"{BATCHREC.parent}:{os.environ['PATH']}",
        }
        self._tmux(
            *("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40"),
            *("-c", str(folder), "bash --norc --noprofile"),
        )

    def _tmux(self, *arguments: str) -> str:
        return subprocess.run(
            ["tmux", "-L", self._socket, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)
        self._tmux("send-keys", "Enter")

    def interrupt(self) -> None:
        self._tmux("send-keys", "C-c")

    def shown(self) -> str:
        # Joined, a long line that the terminal wrapped is one.
        return self._tmux("capture-pane", "-p", "-J")

    def wait_for(self, is_there: Callable[[str], bool]) -> str:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_there(shown := self.shown()):
            assert time.monotonic() < deadline, shown
            time.sleep(0.2)
        return shown

    def close(self) -> None:
        subprocess.run(["tmux", "-L", self._socket, "kill-server"], check=False)


@pytest.fixture
def terminal(local_aws_environment: dict[str, str], tmp_path: Path) -> Iterator[Terminal]:
    if shutil.which("tmux") is None:
        assert os.environ.get("CI") != "true", "CI must have tmux: apt-get install tmux"
        pytest.skip("tmux, which is the terminal of this test, is not installed")
    opened = Terminal(local_aws_environment, tmp_path)
    try:
        yield opened
    finally:
        opened.close()


def test_watching_is_interrupted_and_resumed(pipeline: Deployed, terminal: Terminal) -> None:
    clock, named = pipeline.aws.clock, f"--state-machine-arn {pipeline.name}"
    watch = f'batchrec watch weekly {named} --interval 0.3; echo "exit code $?"'
    pipeline.start_until("CreateSolutionVersion", "weekly")
    terminal.type(watch)
    first = terminal.wait_for(lambda shown: "training" in shown)
    assert row(first, "import")[1:5] == ["import", "interactions", "ACTIVE", "0:05:00"]
    assert row(first, "training")[1:3] == ["training", "user-personalization"]
    assert "In  RecommendWithSolutions: user-personalization" in first
    age = age_of_training(first)

    clock.advance(600)
    terminal.wait_for(lambda shown: age_of_training(shown) >= age + 600)

    terminal.interrupt()
    left = terminal.wait_for(lambda shown: "exit code 130" in shown)
    assert f"Watch it again: batchrec watch weekly {named}" in left

    terminal.type("clear")
    terminal.wait_for(lambda shown: "watch" not in shown)
    terminal.type(watch)
    again = terminal.wait_for(lambda shown: "training" in shown)
    assert age_of_training(again) >= age + 600
    clock.release()
    ended = terminal.wait_for(lambda shown: "exit code 0" in shown)
    assert "Run weekly  SUCCEEDED" in ended
    assert row(ended, "publish")[1:3] == ["publish", "SUCCEEDED"]


def age_of_training(shown: str) -> int:
    """In seconds, of h:mm:ss."""
    (time,) = re.findall(r"\d+:\d\d:\d\d", " ".join(row(shown, "training")))[:1]
    hours, minutes, seconds = map(int, time.split(":"))
    return 3600 * hours + 60 * minutes + seconds


def row(shown: str, job: str) -> list[str]:
    """The cells of a job's line."""
    (line,) = [line for line in shown.splitlines() if line.split()[1:2] == [job]]
    return line.split()
