"""Each patch: what it mends, seen through the server, and that moto still needs it.

Run as a script, this file reports as JSON what moto does without the patches.
"""

import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

ROLE = "arn:aws:iam::123456789012:role/any"
SCHEMA_ARN = "arn:aws:personalize:us-east-1:123456789012:schema/nowhere"
DEADLINE_SECONDS = 60  # for an execution that never ends; none of them takes a second

pytestmark = pytest.mark.timeout(120)


class Machines:
    """Runs states as a machine and describes how it ended (API Reference, DescribeExecution)."""

    def __init__(self, stepfunctions: Any) -> None:
        self._stepfunctions = stepfunctions

    def run(self, states: dict[str, Any], given: object = None) -> dict[str, Any]:
        return self.ended(self.start(states, given))

    def start(self, states: dict[str, Any], given: object = None) -> str:
        name = f"patches-{uuid.uuid4()}"
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
        machine = self._stepfunctions.create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=ROLE
        )
        started = self._stepfunctions.start_execution(
            stateMachineArn=machine["stateMachineArn"], name=name, input=json.dumps(given or {})
        )
        return str(started["executionArn"])

    def ended(self, execution_arn: str) -> dict[str, Any]:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            ended = self._stepfunctions.describe_execution(executionArn=execution_arn)
            if ended["status"] != "RUNNING":
                return dict(ended)
            assert time.monotonic() < deadline, f"{execution_arn} never ended"
            time.sleep(0.01)

    def stop(self, execution_arn: str) -> None:
        self._stepfunctions.stop_execution(executionArn=execution_arn)

    def output(self, states: dict[str, Any], given: object = None) -> Any:
        ended = self.run(states, given)
        assert ended["status"] == "SUCCEEDED", ended
        return json.loads(ended["output"])

    def events(self, execution_arn: str) -> list[dict[str, Any]]:
        history = self._stepfunctions.get_execution_history(executionArn=execution_arn)
        return list(history["events"])


# --- the states that show a defect ----------------------------------------------------------------


def result_of(expression: str) -> dict[str, Any]:
    return {"Only": {"Type": "Pass", "Output": f"{{% [{expression}] %}}", "End": True}}


def task(resource: str, **arguments: object) -> dict[str, Any]:
    return {
        "Only": {
            "Type": "Task",
            "Resource": f"arn:aws:states:::{resource}",
            "Arguments": arguments,
            "End": True,
        }
    }


