"""Step Functions and Scheduler: what moto's lack, seen through boto3."""

import hashlib
import json
import re
import time
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from raw_http import ask
from state_machines import ROLE, Machines, definition, map_state, pass_on, sdk_task

from batchrec.errors import BatchrecError
from batchrec.localaws.glue.job_run import ENDED, JobRun
from batchrec.localaws.scheduler import fire
from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)

ARN = "arn:aws:personalize:us-east-1:123456789012"


@pytest.fixture
def machines(local_aws: LocalAws) -> Machines:
    return Machines(local_aws)


# --- executions -----------------------------------------------------------------------------------


def test_an_execution_without_a_name_gets_a_uuid(machines: Machines) -> None:
    """API Reference, StartExecution; each has its own."""
    machine = machines.create(pass_on({"name": "{% $states.context.Execution.Name %}"}))
    names = set()
    for _ in range(2):
        arn = machines.api.start_execution(stateMachineArn=machine)["executionArn"]
        described = machines.ended(arn)
        assert described["name"] == arn.rpartition(":")[2]
        assert json.loads(described["output"]) == {"name": described["name"]}
        names.add(uuid.UUID(described["name"]).version)
        names.add(described["name"])
    assert 4 in names
    assert len(names) == 3


def test_a_name_that_was_given_is_kept(machines: Machines) -> None:
    name = "Nightly_2026-01-31.v1"
    described = machines.run(pass_on("{% $states.context.Execution %}"), {"a": 1}, name=name)
    context = json.loads(described["output"])
    assert described["name"] == context["Name"] == name
    assert context["Id"] == described["executionArn"]
    assert context["Input"] == {"a": 1}


def test_a_machine_runs_many_times_and_at_once(machines: Machines) -> None:
    machine = machines.create({"Only": {"Type": "Wait", "Seconds": 60, "End": True}})
    started = [machines.api.start_execution(stateMachineArn=machine) for _ in range(5)]
    ended = [machines.ended(execution["executionArn"]) for execution in started]
    assert {described["status"] for described in ended} == {"SUCCEEDED"}
    listed = machines.api.list_executions(stateMachineArn=machine)["executions"]
    assert {found["executionArn"] for found in listed} == {
        execution["executionArn"] for execution in started
    }


def test_executions_at_once_share_nothing(machines: Machines) -> None:
    wait = {"Type": "Wait", "Seconds": "{% $each %}", "Next": "Square"}
    square = {"Type": "Pass", "Output": "{% $each * $each %}", "End": True}
    begin = {"Type": "Pass", "Assign": {"each": "{% $states.input %}"}, "Next": "Sleep"}
    iteration = {"Begin": begin, "Sleep": wait, "Square": square}
    branch = {"StartAt": "Tell", "States": {"Tell": pass_on("{% $mine %}")["Only"]}}
    states = {
        "Keep": {"Type": "Pass", "Assign": {"mine": "{% $states.input %}"}, "Next": "Inside"},
        "Inside": map_state(iteration, "{% $mine %}", "INLINE", MaxConcurrency=2, Next="Beside"),
        "Beside": {
            "Type": "Parallel",
            "Branches": [branch, branch],
            "Output": {"squares": "{% $states.input %}", "mine": "{% $states.result %}"},
            "End": True,
        },
    }
    machine = machines.create(states)
    started = [
        machines.api.start_execution(stateMachineArn=machine, input=json.dumps([n, n + 1, n + 2]))
        for n in range(4)
    ]
    ended = [machines.ended(each["executionArn"]) for each in started]
    assert [json.loads(each["output"]) for each in ended] == [
        {"squares": [n * n, (n + 1) ** 2, (n + 2) ** 2], "mine": [[n, n + 1, n + 2]] * 2}
        for n in range(4)
    ]


def test_input_defaults_to_an_empty_object(machines: Machines) -> None:
    machine = machines.create(pass_on({"given": "{% $states.input %}"}))
    arn = machines.api.start_execution(stateMachineArn=machine)["executionArn"]
    assert json.loads(machines.ended(arn)["output"]) == {"given": {}}


def test_a_machine_that_is_not_there(machines: Machines) -> None:
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:nowhere"
    with pytest.raises(ClientError) as refused:
        machines.api.start_execution(stateMachineArn=arn)
    assert refused.value.response["Error"]["Code"] == "StateMachineDoesNotExist"


