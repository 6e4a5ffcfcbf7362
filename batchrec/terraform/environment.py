"""The environment that Terraform runs in."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from batchrec.terraform.providers import cli_configuration, home_folder, provider_mirror


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
    has_own = "TF_CLI_CONFIG_FILE" in env or (home_folder(env) / ".terraformrc").exists()
    if has_own and not env.get("BATCHREC_PROVIDER_MIRROR"):
        return env
    if mirror := provider_mirror(env):
        config = work / "terraform.tfrc"
        config.touch(mode=0o600)
        config.write_text(cli_configuration(mirror))
        env["TF_CLI_CONFIG_FILE"] = str(config.absolute())
    elif "TF_PLUGIN_CACHE_DIR" not in env:
        caches = env.get("XDG_CACHE_HOME") or home_folder(env) / ".cache"
        cache = Path(caches, "batchrec", "providers")
        cache.mkdir(parents=True, exist_ok=True)
        env["TF_PLUGIN_CACHE_DIR"] = str(cache)
        # Without this the cache is used only for what a lock file lists, and a copy has none.
        env["TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE"] = "1"
    return env
