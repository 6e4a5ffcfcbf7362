"""The paths that steer and watch the local AWS from outside, as curl uses them."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from raw_http import ask

from batchrec.localaws.faults import Fault, JobFault
from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)


# --- the clock ------------------------------------------------------------------------------------


def clock(aws: LocalAws, **wanted: object) -> float:
    body = json.dumps(wanted).encode() if wanted else None
    status, answer = ask(aws, "/_batchrec/clock", body)
    assert status == 200
    return float(json.loads(answer)["now"])


def test_the_clock_can_be_held_advanced_and_released(local_aws: LocalAws) -> None:
    try:
        held = clock(local_aws, hold=True)
        assert clock(local_aws) == held
        assert clock(local_aws, advance=3600) == held + 3600
        assert clock(local_aws) == held + 3600
    finally:
        clock(local_aws, hold=False)
    assert clock(local_aws) >= held + 3600


def test_what_runs_in_held_time_waits_to_be_told(local_aws: LocalAws) -> None:
    personalize = local_aws.client("personalize")
    clock(local_aws, hold=True)
    try:
        created = personalize.create_dataset_group(name=f"server-{uuid.uuid4()}")
        arn = created["datasetGroupArn"]

        def status() -> str:
            described = personalize.describe_dataset_group(datasetGroupArn=arn)
            return str(described["datasetGroup"]["status"])

        assert status() == "CREATE PENDING"
        clock(local_aws, advance=3600)
        assert status() == "ACTIVE"
    finally:
        clock(local_aws, hold=False)


# --- faults ---------------------------------------------------------------------------------------


@pytest.fixture
def aws(local_aws: LocalAws) -> Iterator[LocalAws]:
    """With no fault of another test, and none left for one."""
    local_aws.faults.clear()
    yield local_aws
    local_aws.faults.clear()


def json_of(aws: LocalAws, path: str, body: bytes | None = None, method: str | None = None) -> Any:
    status, answer = ask(aws, f"/_batchrec/{path}", body, method=method)
    assert status == 200, answer
    return json.loads(answer)


def code_of_create(aws: LocalAws, name: str) -> str:
    try:
        aws.client("personalize").create_dataset_group(name=name)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "none"


def test_a_fault_is_added_listed_and_used_up(aws: LocalAws) -> None:
    added = json_of(aws, "faults", b"CreateDatasetGroup throttle 2")
    assert (added["service"], added["operation"]) == ("personalize", "CreateDatasetGroup")
    codes = [code_of_create(aws, f"control-{uuid.uuid4()}") for _ in range(3)]
    assert codes == ["ThrottlingException", "ThrottlingException", "none"]
    assert json_of(aws, "faults") == {"faults": [added | {"hits": 2}]}


def test_one_fault_is_taken_out_and_then_all(aws: LocalAws) -> None:
    first, second, third = (
        json_of(aws, "faults", text.encode())["id"]
        for text in ("CreateDatasetGroup throttle", "CreateSolution hang", "ListFilters throttle")
    )
    assert json_of(aws, f"faults/{first}", method="DELETE")["id"] == first
    assert [fault["id"] for fault in json_of(aws, "faults")["faults"]] == [second, third]
    assert code_of_create(aws, f"control-{uuid.uuid4()}") == "none"
    assert json_of(aws, "faults", method="DELETE") == {"faults": []}
    assert json_of(aws, "faults") == {"faults": []}


def test_jobs_fail_and_hang(aws: LocalAws) -> None:
    json_of(aws, "faults", b'CreateDatasetGroup fail "No room \xe2\x80\x93 sorry."')
    json_of(aws, "faults", b"CreateDatasetGroup hang")
    personalize = aws.client("personalize")
    seen = []
    for _ in range(3):
        created = personalize.create_dataset_group(name=f"control-{uuid.uuid4()}")
        aws.clock.sleep(24 * 3600)
        group = personalize.describe_dataset_group(datasetGroupArn=created["datasetGroupArn"])
        group = group["datasetGroup"]
        seen.append((group["status"], group.get("failureReason")))
    assert seen == [
        ("CREATE FAILED", "No room \u2013 sorry."),
        ("CREATE IN_PROGRESS", None),
        ("ACTIVE", None),
    ]


def test_faults_that_tests_add_in_python_are_listed_too(aws: LocalAws) -> None:
    aws.faults.add(Fault("states", "StartExecution", match=lambda _: False))
    aws.faults.add(JobFault("GlueJobRun", "No luck.", state="STOPPED"))
    call, job = json_of(aws, "faults")["faults"]
    assert (call["service"], call["times"]) == ("states", 1)
    assert (job["kind"], job["reason"], job["state"]) == ("GlueJobRun", "No luck.", "STOPPED")


# --- calls ----------------------------------------------------------------------------------------


def test_calls_are_listed_by_service_and_operation(aws: LocalAws) -> None:
    name = f"control-{uuid.uuid4()}"
    before = aws.clock.time()
    assert code_of_create(aws, name) == "none"
    assert code_of_create(aws, name) == "ResourceAlreadyExistsException"
    aws.client("personalize").list_dataset_groups(maxResults=3)
    aws.client("sts").get_caller_identity()

    def operations(query: str) -> list[str]:
        calls = json_of(aws, f"calls{query}")["calls"]
        return [call["operation"] for call in calls if call["time"] >= before]

    created, repeated = (
        call
        for call in json_of(aws, "calls?service=personalize&operation=CreateDatasetGroup")["calls"]
        if call["request"] == {"name": name}
    )
    assert (created["status"], created["error"]) == (200, "")
    assert (repeated["status"], repeated["error"]) == (400, "ResourceAlreadyExistsException")
    assert operations("?service=personalize")[-3:] == [
        "CreateDatasetGroup",
        "CreateDatasetGroup",
        "ListDatasetGroups",
    ]
    assert operations("?operation=GetCallerIdentity")[-1:] == ["GetCallerIdentity"]
    assert operations("")[-2:] == ["ListDatasetGroups", "GetCallerIdentity"]
    assert operations("?service=wonders") == []


# --- what they refuse -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "expected", "named"),
    [
        ("GET", "nothing", None, 404, ""),
        ("GET", "faults/1", None, 405, ""),
        ("POST", "calls", b"", 405, ""),
        ("POST", "clock", b"no JSON", 400, ""),
        ("POST", "clock", b"[]", 400, "advance"),
        ("POST", "clock", b'{"advance": "soon"}', 400, "number of seconds"),
        ("POST", "clock", b'{"advance": -1}', 400, "number of seconds"),
        ("POST", "clock", b'{"advance": NaN}', 400, "number of seconds"),
        ("POST", "clock", b'{"advance": 1e9}', 400, "three years"),
        ("POST", "clock", b'{"advance": 1' + b"0" * 400 + b"}", 400, "three years"),
        ("POST", "clock", b'{"hold": 7}', 400, "true or false"),
        ("POST", "clock", b'{"wait": 7}', 400, "hold"),
        ("POST", "faults", b"", 400, "throttle [TIMES]"),
        ("POST", "faults", b"CreateWonder throttle", 400, "CreateWonder"),
        ("POST", "faults", b"\xff", 400, ""),
        ("DELETE", "faults/9999", None, 404, "9999"),
        ("GET", "calls?servise=s3", None, 400, "servise"),
    ],
)
def test_what_the_control_paths_refuse(
    local_aws: LocalAws, method: str, path: str, body: bytes | None, expected: int, named: str
) -> None:
    status, answer = ask(local_aws, f"/_batchrec/{path}", body, method=method)
    assert status == expected
    assert named in json.loads(answer)["message"]
