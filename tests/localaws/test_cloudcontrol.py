"""Cloud Control for the Personalize types, against AWS's own schemas (cfn-lint carries them)."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from batchrec.localaws.faults import Fault, Faults, JobFault
from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)

ARN = "arn:aws:personalize:us-east-1:123456789012"
DATASET_GROUP = "AWS::Personalize::DatasetGroup"
SCHEMA = "AWS::Personalize::Schema"
DATASET = "AWS::Personalize::Dataset"
TYPES = (DATASET_GROUP, SCHEMA, DATASET)
AVRO = json.dumps(
    {
        "type": "record",
        "name": "Interactions",
        "namespace": "com.amazonaws.personalize.schema",
        "fields": [
            {"name": "USER_ID", "type": "string"},
            {"name": "ITEM_ID", "type": "string"},
            {"name": "TIMESTAMP", "type": "long"},
        ],
        "version": "1.0",
    }
)
LONG_ENOUGH = 24 * 3600  # for anything that is under way, in virtual seconds


def unique() -> str:
    return f"cc-{uuid.uuid4().hex[:12]}"


class CloudControl:
    """Waits for requests in virtual time."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws
        self.api = aws.client("cloudcontrol")

    def settle(self) -> None:
        self.aws.clock.sleep(LONG_ENOUGH)

    def ended(self, answer: dict[str, Any]) -> dict[str, Any]:
        """The progress of a request when it has ended."""
        self.settle()
        token = answer["ProgressEvent"]["RequestToken"]
        event = self.api.get_resource_request_status(RequestToken=token)["ProgressEvent"]
        return dict(event)

    def create(self, kind: str, **properties: object) -> dict[str, Any]:
        desired = json.dumps(properties)
        return self.ended(self.api.create_resource(TypeName=kind, DesiredState=desired))

    def made(self, kind: str, **properties: object) -> str:
        event = self.create(kind, **properties)
        assert event["OperationStatus"] == "SUCCESS", event
        return str(event["Identifier"])

    def delete(self, kind: str, arn: str) -> dict[str, Any]:
        return self.ended(self.api.delete_resource(TypeName=kind, Identifier=arn))

    def read(self, kind: str, arn: str) -> dict[str, Any]:
        described = self.api.get_resource(TypeName=kind, Identifier=arn)
        assert described["TypeName"] == kind
        assert described["ResourceDescription"]["Identifier"] == arn
        return dict(json.loads(described["ResourceDescription"]["Properties"]))

    def listed(self, kind: str) -> set[str]:
        listed = self.api.list_resources(TypeName=kind)["ResourceDescriptions"]
        return {description["Identifier"] for description in listed}


@pytest.fixture
def cloud(local_aws: LocalAws) -> CloudControl:
    return CloudControl(local_aws)


@pytest.fixture
def held(cloud: CloudControl) -> Iterator[CloudControl]:
    cloud.aws.clock.hold()
    yield cloud
    cloud.aws.clock.release()
    cloud.settle()