def test_an_execution_tells_the_definition_that_it_started_with(machines: Machines) -> None:
    """API Reference, DescribeStateMachineForExecution."""
    arn = machines.create(pass_on({"day": 1}))
    first = machines.api.start_execution(stateMachineArn=arn)["executionArn"]
    later = definition(pass_on({"day": 2}))
    machines.api.update_state_machine(stateMachineArn=arn, definition=later)
    second = machines.api.start_execution(stateMachineArn=arn)["executionArn"]
    told = [
        machines.api.describe_state_machine_for_execution(executionArn=each)
        for each in (first, second)
    ]
    assert [each["definition"] for each in told] == [definition(pass_on({"day": 1})), later]
    assert {each["stateMachineArn"] for each in told} == {arn}


# --- history --------------------------------------------------------------------------------------


def test_history_comes_in_pages(machines: Machines) -> None:
    """API Reference, GetExecutionHistory: 100 events by default, at most 1000."""
    states = {
        f"S{n}": {"Type": "Pass"} | ({"Next": f"S{n + 1}"} if n < 69 else {"End": True})
        for n in range(70)
    }
    arn = machines.run(states)["executionArn"]
    first = machines.api.get_execution_history(executionArn=arn)
    assert len(first["events"]) == 100
    rest = machines.api.get_execution_history(executionArn=arn, nextToken=first["nextToken"])
    assert "nextToken" not in rest
    # Started, two events for each state, succeeded.
    events = first["events"] + rest["events"]
    assert [event["id"] for event in events] == list(range(1, 143))

    pages = machines.api.get_paginator("get_execution_history").paginate(
        executionArn=arn, PaginationConfig={"PageSize": 60}
    )
    sizes = [len(page["events"]) for page in pages]
    assert sizes == [60, 60, 22]
    whole = machines.api.get_execution_history(executionArn=arn, maxResults=1000)
    assert whole["events"] == events
    assert "nextToken" not in whole


def test_history_has_its_times_in_epoch_seconds(local_aws: LocalAws, machines: Machines) -> None:
    """As every answer in AWS's JSON protocols (Smithy, AWS JSON 1.0 protocol, Timestamp format)."""
    arn = machines.run(pass_on({}))["executionArn"]
    credential = "Credential=local/20260101/us-east-1/states/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0",
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "AWSStepFunctions.GetExecutionHistory",
    }
    _, answer = ask(local_aws, "/", json.dumps({"executionArn": arn}).encode(), headers)
    times = [event["timestamp"] for event in json.loads(answer)["events"]]
    assert {type(time) for time in times} == {float}
    parsed = [event["timestamp"].timestamp() for event in machines.history(arn)]
    assert times == pytest.approx(parsed, abs=0.001)


def test_history_can_start_with_the_last_event(machines: Machines) -> None:
    arn = machines.run(pass_on({}))["executionArn"]
    history = machines.api.get_execution_history
    forwards = history(executionArn=arn)["events"]
    backwards = history(executionArn=arn, reverseOrder=True)["events"]
    assert backwards == forwards[::-1]
    last = history(executionArn=arn, reverseOrder=True, maxResults=1)
    assert [event["type"] for event in last["events"]] == ["ExecutionSucceeded"]
    assert "nextToken" in last


# --- what the aws provider calls ------------------------------------------------------------------


def test_a_definition_can_be_validated(machines: Machines) -> None:
    """API Reference, ValidateStateMachineDefinition."""
    answer = machines.api.validate_state_machine_definition(definition=definition(pass_on({})))
    assert (answer["result"], answer["diagnostics"]) == ("OK", [])


@pytest.mark.parametrize(
    "wrong",
    [
        "no JSON",
        json.dumps({"StartAt": "Only"}),
        definition({"Only": {"Type": "Wonder", "End": True}}),
    ],
    ids=["text", "no-states", "type"],
)
def test_a_definition_that_is_wrong(machines: Machines, wrong: str) -> None:
    answer = machines.api.validate_state_machine_definition(definition=wrong)
    assert answer["result"] == "FAIL"
    assert {diagnostic["severity"] for diagnostic in answer["diagnostics"]} == {"ERROR"}
    assert all(diagnostic["code"] and diagnostic["message"] for diagnostic in answer["diagnostics"])


def test_versions_are_listed(machines: Machines) -> None:
    """API Reference, ListStateMachineVersions."""
    arn = machines.create(pass_on({}))
    listed = machines.api.list_state_machine_versions(stateMachineArn=arn)
    assert listed["stateMachineVersions"] == []


# --- expressions ----------------------------------------------------------------------------------


