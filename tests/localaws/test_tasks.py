"""Tasks of the interpreter that call services other than Personalize."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from state_machines import Machines, sdk_task

from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def machines(local_aws: LocalAws) -> Machines:
    return Machines(local_aws)


@pytest.fixture
def held(machines: Machines) -> Iterator[None]:
    """Time stands still, so that what waits keeps waiting."""
    machines.aws.clock.hold()
    yield
    machines.aws.clock.release()


@pytest.fixture
def bucket(machines: Machines) -> str:
    name = f"tasks-{uuid.uuid4().hex[:12]}"
    machines.aws.client("s3").create_bucket(Bucket=name)
    return name


def caught(task: dict[str, Any], error: str) -> dict[str, Any]:
    catch = {"ErrorEquals": [error], "Output": "{% $states.errorOutput %}", "Next": "Caught"}
    return {"Only": task | {"Catch": [catch]}, "Caught": {"Type": "Succeed"}}


def test_an_object_is_read_as_text(machines: Machines, bucket: str) -> None:
    """Developer Guide, AWS SDK service integrations: the body of a response is a string."""
    body = json.dumps({"run": "2026-01-31", "text": 'Ünïcode "quoted"'})
    machines.aws.client("s3").put_object(Bucket=bucket, Key="latest.json", Body=body.encode())
    task = sdk_task("s3:getObject", Bucket=bucket, Key="latest.json")
    assert machines.output({"Only": task})["Body"] == body
    parsed = task | {"Output": "{% $parse($states.result.Body).run %}"}
    assert machines.output({"Only": parsed}) == "2026-01-31"


def test_an_object_that_is_not_there(machines: Machines, bucket: str) -> None:
    task = sdk_task("s3:getObject", Bucket=bucket, Key="latest.json")
    output = machines.output(caught(task, "S3.NoSuchKeyException"))
    assert output["Error"] == "S3.NoSuchKeyException"


def test_an_object_is_written(machines: Machines, bucket: str) -> None:
    body = {"run": "2026-01-31"}
    machines.output({"Only": sdk_task("s3:putObject", Bucket=bucket, Key="a.json", Body=body)})
    stored = machines.aws.client("s3").get_object(Bucket=bucket, Key="a.json")["Body"].read()
    assert json.loads(stored) == body


def test_executions_are_listed_and_stopped(machines: Machines, held: None) -> None:
    wait = {"Only": {"Type": "Wait", "Seconds": 3600, "End": True}}
    machine = machines.create(wait)
    other = machines.api.start_execution(stateMachineArn=machine)["executionArn"]
    listing = sdk_task("sfn:listExecutions", StateMachineArn=machine, StatusFilter="RUNNING")
    stopping = sdk_task(
        "sfn:stopExecution", ExecutionArn="{% $states.input %}", Error="Mine", Cause="superseded"
    )
    del listing["End"]
    found = "{% $states.result.Executions[0].ExecutionArn %}"
    described = machines.run(
        {"List": listing | {"Output": found, "Next": "Stop"}, "Stop": stopping}
    )
    assert described["status"] == "SUCCEEDED", described
    assert "StopDate" in json.loads(described["output"])
    ended = machines.ended(other)
    assert (ended["status"], ended["error"], ended["cause"]) == ("ABORTED", "Mine", "superseded")


def test_errors_of_step_functions_itself(machines: Machines) -> None:
    nowhere = "arn:aws:states:us-east-1:123456789012:execution:nowhere:nothing"
    task = sdk_task("sfn:stopExecution", ExecutionArn=nowhere)
    output = machines.output(caught(task, "Sfn.ExecutionDoesNotExistException"))
    assert output["Error"] == "Sfn.ExecutionDoesNotExistException"


def test_a_message_is_published(machines: Machines) -> None:
    sns, sqs = machines.aws.client("sns"), machines.aws.client("sqs")
    name = f"tasks-{uuid.uuid4().hex[:12]}"
    topic = sns.create_topic(Name=name)["TopicArn"]
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue = f"arn:aws:sqs:us-east-1:123456789012:{name}"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    for message in ("plain", {"run": "a"}):
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Arguments": {"TopicArn": topic, "Subject": "Hello", "Message": message},
            "End": True,
        }
        assert "MessageId" in machines.output({"Only": task})
        (received,) = sqs.receive_message(QueueUrl=url)["Messages"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=received["ReceiptHandle"])
        notification = json.loads(received["Body"])
        assert notification["Subject"] == "Hello"
        if isinstance(message, str):
            assert notification["Message"] == message
        else:
            assert json.loads(notification["Message"]) == message


def test_a_task_fails_with_an_error_of_its_own(machines: Machines) -> None:
    """API Reference, SendTaskFailure; with the task's own token."""
    task = sdk_task(
        "sfn:sendTaskFailure.waitForTaskToken",
        TaskToken="{% $states.context.Task.Token %}",
        Error="Batchrec.JobFailed",
        Cause="{% 'because of ' & $states.input.reason %}",
    )
    given = {"reason": "that"}
    described = machines.run({"Fail": task}, given)
    assert described["status"] == "FAILED"
    assert (described["error"], described["cause"]) == ("Batchrec.JobFailed", "because of that")
    retried = task | {"Retry": [{"ErrorEquals": ["Batchrec.JobFailed"], "MaxAttempts": 1}]}
    described = machines.run({"Fail": retried}, given)
    assert machines.types(described["executionArn"]).count("TaskFailed") == 2
    output = machines.output(caught(task, "Batchrec.JobFailed"), given)
    assert output == {"Error": "Batchrec.JobFailed", "Cause": "because of that"}


def test_a_task_whose_output_fails_is_retried_with_its_own_input(machines: Machines) -> None:
    """Developer Guide, Transforming data with JSONata, Handling expression errors."""
    task = sdk_task("sqs:listQueues", QueueNamePrefix="{% $states.input.prefix %}")
    task |= {
        "Assign": {"attempts": "{% $attempts + 1 %}"},
        "Output": "{% $states.context.State.RetryCount < 2 ? $error('no') : $states.input %}",
        "Retry": [{"ErrorEquals": ["States.QueryEvaluationError"], "IntervalSeconds": 60}],
        "Next": "Give",
    }
    del task["End"]
    states = {
        "Count": {"Type": "Pass", "Assign": {"attempts": 0}, "Next": "Try"},
        "Try": task,
        "Give": {"Type": "Pass", "Output": "{% [$states.input, $attempts] %}", "End": True},
    }
    given = {"prefix": "nothing-like-it"}
    described = machines.run(states, given)
    # Nothing of an attempt that failed stays, its assignments included.
    assert json.loads(described["output"]) == [given, 1]
    kinds = machines.types(described["executionArn"])
    assert (kinds.count("TaskScheduled"), kinds.count("EvaluationFailed")) == (3, 2)
