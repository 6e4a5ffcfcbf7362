"""The recorder that checks every answer of Personalize in this suite (tests/answer_recorder.py)."""

import json
from typing import Any

import pytest
from answer_recorder import MODEL, Recorder, faults, mismatches

HEADERS = {"x-amzn-RequestId": "0a1b2c3d"}


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"schema": {"name": "a"}}, []),
        (
            {"schema": {"name": "a", "domain": None}},
            ["x.schema.domain is null: AWS leaves out what is unset"],
        ),
        ({"Schema": {}}, ["x.Schema is no member"]),
        ({"schema": {"name": 1}}, ["x.schema.name is no string: 1"]),
        ({"schema": []}, ["x.schema is no structure: []"]),
        (
            {"schema": {"name": "-"}},
            [r"x.schema.name does not match ^[a-zA-Z0-9][a-zA-Z0-9\-_]*: '-'"],
        ),
        ({"schema": {"name": "a" * 64}}, ["x.schema.name is not within 1 and 63: 64"]),
        (
            {"schema": {"domain": "SPACE"}},
            ["x.schema.domain is not among ['ECOMMERCE', 'VIDEO_ON_DEMAND']: 'SPACE'"],
        ),
        (
            {"schema": {"creationDateTime": "2026-01-01"}},
            ["x.schema.creationDateTime is no timestamp: '2026-01-01'"],
        ),
    ],
)
def test_what_it_finds_in_members(answer: dict[str, Any], found: list[str]) -> None:
    shape = MODEL.operation_model("DescribeSchema").output_shape
    assert mismatches(shape, answer, "x") == found


def test_what_it_finds_in_tags() -> None:
    shape = MODEL.operation_model("ListTagsForResource").output_shape
    good = {"tags": [{"tagKey": "équipe 1", "tagValue": ""}]}
    assert mismatches(shape, good, "x") == []
    assert mismatches(shape, {"tags": [{"tagKey": "a"}]}, "x") == ["x.tags[0].tagValue is missing"]


@pytest.mark.parametrize(
    ("operation", "status", "body", "found"),
    [
        ("DeleteSchema", 200, {}, ""),
        ("DeleteSchema", 200, {"schemaArn": "a"}, "should be empty"),
        ("DeleteSchema", 400, {"__type": "ResourceInUseException", "message": "It is."}, ""),
        ("DeleteSchema", 400, {"__type": "LimitExceededException", "message": "No."}, "none of"),
        ("DeleteSchema", 400, {"__type": "ResourceInUseException", "message": ""}, "no error"),
        ("DeleteSchema", 404, {"__type": "ResourceNotFoundException", "message": "No."}, "no err"),
        ("DeleteSchema", 500, {"__type": "InternalServerError", "message": "Oh."}, "no error"),
        ("CreateCampaign", 501, {"__type": "NotImplemented", "message": "Not here."}, ""),
        ("CreateWonder", 501, {"__type": "NotImplemented", "message": "Not here."}, ""),
        ("CreateWonder", 200, {}, "no operation"),
    ],
)
def test_what_it_finds_in_answers(
    operation: str, status: int, body: dict[str, str], found: str
) -> None:
    faulty = faults(operation, status, HEADERS, json.dumps(body).encode())
    assert bool(faulty) == bool(found)
    assert found in "".join(faulty)


def test_no_json_and_no_request_id() -> None:
    assert "no JSON" in "".join(faults("DeleteSchema", 200, HEADERS, b"<html>"))
    assert faults("DeleteSchema", 200, {}, b"{}") == ["DeleteSchema: no request id"]


def test_it_remembers_until_it_is_asked() -> None:
    def wrong(_: Any, start: Any) -> list[bytes]:
        start("200 OK", list(HEADERS.items()))
        return [b'{"wonder": 1}']

    recorder = Recorder()
    environ = {
        "HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/personalize/x",
        "HTTP_X_AMZ_TARGET": "AmazonPersonalize.DescribeSchema",
    }
    answer = recorder.around(wrong)(environ, lambda *_: None)
    assert list(answer) == [b'{"wonder": 1}']
    assert recorder.take() == ["DescribeSchema.wonder is no member"]
    assert recorder.take() == []