def test_hash_has_the_algorithms_of_step_functions(machines: Machines) -> None:
    """Step Functions Developer Guide, Transforming data with JSONata: names and hexadecimal."""
    names = ("MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512")
    output = machines.output(
        pass_on({name: f"{{% $hash('Ünïcode', '{name}') %}}" for name in names})
    )
    assert output == {
        name: hashlib.new(name.replace("-", ""), "Ünïcode".encode()).hexdigest() for name in names
    }


def test_variables_live_on_from_state_to_state(machines: Machines) -> None:
    states = {
        "First": {
            "Type": "Pass",
            "Assign": {"kept": "{% $states.input %}", "number": 1},
            "Next": "Second",
        },
        "Second": {"Type": "Pass", "Assign": {"number": "{% $number + 1 %}"}, "Next": "Third"},
        "Third": {
            "Type": "Pass",
            "Output": {"kept": "{% $kept.a[1] %}", "number": "{% $number %}"},
            "End": True,
        },
    }
    assert machines.output(states, {"a": ["x", "y"]}) == {"kept": "y", "number": 2}


def test_every_kind_of_state_assigns(machines: Machines) -> None:
    failing = sdk_task("sqs:getQueueUrl", QueueName="nowhere")
    caught = {"ErrorEquals": ["States.ALL"], "Assign": {"caught": 1}, "Next": "Choose"}
    rule = {"Condition": "{% $caught = 1 %}", "Assign": {"chosen": 2}, "Next": "ByDefault"}
    unmet = {"Condition": "{% $caught = 2 %}", "Next": "Give"}
    states = {
        "Try": failing | {"Catch": [caught]},
        "Choose": {"Type": "Choice", "Choices": [rule], "Default": "Give"},
        "ByDefault": {
            "Type": "Choice",
            "Choices": [unmet],
            "Assign": {"by_default": 3},
            "Default": "Wait",
        },
        "Wait": {"Type": "Wait", "Seconds": 1, "Assign": {"waited": 4}, "Next": "Give"},
        "Give": {
            "Type": "Pass",
            "Output": "{% [$caught, $chosen, $by_default, $waited] %}",
            "End": True,
        },
    }
    assert machines.output(states) == [1, 2, 3, 4]


# --- SDK tasks ------------------------------------------------------------------------------------


def test_sdk_tasks_speak_pascal_case_at_every_depth(machines: Machines, role: str) -> None:
    """Step Functions Developer Guide, AWS SDK service integrations, on Personalize's camelCase."""
    personalize, clock = machines.aws.client("personalize"), machines.aws.clock
    name = f"sfn-{uuid.uuid4().hex[:12]}"
    s3, bucket = machines.aws.client("s3"), name
    s3.create_bucket(Bucket=bucket)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "personalize.amazonaws.com"},
        "Action": ["s3:GetObject", "s3:ListBucket", "s3:PutObject"],
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    rows = [f"{n % 40},{n % 37},{1_600_000_000 + n}" for n in range(1200)]
    content = "\n".join(["USER_ID,ITEM_ID,TIMESTAMP", *rows])
    s3.put_object(Bucket=bucket, Key="data/a.csv", Body=content.encode())
    fields = [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
    ]
    avro = {"type": "record", "name": "Interactions", "fields": fields, "version": "1.0"}
    group = personalize.create_dataset_group(name=name)["datasetGroupArn"]
    schema = personalize.create_schema(name=name, schema=json.dumps(avro))["schemaArn"]
    clock.sleep(3600)
    dataset = personalize.create_dataset(
        name=name, schemaArn=schema, datasetGroupArn=group, datasetType="Interactions"
    )["datasetArn"]
    clock.sleep(3600)

    def call(operation: str, **arguments: object) -> Any:
        output = machines.output({"Only": sdk_task(f"personalize:{operation}", **arguments)})
        clock.sleep(24 * 3600)
        return output

    job = call(
        "createDatasetImportJob",
        JobName=name,
        DatasetArn=dataset,
        DataSource={"DataLocation": f"s3://{bucket}/data/"},
        RoleArn=role,
    )
    assert job == {"DatasetImportJobArn": f"{ARN}:dataset-import-job/{name}"}
    described = call("describeDatasetImportJob", **job)["DatasetImportJob"]
    assert described["Status"] == "ACTIVE", described
    assert described["DataSource"] == {"DataLocation": f"s3://{bucket}/data/"}

    # Names inside maps of strings are the caller's own.
    parameters = {"hidden_dimension": "32", "recency_mask": "false"}
    solution = call(
        "createSolution",
        Name=name,
        DatasetGroupArn=group,
        RecipeArn="arn:aws:personalize:::recipe/aws-user-personalization",
        SolutionConfig={"AlgorithmHyperParameters": parameters},
        PerformAutoTraining=False,
    )
    described = call("describeSolution", **solution)["Solution"]
    assert described["SolutionConfig"] == {"AlgorithmHyperParameters": parameters}
    assert described["PerformAutoTraining"] is False

    version = call("createSolutionVersion", **solution)
    metrics = call("getSolutionMetrics", **version)["Metrics"]
    assert {"coverage", "precision_at_5"} <= metrics.keys()

    s3.put_object(Bucket=bucket, Key="in/users.json", Body=b'{"userId": "1"}\n')
    job = call(
        "createBatchInferenceJob",
        JobName=name,
        **version,
        JobInput={"S3DataSource": {"Path": f"s3://{bucket}/in/"}},
        JobOutput={"S3DataDestination": {"Path": f"s3://{bucket}/out/"}},
        NumResults=5,
        RoleArn=role,
    )
    described = call("describeBatchInferenceJob", **job)["BatchInferenceJob"]
    assert described["Status"] == "ACTIVE", described
    assert described["JobInput"] == {"S3DataSource": {"Path": f"s3://{bucket}/in/"}}
    assert described["JobOutput"] == {"S3DataDestination": {"Path": f"s3://{bucket}/out/"}}
    assert described["NumResults"] == 5

    listed = call("listDatasets", DatasetGroupArn=group, MaxResults=1)
    assert [summary["DatasetArn"] for summary in listed["Datasets"]] == [dataset]