def refusal(code: str, call: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    response = refused.value.response
    assert response["Error"]["Code"] == code, response["Error"]["Message"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return str(response["Error"]["Message"])


# --- a resource's life ----------------------------------------------------------------------------


def test_the_three_types_from_creation_to_deletion(cloud: CloudControl) -> None:
    name = unique()
    group = cloud.made(DATASET_GROUP, Name=name)
    assert group == f"{ARN}:dataset-group/{name}"
    assert cloud.read(DATASET_GROUP, group) == {"Name": name, "DatasetGroupArn": group}

    schema = cloud.made(SCHEMA, Name=name, Schema=AVRO)
    assert schema == f"{ARN}:schema/{name}"
    assert cloud.read(SCHEMA, schema) == {"Name": name, "Schema": AVRO, "SchemaArn": schema}

    wanted = {
        "Name": name,
        "DatasetType": "Interactions",
        "DatasetGroupArn": group,
        "SchemaArn": schema,
    }
    dataset = cloud.made(DATASET, **wanted)
    assert dataset == f"{ARN}:dataset/{name}/INTERACTIONS"
    properties = cloud.read(DATASET, dataset)
    assert properties.pop("DatasetType").upper() == "INTERACTIONS"
    assert properties == {
        "Name": name,
        "DatasetGroupArn": group,
        "SchemaArn": schema,
        "DatasetArn": dataset,
    }

    for kind, arn in ((DATASET, dataset), (SCHEMA, schema), (DATASET_GROUP, group)):
        assert arn in cloud.listed(kind)
        event = cloud.delete(kind, arn)
        assert (event["Operation"], event["OperationStatus"]) == ("DELETE", "SUCCESS")
        assert arn not in cloud.listed(kind)
        refusal("ResourceNotFoundException", lambda kind=kind, arn=arn: cloud.read(kind, arn))


def test_a_list_gives_each_identifier_as_a_property(cloud: CloudControl) -> None:
    group = cloud.made(DATASET_GROUP, Name=unique())
    listed = cloud.api.list_resources(TypeName=DATASET_GROUP)
    assert listed["TypeName"] == DATASET_GROUP
    properties = {
        description["Identifier"]: json.loads(description["Properties"])
        for description in listed["ResourceDescriptions"]
    }
    assert properties[group] == {"DatasetGroupArn": group}


def test_tags_are_written_and_read(cloud: CloudControl) -> None:
    """The newest schemas: Tags are create-only, set through TagResource."""
    tags = [{"Key": "team", "Value": "search"}]
    group = cloud.made(DATASET_GROUP, Name=unique(), Tags=tags)
    assert cloud.read(DATASET_GROUP, group)["Tags"] == tags
    listed = cloud.aws.client("personalize").list_tags_for_resource(resourceArn=group)
    assert listed["tags"] == [{"tagKey": "team", "tagValue": "search"}]


def test_a_request_is_in_progress_until_the_resource_is_active(held: CloudControl) -> None:
    name, personalize = unique(), held.aws.client("personalize")
    desired = json.dumps({"Name": name})
    event = held.api.create_resource(TypeName=DATASET_GROUP, DesiredState=desired)["ProgressEvent"]
    assert event["OperationStatus"] == "IN_PROGRESS"
    assert (event["Operation"], event["TypeName"]) == ("CREATE", DATASET_GROUP)
    assert "ErrorCode" not in event
    token = event["RequestToken"]

    def status() -> str:
        answer = held.api.get_resource_request_status(RequestToken=token)
        return str(answer["ProgressEvent"]["OperationStatus"])

    seen = []
    for _ in range(120):
        held.aws.clock.advance(1)
        described = personalize.describe_dataset_group(
            datasetGroupArn=f"{ARN}:dataset-group/{name}"
        )
        seen.append((status(), described["datasetGroup"]["status"]))
    assert ("SUCCESS", "ACTIVE") in seen
    assert all(group == "ACTIVE" for request, group in seen if request == "SUCCESS")
    assert {request for request, group in seen if group != "ACTIVE"} == {"IN_PROGRESS"}


# --- what goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [DATASET_GROUP, SCHEMA])
def test_a_name_that_is_taken(cloud: CloudControl, kind: str) -> None:
    desired = {"Name": unique()} | ({"Schema": AVRO} if kind == SCHEMA else {})
    cloud.made(kind, **desired)
    event = cloud.create(kind, **desired)
    assert (event["OperationStatus"], event["ErrorCode"]) == ("FAILED", "AlreadyExists")
    assert "already exists" in event["StatusMessage"]


def test_a_resource_that_is_used_is_not_deleted(cloud: CloudControl) -> None:
    name = unique()
    group = cloud.made(DATASET_GROUP, Name=name)
    schema = cloud.made(SCHEMA, Name=name, Schema=AVRO)
    cloud.made(
        DATASET, Name=name, DatasetType="Interactions", DatasetGroupArn=group, SchemaArn=schema
    )
    for kind, arn in ((DATASET_GROUP, group), (SCHEMA, schema)):
        event = cloud.delete(kind, arn)
        assert (event["OperationStatus"], event["ErrorCode"]) == ("FAILED", "ResourceConflict")


@pytest.mark.parametrize(
    ("kind", "tail"),
    [
        (DATASET_GROUP, "dataset-group/nowhere"),
        (SCHEMA, "schema/nowhere"),
        (DATASET, "dataset/nowhere/INTERACTIONS"),
    ],
)
def test_what_is_not_there(cloud: CloudControl, kind: str, tail: str) -> None:
    arn = f"{ARN}:{tail}"
    refusal("ResourceNotFoundException", lambda: cloud.read(kind, arn))
    event = cloud.delete(kind, arn)
    assert (event["OperationStatus"], event["ErrorCode"]) == ("FAILED", "NotFound")


@pytest.fixture
def faults(cloud: CloudControl) -> Iterator[Faults]:
    yield cloud.aws.faults
    cloud.aws.faults.clear()


def test_a_creation_that_fails_leaves_what_it_made(cloud: CloudControl, faults: Faults) -> None:
    """Cloud Control rolls nothing back: the name is taken until the failed resource is deleted."""
    name = unique()
    fault = faults.add(JobFault("DatasetGroup", "No such luck.", times=1))
    event = cloud.create(DATASET_GROUP, Name=name)
    assert fault.hits == 1
    assert (event["OperationStatus"], event["ErrorCode"]) == ("FAILED", "GeneralServiceException")
    assert event["StatusMessage"] == "No such luck."
    again = cloud.create(DATASET_GROUP, Name=name)
    assert (again["OperationStatus"], again["ErrorCode"]) == ("FAILED", "AlreadyExists")
    arn = f"{ARN}:dataset-group/{name}"
    assert arn in cloud.listed(DATASET_GROUP)
    assert cloud.delete(DATASET_GROUP, arn)["OperationStatus"] == "SUCCESS"
    assert cloud.made(DATASET_GROUP, Name=name) == arn


@pytest.mark.parametrize("kind", TYPES)
def test_what_is_deleted_by_hand_is_gone_here_too(
    cloud: CloudControl, dataset: str, kind: str
) -> None:
    personalize = cloud.aws.client("personalize")
    described = personalize.describe_dataset(datasetArn=dataset)["dataset"]
    schema, group = described["schemaArn"], described["datasetGroupArn"]
    personalize.delete_dataset(datasetArn=dataset)
    cloud.settle()
    personalize.delete_schema(schemaArn=schema)
    personalize.delete_dataset_group(datasetGroupArn=group)
    cloud.settle()
    arn = {DATASET_GROUP: group, SCHEMA: schema, DATASET: dataset}[kind]
    message = refusal("ResourceNotFoundException", lambda: cloud.read(kind, arn))
    assert message == f"Resource of type '{kind}' with identifier '{arn}' was not found."
    assert arn not in cloud.listed(kind)


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("ThrottlingException", "ThrottlingException"),
        ("InternalServerError", "GeneralServiceException"),
    ],
)
def test_a_resource_that_cannot_be_read_now_is_not_gone(
    cloud: CloudControl, faults: Faults, code: str, seen: str
) -> None:
    """Terraform drops from its state what a read doesn't find."""
    schema = cloud.made(SCHEMA, Name=unique(), Schema=AVRO)
    faults.add(Fault("personalize", "DescribeSchema", code))
    refusal(seen, lambda: cloud.read(SCHEMA, schema))
    assert cloud.read(SCHEMA, schema)


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("ThrottlingException", "Throttling"),
        ("LimitExceededException", "ServiceLimitExceeded"),
        ("AccessDeniedException", "AccessDenied"),
        ("InternalServerError", "ServiceInternalError"),
    ],
)
def test_a_handler_tells_what_personalize_said(
    cloud: CloudControl, faults: Faults, code: str, seen: str
) -> None:
    """API Reference, ProgressEvent, ErrorCode; which code for which error is ours."""
    faults.add(Fault("personalize", "CreateSchema", code, "Not now."))
    event = cloud.create(SCHEMA, Name=unique(), Schema=AVRO)
    assert (event["OperationStatus"], event["ErrorCode"]) == ("FAILED", seen)
    assert event["StatusMessage"] == "Not now."


