"""Executions: listed, stopped, timed out (API Reference, ListExecutions, StopExecution)."""

import json
import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError
from state_machines import DEADLINE_SECONDS, ROLE, Machines, map_state, sdk_task

from batchrec.localaws.server import LocalAws
from batchrec.localaws.stepfunctions.executions import Worker

pytestmark = pytest.mark.timeout(120)

HOUR = 3600
WAIT = {"Type": "Wait", "Seconds": HOUR, "End": True}
CATCH_ALL = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
RETRY_ALL = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 3}]
CAUGHT = {"Caught": {"Type": "Succeed"}}


@pytest.fixture
def machines(local_aws: LocalAws) -> Machines:
    return Machines(local_aws)


@pytest.fixture
def held(machines: Machines) -> Any:
    """Time stands still, so that what waits keeps waiting until the test says otherwise."""
    machines.aws.clock.hold()
    yield machines.aws.clock
    machines.aws.clock.release()


def reached(machines: Machines, arn: str, kind: str, times: int = 1) -> None:
    """Wait until the history of an execution has events of a kind."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while machines.types(arn).count(kind) < times:
        assert time.monotonic() < deadline, machines.types(arn)
        time.sleep(0.01)


def seconds(described: dict[str, Any]) -> int:
    return round((described["stopDate"] - described["startDate"]).total_seconds())


# --- starting -------------------------------------------------------------------------------------


def test_a_slow_start_takes_no_time(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither of an execution nor of its redrive: both are dated when they are asked for."""
    start = Worker.start

    def start_late(worker: Worker) -> None:
        time.sleep(0.3)
        start(worker)

    monkeypatch.setattr(Worker, "start", start_late)
    described = machines.ended(machines.start({"Only": WAIT}, TimeoutSeconds=60))
    took = (described["stopDate"] - described["startDate"]).total_seconds()
    assert took == pytest.approx(60, abs=0.01)
    machines.api.redrive_execution(executionArn=described["executionArn"])
    described = machines.ended(described["executionArn"])
    took = (described["stopDate"] - described["redriveDate"]).total_seconds()
    assert took == pytest.approx(60, abs=0.01)


# --- listing --------------------------------------------------------------------------------------


def test_executions_are_listed_newest_first_in_pages(machines: Machines, held: Any) -> None:
    machine = machines.create({"Only": WAIT})
    started = []
    for _ in range(5):
        started.append(machines.api.start_execution(stateMachineArn=machine)["executionArn"])
        held.advance(1)
    pages = machines.api.get_paginator("list_executions").paginate(
        stateMachineArn=machine, PaginationConfig={"PageSize": 2}
    )
    listed = [[e["executionArn"] for e in page["executions"]] for page in pages]
    assert listed == [started[4:2:-1], started[2:0:-1], started[:1]]


def test_executions_are_listed_by_status(machines: Machines, held: Any) -> None:
    machine = machines.create({"Only": WAIT})
    running, stopped = (
        machines.api.start_execution(stateMachineArn=machine)["executionArn"] for _ in range(2)
    )
    machines.api.stop_execution(executionArn=stopped)

    def listed(status: str) -> list[str]:
        found = machines.api.list_executions(stateMachineArn=machine, statusFilter=status)
        assert all(each["status"] == status for each in found["executions"])
        return [each["executionArn"] for each in found["executions"]]

    assert (listed("RUNNING"), listed("ABORTED"), listed("FAILED")) == ([running], [stopped], [])
    held.release()
    machines.ended(running)
    assert (listed("RUNNING"), listed("SUCCEEDED")) == ([], [running])


def test_executions_of_one_thing_at_a_time(machines: Machines) -> None:
    with pytest.raises(ClientError) as refused:
        machines.api.list_executions()
    assert refused.value.response["Error"]["Code"] == "ValidationException"


# --- stopping -------------------------------------------------------------------------------------


def stopped(machines: Machines, arn: str) -> dict[str, Any]:
    answer = machines.api.stop_execution(executionArn=arn, error="Mine", cause="no longer wanted")
    described = machines.ended(arn)
    assert described["status"] == "ABORTED"
    assert (described["error"], described["cause"]) == ("Mine", "no longer wanted")
    assert described["stopDate"] == answer["stopDate"]
    assert "output" not in described
    last = machines.history(arn)[-1]
    assert last["type"] == "ExecutionAborted"
    details = last["executionAbortedEventDetails"]
    assert details == {"error": "Mine", "cause": "no longer wanted"}
    return described


def test_stopping_in_a_wait(machines: Machines, held: Any) -> None:
    arn = machines.start({"Only": WAIT})
    reached(machines, arn, "WaitStateEntered")
    held.advance(600)
    assert 600 <= seconds(stopped(machines, arn)) < 660
    assert "WaitStateExited" not in machines.types(arn)


@pytest.mark.parametrize("handler", [{}, {"Catch": CATCH_ALL}, {"Retry": RETRY_ALL}])
def test_stopping_in_a_map(machines: Machines, held: Any, handler: dict[str, Any]) -> None:
    mapped = map_state({"Wait": WAIT}, [1, 2, 3], "INLINE", End=True) | handler
    arn = machines.start({"Map": mapped} | CAUGHT)
    reached(machines, arn, "WaitStateEntered", 3)
    stopped(machines, arn)
    kinds = machines.types(arn)
    assert kinds.count("MapIterationAborted") == 3
    assert not {"MapIterationSucceeded", "MapIterationFailed", "MapStateSucceeded"} & set(kinds)


