"""Look at raw data on a laptop, with the very code that the Glue job runs."""

import dataclasses
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchrec import spark
from batchrec.errors import BatchrecError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SHOWN_RECORDS = 3  # of each reason
_DOCUMENT = ("interactions", "users", "items", "batch_inputs", "maximum_quarantined_share")
# The shell's own logger too, or Spark announces that it changes the level.
_QUIET = """rootLogger.level = error
logger.shell.name = org.apache.spark.api.python.PythonGatewayServer
logger.shell.level = error
rootLogger.appenderRef.stderr.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %p %c{1}: %m%n%ex
"""


@dataclasses.dataclass(frozen=True)
class Request:
    """What to look at."""

    repository: Path  # the checkout with the Glue job's modules
    files: Sequence[Path]  # the interactions: files or folders
    configuration: Path | None = None  # a JSON document of module inputs; None: the defaults
    users: Path | None = None
    items: Path | None = None


@dataclasses.dataclass(frozen=True)
class Unusable:
    """Rows that are quarantined for one reason."""

    dataset: str
    reason: str
    rows: int
    records: list[str]  # a few of them


@dataclasses.dataclass(frozen=True)
class Finding:
    """What the job would say of the data."""

    report: dict[str, Any]  # as report.json, without the batch inputs
    breaches: list[str]  # why the job would refuse it
    unusable: list[Unusable]

    @property
    def is_importable(self) -> bool:
        """Whether the job would go on to write the data."""
        return not self.breaches


def check(request: Request) -> Finding:
    """Read and judge the data; nothing is written.

    Raises:
        BatchrecError: a file or the configuration can't be used; says why.
    """
    for path in (*request.files, request.users, request.items, request.configuration):
        if path is not None and not path.exists():
            raise BatchrecError(f"There is no file {path}.")
    sys.path.insert(0, str(request.repository / "glue_jobs"))
    import configuration
    import prepare_training_data as job
    import sources

    try:
        settings = configuration.parse(_document(request.configuration))
        given = {"interactions": request.files, "users": request.users, "items": request.items}
        urls = _urls(given, job.configured(settings))
        with _spark() as spark:
            data = job.examine(job.new_session(spark), settings, urls)
            return Finding(job.report_of(data), data.breaches, _unusable(data.counts, data.rows))
    except (configuration.ConfigurationError, sources.UnusableInputError) as error:
        raise BatchrecError(str(error)) from error


def _document(path: Path | None) -> str:
    """Return the configuration; of a .tfvars.json the members that are part of one."""
    if path is None:
        return "{}"
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text)
    except (OSError, ValueError) as error:
        raise BatchrecError(f"{path} can't be read as JSON: {error}") from error
    if path.name.endswith(".tfvars.json") and isinstance(document, dict):
        document = {name: value for name, value in document.items() if name in _DOCUMENT}
    return json.dumps(document)


def _urls(
    given: Mapping[str, Sequence[Path] | Path | None], configured: Mapping[str, object]
) -> dict[str, list[str]]:
    urls = {}
    for name, paths in given.items():
        if paths is None and name in configured:
            raise BatchrecError(
                f"The configuration has {name}, and there is no file of them. Name it with"
                f" --{name}, or leave {name} out of the configuration."
            )
        if paths is not None and name not in configured:
            raise BatchrecError(
                f"--{name} is given, and the configuration says nothing of {name}. Add {name} with"
                " its columns to the document that --config names."
            )
        if paths is not None:
            several = [paths] if isinstance(paths, Path) else paths
            urls[name] = [str(path.resolve()) for path in several]
    return urls


def _unusable(counts: Mapping[str, Any], rows: "Mapping[str, DataFrame]") -> list[Unusable]:
    import datasets
    from pyspark.sql import functions as F  # noqa: N812 - PySpark's own convention

    found = []
    for name, frame in rows.items():
        for reason, number in counts[name].quarantined_by_reason.items():
            records = datasets.quarantined(frame).where(F.col("reason") == reason)
            first = records.select("record").limit(SHOWN_RECORDS).collect()
            found.append(Unusable(name, reason, number, [row["record"] for row in first]))
    return found


@contextmanager
def _spark() -> "Iterator[SparkSession]":
    """Start Spark on this machine's cores, silent unless something goes wrong."""
    with tempfile.TemporaryDirectory(prefix="batchrec-check-") as folder:
        Path(folder, "log4j2.properties").write_text(_QUIET)
        os.environ |= spark.environment(Path(folder)) | {"SPARK_CONF_DIR": folder}
        from pyspark.sql import SparkSession

        session = SparkSession.builder.getOrCreate()
        try:
            yield session
        finally:
            session.stop()