def test_a_list_is_whole_however_many_there_are(cloud: CloudControl) -> None:
    create = cloud.aws.client("personalize").create_schema
    made = {create(name=unique(), schema=AVRO)["schemaArn"] for _ in range(101)}
    assert made <= cloud.listed(SCHEMA)


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({"Name": "any", "Wonder": 1}, "#: extraneous key [Wonder] is not permitted"),
        ({}, "#: required key [Name] not found"),
        (
            {"Wonder": 1},
            "#: required key [Name] not found\n#: extraneous key [Wonder] is not permitted",
        ),
        ({"Name": 5}, "#/Name: failed validation constraint for keyword [type]"),
        ({"Name": "-"}, "#/Name: failed validation constraint for keyword [pattern]"),
        ({"Name": "x" * 64}, "#/Name: failed validation constraint for keyword [maxLength]"),
        (
            {"Name": "any", "Domain": "SPACE", "Tags": [{"Key": "a"}]},
            "#/Domain: failed validation constraint for keyword [enum]\n"
            "#/Tags/0: failed validation constraint for keyword [required]",
        ),
    ],
)
def test_desired_state_that_does_not_fit(
    cloud: CloudControl, properties: dict[str, object], problem: str
) -> None:
    """Recorded of AWS, though its model of the API has no such error."""
    desired = json.dumps(properties)
    message = refusal(
        "ValidationException",
        lambda: cloud.api.create_resource(TypeName=DATASET_GROUP, DesiredState=desired),
    )
    assert message == f"Model validation failed ({problem})"


