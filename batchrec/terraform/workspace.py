"""Run Terraform on a private copy of a configuration."""

import json
import re
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from python_terraform import IsFlagged, Terraform

from batchrec.errors import BatchrecError
from batchrec.terraform.copying import copy_configuration
from batchrec.terraform.environment import environment
from batchrec.terraform.executable import find_terraform
from batchrec.terraform.local_provider import provider_block
from batchrec.terraform.messages import advice, error_text
from batchrec.terraform.plugin_cache import locked
from batchrec.terraform.process import Ended, OnLine, run
from batchrec.terraform.providers import AWS_PROVIDER

_OVERRIDE_FILE = "batchrec_override.tf"


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
        copy_configuration(repository, copy, Path(configuration))
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
        if others := sorted(named - {AWS_PROVIDER}):
            raise BatchrecError(
                f"The saved state of Terraform is not one of a rehearsal: beside {AWS_PROVIDER} it"
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
        with locked(self.env.get("TF_PLUGIN_CACHE_DIR")):
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
        ended = self._run("plan", options, on_line, succeeds=(0, 2))
        return ended.code == 2

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
        shown = self._run("output", {"json": IsFlagged}).shown
        return {name: output["value"] for name, output in json.loads(shown).items()}

    def state_list(self) -> list[str]:
        """Return the addresses of what is in the state.

        Raises:
            BatchrecError: `terraform state list` failed; it does before the first apply.
        """
        return self._run("state list", {}).shown.splitlines()

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
    ) -> Ended:
        arguments: list[str] = self._commands.generate_cmd_string(
            command, no_color=IsFlagged, **options
        )
        try:
            ended = run(arguments, self.folder, self.env, on_line)
        finally:
            self._commands.temp_var_files.clean_up()
        if ended.code not in succeeds:
            raise BatchrecError(
                f"terraform {command} failed in {self.configuration}.\n\n"
                f"{error_text(ended.trouble) or ended.shown.strip()}\n\n"
                f"It ran: {shlex.join(['terraform', *arguments[1:]])}" + advice(ended.trouble)
            )
        return ended
