"""Where Terraform can take the aws provider from without the registry."""

import json
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path

from batchrec.errors import BatchrecError

AWS_PROVIDER = "registry.terraform.io/hashicorp/aws"


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
                f"{AWS_PROVIDER}/<version>/{os_arch()}.\n"
                "Make one with: terraform providers mirror FOLDER. Or unset it to use the registry."
            )
        return mirror
    folders = [*_implied_mirrors(base), *sorted(addons.glob("*"))]
    return next((folder for folder in folders if _has_provider(folder)), None)


def cli_configuration(mirror: Path) -> str:
    """Return a CLI configuration, in Terraform's format, that takes hashicorp/aws from a mirror."""
    return f"""\
provider_installation {{
  filesystem_mirror {{
    path    = {json.dumps(str(mirror))}
    include = ["{AWS_PROVIDER}"]
  }}
  direct {{
    exclude = ["{AWS_PROVIDER}"]
  }}
}}
"""


def os_arch() -> str:
    """Name this machine as folders and files of providers do, such as linux_amd64."""
    machine = platform.machine().lower()
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    return f"{platform.system().lower()}_{arch}"


def home_folder(env: Mapping[str, str]) -> Path:
    """Return the person's home folder."""
    return Path(env.get("HOME") or Path.home())


def _implied_mirrors(env: Mapping[str, str]) -> list[Path]:
    home = home_folder(env)
    folders = [home / ".terraform.d/plugins"]
    if sys.platform == "darwin":
        support = "Library/Application Support/io.terraform/plugins"
        return [*folders, home / support, Path("/", support)]
    data = [env.get("XDG_DATA_HOME") or f"{home}/.local/share"]
    data += (env.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    return folders + [Path(folder, "terraform/plugins") for folder in data]


def _has_provider(mirror: Path) -> bool:
    aws = mirror / AWS_PROVIDER
    packed = aws.glob(f"terraform-provider-aws_*_{os_arch()}.zip")
    return any(aws.glob(f"*/{os_arch()}")) or any(packed)
