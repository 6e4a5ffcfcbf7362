"""What a plan of a workspace would change."""

import json
from collections.abc import Mapping

from batchrec.terraform.process import run
from batchrec.terraform.workspace import Workspace

UNCHANGED = {"noop", "read", "move"}


def planned_changes(workspace: Workspace, variables: Mapping[str, str]) -> dict[str, str]:
    """The actions of a plan by address: create, update, replace, delete; moves alone are none.

    From the messages of `-json` (Terraform documentation, "Machine-Readable UI", "Planned Change").
    """
    given = [f"-var={name}={value}" for name, value in variables.items()]
    command = [str(workspace.terraform), "plan", "-json", *given]
    ended = run(command, workspace.folder, workspace.env)
    assert ended.code == 0, ended.shown + ended.trouble
    messages = map(json.loads, ended.shown.splitlines())
    changes = [message["change"] for message in messages if message["type"] == "planned_change"]
    actions = {change["resource"]["addr"]: change["action"] for change in changes}
    return {address: action for address, action in actions.items() if action not in UNCHANGED}
