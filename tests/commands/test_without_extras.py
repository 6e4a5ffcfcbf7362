"""`pip install batchrec` alone is enough for pipelines on AWS; only rehearsals need an extra.

The packages of the extras can't be imported in the processes here, as if they weren't installed.
"""

import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from deployed_pipeline import Pipeline
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from published_pipeline import published

from batchrec.pytest_plugin import local_aws_environment

__all__ = ["local_aws_environment", "published"]

CALL = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in MISSING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
from batchrec import cli
cli.main()
"""


def required(distribution: str) -> set[str]:
    """What a distribution needs without extras, itself included."""
    found, new = set(), {distribution}
    while new:
        found.add(name := new.pop())
        needed = map(Requirement, importlib.metadata.requires(name) or [])
        without_extras = [each for each in needed if not each.marker or each.marker.evaluate()]
        new |= {canonicalize_name(each.name) for each in without_extras} - found
    return found


def missing() -> set[str]:
    """The modules that a plain installation doesn't have."""
    base = required("batchrec")
    return {
        module
        for module, distributions in importlib.metadata.packages_distributions().items()
        if not {canonicalize_name(each) for each in distributions} & base
    }


Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def batchrec(local_aws_environment: dict[str, str], tmp_path: Path) -> Call:
    """Call a command, in the folder where the report goes."""
    script = CALL.replace("MISSING", repr(missing()))

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", script, *arguments],
            cwd=tmp_path,
            env=os.environ | {"NO_COLOR": "1", "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return call


def test_extras_are_more_than_the_plain_installation() -> None:
    assert missing() >= {"moto", "numpy", "pandas", "pyspark", "python_terraform"}
    assert not missing() & {"altair", "batchrec", "boto3", "pyarrow", "rich", "typer"}


def test_a_pipeline_is_run_and_understood(
    batchrec: Call, published: Pipeline, tmp_path: Path
) -> None:
    def output(*arguments: str) -> str:
        ended = batchrec(*arguments, "--state-machine-arn", published.machine_arn)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    published.deploy()
    assert "SUCCEEDED" in output("run", "--name", "plain", "--wait")
    assert "plain" in output("watch")
    (run,) = json.loads(output("status", "--json"))
    assert (run["run"], run["outcome"]) == ("plain", "SUCCEEDED")
    assert "17" in output("recommend", "17")
    assert "Glue" in output("cost", "--run", "plain")
    output("logs", "plain")
    output("report", "-o", "report.html")
    assert "extra `rehearsal`" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["rehearse", "local-aws"])
def test_a_rehearsal_says_which_extra_it_needs(batchrec: Call, command: str) -> None:
    ended = batchrec(command)
    assert ended.returncode == 1
    assert "pip install -e '.[rehearsal]'" in " ".join(ended.stderr.split())
    assert "Unexpected" not in ended.stderr