def test_errors_are_caught_by_the_services_name(machines: Machines) -> None:
    task = sdk_task("personalize:describeSolution", SolutionArn=f"{ARN}:solution/nowhere")
    caught = {
        "ErrorEquals": ["Personalize.ResourceNotFoundException"],
        "Output": "{% $states.errorOutput %}",
        "Next": "Caught",
    }
    output = machines.output({"Only": task | {"Catch": [caught]}, "Caught": {"Type": "Succeed"}})
    assert output["Error"] == "Personalize.ResourceNotFoundException"
    assert re.fullmatch(
        rf"Resource Arn {ARN}:solution/nowhere does not exist\."
        r" \(Service: Personalize, Status Code: 400, Request ID: [\w-]+\)",
        output["Cause"],
    )


@pytest.mark.parametrize(
    ("action", "arguments", "error"),
    [
        (
            "personalize:createSchema",
            {"Name": "any", "Schema": "no Avro"},
            "Personalize.InvalidInputException",
        ),
        ("personalize:listCampaigns", {}, "Personalize.PersonalizeException"),
        ("s3:getObject", {"Bucket": "nowhere-at-all", "Key": "any"}, "S3.NoSuchBucketException"),
    ],
)
def test_errors_without_a_catch_end_the_execution(
    machines: Machines, action: str, arguments: dict[str, object], error: str
) -> None:
    described = machines.run({"Only": sdk_task(action, **arguments)})
    assert (described["status"], described["error"]) == ("FAILED", error), described["cause"]


# --- time -----------------------------------------------------------------------------------------


def waited(described: dict[str, Any]) -> timedelta:
    return timedelta(
        seconds=round((described["stopDate"] - described["startDate"]).total_seconds())
    )


def test_waits_retries_and_branches_cost_virtual_time(machines: Machines) -> None:
    retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 600, "BackoffRate": 2.0}
    failing = sdk_task("personalize:describeSolution", SolutionArn=f"{ARN}:solution/nowhere")
    caught = {"ErrorEquals": ["States.ALL"], "Next": "Branch"}
    states = {
        "Wait": {"Type": "Wait", "Seconds": "{% 60 * 60 %}", "Next": "Try"},
        "Try": failing | {"Retry": [retry | {"MaxAttempts": 2}], "Catch": [caught]},
        "Branch": {
            "Type": "Map",
            "Items": [60, 7200, 900],
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "INLINE"},
                "StartAt": "Each",
                "States": {"Each": {"Type": "Wait", "Seconds": "{% $states.input %}", "End": True}},
            },
            "End": True,
        },
    }
    described = machines.run(states)
    assert described["status"] == "SUCCEEDED", described
    assert waited(described) == timedelta(hours=1, seconds=600 + 1200, minutes=120)


def glue_task(machines: Machines) -> dict[str, Any]:
    """Return a state that waits for a run whose script does nothing."""
    job = f"sfn-{uuid.uuid4().hex[:12]}"
    s3 = machines.aws.client("s3")
    s3.create_bucket(Bucket=job)
    s3.put_object(Bucket=job, Key="script.py", Body=b"")
    machines.aws.client("glue").create_job(
        Name=job,
        Role=ROLE,
        GlueVersion="5.0",
        Command={"Name": "glueetl", "ScriptLocation": f"s3://{job}/script.py"},
    )
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::glue:startJobRun.sync",
        "Arguments": {"JobName": job},
        "End": True,
    }


