"""Configurations that a test makes up, in the place of an example's."""

import json
from typing import Any

from batchrec.terraform.workspace import Workspace


def put(workspace: Workspace, configuration: dict[str, Any]) -> None:
    """Let a workspace run this configuration, in Terraform's JSON syntax, not its example's."""
    for name in ("main.tf", "outputs.tf", "variables.tf"):
        (workspace.folder / name).unlink(missing_ok=True)
    (workspace.folder / "main.tf.json").write_text(json.dumps(configuration))
