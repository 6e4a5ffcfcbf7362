"""What a plan of a workspace would change."""

import json
import subprocess
from collections.abc import Mapping
from typing import Any

from batchrec.terraform import Workspace

UNCHANGED = (["no-op"], ["read"])


def planned_changes(workspace: Workspace, variables: Mapping[str, str]) -> list[dict[str, Any]]:
    """The changes of a plan, as `terraform show -json` has them; moves alone are none."""
    given = [f"-var={name}={value}" for name, value in variables.items()]
    for command in (["plan", "-out=tfplan", *given], ["show", "-json", "tfplan"]):
        ended = subprocess.run(
            [str(workspace.terraform), *command],
            cwd=workspace.folder,
            env=workspace.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
    shown = json.loads(ended.stdout).get("resource_changes", [])
    return [change for change in shown if change["change"]["actions"] not in UNCHANGED]
