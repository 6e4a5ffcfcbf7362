"""The README's module call is valid, and its commands are the Makefile's."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from batchrec.terraform import Workspace


def blocks(repository: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (repository / "README.md").read_text(), re.S)


@pytest.mark.parametrize("folder", [".", "modules/monitoring", "modules/schedule"])
def test_the_module_calls_are_valid(repository: Path, folder: str) -> None:
    (call,) = blocks(repository / folder, "hcl")
    with Workspace(repository) as workspace:
        for file in workspace.folder.glob("*.tf"):
            file.unlink()
        source = "./terraform-aws-personalize-batch"
        assert source in call
        (workspace.folder / "main.tf").write_text(call.replace(source, "../.."))
        workspace.init()
        ended = subprocess.run(
            [str(workspace.terraform), "validate", "-no-color"],
            cwd=workspace.folder,
            env=workspace.env,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_first_commands_exist(repository: Path) -> None:
    commands = re.findall(r"^make (\w+)", "\n".join(blocks(repository, "sh")), flags=re.M)
    assert commands == ["demo", "test"]
    make = shutil.which("make")
    assert make is not None
    for command in commands:
        ended = subprocess.run(
            [make, "--dry-run", command], cwd=repository, capture_output=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
