"""Accounts, Regions and executions keep to themselves, whatever names they use."""

import json
import uuid
from typing import Any

import boto3
import pytest
import service_role
from botocore.exceptions import ClientError
from personalize_world import INTERACTIONS, avro, bucket_policy, csv, unique

from batchrec.localaws import runtime
from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)

OURS, THEIRS = "123456789012", "210987654321"


class Account:
    """Clients of one account, by its id as access key."""

    def __init__(self, aws: LocalAws, number: str, region: str = "us-east-1") -> None:
        self.aws = aws
        self.number = number
        self.region = region

    def client(self, service: str) -> Any:
        return runtime.client(service, self.aws.endpoint, self.region, self.number)

    def groups(self, name: str) -> list[str]:
        """ARNs of the dataset groups of that name."""
        pages = self.client("personalize").get_paginator("list_dataset_groups").paginate()
        listed = pages.build_full_result()["datasetGroups"]
        return [group["datasetGroupArn"] for group in listed if group["name"] == name]

    def group_arn(self, name: str) -> str:
        return f"arn:aws:personalize:{self.region}:{self.number}:dataset-group/{name}"


@pytest.fixture
def ours(local_aws: LocalAws) -> Account:
    return Account(local_aws, OURS)


@pytest.fixture
def theirs(local_aws: LocalAws) -> Account:
    return Account(local_aws, THEIRS)


# --- accounts -------------------------------------------------------------------------------------


def test_an_access_key_that_is_an_account_id_stands_for_the_account(theirs: Account) -> None:
    assert theirs.client("sts").get_caller_identity()["Account"] == THEIRS


def test_any_other_access_key_is_of_the_usual_account(local_aws: LocalAws) -> None:
    assert local_aws.client("sts").get_caller_identity()["Account"] == OURS


def test_a_role_of_another_account_can_be_assumed(local_aws: LocalAws, theirs: Account) -> None:
    assumed = local_aws.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{THEIRS}:role/deployer", RoleSessionName="here"
    )["Credentials"]
    personalize = boto3.client(
        "personalize",
        region_name="us-east-1",
        endpoint_url=local_aws.endpoint,
        aws_access_key_id=assumed["AccessKeyId"],
        aws_secret_access_key=assumed["SecretAccessKey"],
        aws_session_token=assumed["SessionToken"],
    )
    name = unique("isolation")
    arn = personalize.create_dataset_group(name=name)["datasetGroupArn"]
    assert [arn] == theirs.groups(name) == [theirs.group_arn(name)]
    assert Account(local_aws, OURS).groups(name) == []


def test_accounts_have_resources_of_their_own(ours: Account, theirs: Account) -> None:
    name = unique("isolation")
    for account in (ours, theirs):
        account.client("personalize").create_dataset_group(
            name=name, tags=[{"tagKey": "account", "tagValue": account.number}]
        )
    for account, other in ((ours, theirs), (theirs, ours)):
        personalize = account.client("personalize")
        assert account.groups(name) == [account.group_arn(name)]
        tags = personalize.list_tags_for_resource(resourceArn=account.group_arn(name))["tags"]
        assert tags == [{"tagKey": "account", "tagValue": account.number}]
        with pytest.raises(ClientError) as refused:
            personalize.delete_dataset_group(datasetGroupArn=other.group_arn(name))
        assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
    ours.aws.clock.sleep(3600)
    ours.client("personalize").delete_dataset_group(datasetGroupArn=ours.group_arn(name))
    ours.aws.clock.sleep(3600)
    assert (ours.groups(name), len(theirs.groups(name))) == ([], 1)


def test_another_account_imports_from_its_own_buckets(theirs: Account) -> None:
    name = unique("isolation")
    s3, personalize = theirs.client("s3"), theirs.client("personalize")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_policy(Bucket=name, Policy=bucket_policy(name))
    s3.put_object(Bucket=name, Key="data/interactions.csv", Body=csv().encode())
    group = personalize.create_dataset_group(name=name)["datasetGroupArn"]
    schema = personalize.create_schema(name=name, schema=avro(*INTERACTIONS))["schemaArn"]
    theirs.aws.clock.sleep(3600)
    dataset = personalize.create_dataset(
        name=name, schemaArn=schema, datasetGroupArn=group, datasetType="Interactions"
    )["datasetArn"]
    theirs.aws.clock.sleep(3600)
    job = personalize.create_dataset_import_job(
        jobName=name,
        datasetArn=dataset,
        dataSource={"dataLocation": f"s3://{name}/data/"},
        roleArn=service_role.create(theirs.client("iam"), name),
    )["datasetImportJobArn"]
    theirs.aws.clock.sleep(24 * 3600)
    described = personalize.describe_dataset_import_job(datasetImportJobArn=job)
    assert described["datasetImportJob"]["status"] == "ACTIVE", described
    assert f":{THEIRS}:" in job


