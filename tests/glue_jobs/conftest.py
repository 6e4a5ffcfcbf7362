"""One Spark for all tests of the Glue jobs: starting it takes longer than any of them.

The environment variable BATCHREC_TEST_MASTER names another master than local[2]; with
local-cluster[2,1,1024] the executors are processes of their own.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

GLUE_JOBS = Path(__file__).parents[2] / "glue_jobs"
sys.path.insert(0, str(GLUE_JOBS))  # as Glue does with a script's modules

import data_gate  # noqa: E402
from job_runs import Run, cluster_environment  # noqa: E402
from publications import Publication  # noqa: E402


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    master = os.environ.get("BATCHREC_TEST_MASTER", "local[2]")
    if master.startswith("local-cluster"):
        os.environ |= cluster_environment(tmp_path_factory.mktemp("cluster"))
    session = (
        SparkSession.builder.master(master)
        .appName("glue-jobs-tests")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture
def gated_run(spark: SparkSession, tmp_path: Path) -> Run:
    """With the real data gate."""
    return Run(tmp_path)


@pytest.fixture
def run(gated_run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """With a data gate that lets few rows pass: for tests of something else."""
    monkeypatch.setattr(data_gate, "MIN_INTERACTIONS", 0)
    monkeypatch.setattr(data_gate, "MIN_ACTIVE_USERS", 0)
    monkeypatch.setattr(data_gate, "MIN_ACTIVE_USERS_SHARE", 0)
    return gated_run


@pytest.fixture
def publish(spark: SparkSession, tmp_path: Path) -> Publication:
    """A run whose batch jobs have ended; a call publishes it."""
    return Publication(tmp_path)
