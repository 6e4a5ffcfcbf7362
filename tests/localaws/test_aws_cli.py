"""The local AWS as the AWS CLI uses it: any program that can be told an endpoint can."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from personalize_world import INTERACTIONS, avro

from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(240)

AWS = Path(sys.executable).with_name("aws")


class Cli:
    """Runs `aws` in a folder of its own, with nothing but the variables that local-aws prints."""

    def __init__(self, aws: LocalAws, home: Path) -> None:
        self._home = home
        self._env = {"HOME": str(home), "PATH": os.environ["PATH"]} | aws.environment()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(AWS), *arguments],
            cwd=self._home,
            env=self._env,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--output", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def cli(local_aws: LocalAws, tmp_path: Path) -> Cli:
    return Cli(local_aws, tmp_path)


def test_objects_and_resources_are_made_and_read(
    cli: Cli, local_aws: LocalAws, tmp_path: Path
) -> None:
    name = f"cli-{uuid.uuid4().hex[:12]}"
    (tmp_path / "schema.json").write_text(avro(*INTERACTIONS))
    assert cli.run("s3", "mb", f"s3://{name}").returncode == 0
    copied = cli.run("s3", "cp", "schema.json", f"s3://{name}/schemas/")
    assert copied.returncode == 0, copied.stderr
    stored = local_aws.client("s3").get_object(Bucket=name, Key="schemas/schema.json")
    assert stored["Body"].read().decode() == (tmp_path / "schema.json").read_text()

    created = cli.json(
        *("personalize", "create-schema", "--name", name, "--schema", "file://schema.json")
    )
    assert created == {"schemaArn": f"arn:aws:personalize:us-east-1:123456789012:schema/{name}"}
    described = cli.json("personalize", "describe-schema", "--schema-arn", created["schemaArn"])
    assert json.loads(described["schema"]["schema"]) == json.loads(avro(*INTERACTIONS))


def test_an_error_has_the_code_of_the_service(cli: Cli) -> None:
    name = f"cli-{uuid.uuid4().hex[:12]}"
    make = ("personalize", "create-dataset-group", "--name", name)
    assert cli.run(*make).returncode == 0
    again = cli.run(*make)
    assert again.returncode != 0
    assert "ResourceAlreadyExistsException" in again.stderr
    assert f"dataset-group/{name}" in again.stderr


def test_what_is_not_emulated_is_said_so(cli: Cli) -> None:
    refused = cli.run("personalize", "list-event-trackers")
    assert refused.returncode != 0
    assert "The local AWS does not emulate personalize" in refused.stderr
    assert "ListEventTrackers" in refused.stderr
