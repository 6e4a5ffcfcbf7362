"""The README's module calls plan; its commands do what it says, or at least are understood.

Its commands for AWS run in test_from_another_stack.py, on what is applied there.
"""

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer.main

from batchrec.cli import app
from batchrec.localaws.server import LocalAws
from batchrec.terraform.workspace import Workspace

if TYPE_CHECKING:
    from conftest import PlanOf

REPOSITORY = Path(__file__).resolve().parents[2]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (REPOSITORY / "README.md").read_text(), re.S)


def commands(program: str) -> list[list[str]]:
    """The arguments of a program's calls in the blocks."""
    lines = "".join(blocks("sh")).replace("\\\n", " ").splitlines()
    found = [shlex.split(line, comments=True) for line in lines]
    return [words[1:] for words in found if words and Path(words[0]).name == program]


@pytest.mark.xdist_group("plans")
@pytest.mark.parametrize("call", blocks("hcl"), ids=["shortest", "complete"])
def test_the_module_calls_plan(local_aws: LocalAws, plan_of: "PlanOf", call: str) -> None:
    with Workspace(REPOSITORY, endpoint=local_aws.endpoint) as workspace:
        for name in ("main.tf", "outputs.tf", "variables.tf"):
            (workspace.folder / name).unlink()
        source = "./terraform-aws-personalize-batch"
        assert source in call
        (workspace.folder / "main.tf").write_text(call.replace(source, "../../"))
        plan = plan_of(workspace)
    planned = {change["change"]["actions"][0] for change in plan.resource_changes.values()}
    assert planned <= {"create", "read"}


def test_the_first_commands_exist() -> None:
    targets = [target for (target,) in commands("make")]
    assert targets == ["demo", "test"]
    make = shutil.which("make")
    assert make is not None
    for target in targets:
        ended = subprocess.run(
            [make, "--dry-run", target], cwd=REPOSITORY, capture_output=True, check=False
        )
        assert ended.returncode == 0, ended.stderr


def test_the_harness_understands_its_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they do is tested in test_check.py and in rehearsal, commands and cost."""
    monkeypatch.chdir(tmp_path)
    harness = typer.main.get_command(app)
    context = harness.make_context("batchrec", [], resilient_parsing=True)
    understood = []
    for name, *arguments in commands("batchrec"):
        command = harness.get_command(context, name)  # type: ignore[attr-defined]
        command.make_context(name, arguments)
        understood.append(name)
    told = ["run", "watch", "status", "status", "logs", "recommend", "report", "cost"]
    assert understood == ["check", "rehearse", "rehearse", *told]


def test_no_command_is_left_out() -> None:
    programs = {
        Path(line.split()[0]).name
        for line in "".join(blocks("sh")).replace("\\\n", " ").splitlines()
        if line
    }
    assert programs == {"make", "batchrec", "aws"}