def test_what_only_the_service_sets(cloud: CloudControl) -> None:
    """CloudFormation, Resource type schema, readOnlyProperties; the error is ours."""
    desired = json.dumps({"Name": unique(), "DatasetGroupArn": f"{ARN}:dataset-group/any"})
    create = cloud.api.create_resource
    refusal("InvalidRequestException", lambda: create(TypeName=DATASET_GROUP, DesiredState=desired))


@pytest.mark.parametrize("desired", ["no JSON", "[]"])
def test_desired_state_that_is_no_object(cloud: CloudControl, desired: str) -> None:
    create = cloud.api.create_resource
    refusal("InvalidRequestException", lambda: create(TypeName=DATASET_GROUP, DesiredState=desired))


def test_what_personalize_refuses_fails_the_request(cloud: CloudControl) -> None:
    event = cloud.create(SCHEMA, Name=unique(), Schema="no Avro")
    assert (event["OperationStatus"], event["ErrorCode"]) == ("FAILED", "InvalidRequest")
    assert "JSON" in event["StatusMessage"]


@pytest.mark.parametrize("kind", ["AWS::S3::Bucket", "AWS::Personalize::Solution", "AWS::No::Type"])
def test_other_types_are_not_there(cloud: CloudControl, kind: str) -> None:
    api = cloud.api
    for call in (
        lambda: api.create_resource(TypeName=kind, DesiredState="{}"),
        lambda: api.get_resource(TypeName=kind, Identifier="any"),
        lambda: api.delete_resource(TypeName=kind, Identifier="any"),
        lambda: api.list_resources(TypeName=kind),
    ):
        assert kind in refusal("TypeNotFoundException", call)


# --- updates --------------------------------------------------------------------------------------


def patch(path: str) -> str:
    return json.dumps([{"op": "replace", "path": path, "value": "other"}])


