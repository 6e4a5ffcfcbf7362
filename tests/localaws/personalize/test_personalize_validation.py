"""Every limit on every member of a request, from botocore's model of the service.

botocore's client checks types, required members and minima; patterns, enumerations and maxima are
left to the service (API Reference, the data types of each operation).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from answer_recorder import CLASSES, MODEL, mismatches
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from personalize_world import ARN, ROLE, unique
from wire import post

from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)

EXAMPLES = {  # valid values of the shapes that have a pattern, or no form of their own
    "Arn": f"{ARN}:solution/nowhere",
    "ColumnName": "PRICE",
    "DatasetType": "Interactions",
    "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/any",
    "NextToken": "MQ==",
    "RoleArn": ROLE,
    "S3Location": "s3://bucket/key",
    "SchedulingExpression": "rate(7 days)",
    "TagKey": "team",
    "TagValue": "search",
}


@dataclass(frozen=True)
class Violation:
    """A value that breaks one limit, and the member that it breaks it in."""

    member: str
    value: Any


def valid(shape: Shape) -> Any:
    """A value within all limits, with nothing that is optional."""
    if isinstance(shape, StructureShape):
        return {name: valid(shape.members[name]) for name in shape.required_members}
    if isinstance(shape, ListShape):
        return [valid(shape.member)]
    if isinstance(shape, MapShape):
        return {}
    if shape.type_name in ("integer", "long", "float", "double"):
        return shape.metadata.get("min", 1)
    if shape.type_name == "boolean":
        return False
    if shape.name == "Name":
        return unique()
    if isinstance(shape, StringShape) and shape.enum:
        return shape.enum[0]
    return EXAMPLES.get(shape.name, "x" * shape.metadata.get("min", 1))


def violations(shape: Shape, member: str) -> Iterator[Violation]:
    """Values of a shape that break one limit each, in the shape or in one below it."""
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if isinstance(shape, StructureShape):
        sound = valid(shape)
        for name in shape.required_members:
            yield Violation(name, {other: v for other, v in sound.items() if other != name})
        for name, below in shape.members.items():
            for broken in violations(below, name):
                yield Violation(broken.member, sound | {name: broken.value})
    elif isinstance(shape, ListShape):
        if low:
            yield Violation(member, [])
        if high is not None:
            yield Violation(member, [valid(shape.member)] * (high + 1))
        for broken in violations(shape.member, member):
            yield Violation(broken.member, [broken.value])
    elif isinstance(shape, MapShape):
        if high is not None:
            keys = [f"key{n}" for n in range(high + 1)]
            yield Violation(member, dict.fromkeys(keys, valid(shape.value)))
        for broken in violations(shape.key, member):
            yield Violation(broken.member, {broken.value: valid(shape.value)})
        for broken in violations(shape.value, member):
            yield Violation(broken.member, {valid(shape.key): broken.value})
    elif isinstance(shape, StringShape):
        sound = valid(shape)
        if low:
            yield Violation(member, "")
        if high is not None:
            yield Violation(member, sound + "x" * (high + 1 - len(sound)))
        if shape.enum:
            yield Violation(member, "WONDER")
        pattern = shape.metadata.get("pattern")
        if pattern:
            for java, python in CLASSES.items():
                pattern = pattern.replace(java, python)
            if not re.match(pattern, "!"):
                yield Violation(member, "!")
    elif shape.type_name != "boolean":
        if low is not None:
            yield Violation(member, low - 1)
        if high is not None:
            yield Violation(member, high + 1)


@pytest.mark.parametrize("operation", MODEL.operation_names)
def test_an_operation_checks_its_input(local_aws: LocalAws, operation: str) -> None:
    """Or it isn't emulated, and says so."""
    shape = MODEL.operation_model(operation).input_shape
    sound = valid(shape)
    assert mismatches(shape, sound, operation) == []
    accepted = post(local_aws, operation, sound)
    if accepted.status == 501:
        assert operation in accepted.members["message"]
        return
    assert "failed to satisfy constraint" not in accepted.body.decode()
    for broken in violations(shape, ""):
        refused = post(local_aws, operation, broken.value)
        told = (operation, broken, refused)
        assert refused.status == 400, told
        assert refused.members["__type"] == "InvalidInputException", told
        assert broken.member in refused.members["message"], told


def test_the_violations_are_those_of_the_model() -> None:
    """One operation by hand: CreateDatasetImportJob in the API Reference."""
    shape = MODEL.operation_model("CreateDatasetImportJob").input_shape
    found = [broken.member for broken in violations(shape, "")]
    assert {member: found.count(member) for member in found} == {
        "jobName": 4,  # missing, empty, too long, pattern
        "datasetArn": 3,  # missing, too long, pattern
        "dataSource": 1,  # missing
        "dataLocation": 2,  # too long, pattern
        "roleArn": 2,
        "tags": 1,  # more than 200
        "tagKey": 4,
        "tagValue": 3,  # missing, too long, pattern
        "importMode": 1,  # enumeration
    }