def test_cloud_control_works_in_the_account_that_asks(ours: Account, theirs: Account) -> None:
    name = unique("isolation")
    cloudcontrol = theirs.client("cloudcontrol")
    desired = json.dumps({"Name": name})
    kind = "AWS::Personalize::DatasetGroup"
    asked = cloudcontrol.create_resource(TypeName=kind, DesiredState=desired)["ProgressEvent"]
    theirs.aws.clock.sleep(3600)
    status = cloudcontrol.get_resource_request_status(RequestToken=asked["RequestToken"])
    assert status["ProgressEvent"]["OperationStatus"] == "SUCCESS", status
    assert theirs.groups(name) == [theirs.group_arn(name)]
    assert ours.groups(name) == []
    found = cloudcontrol.get_resource(TypeName=kind, Identifier=theirs.group_arn(name))
    assert name in found["ResourceDescription"]["Properties"]


def machine(account: Account, name: str, states: dict[str, Any], start: str) -> str:
    return str(
        account.client("stepfunctions").create_state_machine(
            name=name,
            roleArn=f"arn:aws:iam::{account.number}:role/machine",
            definition=json.dumps({"QueryLanguage": "JSONata", "StartAt": start, "States": states}),
        )["stateMachineArn"]
    )


def test_a_state_machine_calls_its_own_account(ours: Account, theirs: Account) -> None:
    name = unique("isolation")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:personalize:createDatasetGroup",
        "Arguments": {"Name": name},
        "End": True,
    }
    for account in (theirs, ours):
        arn = machine(account, name, {"Create": task}, "Create")
        machines = account.client("stepfunctions")
        started = machines.start_execution(stateMachineArn=arn, name="same")["executionArn"]
        account.aws.clock.sleep(3600)
        described = machines.describe_execution(executionArn=started)
        assert described["status"] == "SUCCEEDED", described
        arn = json.loads(described["output"])["DatasetGroupArn"]
        assert [arn] == account.groups(name) == [account.group_arn(name)]


SCRIPT = """
import boto3, json, sys
place = sys.argv[sys.argv.index("--bucket") + 1]
account = boto3.client("sts").get_caller_identity()["Account"]
boto3.client("s3").put_object(Bucket=place, Key="account", Body=account.encode())
"""


def test_a_glue_script_belongs_to_the_account_of_its_job(theirs: Account) -> None:
    name = unique("isolation")
    s3, glue = theirs.client("s3"), theirs.client("glue")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="script.py", Body=SCRIPT.encode())
    glue.create_job(
        Name=name,
        Role="role",
        GlueVersion="5.0",
        Command={"Name": "glueetl", "ScriptLocation": f"s3://{name}/script.py"},
        DefaultArguments={"--bucket": name},
    )
    run = glue.start_job_run(JobName=name)["JobRunId"]
    theirs.aws.clock.sleep(24 * 3600)
    ended = glue.get_job_run(JobName=name, RunId=run)["JobRun"]
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert s3.get_object(Bucket=name, Key="account")["Body"].read() == THEIRS.encode()


# --- Regions --------------------------------------------------------------------------------------


def test_regions_have_resources_of_their_own(local_aws: LocalAws) -> None:
    name = unique("isolation")
    here, there = (Account(local_aws, OURS, region) for region in ("us-east-1", "eu-west-1"))
    for region in (here, there):
        region.client("personalize").create_dataset_group(name=name)
        assert region.groups(name) == [region.group_arn(name)]
    local_aws.clock.sleep(3600)
    there.client("personalize").delete_dataset_group(datasetGroupArn=there.group_arn(name))
    local_aws.clock.sleep(3600)
    assert (len(here.groups(name)), there.groups(name)) == (1, [])


# --- executions -----------------------------------------------------------------------------------


def test_executions_of_one_machine_share_nothing(ours: Account) -> None:
    """They run at the same time; each keeps its variables over a wait, and makes its own group."""
    states = {
        "Remember": {
            "Type": "Pass",
            "Assign": {"name": "{% $states.input.name %}"},
            "Next": "Wait",
        },
        "Wait": {"Type": "Wait", "Seconds": "{% $length($name) %}", "Next": "Create"},
        "Create": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:personalize:createDatasetGroup",
            "Arguments": {"Name": "{% $name %}"},
            "Output": "{% $name %}",
            "End": True,
        },
    }
    machines = ours.client("stepfunctions")
    arn = machine(ours, unique("isolation"), states, "Remember")
    names = [f"isolation-{uuid.uuid4().hex[: 5 + n]}" for n in range(4)]
    started = [
        machines.start_execution(stateMachineArn=arn, input=json.dumps({"name": name}))
        for name in names
    ]
    ours.aws.clock.sleep(3600)
    outputs = [
        json.loads(machines.describe_execution(executionArn=each["executionArn"])["output"])
        for each in started
    ]
    assert outputs == names
    assert all(len(ours.groups(name)) == 1 for name in names)
