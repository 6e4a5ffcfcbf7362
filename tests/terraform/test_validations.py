"""Bad input is refused at plan time: validations.tftest.hcl, under the real `terraform test`."""

import re
import shutil
import subprocess
from pathlib import Path

from batchrec.terraform import Workspace


def test_bad_input_is_refused_at_plan_time(repository: Path) -> None:
    runs = Path(__file__).with_name("validations.tftest.hcl")
    with Workspace(repository, ".") as workspace:
        workspace.init()
        shutil.copy(runs, workspace.folder)
        ended = subprocess.run(
            [str(workspace.terraform), "test", "-no-color"],
            cwd=workspace.folder,
            env=workspace.env,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    expected = len(re.findall(r'^run "', runs.read_text(), flags=re.MULTILINE))
    assert f"{expected} passed, 0 failed" in ended.stdout
