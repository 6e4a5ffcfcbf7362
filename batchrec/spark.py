"""Spark on this machine's cores."""

import sys
from collections.abc import Mapping
from pathlib import Path

from batchrec import java

_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.memory": "2g",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}


def environment(folder: Path, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what the environment of a Python process needs for a Spark of its own.

    Args:
        folder: for Spark's temporary files.
        settings: further settings of Spark.

    Raises:
        BatchrecError: there is no Java that Spark runs on.
    """
    given = _SETTINGS | {"spark.local.dir": str(folder)} | dict(settings or {})
    submit = " ".join(f"--conf {name}={value}" for name, value in given.items())
    return java.spark_environment() | {
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": f"--master local[*] {submit} pyspark-shell",
    }
