"""The hooks and the workflow do what the Makefile does, with actions that can't change."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

PINNED = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}")


def targets(repository: Path) -> set[str]:
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


@pytest.fixture
def hooks(repository: Path) -> list[dict[str, Any]]:
    configuration = yaml.safe_load((repository / ".pre-commit-config.yaml").read_text())
    assert [source["repo"] for source in configuration["repos"]] == ["local"]
    return [hook for source in configuration["repos"] for hook in source["hooks"]]


@pytest.fixture
def steps(repository: Path) -> list[dict[str, Any]]:
    workflow = yaml.safe_load((repository / ".github/workflows/ci.yml").read_text())
    assert workflow["permissions"] == {"contents": "read"}
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_the_hooks_are_targets(hooks: list[dict[str, Any]], repository: Path) -> None:
    called = {hook["entry"] for hook in hooks}
    assert called == {"make lint", "make docs"}
    assert {entry.split()[1] for entry in called} <= targets(repository)


def test_the_hooks_watch_what_they_are_about(hooks: list[dict[str, Any]]) -> None:
    watched = {hook["id"]: re.compile(hook["files"]) for hook in hooks}
    assert watched["lint"].search("modules/storage/main.tf")
    assert watched["lint"].search("batchrec/cli.py")
    assert watched["docs"].search("variables.tf")
    assert watched["docs"].search("modules/storage/README.md")
    assert not watched["docs"].search("examples/movielens/main.tf")


def test_the_workflow_calls_targets(steps: list[dict[str, Any]], repository: Path) -> None:
    runs = [step["run"] for step in steps if "run" in step]
    made = {run.split()[1] for run in runs if run.startswith("make ")}
    assert made == {"lint", "docs", "test"}
    assert made <= targets(repository)
    others = [run.partition(" #")[0] for run in runs if not run.startswith("make ")]
    assert others == ["git diff --exit-code", "sudo apt-get install --yes tmux"]


def test_actions_are_pinned(steps: list[dict[str, Any]], repository: Path) -> None:
    used = [step["uses"] for step in steps if "uses" in step]
    assert used
    assert [action for action in used if not PINNED.fullmatch(action)] == []
    written = (repository / ".github/workflows/ci.yml").read_text()
    # Which release it is stands beside it: a commit alone says nothing to a reader.
    assert len(re.findall(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", written, re.MULTILINE)) == len(used)
