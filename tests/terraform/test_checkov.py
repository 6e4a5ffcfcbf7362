"""checkov, in the environment of its own that `make test` sets up."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

SKIP = re.compile(r"#checkov:skip=(CKV\w+)(:(.*))?$")
FEWEST_WORDS = 4
NO_RULES = {"catalog"}  # checkov has none for databases and tables of the Glue Data Catalog


@pytest.fixture(scope="module")
def report(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All of root, modules and examples; nothing is fetched, nothing is sent."""
    checkov = repository / ".venv-checkov" / "bin" / "checkov"
    assert checkov.exists(), f"There is no {checkov}: run the tests with `make test`, it makes one."
    work = tmp_path_factory.mktemp("checkov")
    offline = {
        "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    own = {
        name: value for name, value in os.environ.items() if not name.startswith(("BC_", "CKV_"))
    }
    options = ["--framework", "terraform", "--output", "json", "--compact", "--skip-download"]
    ended = subprocess.run(
        [str(checkov), "--directory", str(repository), *options],
        cwd=work,
        env=own | offline | {"LOG_LEVEL": "ERROR", "TMPDIR": str(work)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout.startswith("{"), ended.stdout + ended.stderr
    return dict(json.loads(ended.stdout))


def test_nothing_fails(report: dict[str, Any]) -> None:
    failed = [
        f"{check['check_id']} {check['resource']} {check['file_path']}: {check['check_name']}"
        for check in report["results"]["failed_checks"]
    ]
    assert failed == []
    assert report["results"]["parsing_errors"] == []


def test_everything_was_checked(report: dict[str, Any], repository: Path) -> None:
    assert report["summary"]["passed"] >= 120
    checked = {check["file_path"].split("/")[2] for check in report["results"]["passed_checks"]}
    assert checked >= {folder.name for folder in (repository / "modules").iterdir()} - NO_RULES
    assert not checked & NO_RULES
    # The example was followed into the modules, with its own values.
    resources = {check["resource"] for check in report["results"]["passed_checks"]}
    assert "module.recommendations.module.storage.aws_s3_bucket.this" in resources


def test_every_skip_has_a_reason(repository: Path) -> None:
    files = [
        *repository.glob("*.tf"),
        *(repository / "modules").rglob("*.tf"),
        *(repository / "examples").rglob("*.tf"),
    ]
    skips = [
        (f"{file.relative_to(repository)}: {line.strip()}", SKIP.search(line))
        for file in files
        for line in file.read_text().splitlines()
        if "checkov:skip" in line
    ]
    assert skips
    for where, found in skips:
        assert found is not None, where
        assert len((found[3] or "").split()) >= FEWEST_WORDS, f"A skip needs a reason: {where}"


def test_every_skip_is_needed(report: dict[str, Any], repository: Path) -> None:
    written = {
        (f"/{file.relative_to(repository)}", check)
        for file in (repository / "modules").rglob("*.tf")
        for check in re.findall(r"#checkov:skip=(\w+)", file.read_text())
    }
    used = {(c["file_path"], c["check_id"]) for c in report["results"]["skipped_checks"]}
    assert used == written
