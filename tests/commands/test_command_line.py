"""What all commands have in common: help, completion, and errors that are one paragraph."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.config import Config
from command_line import batchrec
from deployed_pipeline import Pipeline as Deployed

from batchrec import cli
from batchrec import pipeline as pipelines
from batchrec.localaws import fault_syntax
from batchrec.pipeline import Pipeline

COMMANDS = [command.callback.__name__.replace("_", "-") for command in cli.app.registered_commands]
WITHOUT_JSON = {"rehearse", "destroy", "local-aws"}
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:shop"

Called = Callable[..., tuple[object, str]]


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: str) -> None:
    answer = batchrec(command, "--help")
    assert answer.exit_code == 0
    assert f"Example: batchrec {command}" in answer.words
    assert ("--json" in answer.output) == (command not in WITHOUT_JSON)


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Called:
    """Call what the console script calls; returns the exit code and stderr."""
    handler = signal.getsignal(signal.SIGTERM)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    # Nobody's profile, and no look for the credentials of an instance.
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("BATCHREC_DEBUG", "0")
    monkeypatch.setattr(pipelines, "_PATIENT", Config(retries={"total_max_attempts": 1}))

    def called(*arguments: str) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["batchrec", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        signal.signal(signal.SIGTERM, handler)
        shown = capsys.readouterr()
        assert shown.out == ""
        assert "Traceback" not in shown.err
        return ended.value.code, shown.err

    return called


def test_without_credentials(call: Called) -> None:
    code, told = call("status", "--state-machine-arn", MACHINE)
    assert code == 1
    assert told.startswith(f"Error: The state machine {MACHINE} can't be described: Unable to")
    assert "AWS_PROFILE" in told


def test_without_a_region(call: Called) -> None:
    code, told = call("status", "--state-machine-arn", "shop")
    assert code == 1
    assert "You must specify a region" in told
    assert "AWS_REGION" in told


@pytest.mark.parametrize(
    ("endpoint", "why"),
    [("http://127.0.0.1:9", "Could not connect"), ("127.0.0.1:9", "Invalid endpoint")],
)
def test_an_endpoint_that_cannot_be_reached(
    call: Called, monkeypatch: pytest.MonkeyPatch, endpoint: str, why: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    code, told = call("watch", "--state-machine-arn", MACHINE)
    assert code == 1
    assert why in told
    assert "AWS_ENDPOINT_URL" in told


def test_what_is_not_allowed(
    call: Called, monkeypatch: pytest.MonkeyPatch, found: Pipeline, pipeline: Deployed
) -> None:
    for name, value in pipeline.aws.environment().items():
        monkeypatch.setenv(name, value)
    denied = "User x is not authorized to perform: states:DescribeStateMachine"
    fault = f'states:DescribeStateMachine error AccessDeniedException "{denied}"'
    pipeline.aws.faults.add(fault_syntax.parse(fault))
    code, told = call("logs", "--state-machine-arn", found.state_machine_arn)
    assert code == 1
    assert denied in told


def test_a_folder_that_is_not_there(call: Called) -> None:
    code, told = call("cost", "--folder", "nowhere")
    assert (code, "There is no folder nowhere." in told) == (1, True)


def test_an_arn_that_is_none(call: Called) -> None:
    code, told = call("run", "--state-machine-arn", "arn:aws:states")
    assert (code, "is no ARN of a state machine" in told) == (1, True)


def test_an_unexpected_error_says_how_to_see_where(
    call: Called, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr(pipelines, "find", broken)
    code, told = call("status")
    assert code == 1
    assert "KeyError: 'surprise'" in told
    assert "batchrec --debug status" in told


def test_wrong_usage(call: Called) -> None:
    for arguments in (["watch", "--bogus"], ["nothing"], ["recommend"]):
        assert call(*arguments)[0] == 2


def test_json_is_never_coloured(
    pipeline: Deployed,
    found: Pipeline,
    local_aws_environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    answer = batchrec("status", "--state-machine-arn", found.state_machine_arn, "--json")
    assert answer.output == "[]\n"


# --- as a program ---------------------------------------------------------------------------------

PROGRAM = Path(sys.executable).with_name("batchrec")
BARE = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "PYTHONUNBUFFERED": "1"}


def test_completion() -> None:
    completed = subprocess.run(
        [str(PROGRAM)],
        env=BARE
        | {"_BATCHREC_COMPLETE": "complete_bash", "COMP_WORDS": "batchrec re", "COMP_CWORD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert sorted(completed.stdout.split()) == ["recommend", "rehearse", "report"]


def test_ctrl_c_in_a_pipe_leaves_the_run_alone(
    pipeline: Deployed, found: Pipeline, local_aws_environment: dict[str, str]
) -> None:
    arn = pipeline.start_until("CreateDatasetImportJob", "weekly")
    with subprocess.Popen(
        [str(PROGRAM), "watch", "--state-machine-arn", pipeline.machine_arn],
        env=BARE | local_aws_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as watching:
        assert watching.stdout is not None
        assert watching.stdout.readline().startswith("Run weekly  RUNNING")
        watching.send_signal(signal.SIGINT)
        _, told = watching.communicate(timeout=60)
    client = pipeline.aws.client("stepfunctions")
    assert client.describe_execution(executionArn=arn)["status"] == "RUNNING"
    assert watching.returncode == 130
    assert "Watch it again: batchrec watch weekly" in told
    assert "Traceback" not in told
