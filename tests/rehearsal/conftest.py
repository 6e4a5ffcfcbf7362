"""`batchrec rehearse`, as a person runs it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

BATCHREC = Path(sys.executable).with_name("batchrec")

Rehearse = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def batchrec() -> Path:
    return BATCHREC


@pytest.fixture(scope="session")
def rehearse() -> Rehearse:
    def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(BATCHREC), "rehearse", *arguments],
            cwd=cwd,
            env=os.environ | {"COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    return run
