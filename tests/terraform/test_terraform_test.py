"""The runs of *.tftest.hcl hold: one behaviour each, with a provider that is only imitated."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchrec.terraform.process import run
from batchrec.terraform.workspace import Workspace

FILES = sorted(Path(__file__).parent.glob("*.tftest.hcl"))

pytestmark = pytest.mark.xdist_group("terraform-test")


@pytest.fixture(scope="module")
def workspace(repository: Path) -> Iterator[Workspace]:
    with Workspace(repository, ".") as workspace:
        for file in FILES:
            shutil.copy(file, workspace.folder)
        workspace.init()
        yield workspace


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.split(".")[0])
def test_every_run_passes(workspace: Workspace, file: Path) -> None:
    command = [str(workspace.terraform), "test", "-no-color", f"-filter={file.name}"]
    ended = run(command, workspace.folder, workspace.env)
    assert ended.code == 0, ended.shown + ended.trouble
    expected = len(re.findall(r'^run "', file.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert f"{expected} passed, 0 failed" in ended.shown
