"""checkov, with policies/, finds nothing: in the source, and in a plan of each example."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import checkov_runner
import inventories
import pytest

if TYPE_CHECKING:
    from conftest import PlanExample

pytestmark = pytest.mark.xdist_group("plans")

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = inventories.examples(REPOSITORY)
SKIP = re.compile(r"#checkov:skip=(CKV\w+)(:(.*))?$")
FEWEST_WORDS = 4


@pytest.fixture(scope="module")
def report(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All of root, modules and examples; not of tests, where some have to fail."""
    options = ["--skip-path", "tests", "--skip-path", "benchmarks"]
    return checkov_runner.of_source(repository, tmp_path_factory.mktemp("checkov"), *options)


@pytest.fixture(scope="module")
def plans(plan_example: "PlanExample", tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A plan of every example: what only a plan knows, such as the state machine's definition."""
    work = tmp_path_factory.mktemp("checkov")
    files = [work / f"{example}.json" for example in EXAMPLES]
    for file in files:
        file.write_text(json.dumps(dict(plan_example(file.stem))))
    return checkov_runner.of_plans(files, work)


def test_nothing_fails(report: dict[str, Any]) -> None:
    assert checkov_runner.found(report, "failed") == []
    assert report["results"]["parsing_errors"] == []


def test_nothing_fails_in_the_plans(plans: dict[str, Any], report: dict[str, Any]) -> None:
    # A plan has no comments: what the source skips, with its reason, is skipped here too.
    skipped = {which(check) for check in report["results"]["skipped_checks"]}
    failed = {which(check) for check in plans["results"]["failed_checks"]}
    assert failed - skipped == set()
    assert plans["results"]["parsing_errors"] == []


def which(check: dict[str, Any]) -> tuple[str, str]:
    """The check and the block, as the source has it: without instances, and data without data."""
    return check["check_id"], re.sub(r"\[[^]]*\]$|\bdata\.", "", check["resource"])


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_plans_show_what_the_source_does_not(plans: dict[str, Any], example: str) -> None:
    passed = {
        check["check_id"]
        for check in plans["results"]["passed_checks"]
        if check["file_path"] == f"/{example}.json" and "sfn_state_machine" in check["resource"]
    }
    assert passed >= {"CKV_BATCHREC_1", "CKV_BATCHREC_4", "CKV_BATCHREC_5"}


def test_everything_was_checked(report: dict[str, Any], repository: Path) -> None:
    assert report["summary"]["passed"] >= 120
    checked = {
        check["file_path"].split("/")[2]
        for check in report["results"]["passed_checks"]
        if check["file_path"].startswith("/modules/")
    }
    assert checked == {folder.name for folder in (repository / "modules").iterdir()}
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
        for folder in ("modules", "examples")
        for file in (repository / folder).rglob("*.tf")
        for check in re.findall(r"#checkov:skip=(\w+)", file.read_text())
    }
    used = {(c["file_path"], c["check_id"]) for c in report["results"]["skipped_checks"]}
    assert used == written
