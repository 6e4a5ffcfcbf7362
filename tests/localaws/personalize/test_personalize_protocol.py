"""The wire protocol of Personalize, without an SDK between."""

import json
from typing import Any

import pytest
from answer_recorder import MODEL
from personalize_world import ARN, INTERACTIONS, avro, unique
from test_personalize_validation import valid
from wire import post

from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)


def test_answers_are_json_of_the_models_version(local_aws: LocalAws) -> None:
    """botocore's model: protocol "json", jsonVersion 1.1; every answer of AWS has a request id."""
    version = MODEL.metadata["jsonVersion"]
    for operation in ("ListSchemas", "CreateDatasetGroup"):
        answer = post(local_aws, operation, {})
        assert answer.headers["content-type"] == f"application/x-amz-json-{version}"
        assert answer.headers["x-amzn-requestid"]


def test_errors_name_themselves_and_have_one_member(local_aws: LocalAws) -> None:
    """API Reference, Errors of each operation: HTTP status code 400."""
    answer = post(local_aws, "DescribeSchema", {"schemaArn": f"{ARN}:schema/nowhere"})
    assert answer.status == 400
    assert answer.members == {
        "__type": "ResourceNotFoundException",
        "message": f"Resource Arn {ARN}:schema/nowhere does not exist.",
    }


def test_times_are_epoch_seconds_with_milliseconds(local_aws: LocalAws) -> None:
    """Developer Guide, Importing bulk data, shows them: 1542392161.837."""
    created = post(local_aws, "CreateDatasetGroup", {"name": unique()}).members
    described = post(
        local_aws, "DescribeDatasetGroup", {"datasetGroupArn": created["datasetGroupArn"]}
    ).members["datasetGroup"]
    time = described["creationDateTime"]
    assert round(time, 3) == time
    assert abs(local_aws.clock.time() - time) < 3600


def test_deleting_answers_with_an_empty_body(local_aws: LocalAws) -> None:
    """API Reference, DeleteSchema, Response Elements; the others that delete say the same."""
    schema = {"name": unique(), "schema": avro(*INTERACTIONS)}
    arn = post(local_aws, "CreateSchema", schema).members["schemaArn"]
    answer = post(local_aws, "DeleteSchema", {"schemaArn": arn})
    assert (answer.status, answer.body) == (200, b"")


def test_tagging_answers_with_an_empty_object(local_aws: LocalAws) -> None:
    """botocore's model: TagResource and UntagResource have an output without members."""
    created = post(local_aws, "CreateDatasetGroup", {"name": unique()}).members
    arn = created["datasetGroupArn"]
    tag = {"resourceArn": arn, "tags": [{"tagKey": "team", "tagValue": "search"}]}
    assert post(local_aws, "TagResource", tag).members == {}
    untag = {"resourceArn": arn, "tagKeys": ["team"]}
    assert post(local_aws, "UntagResource", untag).members == {}


def test_null_is_no_value(local_aws: LocalAws) -> None:
    name = unique()
    group = {"name": name, "domain": None, "tags": None}
    assert post(local_aws, "CreateDatasetGroup", group).status == 200
    refused = post(local_aws, "CreateDatasetGroup", {"name": None})
    assert refused.members["__type"] == "InvalidInputException"


@pytest.mark.parametrize("operation", MODEL.operation_names)
def test_members_that_the_model_lacks_change_nothing(local_aws: LocalAws, operation: str) -> None:
    """Clients may be newer than a service: AWS's protocols ignore what they don't know."""
    shape = MODEL.operation_model(operation).input_shape
    plain, more = (valid(shape) | extra for extra in ({}, {"wonder": [1], "self": {}}))
    first, second = (post(local_aws, operation, members) for members in (plain, more))
    assert (first.status, first.members.get("__type")) == (
        second.status,
        second.members.get("__type"),
    )


@pytest.mark.parametrize(
    "body", [b"no JSON", b"", b"[]", b'"text"', b"\xff", b"1e999", b"null", b"[" * 100_000]
)
@pytest.mark.parametrize("operation", ["ListSchemas", "CreateDatasetGroup"])
def test_a_body_that_is_no_object(local_aws: LocalAws, operation: str, body: bytes) -> None:
    """Personalize documents no error for it; SerializationException is AWS's for this protocol."""
    answer = post(local_aws, operation, body)
    if body == b"" and operation == "ListSchemas":  # an SDK sends {}; nothing counts as that
        assert answer.status == 200
        return
    assert answer.status == 400
    assert answer.members["__type"] in {"SerializationException", "InvalidInputException"}


@pytest.mark.parametrize("operation", MODEL.operation_names)
def test_members_of_a_wrong_type(local_aws: LocalAws, operation: str) -> None:
    """Which error AWS gives isn't documented."""
    shape = MODEL.operation_model(operation).input_shape
    if post(local_aws, operation, valid(shape)).status == 501:
        return
    for name, member in shape.members.items():
        wrong: list[Any] = [[[]], {"wonder": {}}, 1.5, "x", True]
        fitting = {
            "structure": dict,
            "list": list,
            "map": dict,
            "string": str,
            "boolean": bool,
            "double": float,
            "float": float,
        }.get(member.type_name, int)
        for value in wrong:
            if type(value) is not fitting:
                answer = post(local_aws, operation, valid(shape) | {name: value})
                assert answer.status == 400, (name, value, json.loads(answer.body))


def test_a_region_without_personalize_says_so(local_aws: LocalAws) -> None:
    """AWS General Reference, Amazon Personalize endpoints: none in eu-west-2."""
    answer = post(local_aws, "ListSchemas", {}, "eu-west-2")
    assert answer.status == 400
    assert "eu-west-2" in answer.members["message"]