def test_types_without_an_update_handler(cloud: CloudControl) -> None:
    group = cloud.made(DATASET_GROUP, Name=unique())
    message = refusal(
        "UnsupportedActionException",
        lambda: cloud.api.update_resource(
            TypeName=DATASET_GROUP, Identifier=group, PatchDocument=patch("/Name")
        ),
    )
    assert message == f"Resource type {DATASET_GROUP} does not support UPDATE action"


@pytest.fixture
def dataset(cloud: CloudControl) -> str:
    name = unique()
    group = cloud.made(DATASET_GROUP, Name=name)
    schema = cloud.made(SCHEMA, Name=name, Schema=AVRO)
    return cloud.made(
        DATASET, Name=name, DatasetType="Interactions", DatasetGroupArn=group, SchemaArn=schema
    )


@pytest.mark.parametrize("path", ["/Name", "/SchemaArn", "/Tags", "/Tags/0/Value"])
def test_create_only_properties_stay(cloud: CloudControl, dataset: str, path: str) -> None:
    """Recorded of AWS: hashicorp/terraform-provider-awscc issue 2138 and others."""
    before = cloud.read(DATASET, dataset)
    message = refusal(
        "NotUpdatableException",
        lambda: cloud.api.update_resource(
            TypeName=DATASET, Identifier=dataset, PatchDocument=patch(path)
        ),
    )
    assert message == (
        f"Invalid patch update: createOnlyProperties [/properties{path}] cannot be updated"
    )
    assert cloud.read(DATASET, dataset) == before


def test_imports_of_a_dataset_are_not_emulated(cloud: CloudControl, dataset: str) -> None:
    """Refused at once: never a data set that is silently left empty."""
    job = {"DatasetImportJob": {"JobName": "any"}}
    desired = {"Name": "any", "DatasetType": "Items"}
    desired |= {"DatasetGroupArn": f"{ARN}:dataset-group/a", "SchemaArn": f"{ARN}:schema/a"}
    patch = [{"op": "add", "path": "/DatasetImportJob", "value": job["DatasetImportJob"]}]
    for call in (
        lambda: cloud.api.create_resource(TypeName=DATASET, DesiredState=json.dumps(desired | job)),
        lambda: cloud.api.update_resource(
            TypeName=DATASET, Identifier=dataset, PatchDocument=json.dumps(patch)
        ),
    ):
        with pytest.raises(ClientError, match="CreateDatasetImportJob") as refused:
            call()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


@pytest.mark.parametrize(
    "document", ["no JSON", "{}x", '[{"op": "remove"}]', '[{"op": "remove", "path": "Name"}]']
)
def test_a_patch_that_is_none(cloud: CloudControl, dataset: str, document: str) -> None:
    update = cloud.api.update_resource
    refusal(
        "InvalidRequestException",
        lambda: update(TypeName=DATASET, Identifier=dataset, PatchDocument=document),
    )


# --- requests -------------------------------------------------------------------------------------


def test_a_client_token_makes_a_request_once(cloud: CloudControl) -> None:
    """API Reference, CreateResource, ClientToken."""
    token = uuid.uuid4().hex
    create, desired = cloud.api.create_resource, json.dumps({"Name": unique()})
    first = create(TypeName=DATASET_GROUP, DesiredState=desired, ClientToken=token)
    second = create(TypeName=DATASET_GROUP, DesiredState=desired, ClientToken=token)
    cloud.settle()
    third = create(TypeName=DATASET_GROUP, DesiredState=desired, ClientToken=token)
    events = [answer["ProgressEvent"] for answer in (first, second, third)]
    assert len({event["RequestToken"] for event in events}) == 1
    assert events[2]["OperationStatus"] == "SUCCESS"
    other = json.dumps({"Name": unique()})
    refusal(
        "ClientTokenConflictException",
        lambda: create(TypeName=DATASET_GROUP, DesiredState=other, ClientToken=token),
    )


