"""checkov, in the environment of its own that `make test` sets up."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

SKIP = re.compile(r"#checkov:skip=(CKV\w+)(:(.*))?$")


@pytest.fixture(scope="module")
def report(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    checkov = repository / ".venv-checkov" / "bin" / "checkov"
    assert checkov.exists(), f"There is no {checkov}: run the tests with `make test`, it makes one."
    ended = subprocess.run(
        f"{checkov} -d {repository} --framework terraform --output json --quiet --compact"
        " --skip-download".split(),
        cwd=tmp_path_factory.mktemp("checkov"),
        env=os.environ | {"LOG_LEVEL": "ERROR"},
        capture_output=True,
        text=True,
        check=False,
    )
    return dict(json.loads(ended.stdout))


def test_nothing_fails_and_something_was_checked(report: dict[str, Any]) -> None:
    failed = [
        f"{check['check_id']} {check['resource']} {check['file_path']}: {check['check_name']}"
        for check in report["results"]["failed_checks"]
    ]
    assert failed == []
    assert report["summary"]["passed"] >= 100


def test_every_skip_has_a_reason(repository: Path) -> None:
    skips = [
        (file, line, SKIP.search(line))
        for folder in (repository, repository / "modules", repository / "examples")
        for file in (folder.glob("*.tf") if folder == repository else folder.rglob("*.tf"))
        for line in file.read_text().splitlines()
        if "checkov:skip" in line
    ]
    assert skips
    for file, line, found in skips:
        assert found is not None, f"{file}: {line}"
        assert len((found[3] or "").split()) >= 4, f"{file}: a skip needs a reason: {line}"
