"""Faults as people write them."""

import subprocess
import sys
from pathlib import Path

import pytest

from batchrec.errors import BatchrecError
from batchrec.localaws.fault_syntax import parse
from batchrec.localaws.faults import Fault, JobFault

BATCHREC = Path(sys.executable).with_name("batchrec")


def call(text: str) -> tuple[str, str, str, int | None]:
    fault = parse(text)
    assert isinstance(fault, Fault)
    assert not fault.after
    return fault.service, fault.operation, fault.error, fault.times


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "CreateSolutionVersion throttle 3",
            ("personalize", "CreateSolutionVersion", "ThrottlingException", 3),
        ),
        (
            "personalize:ListFilters throttle",
            ("personalize", "ListFilters", "ThrottlingException", 1),
        ),
        (
            "states:StartExecution throttle always",
            ("states", "StartExecution", "ThrottlingException", None),
        ),
        # Amazon S3 API Reference, Error responses; IAM API Reference, Common Errors.
        ("s3:GetObject throttle", ("s3", "GetObject", "SlowDown", 1)),
        ("iam:GetRole throttle", ("iam", "GetRole", "Throttling", 1)),
        (
            "CreateSolution error ResourceInUseException 2",
            ("personalize", "CreateSolution", "ResourceInUseException", 2),
        ),
        (
            "cloudcontrolapi:CreateResource error ConcurrentOperationException",
            ("cloudcontrolapi", "CreateResource", "ConcurrentOperationException", 1),
        ),
    ],
)
def test_faults_of_calls(text: str, expected: tuple[str, str, str, int | None]) -> None:
    assert call(text) == expected


def test_an_error_can_have_a_message() -> None:
    fault = parse('s3:PutObject error AccessDenied "Not yours." 4')
    assert isinstance(fault, Fault)
    assert (fault.error, fault.message, fault.times) == ("AccessDenied", "Not yours.", 4)


def job(text: str) -> tuple[str, bool, int | None]:
    fault = parse(text)
    assert isinstance(fault, JobFault)
    return fault.kind, fault.stuck, fault.times


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CreateSolutionVersion fail", ("SolutionVersion", False, 1)),
        ("CreateBatchSegmentJob hang", ("BatchSegmentJob", True, 1)),
        ("CreateDatasetImportJob hang always", ("DatasetImportJob", True, None)),
        ("UpdateSolution fail 2", ("SolutionUpdate", False, 2)),
        ("glue:StartJobRun fail", ("GlueJobRun", False, 1)),
    ],
)
def test_faults_of_jobs(text: str, expected: tuple[str, bool, int | None]) -> None:
    assert job(text) == expected


def test_a_job_can_fail_with_a_reason() -> None:
    fault = parse("CreateSolutionVersion fail 'Dataset has fewer than 25 users.' 3")
    assert isinstance(fault, JobFault)
    assert (fault.reason, fault.times) == ("Dataset has fewer than 25 users.", 3)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "no operation"),
        ("CreateSolutionVersion", "no operation and effect"),
        ("CreateSolutionVersion explode", "no effect explode"),
        ("CreateSolutionVersions throttle", "no operation CreateSolutionVersions"),
        ("wonders:CreateWonder throttle", "no service wonders"),
        ("scheduler:GetSchedule throttle", "can't be told from others"),
        ("s3:CreateBucket throttle", "of s3 there are DeleteObject, GetObject"),
        ("ListFilters hang", "starts nothing"),
        ("CreateCampaign fail", "starts nothing"),
        ("CreateSchema fail", "starts nothing"),
        ("glue:CreateJob fail", "starts nothing"),
        ("CreateSolution throttle 0", "from 1"),
        ("CreateSolution throttle soon", "what is soon"),
        ("CreateSolution fail Not enough users", "needs quotes"),
        ("CreateSolution error", "the code"),
        ("CreateSolution error 3", "the code"),
        ("CreateSolution fail 'Not closed", "quotation"),
    ],
)
def test_what_is_no_fault_is_explained(text: str, named: str) -> None:
    with pytest.raises(BatchrecError) as refused:
        parse(text)
    assert named in str(refused.value)
    assert repr(text) in str(refused.value)
    assert "OPERATION throttle [TIMES]" in str(refused.value)


def test_the_command_line_refuses_a_wrong_fault_before_it_starts_anything() -> None:
    ended = subprocess.run(
        [str(BATCHREC), "local-aws", "--fault", "CreateWonder throttle"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "CreateWonder" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""
