"""What an operation needs: actions on resources, with the values of condition keys.

Source: Service Authorization Reference. An action without a type of resource there is one on `*`.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batchrec.localaws.authorization import encryption, objects
from batchrec.localaws.authorization.session import Session
from batchrec.localaws.iam_policies import Request


@dataclass(frozen=True)
class Asked:
    """One call, as far as it matters for what it needs.

    Attributes:
        service: signing name.
        operation: as in the API Reference.
        members: of the request.
        session: who calls.
        region: where.
        method: of HTTP.
        path: of the URL.
        query: its parameters.
        headers: of HTTP, by name in lower case.
        body: of the request.
    """

    service: str
    operation: str
    members: Mapping[str, Any]
    session: Session
    region: str
    method: str = "POST"
    path: str = "/"
    query: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    body: bytes = b""


# Prefixes of actions that are not the service's signing name.
_PREFIXES = {"monitoring": "cloudwatch"}

# The resources of each operation: members of the request in braces, {arn} for what the ARNs of the
# service's resources begin with in this Region. What an operation creates comes last.
RESOURCES: dict[str, dict[str, tuple[str, ...]]] = {
    "glue": {
        "BatchStopJobRun": ("{arn}:job/{JobName}",),
        "GetJobRun": ("{arn}:job/{JobName}",),
        "GetJobRuns": ("{arn}:job/{JobName}",),
        "StartJobRun": ("{arn}:job/{JobName}",),
    },
    "logs": {
        "CreateLogGroup": ("{arn}:log-group:{logGroupName}",),
        "CreateLogStream": ("{arn}:log-group:{logGroupName}:log-stream:{logStreamName}",),
        "PutLogEvents": ("{arn}:log-group:{logGroupName}:log-stream:{logStreamName}",),
    },
    "monitoring": {"PutMetricData": ("*",)},
    "personalize": {
        "CreateBatchInferenceJob": ("{solutionVersionArn}", "{arn}:batch-inference-job/{jobName}"),
        "CreateBatchSegmentJob": ("{arn}:batch-segment-job/{jobName}",),
        "CreateDataDeletionJob": ("{datasetGroupArn}", "{arn}:data-deletion-job/{jobName}"),
        "CreateDataset": ("{datasetGroupArn}", "{arn}:dataset/{dataset}"),
        "CreateDatasetGroup": ("{arn}:dataset-group/{name}",),
        "CreateDatasetImportJob": ("{datasetArn}", "{arn}:dataset-import-job/{jobName}"),
        "CreateFilter": ("{datasetGroupArn}", "{arn}:filter/{name}"),
        "CreateMetricAttribution": ("{datasetGroupArn}", "{arn}:metric-attribution/{name}"),
        "CreateSchema": ("{arn}:schema/{name}",),
        "CreateSolution": ("{datasetGroupArn}", "{arn}:solution/{name}"),
        "CreateSolutionVersion": ("{solutionArn}",),
        "DeleteDataset": ("{datasetArn}",),
        "DeleteDatasetGroup": ("{datasetGroupArn}",),
        "DeleteFilter": ("{filterArn}",),
        "DeleteMetricAttribution": ("{metricAttributionArn}",),
        "DeleteSchema": ("{schemaArn}",),
        "DeleteSolution": ("{solutionArn}",),
        "DescribeBatchInferenceJob": ("{batchInferenceJobArn}",),
        "DescribeBatchSegmentJob": ("{batchSegmentJobArn}",),
        "DescribeDataDeletionJob": ("{dataDeletionJobArn}",),
        "DescribeDataset": ("{datasetArn}",),
        "DescribeDatasetGroup": ("{datasetGroupArn}",),
        "DescribeDatasetImportJob": ("{datasetImportJobArn}",),
        "DescribeFilter": ("{filterArn}",),
        "DescribeMetricAttribution": ("{metricAttributionArn}",),
        "DescribeRecipe": ("{recipeArn}",),
        "DescribeSchema": ("{schemaArn}",),
        "DescribeSolution": ("{solutionArn}",),
        "DescribeSolutionVersion": ("{solutionVersionArn}",),
        "GetSolutionMetrics": ("{solutionVersionArn}",),
        "ListBatchInferenceJobs": ("*",),
        "ListBatchSegmentJobs": ("*",),
        "ListDataDeletionJobs": ("*",),
        "ListDatasetGroups": ("*",),
        "ListDatasetImportJobs": ("*",),
        "ListDatasets": ("*",),
        "ListFilters": ("*",),
        "ListMetricAttributionMetrics": ("*",),
        "ListMetricAttributions": ("*",),
        "ListRecipes": ("*",),
        "ListSchemas": ("*",),
        "ListSolutionVersions": ("*",),
        "ListSolutions": ("*",),
        "ListTagsForResource": ("{resourceArn}",),
        "StopSolutionVersionCreation": ("{solutionVersionArn}",),
        "TagResource": ("{resourceArn}",),
        "UntagResource": ("{resourceArn}",),
        "UpdateDataset": ("{datasetArn}",),
        "UpdateMetricAttribution": ("{metricAttributionArn}",),
        "UpdateSolution": ("{solutionArn}",),
    },
    "sns": {"Publish": ("{TopicArn}",)},
    "sqs": {"SendMessage": ("{arn}:{QueueName}",)},
    "states": {
        "DescribeExecution": ("{executionArn}",),
        "ListExecutions": ("{stateMachineArn}",),
        "SendTaskFailure": ("*",),
        "StartExecution": ("{stateMachineArn}",),
        "StopExecution": ("{executionArn}",),
    },
    "sts": {},  # GetCallerIdentity needs nothing
}

_PERSONALIZE = "personalize.amazonaws.com"


def needed(asked: Asked) -> list[Request]:
    """Return everything that a call needs.

    Raises:
        NotImplementedError: what the operation needs isn't known here.
    """
    if (asked.service, asked.operation) == ("sts", "GetCallerIdentity"):
        return []
    if asked.service == "s3":
        wanted = objects.needed(
            asked.method,
            asked.path,
            asked.query or {},
            asked.headers or {},
            asked.body,
            asked.session.partition,
        )
    else:
        wanted = _on_resources(asked) + _passed_roles(asked)
    if asked.session.service != _PERSONALIZE:  # whose rules are its own: access.py
        wanted += encryption.needed(
            wanted, asked.region, asked.session.partition, asked.session.account
        )
    return with_context(wanted, asked.session, asked.region)


def with_context(requests: list[Request], session: Session, region: str) -> list[Request]:
    """Add the values of condition keys that every request of a session has."""
    common = {
        "aws:PrincipalAccount": session.account,
        "aws:PrincipalArn": session.role_arn,
        "aws:PrincipalIsAWSService": "false",
        "aws:RequestedRegion": region,
        "aws:SecureTransport": "true",  # there is no TLS here; it stands for what is called by it
    }
    return [Request(each.action, each.resource, common | dict(each.context)) for each in requests]


def _on_resources(asked: Asked) -> list[Request]:
    templates = RESOURCES.get(asked.service, {}).get(asked.operation)
    if templates is None:
        raise NotImplementedError(
            f"which permissions {asked.service}:{asked.operation} needs isn't known here"
        )
    where = f"{asked.region}:{asked.session.account}"
    names: dict[str, Any] = defaultdict(str, asked.members)
    names["arn"] = f"arn:{asked.session.partition}:{asked.service}:{where}"
    names["QueueName"] = str(asked.members.get("QueueUrl", "")).rpartition("/")[2]
    group = str(asked.members.get("datasetGroupArn", "")).rpartition("/")[2]
    names["dataset"] = f"{group}/{str(asked.members.get('datasetType', '')).upper()}"
    arns = [template.format_map(names) for template in templates]
    action = f"{_PREFIXES.get(asked.service, asked.service)}:{asked.operation}"
    context = {}
    if "namespace" in (members := {k.lower(): v for k, v in asked.members.items()}):
        context["cloudwatch:namespace"] = str(members["namespace"])
    requests = [Request(action, arn, context) for arn in arns]
    if asked.service == "personalize" and asked.members.get("tags"):
        tags = {
            f"aws:RequestTag/{tag['tagKey']}": str(tag["tagValue"]) for tag in asked.members["tags"]
        }
        requests = [Request(each.action, each.resource, tags) for each in requests]
        if asked.operation != "TagResource":
            requests.append(Request("personalize:TagResource", arns[-1], tags))
    return requests


def _passed_roles(asked: Asked) -> list[Request]:
    config = asked.members.get("metricsOutputConfig") or {}
    role = asked.members.get("roleArn") or config.get("roleArn")
    if not role or asked.service != "personalize":
        return []
    return [Request("iam:PassRole", str(role), {"iam:PassedToService": _PERSONALIZE})]