def test_stopping_in_a_parallel(machines: Machines, held: Any) -> None:
    branch = {"StartAt": "Wait", "States": {"Wait": WAIT}}
    parallel = {"Type": "Parallel", "Branches": [branch, branch], "Catch": CATCH_ALL, "End": True}
    arn = machines.start({"Parallel": parallel} | CAUGHT)
    reached(machines, arn, "WaitStateEntered", 2)
    stopped(machines, arn)


@pytest.mark.parametrize("handler", [{}, {"Catch": CATCH_ALL}, {"Retry": RETRY_ALL}])
def test_stopping_in_a_distributed_map(
    machines: Machines, held: Any, handler: dict[str, Any]
) -> None:
    mapped = map_state({"Wait": WAIT}, [1, 2, 3], "DISTRIBUTED", MaxConcurrency=2, End=True)
    arn = machines.start({"Map": mapped | handler} | CAUGHT)
    reached(machines, arn, "MapRunStarted")
    (run,) = machines.api.list_map_runs(executionArn=arn)["mapRuns"]
    listed: list[dict[str, Any]] = []
    while len(listed) < 2:
        listed = machines.api.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    for child in listed:
        reached(machines, child["executionArn"], "WaitStateEntered")
    stopped(machines, arn)
    assert machines.types(arn)[-2:] == ["MapRunAborted", "ExecutionAborted"]
    assert machines.api.describe_map_run(mapRunArn=run["mapRunArn"])["status"] == "ABORTED"
    listed = machines.api.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    assert [child["status"] for child in listed] == ["ABORTED", "ABORTED"]


def test_stopping_in_a_retry(machines: Machines, held: Any) -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": HOUR, "MaxAttempts": 3}]
    task = sdk_task("sqs:getQueueUrl", QueueName="nowhere") | {"Retry": retry}
    arn = machines.start({"Try": task})
    reached(machines, arn, "TaskFailed")
    stopped(machines, arn)


def glue_job(machines: Machines) -> str:
    name = f"executions-{uuid.uuid4().hex[:12]}"
    command = {"Name": "glueetl", "ScriptLocation": "s3://nowhere/script.py"}
    machines.aws.client("glue").create_job(Name=name, Role=ROLE, GlueVersion="0.9", Command=command)
    return name


def glue_task(job: str) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::glue:startJobRun.sync",
        "Arguments": {"JobName": job},
        "End": True,
    }


def test_stopping_in_a_glue_task_stops_the_run(machines: Machines, held: Any) -> None:
    """Developer Guide, Run a Job (.sync): Step Functions tries to cancel the task."""
    job = glue_job(machines)
    arn = machines.start({"Glue": glue_task(job)})
    reached(machines, arn, "TaskSubmitted")
    held.advance(5)
    stopped(machines, arn)
    held.release()
    machines.aws.clock.sleep(HOUR)
    (run,) = machines.aws.client("glue").get_job_runs(JobName=job)["JobRuns"]
    assert run["JobRunState"] == "STOPPED", run.get("ErrorMessage")


def test_stopping_in_a_task_that_waits_for_its_token(machines: Machines, held: Any) -> None:
    url = machines.aws.client("sqs").create_queue(QueueName=f"executions-{uuid.uuid4()}")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Arguments": {
            "QueueUrl": url["QueueUrl"],
            "MessageBody": "{% $states.context.Task.Token %}",
        },
        "End": True,
    }
    arn = machines.start({"Ask": task})
    reached(machines, arn, "TaskSubmitted")
    stopped(machines, arn)


def test_stopping_what_has_ended_changes_nothing(machines: Machines) -> None:
    described = machines.run({"Only": {"Type": "Succeed"}})
    machines.api.stop_execution(executionArn=described["executionArn"], error="Mine")
    assert machines.ended(described["executionArn"])["status"] == "SUCCEEDED"
    with pytest.raises(ClientError) as refused:
        machines.api.stop_execution(executionArn=described["executionArn"] + "0")
    assert refused.value.response["Error"]["Code"] == "ExecutionDoesNotExist"


def test_an_execution_may_stop_itself(machines: Machines) -> None:
    arguments = {"ExecutionArn": "{% $states.context.Execution.Id %}", "Cause": "enough"}
    task = sdk_task("sfn:stopExecution", **arguments)
    described = machines.run({"Stop": task})
    assert (described["status"], described["cause"]) == ("ABORTED", "enough")


# --- timing out -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["INLINE", "DISTRIBUTED", None])
def test_a_state_machine_may_time_out(machines: Machines, mode: str | None) -> None:
    states = {"Wait": WAIT}
    if mode is not None:
        states = {"Map": map_state(states, [1, 2], mode, End=True)}
    arn = machines.start(states, TimeoutSeconds=600)
    described = machines.ended(arn)
    assert (described["status"], seconds(described)) == ("TIMED_OUT", 600)
    assert described["error"] == "States.Timeout"
    assert machines.types(arn)[-1] == "ExecutionTimedOut"
    assert "MapIterationSucceeded" not in machines.types(arn)
    for run in machines.api.list_map_runs(executionArn=arn)["mapRuns"]:
        listed = machines.api.list_executions(mapRunArn=run["mapRunArn"])["executions"]
        assert [child["status"] for child in listed] == ["ABORTED", "ABORTED"]


def test_a_state_machine_in_time(machines: Machines) -> None:
    described = machines.ended(machines.start({"Wait": WAIT}, TimeoutSeconds=HOUR + 60))
    assert (described["status"], seconds(described)) == ("SUCCEEDED", HOUR)
    assert json.loads(described["input"]) == {}
