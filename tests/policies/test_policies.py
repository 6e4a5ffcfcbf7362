"""Each of policies/ passes what is right and fails what isn't, in source and in plans."""

from pathlib import Path
from typing import Any

import checkov_runner
import pytest

from batchrec.localaws.server import LocalAws
from batchrec.terraform.process import run
from batchrec.terraform.workspace import Workspace

pytestmark = pytest.mark.xdist_group("policies")

FIXTURES = Path(__file__).parent / "fixtures"
CHECKS = [f"CKV_BATCHREC_{number}" for number in range(1, 6)]

# In plans, which know every definition and policy.
FAILING = {
    "CKV_BATCHREC_1": {
        "aws_sfn_state_machine.written",
        'aws_sfn_state_machine.of_locals["training_asked_for"]',
        'aws_sfn_state_machine.of_locals["training_by_default"]',
        'aws_sfn_state_machine.of_locals["training_by_input"]',
        'aws_sfn_state_machine.of_locals["training_in_a_map"]',
        'aws_sfn_state_machine.of_locals["training_turned_on"]',
    },
    "CKV_BATCHREC_2": {
        "aws_iam_role.anybodys_deputy",
        "aws_iam_role.deputy_if_asked",
        "aws_s3_bucket_policy.deputy_of_any_account",
    },
    "CKV_BATCHREC_3": {
        "aws_iam_policy.every_action",
        "aws_iam_role_policy.all_but_one",
        "aws_iam_role_policy.every_bucket",
    },
    "CKV_BATCHREC_4": {
        "aws_sfn_state_machine.written",
        'aws_sfn_state_machine.of_locals["polling_by_evaluating"]',
        'aws_sfn_state_machine.of_locals["polling_by_retrying"]',
        'aws_sfn_state_machine.of_locals["waiting_by_catching"]',
        'aws_sfn_state_machine.of_locals["waiting_for_a_status"]',
        'aws_sfn_state_machine.of_locals["waiting_for_a_token"]',
    },
    "CKV_BATCHREC_5": {
        "aws_sfn_state_machine.quiet",
        "aws_sfn_state_machine.without_data",
        "aws_sfn_state_machine.written",
    },
}
# The source shows what is written out, and policy documents instead of what is made of them.
FAILING_IN_SOURCE = {
    "CKV_BATCHREC_1": {
        "aws_cloudcontrolapi_resource.solution",
        "aws_sfn_state_machine.written",
    },
    "CKV_BATCHREC_2": {
        "aws_iam_policy_document.anybodys_deputy",
        "aws_iam_role.deputy_if_asked",
        "aws_s3_bucket_policy.deputy_of_any_account",
    },
    "CKV_BATCHREC_3": {
        "aws_iam_policy_document.every_bucket",
        "aws_iam_role_policy.all_but_one",
    },
    "CKV_BATCHREC_4": {"aws_sfn_state_machine.written"},
    "CKV_BATCHREC_5": FAILING["CKV_BATCHREC_5"],
}


@pytest.fixture(scope="module")
def of_source(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    work = tmp_path_factory.mktemp("checkov")
    return checkov_runner.of_source(FIXTURES, work, "--check", ",".join(CHECKS))


@pytest.fixture(scope="module")
def of_plans(local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    work = tmp_path_factory.mktemp("checkov")
    plans = [plan(local_aws, name, work) for name in ("passing", "failing")]
    return checkov_runner.of_plans(plans, work, "--check", ",".join(CHECKS))


def plan(local_aws: LocalAws, name: str, work: Path) -> Path:
    with Workspace(FIXTURES, name, endpoint=local_aws.endpoint) as workspace:
        # Which the local AWS doesn't know as a type of Cloud Control's.
        (workspace.folder / "solution.tf").unlink(missing_ok=True)
        workspace.init()
        # One at a time: checking several definitions at once, moto mixes up their languages.
        for command in (["plan", "-parallelism=1", "-out=tfplan"], ["show", "-json", "tfplan"]):
            ended = run([str(workspace.terraform), *command], workspace.folder, workspace.env)
            assert ended.code == 0, ended.trouble
    shown = work / f"{name}.json"
    shown.write_text(ended.shown)
    return shown


def resources(report: dict[str, Any], kind: str, check: str, fixture: str) -> set[str]:
    return {
        found["resource"]
        for found in report["results"][f"{kind}_checks"]
        if found["check_id"] == check and found["file_path"].startswith(f"/{fixture}")
    }


@pytest.mark.parametrize("check", CHECKS)
def test_a_plan_with_a_mistake_fails(of_plans: dict[str, Any], check: str) -> None:
    assert resources(of_plans, "failed", check, "failing") == FAILING[check]


@pytest.mark.parametrize("check", CHECKS)
def test_a_source_with_a_mistake_fails(of_source: dict[str, Any], check: str) -> None:
    assert resources(of_source, "failed", check, "failing") == FAILING_IN_SOURCE[check]


@pytest.mark.parametrize("check", CHECKS)
def test_what_is_right_passes(
    of_plans: dict[str, Any], of_source: dict[str, Any], check: str
) -> None:
    for report in (of_plans, of_source):
        assert resources(report, "passed", check, "passing")
        assert resources(report, "failed", check, "passing") == set()


def test_every_check_is_described(repository: Path) -> None:
    page = (repository / "policies/README.md").read_text(encoding="utf-8")
    assert [check for check in CHECKS if check not in page] == []
    files = {
        file.name
        for file in (repository / "policies").glob("*.py")
        if "\ncheck = " in file.read_text(encoding="utf-8")
    }
    assert len(files) == len(CHECKS)
    assert [file for file in sorted(files) if file not in page] == []
