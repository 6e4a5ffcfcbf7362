"""IAM policies by the rules of the IAM User Guide, JSON policy element reference."""

from typing import Any

import pytest

from batchrec.localaws.iam_policies import Principal, Request, UnsupportedPolicyError, allows

BUCKET = "arn:aws:s3:::bucket"
GET = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET}/data/*"}
SERVICE = Principal.service("personalize.amazonaws.com")
ROLE = Principal.role("arn:aws:iam::123456789012:role/path/worker")


def allowed(
    *statements: dict[str, Any],
    action: str = "s3:GetObject",
    resource: str = f"{BUCKET}/data/a.csv",
    principal: Principal | None = None,
    **context: str,
) -> bool:
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    keys = {name.replace("__", ":"): value for name, value in context.items()}
    return allows([policy], Request(action, resource, keys), principal)


def test_nothing_is_allowed_unless_something_allows_it() -> None:
    assert not allows([], Request("s3:GetObject", BUCKET))
    assert not allowed(GET | {"Action": "s3:PutObject"})
    assert allowed(GET)
    one = {"Statement": GET}  # a single statement needs no list
    assert allows([one], Request("s3:GetObject", f"{BUCKET}/data/a.csv"))


def test_what_denies_wins() -> None:
    assert not allowed(GET, {"Effect": "Deny", "Action": "*", "Resource": "*"})
    assert not allowed({"Effect": "Deny", "Action": "*", "Resource": "*"}, GET)


@pytest.mark.parametrize(
    ("action", "fits"),
    [
        ("s3:GetObject", True),
        ("S3:getobject", True),  # actions are case-insensitive
        ("s3:Get*", True),
        ("s3:GetObjec?", True),
        ("s3:*", True),
        ("*", True),
        ("s3:GetObject?", False),
        ("s3:Get", False),
        (["s3:ListBucket", "s3:GetObject"], True),
    ],
)
def test_actions(action: object, fits: bool) -> None:
    assert allowed(GET | {"Action": action}) is fits


@pytest.mark.parametrize(
    ("resource", "fits"),
    [
        ("*", True),
        (f"{BUCKET}/*", True),
        ("arn:aws:s3:::*/a.csv", True),
        (f"{BUCKET}/data/?.csv", True),
        (f"{BUCKET}/DATA/*", False),  # resources are case-sensitive
        (BUCKET, False),
        (f"{BUCKET}/data/[a].csv", False),  # no other wildcards
        ([BUCKET, f"{BUCKET}/*"], True),
    ],
)
def test_resources(resource: object, fits: bool) -> None:
    assert allowed(GET | {"Resource": resource}) is fits


def test_everything_but() -> None:
    everything = {"Effect": "Allow", "NotAction": "s3:Put*", "NotResource": f"{BUCKET}/secret/*"}
    assert allowed(everything)
    assert not allowed(everything, action="s3:PutObject")
    assert not allowed(everything, resource=f"{BUCKET}/secret/a.csv")


@pytest.mark.parametrize(
    ("principal", "service", "role"),
    [
        ({"Service": "personalize.amazonaws.com"}, True, False),
        ({"Service": ["glue.amazonaws.com", "personalize.amazonaws.com"]}, True, False),
        ({"Service": "glue.amazonaws.com"}, False, False),
        ({"AWS": "arn:aws:iam::123456789012:role/path/worker"}, False, True),
        ({"AWS": "arn:aws:iam::123456789012:role/worker"}, False, False),
        ({"AWS": "arn:aws:iam::123456789012:root"}, False, True),
        ({"AWS": "123456789012"}, False, True),
        ({"AWS": "*"}, False, True),
        ("*", False, True),
    ],
)
def test_principals(principal: object, service: bool, role: bool) -> None:
    statement = GET | {"Principal": principal}
    assert allowed(statement, principal=SERVICE) is service
    assert allowed(statement, principal=ROLE) is role