def test_a_token_that_is_none(cloud: CloudControl) -> None:
    token = str(uuid.uuid4())
    for call in (cloud.api.get_resource_request_status, cloud.api.cancel_resource_request):
        message = refusal(
            "RequestTokenNotFoundException", lambda call=call: call(RequestToken=token)
        )
        assert token in message


def test_a_cancelled_request_stays_cancelled(held: CloudControl) -> None:
    desired = json.dumps({"Name": unique()})
    event = held.api.create_resource(TypeName=DATASET_GROUP, DesiredState=desired)["ProgressEvent"]
    token = event["RequestToken"]
    cancelled = held.api.cancel_resource_request(RequestToken=token)["ProgressEvent"]
    assert cancelled["OperationStatus"] in ("CANCEL_IN_PROGRESS", "CANCEL_COMPLETE")
    held.aws.clock.advance(LONG_ENOUGH)
    later = held.api.get_resource_request_status(RequestToken=token)["ProgressEvent"]
    assert later["OperationStatus"] == "CANCEL_COMPLETE"


def test_a_request_that_has_ended_is_not_cancelled(cloud: CloudControl) -> None:
    event = cloud.create(DATASET_GROUP, Name=unique())
    cloud.api.cancel_resource_request(RequestToken=event["RequestToken"])
    again = cloud.api.get_resource_request_status(RequestToken=event["RequestToken"])
    assert again["ProgressEvent"]["OperationStatus"] == "SUCCESS"


def test_requests_are_listed_by_operation_and_status(cloud: CloudControl) -> None:
    name = unique()
    created = cloud.create(DATASET_GROUP, Name=name)
    failed = cloud.create(DATASET_GROUP, Name=name)
    deleted = cloud.delete(DATASET_GROUP, created["Identifier"])

    def tokens(**wanted: list[str]) -> set[str]:
        listed = cloud.api.list_resource_requests(ResourceRequestStatusFilter=wanted)
        return {event["RequestToken"] for event in listed["ResourceRequestStatusSummaries"]}

    mine = {event["RequestToken"] for event in (created, failed, deleted)}
    assert mine <= tokens()
    assert tokens(Operations=["DELETE"]) & mine == {deleted["RequestToken"]}
    assert tokens(OperationStatuses=["FAILED"]) & mine == {failed["RequestToken"]}
    assert tokens(Operations=["CREATE"], OperationStatuses=["SUCCESS"]) & mine == {
        created["RequestToken"]
    }


# --- the schemas ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", TYPES)
def test_describe_type_gives_the_schema_that_aws_publishes(local_aws: LocalAws, kind: str) -> None:
    described = local_aws.client("cloudformation").describe_type(Type="RESOURCE", TypeName=kind)
    published = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    assert json.loads(described["Schema"]) == published
    assert (described["TypeName"], described["Type"]) == (kind, "RESOURCE")


def test_describe_type_of_another_type(local_aws: LocalAws) -> None:
    describe = local_aws.client("cloudformation").describe_type
    with pytest.raises(ClientError, match="TypeNotFoundException"):
        describe(Type="RESOURCE", TypeName="AWS::No::Type")


@pytest.mark.parametrize("kind", TYPES)
def test_what_is_read_are_properties_of_the_type(cloud: CloudControl, kind: str) -> None:
    name = unique()
    group = cloud.made(DATASET_GROUP, Name=name)
    schema = cloud.made(SCHEMA, Name=name, Schema=AVRO)
    dataset = cloud.made(
        DATASET, Name=name, DatasetType="Interactions", DatasetGroupArn=group, SchemaArn=schema
    )
    published = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    arn = {DATASET_GROUP: group, SCHEMA: schema, DATASET: dataset}[kind]
    properties = cloud.read(kind, arn)
    (identifier,) = published["primaryIdentifier"]
    assert properties[identifier.removeprefix("/properties/")] == arn
    assert properties.keys() <= published["properties"].keys()
    assert set(published["required"]) <= properties.keys()
