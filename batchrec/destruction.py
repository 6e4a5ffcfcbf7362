"""Take an applied pipeline down: first what its workflow made, then what Terraform made.

Terraform knows no solutions and filters; a dataset group that has some can't be deleted.
"""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from batchrec import execution, pipeline
from batchrec.errors import BatchrecError
from batchrec.pipeline import Where, terraform_json
from batchrec.terraform.executable import find_terraform


@dataclass(frozen=True)
class Request:
    """What to take down."""

    folder: Path  # a Terraform configuration that calls the module, initialised and applied
    env: Mapping[str, str]  # of Terraform
    state_machine_output: str = "state_machine_arn"  # the output that holds its ARN
    asks: bool = True  # Terraform asks before it destroys


def destroy(request: Request, console: Console, client: pipeline.Clients | None = None) -> None:
    """Run the workflow's teardown, wait until it is done, then run `terraform destroy`.

    Args:
        request: what to take down.
        console: says what goes on.
        client: makes clients of AWS; by default with the caller's own credentials.

    Raises:
        BatchrecError: nothing was applied, the bucket may not be destroyed with its data, or a step
            failed; what was not yet reached is as it was.
    """
    where = Where(folder=request.folder, output=request.state_machine_output)
    found = pipeline.find(where, request.env, client)
    _require_destroyable_buckets(request)
    stepfunctions = found.client("stepfunctions")
    arn = found.state_machine_arn
    console.print(f"Tearing down what {arn} made", highlight=False, soft_wrap=True)
    started = stepfunctions.start_execution(
        stateMachineArn=arn, input=json.dumps({"action": "teardown"})
    )
    ended = execution.follow(
        stepfunctions,
        started["executionArn"],
        lambda moment: console.print(f"  {moment.state}", highlight=False),
    )
    execution.require_success(stepfunctions, ended)
    command = [str(find_terraform()), "destroy", *([] if request.asks else ["-auto-approve"])]
    done = subprocess.run(command, cwd=request.folder, env=request.env, check=False)  # noqa: S603
    if done.returncode != 0:
        raise BatchrecError(
            "terraform destroy failed; its message is above. Solutions and filters are gone."
            " Correct the cause and run it again."
        )


def _require_destroyable_buckets(request: Request) -> None:
    """Terraform would only find out halfway."""
    state = terraform_json(request.folder, request.env, "show", "-json")
    kept = [
        resource["values"]["bucket"]
        for resource in _resources(state.get("values", {}).get("root_module", {}))
        if resource["type"] == "aws_s3_bucket" and not resource["values"].get("force_destroy")
    ]
    if kept:
        raise BatchrecError(
            f"The data in {', '.join(kept)} is not to be destroyed. If it is, set force_destroy ="
            " true in the module's call, apply that, and come back."
        )


def _resources(module: Mapping[str, Any]) -> list[dict[str, Any]]:
    inner = [found for child in module.get("child_modules", []) for found in _resources(child)]
    return [*module.get("resources", []), *inner]
