"""Faults that tests inject, and the log of calls."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from state_machines import ROLE, Machines, sdk_task

from batchrec.localaws.faults import Fault, JobFault
from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def aws(local_aws: LocalAws) -> Iterator[LocalAws]:
    """With no fault of another test, and none left for one."""
    local_aws.faults.clear()
    yield local_aws
    local_aws.faults.clear()


@pytest.fixture
def name() -> str:
    return f"faults-{uuid.uuid4().hex[:12]}"


def error(call: Any, **arguments: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    answer = refused.value.response
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    return status, answer["Error"]["Code"], answer["Error"]["Message"]


# --- calls ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ThrottlingException", 400),
        ("LimitExceededException", 400),
        ("AccessDeniedException", 400),
        ("ResourceInUseException", 400),
        ("InternalServerError", 500),
        ("ServiceUnavailable", 503),
    ],
)
def test_a_call_fails_as_often_as_it_is_to(
    aws: LocalAws, name: str, code: str, status: int
) -> None:
    fault = aws.faults.add(Fault("personalize", "CreateDatasetGroup", code, "Not now.", times=2))
    create = aws.client("personalize").create_dataset_group
    for hits in (1, 2):
        assert error(create, name=name) == (status, code, "Not now.")
        assert fault.hits == hits
    assert create(name=name)["datasetGroupArn"].endswith(f"/{name}")
    assert fault.hits == 2


def test_a_call_fails_for_ever(aws: LocalAws, name: str) -> None:
    fault = aws.faults.add(Fault("personalize", "CreateDatasetGroup", times=None))
    create = aws.client("personalize").create_dataset_group
    for _ in range(5):
        assert error(create, name=name)[1] == "InternalServerError"
    aws.faults.remove(fault)
    create(name=name)


def test_only_calls_that_match_fail(aws: LocalAws, name: str) -> None:
    def mine(request: dict[str, Any]) -> bool:
        return bool(request["name"].startswith(name))

    fault = aws.faults.add(Fault("personalize", "CreateDatasetGroup", times=None, match=mine))
    personalize = aws.client("personalize")
    personalize.create_dataset_group(name=f"other-{name}")
    assert fault.hits == 0
    error(personalize.create_dataset_group, name=f"{name}-1")
    personalize.list_dataset_groups()
    assert fault.hits == 1


def test_an_answer_is_lost_after_the_operation_was_done(aws: LocalAws, name: str) -> None:
    aws.faults.add(Fault("personalize", "CreateDatasetGroup", after=True))
    create = aws.client("personalize").create_dataset_group
    assert error(create, name=name)[0] == 500
    assert error(create, name=name)[1] == "ResourceAlreadyExistsException"


def test_an_answer_is_another_one(aws: LocalAws, name: str) -> None:
    personalize = aws.client("personalize")
    arn = personalize.create_dataset_group(name=name)["datasetGroupArn"]

    def oddly(answer: dict[str, Any]) -> dict[str, Any]:
        del answer["datasetGroup"]["creationDateTime"]
        return {"datasetGroup": answer["datasetGroup"] | {"status": "CREATE PONDERING"}}

    aws.faults.add(Fault("personalize", "DescribeDatasetGroup", rewrite=oddly))
    odd = personalize.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]
    assert (odd["name"], odd["status"]) == (name, "CREATE PONDERING")
    assert "creationDateTime" not in odd
    true = personalize.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]
    assert true["status"] != "CREATE PONDERING"


def test_services_with_other_protocols_fail_too(aws: LocalAws, name: str) -> None:
    s3, sts = aws.client("s3"), aws.client("sts")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a/b", Body=b"c")
    aws.faults.add(
        Fault(
            "s3", "GetObject", "AccessDenied", match=lambda r: r == {"Bucket": name, "Key": "a/b"}
        )
    )
    assert error(s3.get_object, Bucket=name, Key="a/b")[:2] == (403, "AccessDenied")
    assert s3.get_object(Bucket=name, Key="a/b")["Body"].read() == b"c"
    aws.faults.add(Fault("sts", "GetCallerIdentity", "AccessDenied"))
    assert error(sts.get_caller_identity)[:2] == (403, "AccessDenied")


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("ThrottlingException", "Personalize.PersonalizeException"),
        ("LimitExceededException", "Personalize.LimitExceededException"),
    ],
)
def test_a_state_machine_sees_them(aws: LocalAws, name: str, code: str, named: str) -> None:
    """The SDK for Java names an error that the service's model lacks after the service."""
    machines = Machines(aws)
    aws.faults.add(
        Fault("personalize", "CreateDatasetGroup", code, match=lambda r: r["name"] == name)
    )
    task = sdk_task("personalize:createDatasetGroup", Name=name)
    assert machines.run({"Only": task})["error"] == named


