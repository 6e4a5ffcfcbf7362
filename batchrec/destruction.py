"""Take an applied pipeline down: first what its workflow made, then what Terraform made.

Terraform knows no solutions and filters; a dataset group that has some can't be deleted.
"""

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from rich.console import Console

from batchrec import execution
from batchrec.errors import BatchrecError
from batchrec.terraform import find_terraform


@dataclass(frozen=True)
class Request:
    """What to take down."""

    folder: Path  # a Terraform configuration that calls the module, initialised and applied
    env: Mapping[str, str]  # of Terraform
    state_machine_output: str = "state_machine_arn"  # the output that holds its ARN
    asks: bool = True  # Terraform asks before it destroys


def _own_client(service: str, region: str) -> Any:
    return boto3.client(service, region_name=region)  # type: ignore[call-overload]


def destroy(
    request: Request, console: Console, client: Callable[[str, str], Any] = _own_client
) -> None:
    """Run the workflow's teardown, wait until it is done, then run `terraform destroy`.

    Args:
        request: what to take down.
        console: says what goes on.
        client: makes a client of AWS for a service and a Region; by default with the caller's own
            credentials.

    Raises:
        BatchrecError: nothing was applied, the bucket may not be destroyed with its data, or a step
            failed; what was not yet reached is as it was.
    """
    terraform = find_terraform()
    arn = _state_machine(terraform, request)
    _require_destroyable_buckets(terraform, request)
    region = arn.split(":")[3]
    stepfunctions = client("stepfunctions", region)
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
    command = [str(terraform), "destroy", *([] if request.asks else ["-auto-approve"])]
    done = subprocess.run(command, cwd=request.folder, env=request.env, check=False)  # noqa: S603
    if done.returncode != 0:
        raise BatchrecError(
            "terraform destroy failed; its message is above. Solutions and filters are gone."
            " Correct the cause and run it again."
        )


def _state_machine(terraform: Path, request: Request) -> str:
    outputs = _json(terraform, request, "output", "-json")
    if request.state_machine_output not in outputs:
        raise BatchrecError(
            f"The configuration in {request.folder} has no output {request.state_machine_output}."
            " Apply it first; or name the output that holds the module's state_machine_arn with"
            " --state-machine-output."
        )
    return str(outputs[request.state_machine_output]["value"])


def _require_destroyable_buckets(terraform: Path, request: Request) -> None:
    """Terraform would only find out halfway."""
    state = _json(terraform, request, "show", "-json")
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


def _json(terraform: Path, request: Request, *arguments: str) -> dict[str, Any]:
    shown = subprocess.run(  # noqa: S603 (Terraform, in the user's own configuration)
        [str(terraform), *arguments],
        cwd=request.folder,
        env=request.env,
        capture_output=True,
        text=True,
        check=False,
    )
    if shown.returncode != 0:
        raise BatchrecError(f"terraform {' '.join(arguments)} failed:\n{shown.stderr.strip()}")
    return dict(json.loads(shown.stdout))