WAIT = {"Only": {"Type": "Wait", "Seconds": 1, "End": True}}
ASSIGNED = {
    "Keep": {"Type": "Pass", "Assign": {"kept": "{% $states.input.text %}"}, "Next": "Give"},
    "Give": {"Type": "Pass", "Output": {"kept": "{% $kept %}"}, "End": True},
}
AWKWARD = "a \"quoted\" \\ text\nof two lines, and 'more'"
BROKEN = result_of("1 + 'a'")
# The second request goes through whatever is done to names: only its error tells.
PASCAL_CASE = task("aws-sdk:personalize:describeSchema", SchemaArn=SCHEMA_ARN)
WIRE_CASE = task("aws-sdk:personalize:describeSchema", schemaArn=SCHEMA_ARN)
RESERVED_ERROR_LEAVES_MAP = {
    "Map": {
        "Type": "Map",
        "Items": [1],
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"},
            "StartAt": "Only",
            "States": BROKEN,
        },
        "Catch": [
            {
                "ErrorEquals": ["States.QueryEvaluationError"],
                "Output": {"caught": True},
                "Next": "Caught",
            }
        ],
        "End": True,
    },
    "Caught": {"Type": "Succeed"},
}
OUTSIDE_VARIABLE = {
    "Keep": {"Type": "Pass", "Assign": {"kept": 1}, "Next": "Map"},
    "Map": {
        "Type": "Map",
        "Items": [1],
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Use",
            "States": {"Use": {"Type": "Pass", "Output": "{% $kept + 1 %}", "End": True}},
        },
        "End": True,
    },
}
# One iteration fails while the other waits.
INTERRUPTED_ITERATION = {
    "Map": {
        "Type": "Map",
        "Items": [1, 2],
        "ItemProcessor": {
            "StartAt": "Check",
            "States": {
                "Check": {
                    "Type": "Choice",
                    "Choices": [{"Condition": "{% $states.input = 2 %}", "Next": "Wait"}],
                    "Default": "Soon",
                },
                "Wait": {"Type": "Wait", "Seconds": 3, "End": True},
                "Soon": {"Type": "Wait", "Seconds": 1, "Next": "Fail"},
                "Fail": {"Type": "Fail", "Error": "Mine"},
            },
        },
        "End": True,
    }
}
RETRIED = {
    "Map": {
        "Type": "Map",
        "Items": "{% 1 + 'a' %}",
        "ItemProcessor": {"StartAt": "Any", "States": {"Any": {"Type": "Succeed"}}},
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 3, "MaxAttempts": 1}],
        "End": True,
    }
}
ASSIGN_AND_OUTPUT = {
    "Start": {"Type": "Pass", "Assign": {"n": 1}, "Next": "Add"},
    "Add": {
        "Type": "Pass",
        "Assign": {"n": "{% $n + 1 %}", "earlier": "{% $n %}"},
        "Output": "{% $n %}",
        "Next": "Give",
    },
    "Give": {"Type": "Pass", "Output": "{% [$states.input, $n, $earlier] %}", "End": True},
}
FAILING_OUTPUT = {
    "Map": {
        "Type": "Map",
        "Items": [1],
        "ItemProcessor": {"StartAt": "Any", "States": {"Any": {"Type": "Succeed"}}},
        "Output": "{% 1 + 'a' %}",
        "Catch": [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Caught"}],
        "End": True,
    },
    "Caught": {"Type": "Succeed"},
}


LITERAL = {
    "Assign": {"Type": "Pass", "Assign": {"text": AWKWARD}, "Next": "Show"},
    "Show": {"Type": "Pass", "Output": "{% $text %}", "End": True},
}


def refuse_plain_http(s3: Any, bucket: str) -> None:
    """Amazon S3 User Guide, Restrict access to only HTTPS requests."""
    s3.create_bucket(Bucket=bucket)
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


# --- what is mended -------------------------------------------------------------------------------


@pytest.fixture
def machines(local_aws: Any) -> Machines:
    return Machines(local_aws.client("stepfunctions"))


def listed_while_deleting(s3: Any, bucket: str) -> list[str]:
    """The keys that a listing has found by its end, if an object is deleted after it began."""
    from moto.s3.models import s3_backends

    s3.create_bucket(Bucket=bucket)
    for key in ("a", "b", "c"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"content")
    objects = s3_backends["123456789012"]["aws"].buckets[bucket].keys
    listing, newest, keys = objects.iterlists(), objects.values(), objects.items()
    found = [next(listing)[1][0].name, next(newest).name, next(keys)[0]]
    s3.delete_object(Bucket=bucket, Key="b")
    found += [versions[0].name for _, versions in listing]
    return found + [each.name for each in newest] + [key for key, _ in keys]


def test_waits_cost_virtual_time_only_and_events_carry_it(machines: Machines) -> None:
    ended = machines.run({"Only": {"Type": "Wait", "Seconds": 86_400, "End": True}})
    assert 86_400 <= (ended["stopDate"] - ended["startDate"]).total_seconds() < 86_460
    at = {event["type"]: event["timestamp"] for event in machines.events(ended["executionArn"])}
    waited = at["WaitStateExited"] - at["WaitStateEntered"]
    assert 86_400 <= waited.total_seconds() < 86_460


def test_expressions_see_virtual_time(machines: Machines) -> None:
    passed = machines.output(
        {
            "Before": {
                "Type": "Pass",
                "Assign": {"millis_0": "{% $millis() %}", "now_0": "{% $now() %}"},
                "Next": "Wait",
            },
            "Wait": {"Type": "Wait", "Seconds": 3600, "Next": "After"},
            "After": {
                "Type": "Pass",
                "Output": "{% [$millis() - $millis_0, $toMillis($now()) - $toMillis($now_0)] %}",
                "End": True,
            },
        }
    )
    assert all(3_600_000 <= millis < 3_660_000 for millis in passed)


def test_expressions_are_evaluated(machines: Machines) -> None:
    given = {"a": "x"}
    assert machines.output(result_of("$sum([1, 2, 3]), $states.input.a"), given) == [6, "x"]


def test_strings_in_variables_keep_every_character(machines: Machines) -> None:
    assert machines.output(ASSIGNED, {"text": AWKWARD}) == {"kept": AWKWARD}


def test_strings_of_a_definition_are_unescaped(machines: Machines) -> None:
    assert machines.output(LITERAL) == AWKWARD


def test_hash_is_hexadecimal(machines: Machines) -> None:
    # FIPS 180-4's example for SHA-256.
    assert machines.output(result_of("$hash('abc', 'SHA-256')")) == [
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    ]


def test_uuid_is_one(machines: Machines) -> None:
    first, second = machines.output(result_of("$uuid(), $uuid()"))
    assert uuid.UUID(first).version == uuid.UUID(second).version == 4
    assert first != second


def test_a_failing_expression_is_a_query_evaluation_error(machines: Machines) -> None:
    ended = machines.run(BROKEN)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.QueryEvaluationError")
    assert "1 + 'a'" in ended["cause"]


def test_sdk_tasks_take_and_give_pascal_case(machines: Machines, local_aws: Any) -> None:
    name = f"patches-{uuid.uuid4()}"
    local_aws.client("personalize").create_dataset_group(name=name)
    arn = f"arn:aws:personalize:us-east-1:123456789012:dataset-group/{name}"
    described = machines.output(
        task("aws-sdk:personalize:describeDatasetGroup", DatasetGroupArn=arn)
    )
    group = described["DatasetGroup"]
    assert (group["Name"], group["DatasetGroupArn"]) == (name, arn)
    assert datetime.fromisoformat(group["CreationDateTime"]).tzinfo is not None


def test_sdk_errors_are_named_after_the_service(machines: Machines) -> None:
    ended = machines.run(PASCAL_CASE)
    assert ended["error"] == "Personalize.ResourceNotFoundException"
    assert ended["cause"].startswith(f"Resource Arn {SCHEMA_ARN} does not exist. ")
    assert "Service: Personalize, Status Code: 400, Request ID: " in ended["cause"]


def test_glue_tasks_wait_for_their_runs(machines: Machines, local_aws: Any) -> None:
    name = f"patches-{uuid.uuid4()}"
    # A run that fails before it starts a script: the waiting is what counts here.
    local_aws.client("glue").create_job(
        Name=name,
        Role=ROLE,
        GlueVersion="0.9",
        Command={"Name": "glueetl", "ScriptLocation": "s3://nowhere/script.py"},
    )
    ended = machines.run(task("glue:startJobRun.sync", JobName=name))
    assert ended["error"] == "States.TaskFailed"
    assert json.loads(ended["cause"])["JobRunState"] == "FAILED"


def test_a_reserved_error_can_be_caught_outside_a_map(machines: Machines) -> None:
    assert machines.output(RESERVED_ERROR_LEAVES_MAP) == {"caught": True}


def test_an_interrupted_iteration_is_aborted(machines: Machines) -> None:
    ended = machines.run(INTERRUPTED_ITERATION)
    assert (ended["status"], ended["error"]) == ("FAILED", "Mine")
    kinds = [event["type"] for event in machines.events(ended["executionArn"])]
    assert kinds.count("MapIterationFailed") == kinds.count("MapIterationAborted") == 1
    assert "MapIterationSucceeded" not in kinds


def test_assign_and_output_see_the_values_from_before(machines: Machines) -> None:
    assert machines.output(ASSIGN_AND_OUTPUT) == [1, 2, 1]


def test_a_failing_output_is_caught(machines: Machines) -> None:
    assert machines.run(FAILING_OUTPUT)["status"] == "SUCCEEDED"


def test_variables_stay_outside_a_distributed_map(machines: Machines) -> None:
    """More in test_map_runs.py."""
    ended = machines.run(OUTSIDE_VARIABLE)
    assert ended["error"] == "States.ExceedToleratedFailureThreshold"


def test_tasks_call_the_server_they_run_in(machines: Machines, local_aws: Any) -> None:
    name = f"patches-{uuid.uuid4()}"
    url = local_aws.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    assert machines.output(task("aws-sdk:sqs:getQueueUrl", QueueName=name)) == {"QueueUrl": url}


def test_a_bucket_that_refuses_plain_http_can_be_used(local_aws: Any) -> None:
    s3 = local_aws.client("s3")
    bucket = f"patches-{uuid.uuid4()}"
    refuse_plain_http(s3, bucket)
    s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"content"


def test_objects_are_listed_while_some_are_deleted(local_aws: Any) -> None:
    found = listed_while_deleting(local_aws.client("s3"), f"patches-{uuid.uuid4()}")
    assert set(found) in ({"a", "c"}, {"a", "b", "c"})  # S3 promises neither


def test_a_bucket_that_refuses_everybody_still_does(local_aws: Any) -> None:
    s3 = local_aws.client("s3")
    bucket = f"patches-{uuid.uuid4()}"
    s3.create_bucket(Bucket=bucket)
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    with pytest.raises(s3.exceptions.ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


# --- what moto does by itself ---------------------------------------------------------------------

# Each defect of moto, with the patch that is needed as long as it is true.
DEFECTS = {
    "waits in real time": "run_on_virtual_time",
    "has no JSONata engine": "evaluate_jsonata",
    "does not escape strings in variables": "evaluate_jsonata",
    "keeps the escapes of strings": "unescape_literals",
    "has no $hash": "evaluate_jsonata",
    "has no $uuid": "evaluate_jsonata",
    "lets failing expressions pass as another error": "evaluate_jsonata",
    "does not take PascalCase": "convert_sdk_parameters_and_results",
    "does not give PascalCase": "convert_sdk_parameters_and_results",
    "does not name SDK errors after the service": "name_sdk_errors",
    "can't wait for Glue": "wait_for_glue",
    "takes an interrupted iteration for one that ended well": "end_what_runs_inside",
    "shows an Output what is being assigned": "assign_beside_output",
    "doesn't catch a failing Output": "handle_failing_outputs",
    "sleeps on in a Retry that is stopped": "wake_retries",
    "can't redrive": "remember_progress",
    "takes no whole ToleratedFailurePercentage": "take_whole_percentages",
    "shows variables to the children of a Distributed Map": "run_map_children_as_executions",
    "fails on a reserved error out of a Map": "let_reserved_errors_leave_a_map",
    "calls a fixed port": "call_this_server",
    "builds a client for each call": "call_this_server",
    "sends no events to topics": "send_events_to_more_targets",
    "sends no events to state machines": "send_events_to_more_targets",
    "sends events to disabled rules": "send_events_to_more_targets",
    "ignores conditions in bucket policies": "pass_over_conditional_bucket_policy_statements",
    "fails to list objects while some are deleted": "list_objects_while_some_are_deleted",
}


def report_defects() -> None:
    """Print as JSON which of the defects moto has; for a process without the patches."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    os.environ["MOTO_PORT"] = str(port)  # so that its tasks reach the server below

    from moto.core.config import default_user_config
    from moto.server import ThreadedMotoServer

    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    ThreadedMotoServer("127.0.0.1", port, verbose=False).start()
    print(json.dumps(_defects(port)))  # noqa: T201 (what the parent process reads)


def _defects(port: int) -> dict[str, bool]:
    from jsonata import Jsonata
    from moto.stepfunctions.parser.asl.jsonata import jsonata as moto_jsonata
    from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
    from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for

    def client(service: str, server: int = port) -> Any:
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=f"http://127.0.0.1:{server}",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )

    machines = Machines(client("stepfunctions"))

    def error(states: dict[str, Any], given: object = None) -> str:
        return str(machines.run(states, given).get("error"))

    found = {"has no JSONata engine": error(result_of("1 + 1")) != "None"}
    # What remains to be mended once somebody has put an engine into its place.
    moto_jsonata._eval_jsonata = lambda expression: Jsonata(expression).evaluate(None)
    found["does not escape strings in variables"] = error(ASSIGNED, {"text": AWKWARD}) != "None"
    # Written into an expression, as moto does it, such a string comes out right all the same.
    quoted = SimpleNamespace(getText=lambda: json.dumps(AWKWARD))
    found["keeps the escapes of strings"] = Preprocessor._inner_string_of(quoted) != AWKWARD
    found["has no $hash"] = "not supported" in str(machines.run(result_of("$hash('', 'MD5')")))
    found["has no $uuid"] = "not supported" in str(machines.run(result_of("$uuid()")))
    found["lets failing expressions pass as another error"] = (
        error(BROKEN) != "States.QueryEvaluationError"
    )
    found["fails on a reserved error out of a Map"] = "MUST NOT begin with the prefix" in str(
        machines.run(RESERVED_ERROR_LEAVES_MAP).get("cause")
    )

    arn = machines.run(INTERRUPTED_ITERATION)["executionArn"]
    ends = [event["type"] for event in machines.events(arn) if "Iteration" in event["type"]]
    found["takes an interrupted iteration for one that ended well"] = (
        "MapIterationAborted" not in ends
    )
    found["shows an Output what is being assigned"] = (
        json.loads(machines.run(ASSIGN_AND_OUTPUT)["output"])[0] == 2
    )
    found["doesn't catch a failing Output"] = machines.run(FAILING_OUTPUT)["status"] == "FAILED"
    arn = machines.start(RETRIED)
    time.sleep(0.5)
    machines.stop(arn)
    stopped = time.monotonic()
    machines.ended(arn)
    found["sleeps on in a Retry that is stopped"] = time.monotonic() - stopped > 1
    found["can't redrive"] = _refused(
        lambda: client("stepfunctions").redrive_execution(executionArn=arn)
    )
    tolerant = OUTSIDE_VARIABLE["Map"] | {"ToleratedFailurePercentage": 100}
    found["takes no whole ToleratedFailurePercentage"] = _refused(
        lambda: machines.start({"Map": tolerant})
    )
    found["shows variables to the children of a Distributed Map"] = (
        machines.run(OUTSIDE_VARIABLE)["status"] == "SUCCEEDED"
    )

    found["does not take PascalCase"] = "ResourceNotFound" not in error(PASCAL_CASE)
    found["does not name SDK errors after the service"] = (
        error(WIRE_CASE) == "personalize.ResourceNotFoundException"
    )
    listed = machines.run(task("aws-sdk:personalize:listSchemas"))
    found["does not give PascalCase"] = "Schemas" not in json.loads(listed["output"])

    command = {"Name": "glueetl", "ScriptLocation": "s3://nowhere/script.py"}
    client("glue").create_job(Name="job", Role=ROLE, Command=command)
    found["can't wait for Glue"] = "object has no attribute" in str(
        machines.run(task("glue:startJobRun.sync", JobName="job")).get("cause")
    )

    os.environ["MOTO_PORT"] = "1"
    one, other = (boto_client_for("us-east-1", "sqs") for _ in range(2))
    found["calls a fixed port"] = not one.meta.endpoint_url.endswith(f":{port}")
    found["builds a client for each call"] = one is not other

    s3 = client("s3")
    refuse_plain_http(s3, "bucket")
    found["ignores conditions in bucket policies"] = _refused(
        lambda: s3.put_object(Bucket="bucket", Key="key", Body=b"")
    )

    try:
        listed_while_deleting(s3, "listed")
        found["fails to list objects while some are deleted"] = False
    except (TypeError, KeyError):
        found["fails to list objects while some are deleted"] = True

    found |= _defects_of_events(client("events"), client("sqs"))

    before = time.monotonic()
    machines.run(WAIT)
    found["waits in real time"] = time.monotonic() - before >= 1
    return found


def _defects_of_events(events: Any, sqs: Any) -> dict[str, bool]:
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    arns = {"sqs": "arn:aws:sqs:us-east-1:123456789012:events"}
    arns["sns"] = "arn:aws:sns:us-east-1:123456789012:events"
    arns["states"] = "arn:aws:states:us-east-1:123456789012:stateMachine:events"
    event = {"Source": "tests", "DetailType": "any", "Detail": "{}"}

    def put(rule: str, state: str, arn: str) -> None:
        pattern = json.dumps({"source": ["tests"]})
        events.put_rule(Name=rule, EventPattern=pattern, State=state)
        events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": arn}])

    put("disabled", "DISABLED", arns["sqs"])
    events.put_events(Entries=[event])
    sent = bool(sqs.receive_message(QueueUrl=url).get("Messages"))
    refused = {}
    for service in ("sns", "states"):
        put("other", "ENABLED", arns[service])
        refused[service] = _refused(lambda: events.put_events(Entries=[event]))
    return {
        "sends events to disabled rules": sent,
        "sends no events to topics": refused["sns"],
        "sends no events to state machines": refused["states"],
    }


def _refused(call: Callable[[], object]) -> bool:
    from botocore.exceptions import ClientError

    try:
        call()
    except ClientError:
        return True
    return False


@pytest.fixture(scope="module")
def defects() -> dict[str, bool]:
    done = subprocess.run(
        [sys.executable, __file__], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.xdist_group("moto")  # one process asks for all of them
@pytest.mark.parametrize(("defect", "patch"), DEFECTS.items())
def test_the_patch_is_still_needed(defects: dict[str, bool], defect: str, patch: str) -> None:
    assert defects[defect], f"moto no longer {defect}: take {patch} out of moto_patches"


def test_every_patch_has_a_defect_that_it_mends() -> None:
    from batchrec.localaws import moto_patches

    named = {getattr(moto_patches, name, None) for name in moto_patches.apply.__code__.co_names}
    patches = moto_patches.__name__ + "."
    applied = {
        each.__name__ for each in named if getattr(each, "__module__", "").startswith(patches)
    }
    assert applied == set(DEFECTS.values())


if __name__ == "__main__":
    report_defects()
