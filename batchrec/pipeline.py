"""Find a deployed pipeline; its state machine says what else it is made of."""

import functools
import json
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as NoConnectionError

from batchrec.errors import BatchrecError
from batchrec.terraform.executable import find_terraform

# Watching for hours, one meets throttling and lost connections.
_PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 8})

# Such as arn:aws:states:us-east-1:123456789012:stateMachine:NAME.
_ARN = r"arn:[\w-]+:states:(?P<region>[\w-]+):\d{12}:stateMachine:\S+"
_PASSING = re.compile(r"Throttl|TooManyRequests|ServiceUnavailable|InternalFailure|InternalServer")

MANIFEST = "curated/latest.json"
Clients = Callable[[str], Any]  # a boto3 client by the name of its service


@dataclass(frozen=True)
class Where:
    """How a person names a pipeline: by the first of these that is given."""

    state_machine: str | None = None  # ARN or name
    folder: Path = Path()  # Terraform configuration that calls the module, applied
    output: str = "state_machine_arn"  # its output that holds the module's state_machine_arn


@dataclass(frozen=True)
class Pipeline:
    """A deployed pipeline.

    Attributes:
        state_machine_arn: of its state machine.
        definition: of its state machine, in Amazon States Language.
        client: makes the clients that reach it.
    """

    state_machine_arn: str
    definition: dict[str, Any]
    client: Clients

    @property
    def configuration(self) -> dict[str, Any]:
        """What Terraform wrote into the state Configure (modules/workflow/pipeline.asl.json)."""
        configuration: dict[str, Any] = self.definition["States"]["Configure"]["Assign"][
            "configuration"
        ]
        return configuration

    @property
    def name(self) -> str:
        """The module's `name`."""
        return str(self.configuration["pipeline"])

    @property
    def bucket(self) -> str:
        """The bucket with raw/, transformed/, quarantine/ and curated/."""
        return str(self.configuration["bucket"])

    @property
    def region(self) -> str:
        """Its Region."""
        return self.state_machine_arn.split(":")[3]

    def key(self, path: str) -> str:
        """Return the key of a path such as curated/latest.json, after the module's prefix."""
        return f"{self.configuration['prefix']}{path}"

    def read_json(self, path: str) -> dict[str, Any] | None:
        """Read a JSON object of the bucket; None if there is none.

        Args:
            path: after the module's prefix.

        Raises:
            BatchrecError: it may not be read, or is no JSON object.
        """
        s3, url = self.client("s3"), f"s3://{self.bucket}/{self.key(path)}"
        try:
            text = s3.get_object(Bucket=self.bucket, Key=self.key(path))["Body"].read()
        except s3.exceptions.NoSuchKey:
            return None
        except (BotoCoreError, ClientError) as error:
            raise BatchrecError(f"{url} can't be read: {error}") from error
        try:
            document = json.loads(text)
        except ValueError as error:
            raise _no_object(url, str(error)) from error
        if not isinstance(document, dict):
            raise _no_object(url, f"it is {text[:40].decode(errors='replace')!r}")
        return document

    def read_report(self, run: str) -> dict[str, Any] | None:
        """Read what the Glue job says of a run's data, written last: without it, it isn't there."""
        return self.read_json(f"transformed/{run}/report.json")

    def read_publication(self, run: str) -> dict[str, Any] | None:
        """Read what of a run is published or refused; None: it didn't come so far."""
        return self.read_json(f"curated/{run}/publication.json")

    def read_manifest(self) -> dict[str, Any] | None:
        """Read where each solution's newest table lies; None: nothing has been published yet."""
        return self.read_json(MANIFEST)


def input_key(solution: Mapping[str, Any]) -> str:
    """Return the key of a solution's batch input; its folder is batch_KEY_input."""
    return str(solution["batch_input_folder"]).removeprefix("batch_").removesuffix("_input")