def test_everybody_is_denied() -> None:
    by_name = GET | {"Principal": {"Service": "personalize.amazonaws.com"}}
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    assert not allowed(by_name, deny | {"Principal": "*"}, principal=SERVICE)
    but = deny | {"NotPrincipal": {"Service": "personalize.amazonaws.com"}}
    assert allowed(by_name, but, principal=SERVICE)
    but_others = deny | {"NotPrincipal": {"AWS": "123456789012"}}
    assert not allowed(by_name, but_others, principal=SERVICE)


ARN = "arn:aws:personalize:us-east-1:123456789012:dataset-import-job/a"


@pytest.mark.parametrize(
    ("operator", "expected", "holds"),
    [
        ("StringEquals", ARN, True),
        ("StringEquals", ["other", ARN], True),
        ("StringEquals", "arn:aws:personalize:*", False),
        ("StringNotEquals", ["other", "another"], True),
        ("StringNotEquals", ["other", ARN], False),
        ("StringEqualsIgnoreCase", ARN.upper(), True),
        ("StringLike", "arn:aws:personalize:*", True),
        ("StringNotLike", "arn:aws:personalize:*", False),
        ("ArnLike", "arn:aws:personalize:*:123456789012:*", True),
        ("ArnEquals", "arn:*:personalize:us-*-1:123456789012:dataset-import-job/*", True),
        ("ArnLike", "arn:aws:personalize:*", False),  # an ARN has six parts
        ("ArnNotLike", "arn:aws:personalize:*:210987654321:*", True),
        ("Null", "false", True),
        ("Null", True, False),
        ("StringEqualsIfExists", "other", False),
    ],
)
def test_conditions(operator: str, expected: object, holds: bool) -> None:
    statement = GET | {"Condition": {operator: {"AWS:SourceArn": expected}}}
    assert allowed(statement, aws__SourceArn=ARN) is holds


@pytest.mark.parametrize(
    ("operator", "holds"),
    [
        ("StringEquals", False),
        ("StringNotEquals", True),
        ("StringEqualsIfExists", True),
        ("StringNotEqualsIfExists", True),
        ("Bool", False),
        ("NotIpAddress", True),
        ("ForAllValues:StringEquals", True),
        ("ForAnyValue:StringEquals", False),
    ],
)
def test_conditions_on_a_key_that_is_absent(operator: str, holds: bool) -> None:
    statement = GET | {"Condition": {operator: {"aws:SourceVpce": "10.0.0.1"}}}
    assert allowed(statement) is holds


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"Bool": {"aws:SecureTransport": "false"}}, False),
        ({"Bool": {"aws:SecureTransport": [True]}}, True),
        ({"NumericLessThan": {"s3:TlsVersion": "1.2"}}, False),
        ({"NumericGreaterThanEquals": {"s3:TlsVersion": 1.2}}, True),
        ({"IpAddress": {"aws:SourceIp": "10.1.0.0/16"}}, True),
        ({"NotIpAddress": {"aws:SourceIp": ["10.2.0.0/16", "10.1.2.3"]}}, False),
        # All keys of all operators must hold.
        (
            {
                "Bool": {"aws:SecureTransport": "true"},
                "StringLike": {"s3:prefix": "data/*", "aws:SourceIp": "9.*"},
            },
            False,
        ),
        ({"StringEquals": {"s3:prefix": "${aws:PrincipalTag/folder}/a"}}, True),
    ],
)
def test_more_conditions(condition: dict[str, Any], holds: bool) -> None:
    context = {
        "aws:SecureTransport": "true",
        "s3:TlsVersion": "1.3",
        "aws:SourceIp": "10.1.2.3",
        "s3:prefix": "data/a",
        "aws:PrincipalTag/folder": "data",
    }
    policy = {"Statement": [GET | {"Condition": condition}]}
    assert allows([policy], Request("s3:GetObject", f"{BUCKET}/data/x", context)) is holds


def test_an_operator_that_is_not_emulated_is_no_silent_yes() -> None:
    statement = GET | {"Condition": {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01"}}}
    with pytest.raises(UnsupportedPolicyError, match="DateGreaterThan"):
        allowed(statement)
