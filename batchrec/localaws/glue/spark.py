"""The Spark that scripts run on."""

import os
from pathlib import Path

import pyspark

from batchrec import spark
from batchrec.localaws import runtime
from batchrec.localaws.authorization.session import Session

# Glue Developer Guide, AWS Glue versions.
SPARK_VERSIONS = {"5.0": "3.5.4"}


def unsupported(glue_version: str | None) -> str | None:
    """Say why scripts for a version of Glue can't run here; None if they can."""
    if SPARK_VERSIONS.get(glue_version or "") == pyspark.__version__:
        return None
    return (
        f"GlueVersion {glue_version} can't be rehearsed with the installed"
        f" PySpark {pyspark.__version__}; supported: {SPARK_VERSIONS}."
    )


def spark_environment(
    python_path: list[str], folder: Path, region: str, who: str | Session
) -> dict[str, str]:
    """Return an environment with nothing of the user's AWS account in it.

    Args:
        python_path: what a script may import besides what is installed.
        folder: for Spark's temporary files.
        region: AWS Region of the script's own calls.
        who: an account or a role, as which the script makes them.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PYSPARK", "SPARK"))}
    own = [kept["PYTHONPATH"]] if kept.get("PYTHONPATH") else []
    return (
        kept
        | spark.environment(folder / "spark", {"spark.sql.shuffle.partitions": "4"})
        | {"PYTHONPATH": os.pathsep.join([*dict.fromkeys(python_path), *own])}
        # A script that calls AWS, calls the local one.
        | runtime.environment(runtime.current().endpoint, region, who)
    )