def find(where: Where, env: Mapping[str, str], client: Clients | None = None) -> Pipeline:
    """Find a pipeline.

    Args:
        where: how it is named.
        env: of Terraform, if it is asked.
        client: makes clients; by default with boto3's standard configuration (environment,
            profile), in the Region of the state machine's ARN.

    Raises:
        BatchrecError: there is none, or it isn't one of this module.
    """
    named = where.state_machine or _output(where, env)
    found = re.fullmatch(_ARN, named)
    if named.startswith("arn:") and not found:
        raise BatchrecError(
            f"{named} is no ARN of a state machine. Give one such as"
            " arn:aws:states:us-east-1:123456789012:stateMachine:NAME, or the name alone."
        )
    if client is None:
        region = found["region"] if found else None
        session = boto3.Session(region_name=region)
        client = functools.cache(lambda service: session.client(service, config=_PATIENT))
    try:
        arn = named if found else _arn(client, named)
        described = client("stepfunctions").describe_state_machine(stateMachineArn=arn)
    except (BotoCoreError, ClientError, ValueError) as error:  # an endpoint that is no URL
        raise BatchrecError(
            f"The state machine {named} can't be described: {error}\nCheck the credentials and the"
            " Region (AWS_PROFILE, AWS_REGION), or AWS_ENDPOINT_URL for a local AWS."
        ) from error
    definition = json.loads(described["definition"])
    if "Configure" not in definition.get("States", {}):
        raise BatchrecError(
            f"{arn} is no state machine of this module: its definition has no state Configure."
            " Name the one in the module's output state_machine_arn."
        )
    return Pipeline(arn, definition, client)


def passes(error: Exception) -> bool:
    """Whether an error of AWS goes away by itself: throttled, overloaded, or cut off."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or bool(_PASSING.search(error.response["Error"].get("Code", "")))
    return isinstance(error, (HTTPClientError, NoConnectionError, IncompleteReadError))


def server_time(answer: Mapping[str, Any]) -> datetime:
    """Return the service's own time when it gave an answer: on the local AWS, virtual time."""
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(date) if date else datetime.now(UTC)


def _no_object(url: str, why: str) -> BatchrecError:
    return BatchrecError(f"{url} is no JSON object: {why}. Put back an earlier version of it.")


def _arn(client: Clients, name: str) -> str:
    pages = client("stepfunctions").get_paginator("list_state_machines").paginate()
    machines = {
        each["name"]: each["stateMachineArn"] for page in pages for each in page["stateMachines"]
    }
    if name not in machines:
        there = ", ".join(sorted(machines)) or "none"
        raise BatchrecError(
            f"There is no state machine named {name}; there are: {there}. Give another name, or the"
            " ARN."
        )
    return str(machines[name])


def _output(where: Where, env: Mapping[str, str]) -> str:
    outputs = terraform_json(where.folder, env, "output", "-json")
    if where.output not in outputs:
        raise BatchrecError(
            f"The configuration in {where.folder} has no output {where.output}. Apply it first; or"
            " name the output that holds the module's state_machine_arn with"
            " --state-machine-output; or name the state machine itself, with --state-machine-arn"
            " where the command has it."
        )
    return str(outputs[where.output]["value"])


def terraform_json(folder: Path, env: Mapping[str, str], *arguments: str) -> dict[str, Any]:
    """Run a command of Terraform that prints JSON.

    Raises:
        BatchrecError: there is no such folder, or it failed.
    """
    if not folder.is_dir():
        raise BatchrecError(
            f"There is no folder {folder}. Name the one of the Terraform configuration that calls"
            " the module."
        )
    shown = subprocess.run(  # noqa: S603 (Terraform, in the user's own configuration)
        [str(find_terraform()), *arguments, "-no-color"],
        cwd=folder,
        env={**env, "CHECKPOINT_DISABLE": "1"},  # no look for newer versions
        capture_output=True,
        text=True,
        check=False,
    )
    if shown.returncode != 0:
        raise BatchrecError(f"terraform {' '.join(arguments)} failed:\n{shown.stderr.strip()}")
    return dict(json.loads(shown.stdout))
