"""Calls with a role: what its policies let it do, and how the local AWS refuses the rest."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from batchrec.errors import BatchrecError
from batchrec.localaws import runtime, scheduler
from batchrec.localaws.authorization.session import Session
from batchrec.localaws.server import LocalAws

ACCOUNT = "123456789012"
MACHINE = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:machine"
STATES = "states.amazonaws.com"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def allow(action: str, resource: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource} | more


def trust(service: str = STATES, **more: Any) -> dict[str, Any]:
    principal = {"Service": service}
    return {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"} | more


class Role:
    """A role that Step Functions works with, and a bucket."""

    def __init__(self, aws: LocalAws, *statements: dict[str, Any], **settings: Any) -> None:
        self.aws = aws
        self.name = f"role-{uuid.uuid4().hex[:8]}"
        self.bucket = self.name
        self.iam = aws.client("iam")
        settings = {"AssumeRolePolicyDocument": policy(trust())} | settings
        self.arn = str(self.iam.create_role(RoleName=self.name, **settings)["Role"]["Arn"])
        aws.client("s3").create_bucket(Bucket=self.bucket)
        if statements:
            self.grant(*statements)

    def grant(self, *statements: dict[str, Any]) -> None:
        document = policy(*statements).replace("BUCKET", self.bucket)
        self.iam.put_role_policy(RoleName=self.name, PolicyName="own", PolicyDocument=document)

    def put(self, key: str) -> None:
        self.aws.client("s3").put_object(Bucket=self.bucket, Key=key, Body=b"content")

    def client(self, service: str) -> Any:
        who = runtime.current().acting(STATES, MACHINE, self.arn)
        assert isinstance(who, Session)
        return runtime.current().client(service, "us-east-1", who)

    def get(self, key: str) -> str:
        """ "ok", or the code and the message of the error."""
        return outcome(lambda: self.client("s3").get_object(Bucket=self.bucket, Key=key))


def outcome(call: Callable[[], Any]) -> str:
    try:
        call()
    except ClientError as error:
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    return "ok"


READ = allow("s3:GetObject", "arn:aws:s3:::BUCKET/in/*")


# --- identity policies ----------------------------------------------------------------------------


def test_what_nothing_allows_is_refused_in_the_words_of_aws(local_aws: LocalAws) -> None:
    """The words: IAM User Guide, Troubleshoot access denied error messages."""
    role = Role(local_aws, READ)
    role.put("out/x")
    assert role.get("out/x") == (
        f"AccessDenied: User: arn:aws:sts::{ACCOUNT}:assumed-role/{role.name}/states is not"
        f" authorized to perform: s3:GetObject on resource: arn:aws:s3:::{role.bucket}/out/x"
        " because no identity-based policy allows the s3:GetObject action"
    )


def test_what_a_policy_allows_is_done(local_aws: LocalAws) -> None:
    role = Role(local_aws, READ)
    role.put("in/é x")
    assert role.get("in/é x") == "ok"


def test_a_change_of_policies_counts_at_once(local_aws: LocalAws) -> None:
    role = Role(local_aws, READ)
    role.put("in/x")
    assert role.get("in/x") == "ok"
    role.iam.delete_role_policy(RoleName=role.name, PolicyName="own")
    assert "no identity-based policy" in role.get("in/x")
    role.iam.put_role_policy(
        RoleName=role.name,
        PolicyName="other",
        PolicyDocument=policy(READ).replace("BUCKET", role.bucket),
    )
    assert role.get("in/x") == "ok"


def test_an_attached_policy_counts(local_aws: LocalAws) -> None:
    role = Role(local_aws)
    role.put("in/x")
    document = policy(READ).replace("BUCKET", role.bucket)
    made = role.iam.create_policy(PolicyName=role.name, PolicyDocument=document)
    role.iam.attach_role_policy(RoleName=role.name, PolicyArn=made["Policy"]["Arn"])
    assert role.get("in/x") == "ok"


def test_a_denial_beats_what_is_allowed(local_aws: LocalAws) -> None:
    role = Role(local_aws, READ, {**READ, "Effect": "Deny"})
    role.put("in/x")
    assert "with an explicit deny in an identity-based policy" in role.get("in/x")


def test_a_boundary_limits_what_is_allowed(local_aws: LocalAws) -> None:
    limit = local_aws.client("iam").create_policy(
        PolicyName=f"limit-{uuid.uuid4().hex[:8]}", PolicyDocument=policy(allow("sns:*", "*"))
    )
    role = Role(local_aws, READ, PermissionsBoundary=limit["Policy"]["Arn"])
    role.put("in/x")
    assert "because no permissions boundary allows the s3:GetObject action" in role.get("in/x")


def test_a_bucket_policy_can_deny(local_aws: LocalAws) -> None:
    role = Role(local_aws, READ)
    role.put("in/x")
    statement = {
        "Effect": "Deny",
        "Principal": {"AWS": role.arn},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{role.bucket}/*",
    }
    local_aws.client("s3").put_bucket_policy(Bucket=role.bucket, Policy=policy(statement))
    assert "with an explicit deny in a resource-based policy" in role.get("in/x")


def test_a_bucket_policy_that_refuses_plain_http_refuses_nobody_here(local_aws: LocalAws) -> None:
    role = Role(local_aws, READ)
    role.put("in/x")
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{role.bucket}/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    local_aws.client("s3").put_bucket_policy(Bucket=role.bucket, Policy=policy(statement))
    assert role.get("in/x") == "ok"


# --- S3 -------------------------------------------------------------------------------------------


LIST = allow(
    "s3:ListBucket", "arn:aws:s3:::BUCKET", Condition={"StringLike": {"s3:prefix": "in/*"}}
)


def test_who_may_not_list_is_not_told_that_an_object_is_missing(local_aws: LocalAws) -> None:
    """API Reference, GetObject."""
    role = Role(local_aws, READ)
    assert role.get("in/missing").startswith("AccessDenied: ")
    assert "s3:ListBucket" in role.get("in/missing")
    role.grant(READ, LIST)
    assert role.get("in/missing").startswith("NoSuchKey: ")


@pytest.mark.parametrize(
    ("prefix", "expected"), [({"Prefix": "in/a"}, "ok"), ({"Prefix": "out/"}, "no"), ({}, "no")]
)
def test_listing_is_limited_by_prefix(
    local_aws: LocalAws, prefix: dict[str, str], expected: str
) -> None:
    role = Role(local_aws, LIST)
    found = outcome(lambda: role.client("s3").list_objects_v2(Bucket=role.bucket, **prefix))
    assert found == "ok" if expected == "ok" else found.startswith("AccessDenied: ")


def test_an_upload_in_parts_is_one_of_putting(local_aws: LocalAws) -> None:
    role = Role(local_aws)
    where = {"Bucket": role.bucket, "Key": "out/x"}

    def upload() -> None:
        s3 = role.client("s3")
        number = s3.create_multipart_upload(**where)["UploadId"]
        part = s3.upload_part(**where, UploadId=number, PartNumber=1, Body=b"x")
        parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        s3.complete_multipart_upload(**where, UploadId=number, MultipartUpload=parts)

    assert "s3:PutObject" in outcome(upload)
    role.grant(allow("s3:PutObject", "arn:aws:s3:::BUCKET/out/*"))
    assert outcome(upload) == "ok"


def test_many_deletions_need_each(local_aws: LocalAws) -> None:
    role = Role(local_aws, allow("s3:DeleteObject", "arn:aws:s3:::BUCKET/in/*"))

    def delete(*keys: str) -> str:
        wanted = {"Objects": [{"Key": key} for key in keys]}
        return outcome(lambda: role.client("s3").delete_objects(Bucket=role.bucket, Delete=wanted))

    assert delete("in/a", "in/b") == "ok"
    assert f"{role.bucket}/out/b" in delete("in/a", "out/b")


def test_encrypted_objects_need_their_key_through_s3(local_aws: LocalAws) -> None:
    """S3 User Guide, Using server-side encryption with AWS KMS keys."""
    key = local_aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    role = Role(local_aws, READ)
    local_aws.client("s3").put_object(
        Bucket=role.bucket,
        Key="in/x",
        Body=b"x",
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=key,
    )
    assert f"kms:Decrypt on resource: {key}" in role.get("in/x")
    via = {"StringEquals": {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}}
    role.grant(READ, allow("kms:Decrypt", key, Condition=via))
    assert "kms:Decrypt" in role.get("in/x")
    via["StringEquals"]["kms:ViaService"] = "s3.us-east-1.amazonaws.com"
    role.grant(READ, allow("kms:Decrypt", key, Condition=via))
    assert role.get("in/x") == "ok"


# --- other services -------------------------------------------------------------------------------


def test_each_service_refuses_in_its_own_way(local_aws: LocalAws) -> None:
    role = Role(local_aws, READ)
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:topic"
    calls: dict[str, Callable[[], Any]] = {
        "AccessDeniedException: ": lambda: role.client("personalize").list_solutions(),
        "AuthorizationError: ": lambda: role.client("sns").publish(TopicArn=topic, Message="x"),
        "AccessDenied: ": lambda: role.client("sqs").send_message(
            QueueUrl=f"{local_aws.endpoint}/{ACCOUNT}/queue", MessageBody="x"
        ),
    }
    for code, call in calls.items():
        assert outcome(call).startswith(f"{code}User: arn:aws:sts::{ACCOUNT}:assumed-role/")


def test_creating_with_a_role_needs_to_pass_it(local_aws: LocalAws) -> None:
    place = f"arn:aws:personalize:us-east-1:{ACCOUNT}"
    role = Role(local_aws)

    def create() -> str:
        return outcome(
            lambda: role.client("personalize").create_dataset_import_job(
                jobName="job",
                datasetArn=f"{place}:dataset/none/INTERACTIONS",
                dataSource={"dataLocation": "s3://b/"},
                roleArn=f"arn:aws:iam::{ACCOUNT}:role/passed",
            )
        )

    wanted = [
        allow("personalize:CreateDatasetImportJob", f"{place}:dataset/none/*"),
        allow("personalize:CreateDatasetImportJob", f"{place}:dataset-import-job/job"),
        allow("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/passed"),
    ]
    for known, lacking in enumerate((":dataset/none", ":dataset-import-job/job", "iam:PassRole")):
        if wanted[:known]:
            role.grant(*wanted[:known])
        assert lacking in create()
    role.grant(*wanted)
    assert create().startswith("ResourceNotFoundException: ")


def test_creating_with_tags_needs_to_tag(local_aws: LocalAws) -> None:
    """Service Authorization Reference, API operations defined by Amazon Personalize."""
    groups = f"arn:aws:personalize:us-east-1:{ACCOUNT}:dataset-group/*"
    role = Role(local_aws, allow("personalize:CreateDatasetGroup", groups))
    tags = [{"tagKey": "team", "tagValue": "shop"}]

    def create() -> str:
        personalize = role.client("personalize")
        return outcome(lambda: personalize.create_dataset_group(name=role.name, tags=tags))

    assert "personalize:TagResource" in create()
    ours = {"StringEquals": {"aws:RequestTag/team": "shop"}}
    role.grant(
        allow("personalize:CreateDatasetGroup", groups),
        allow("personalize:TagResource", groups, Condition=ours),
    )
    assert create() == "ok"


def test_an_operation_whose_permissions_are_unknown_is_not_done(local_aws: LocalAws) -> None:
    role = Role(local_aws, allow("*", "*"))
    refused = outcome(lambda: role.client("dynamodb").list_tables())
    assert refused.startswith("NotImplemented: ")
    assert "dynamodb:ListTables" in refused


def test_a_policy_that_cannot_be_evaluated_lets_nothing_pass(local_aws: LocalAws) -> None:
    when = {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}
    role = Role(local_aws, {**READ, "Condition": when})
    role.put("in/x")
    refused = outcome(lambda: role.client("s3").get_object(Bucket=role.bucket, Key="in/x"))
    assert refused.startswith("NotImplemented: ")
    assert "DateLessThan" in refused


def test_calls_are_noted_with_their_role_and_what_they_need(local_aws: LocalAws) -> None:
    role = Role(local_aws, READ)
    role.put("in/x")
    role.get("in/x")
    done = [call for call in local_aws.calls if call.role == role.arn]
    assert [(call.operation, call.status) for call in done] == [("GetObject", 200)]
    ((need,),) = (call.needed for call in done)
    assert (need.action, need.resource) == ("s3:GetObject", f"arn:aws:s3:::{role.bucket}/in/x")
    assert need.context["aws:PrincipalArn"] == role.arn
    by_person = [c for c in local_aws.calls.of("s3", "PutObject") if c.request["Key"] == "in/x"]
    assert {call.role for call in by_person} == {""}


# --- who assumes roles ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "assumed"),
    [
        (trust(), True),
        (trust("glue.amazonaws.com"), False),
        (trust(Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}), True),
        (trust(Condition={"StringEquals": {"aws:SourceAccount": "210987654321"}}), False),
        (trust(Condition={"ArnLike": {"aws:SourceArn": MACHINE}}), True),
        (trust(Condition={"ArnLike": {"aws:SourceArn": f"{MACHINE}-2"}}), False),
    ],
)
def test_a_service_assumes_a_role_that_trusts_it(
    local_aws: LocalAws, statement: dict[str, Any], assumed: bool
) -> None:
    role = Role(local_aws, AssumeRolePolicyDocument=policy(statement))
    found = outcome(lambda: role.client("sts").get_caller_identity())
    assert found == "ok" if assumed else found.startswith("AccessDenied: ")
    if not assumed:
        assert f"{STATES} is not authorized to perform: sts:AssumeRole" in found
        assert role.arn in found


def test_a_role_that_is_not_there_is_done_without(local_aws: LocalAws) -> None:
    who = runtime.current().acting(STATES, MACHINE, f"arn:aws:iam::{ACCOUNT}:role/nobody")
    assert who == ACCOUNT


def test_a_person_who_assumes_a_role_is_held_to_it(local_aws: LocalAws) -> None:
    role = Role(local_aws, READ)
    role.put("in/x")
    role.put("out/x")
    given = local_aws.client("sts").assume_role(RoleArn=role.arn, RoleSessionName="me")
    keys = given["Credentials"]
    s3 = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=local_aws.endpoint,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    assert outcome(lambda: s3.get_object(Bucket=role.bucket, Key="in/x")) == "ok"
    refused = outcome(lambda: s3.get_object(Bucket=role.bucket, Key="out/x"))
    assert f"assumed-role/{role.name}/me is not authorized" in refused


# --- the scheduler --------------------------------------------------------------------------------


def test_what_a_schedule_may_not_start_goes_to_its_dead_letter_queue(local_aws: LocalAws) -> None:
    queue = f"dead-{uuid.uuid4().hex[:8]}"
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{queue}"
    role = Role(
        local_aws,
        allow("sqs:SendMessage", arn),
        AssumeRolePolicyDocument=policy(trust("scheduler.amazonaws.com")),
    )
    url = local_aws.client("sqs").create_queue(QueueName=queue)["QueueUrl"]
    target = {"Arn": MACHINE, "RoleArn": role.arn, "Input": '{"a": 1}'}
    local_aws.client("scheduler").create_schedule(
        Name=role.name,
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target | {"DeadLetterConfig": {"Arn": arn}},
    )
    with pytest.raises(BatchrecError, match=rf"{role.name}/.* perform: states:StartExecution"):
        scheduler.fire(local_aws.client("scheduler"), role.name)
    (message,) = local_aws.client("sqs").receive_message(
        QueueUrl=url, MessageAttributeNames=["All"]
    )["Messages"]
    assert message["Body"] == '{"a": 1}'
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert told["TARGET_ARN"] == MACHINE
    assert told["ERROR_CODE"] == "AccessDeniedException"