# --- jobs -----------------------------------------------------------------------------------------


def group_status(aws: LocalAws, name: str) -> tuple[str, str | None]:
    personalize = aws.client("personalize")
    arn = personalize.create_dataset_group(name=name)["datasetGroupArn"]
    aws.clock.sleep(24 * 3600)
    group = personalize.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]
    return group["status"], group.get("failureReason")


def test_a_personalize_resource_fails(aws: LocalAws, name: str) -> None:
    def mine(members: dict[str, Any]) -> bool:
        return bool(members["name"] == name)

    fault = aws.faults.add(JobFault("DatasetGroup", "No luck.", match=mine))
    assert group_status(aws, name) == ("CREATE FAILED", "No luck.")
    assert group_status(aws, f"{name}-other") == ("ACTIVE", None)
    assert fault.hits == 1


def test_a_personalize_resource_is_stuck(aws: LocalAws, name: str) -> None:
    aws.faults.add(JobFault("DatasetGroup", stuck=True, times=1))
    assert group_status(aws, name) == ("CREATE IN_PROGRESS", None)
    assert group_status(aws, f"{name}-other") == ("ACTIVE", None)


@pytest.mark.parametrize(
    ("fault", "state", "message"),
    [
        ({"state": "FAILED", "reason": "No luck."}, "FAILED", "No luck."),
        ({"state": "TIMEOUT", "reason": "Too slow."}, "TIMEOUT", "Too slow."),
        ({"state": "STOPPED"}, "STOPPED", None),
        ({"stuck": True}, "TIMEOUT", "Job run exceeded its timeout."),
    ],
    ids=["failed", "timeout", "stopped", "stuck"],
)
def test_a_glue_job_run_ends_badly(
    aws: LocalAws, name: str, fault: dict[str, Any], state: str, message: str | None
) -> None:
    glue = aws.client("glue")
    glue.create_job(
        Name=name,
        Role=ROLE,
        GlueVersion="5.0",
        Timeout=600,
        Command={"Name": "glueetl", "ScriptLocation": "s3://nowhere/script.py"},
    )
    aws.faults.add(JobFault("GlueJobRun", match=lambda run: run["JobName"] == name, **fault))
    run_id = glue.start_job_run(JobName=name)["JobRunId"]
    aws.clock.sleep(24 * 3600)
    run = glue.get_job_run(JobName=name, RunId=run_id)["JobRun"]
    assert (run["JobRunState"], run.get("ErrorMessage")) == (state, message)


# --- the log --------------------------------------------------------------------------------------


def test_calls_are_logged(aws: LocalAws, name: str) -> None:
    personalize = aws.client("personalize")
    before = aws.clock.time()
    personalize.create_dataset_group(name=name)
    error(personalize.create_dataset_group, name=name)
    aws.faults.add(Fault("personalize", "CreateDatasetGroup", "ThrottlingException"))
    error(personalize.create_dataset_group, name=name)

    def mine(request: dict[str, Any]) -> bool:
        return request == {"name": name}

    calls = aws.calls.of("personalize", "CreateDatasetGroup", mine)
    assert [(call.status, call.error) for call in calls] == [
        (200, ""),
        (400, "ResourceAlreadyExistsException"),
        (400, "ThrottlingException"),
    ]
    assert all(before <= call.time <= aws.clock.time() for call in calls)


def test_calls_of_tasks_are_logged_with_their_virtual_time(aws: LocalAws, name: str) -> None:
    machines = Machines(aws)
    states = {
        "First": sdk_task("personalize:listDatasetGroups", MaxResults=17),
        "Wait": {"Type": "Wait", "Seconds": 3600, "Next": "Second"},
        "Second": sdk_task("personalize:listDatasetGroups", MaxResults=18),
    }
    del states["First"]["End"]
    states["First"]["Next"] = "Wait"
    assert machines.run(states)["status"] == "SUCCEEDED"
    first, second = (
        aws.calls.of("personalize", "ListDatasetGroups", lambda r, n=n: r == {"maxResults": n})[-1]
        for n in (17, 18)
    )
    assert 3600 <= second.time - first.time < 3660


def test_calls_of_s3_are_logged_without_content(aws: LocalAws, name: str) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a", Body=json.dumps({"n": 1}))
    error(s3.get_object, Bucket=name, Key="b")
    s3.list_objects_v2(Bucket=name)
    mine = [call for call in aws.calls if call.request.get("Bucket") == name]
    assert [(call.operation, call.request.get("Key"), call.status) for call in mine[1:]] == [
        ("PutObject", "a", 200),
        ("GetObject", "b", 404),
        ("ListObjectsV2", None, 200),
    ]