def test_a_task_may_time_out_in_virtual_time(machines: Machines) -> None:
    """One that has its own modelled duration: Glue's 120 seconds against 60."""
    described = machines.run({"Only": glue_task(machines) | {"TimeoutSeconds": 60}})
    assert (described["status"], described["error"]) == ("FAILED", "States.Timeout")
    assert waited(described) >= timedelta(seconds=60)
    machines.aws.clock.sleep(600)


def test_a_poll_sees_the_run_that_ends_in_its_instant(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However slow the machine: Glue's 120 seconds are a multiple of the 5 between two polls."""
    become = JobRun._become

    def become_slowly(run: JobRun, state: str) -> None:
        if state in ENDED:
            time.sleep(0.3)
        become(run, state)

    monkeypatch.setattr(JobRun, "_become", become_slowly)
    described = machines.run({"Only": glue_task(machines)})
    assert described["status"] == "SUCCEEDED", described
    assert waited(described) == timedelta(seconds=120)


# --- Scheduler ------------------------------------------------------------------------------------


@pytest.fixture
def scheduled(machines: Machines) -> str:
    """A schedule's name, whose machine gives back what it got."""
    return schedule(machines, json.dumps({"from": "<aws.scheduler.schedule-arn>"}))


def schedule(machines: Machines, given: str | None, **settings: Any) -> str:
    name = f"sfn-{uuid.uuid4().hex[:12]}"
    target = {
        "Arn": machines.create(pass_on({"given": "{% $states.input %}"})),
        "RoleArn": ROLE,
    } | ({"Input": given} if given is not None else {})
    wanted = {
        "Name": name,
        "ScheduleExpression": "rate(7 days)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": target,
    }
    machines.aws.client("scheduler").create_schedule(**wanted | settings)
    return name


def fired(machines: Machines, name: str, **settings: str) -> Any:
    arn = fire(machines.aws.client("scheduler"), name, **settings)
    described = machines.ended(arn)
    assert described["status"] == "SUCCEEDED", described
    return json.loads(described["output"])["given"]


def test_a_schedule_starts_its_target_with_its_input(machines: Machines) -> None:
    given = {"recipe": 'the "best"', "n": 1}
    assert fired(machines, schedule(machines, json.dumps(given))) == given


def test_a_schedule_without_input(machines: Machines) -> None:
    assert fired(machines, schedule(machines, None)) == {}


def test_a_schedule_in_a_group_of_its_own(machines: Machines) -> None:
    group = f"sfn-{uuid.uuid4().hex[:12]}"
    machines.aws.client("scheduler").create_schedule_group(Name=group)
    name = schedule(machines, '{"a": 1}', GroupName=group)
    assert fired(machines, name, group=group) == {"a": 1}


def test_context_attributes_are_filled_in(machines: Machines) -> None:
    """EventBridge Scheduler User Guide, Adding context attributes."""
    attributes = ("schedule-arn", "execution-id", "attempt-number", "scheduled-time")
    given = {attribute: f"<aws.scheduler.{attribute}>" for attribute in attributes}
    name = schedule(machines, json.dumps(given))
    filled = fired(machines, name)
    arn = machines.aws.client("scheduler").get_schedule(Name=name)["Arn"]
    assert filled["schedule-arn"] == arn
    assert filled["attempt-number"] == "1"
    assert re.fullmatch(r"[0-9a-f-]{36}", filled["execution-id"])
    assert datetime.fromisoformat(filled["scheduled-time"]).tzinfo is not None


def test_a_disabled_schedule_does_not_fire(machines: Machines) -> None:
    name = schedule(machines, "{}", State="DISABLED")
    with pytest.raises(BatchrecError, match=f"{name} is DISABLED"):
        fire(machines.aws.client("scheduler"), name)


def test_a_schedule_for_something_else_is_not_fired(machines: Machines) -> None:
    name = f"sfn-{uuid.uuid4().hex[:12]}"
    queue = "arn:aws:sqs:us-east-1:123456789012:queue"
    machines.aws.client("scheduler").create_schedule(
        Name=name,
        ScheduleExpression="rate(7 days)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": queue, "RoleArn": ROLE},
    )
    with pytest.raises(BatchrecError, match=queue):
        fire(machines.aws.client("scheduler"), name)
