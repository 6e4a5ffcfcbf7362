"""The pytest plugin, with the example of its documentation."""

import os
import re
import subprocess
import sys
import textwrap
from importlib.metadata import entry_points
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(120)


def run(folder: Path) -> str:
    """Run pytest in a process of its own, as a project that has never heard of ours."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"],
        cwd=folder,
        env={k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PYTEST_"))}
        | {"AWS_ACCESS_KEY_ID": "mine"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_documented_example(repository: Path, tmp_path: Path) -> None:
    text = (repository / "docs" / "testing-your-own-pipeline.md").read_text()
    for kind, block in re.findall(r"```(json|python)\n(.*?)```", text, re.DOTALL):
        named = re.match(r"# (\w+\.py)", block)
        name = named[1] if named else f"my_pipeline.asl.{kind}"
        with (tmp_path / name).open("a") as file:
            file.write(block)
    assert {path.name for path in tmp_path.iterdir()} == {
        "conftest.py",
        "my_pipeline.asl.json",
        "test_my_pipeline.py",
    }
    assert "3 passed" in run(tmp_path)


def test_clients_of_the_code_under_test_are_of_the_local_aws(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["batchrec.pytest_plugin"]\n')
    (tmp_path / "test_own.py").write_text(
        textwrap.dedent("""
            import os
            import boto3

            def test_inside(local_aws, local_aws_environment, personalize):
                personalize.create_dataset_group(name="mine")
                client = boto3.client("personalize")
                assert client.meta.endpoint_url == local_aws.endpoint
                groups = client.list_dataset_groups()["datasetGroups"]
                assert [group["name"] for group in groups] == ["mine"]

            def test_after():
                assert os.environ["AWS_ACCESS_KEY_ID"] == "mine"
                assert "AWS_ENDPOINT_URL" not in os.environ
        """)
    )
    assert "2 passed" in run(tmp_path)


def test_nothing_loads_it_unasked() -> None:
    loaded = {entry.module.partition(".")[0] for entry in entry_points(group="pytest11")}
    assert "xdist" in loaded
    assert "batchrec" not in loaded
