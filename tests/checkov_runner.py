"""Run checkov, in the environment of its own that `make test` sets up."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
POLICIES = REPOSITORY / "policies"

# Nothing is fetched, nothing is sent.
ENVIRONMENT = {
    "EVAL_TF_PLAN_AFTER_UNKNOWN": "true",  # what only an apply tells is there all the same
    "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "LOG_LEVEL": "ERROR",
}


def of_source(folder: Path, work: Path, *options: str) -> dict[str, Any]:
    """All results about the configurations below a folder."""
    return _run("terraform", work, "--directory", str(folder), *options)


def of_plans(plans: list[Path], work: Path, *options: str) -> dict[str, Any]:
    """All results about plans, as `terraform show -json` gives them."""
    return _run("terraform_plan", work, "--file", *map(str, plans), *options)


def found(report: dict[str, Any], kind: str) -> list[str]:
    """What failed or was skipped, one line each."""
    return [
        f"{check['check_id']} {check['resource']} {check['file_path']}: {check['check_name']}"
        for check in report["results"][f"{kind}_checks"]
    ]


def _run(framework: str, work: Path, *options: str) -> dict[str, Any]:
    checkov = REPOSITORY / ".venv-checkov" / "bin" / "checkov"
    assert checkov.exists(), f"There is no {checkov}: run the tests with `make test`, it makes one."
    own = {
        name: value for name, value in os.environ.items() if not name.startswith(("BC_", "CKV_"))
    }
    fixed = ["--output", "json", "--compact", "--skip-download", "--external-checks-dir"]
    ended = subprocess.run(
        [str(checkov), *options, "--framework", framework, *fixed, str(POLICIES)],
        cwd=work,
        env=own | ENVIRONMENT | {"TMPDIR": str(work)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout.startswith("{"), ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr, ended.stderr
    return dict(json.loads(ended.stdout))
