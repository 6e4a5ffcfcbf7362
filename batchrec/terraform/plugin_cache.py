"""The cache of providers that come from the registry."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(cache: str | None) -> Iterator[None]:
    """Hold the plugin cache alone: Terraform doesn't make it safe for two `init` at a time.

    See "CLI Configuration File", section "Provider Plugin Cache", in Terraform's documentation.
    """
    if cache is None or not os.access(cache, os.W_OK):  # for Terraform to complain about
        yield
        return
    with Path(cache, ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
