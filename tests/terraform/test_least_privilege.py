"""The roles' policies, as IAM has them, against every call of a rehearsal of everything."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rehearsed_roles import INPUTS, ROLES, Rehearsed

from batchrec.localaws.server import LocalAws
from batchrec.terraform import Workspace

pytestmark = pytest.mark.xdist_group("least-privilege")

OUTPUTS = (
    "bucket_name", "dead_letter_queue_url", "raw_interactions_prefix", "schedule_name",
    "state_machine_arn", "topic_arn",
)  # fmt: skip


@pytest.fixture(scope="module")
def rehearsed(local_aws: LocalAws, repository: Path) -> Iterator[Rehearsed]:
    """About two minutes, half of them the provider's own waits."""
    root = {
        "module": {"this": INPUTS},
        "output": {name: {"value": f"${{module.this.{name}}}"} for name in OUTPUTS},
    }
    with Workspace(repository, endpoint=local_aws.endpoint) as workspace:
        for name in ("main.tf", "outputs.tf", "variables.tf"):
            (workspace.folder / name).unlink()
        (workspace.folder / "main.tf.json").write_text(json.dumps(root))
        workspace.init()
        workspace.apply()
        made = Rehearsed(local_aws, workspace.output())
        made.rehearse()
        yield made
        workspace.destroy()


def test_dev(rehearsed: Rehearsed) -> None:
    import pickle

    names = {rehearsed.arn(r): r for r in ROLES}
    pickle.dump(
        (rehearsed.calls, {r: rehearsed.policies(r) for r in ROLES}, rehearsed.refused),
        open("/tmp/h1_calls.pkl", "wb"),
    )
    for k, v in rehearsed.refused.items():
        print(k, v)
