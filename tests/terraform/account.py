"""What there is in the local AWS's account, of all that the module and its examples can create."""

from typing import Any

from batchrec.localaws.server import LocalAws


def everything(aws: LocalAws) -> dict[str, list[str]]:
    """Names and ARNs by kind; without keys that wait for their deletion."""

    def listed(service: str, operation: str, member: str, **which: str) -> list[Any]:
        """The member of a listing, from all of its pages."""
        client = aws.client(service)
        if client.can_paginate(operation):
            whole = client.get_paginator(operation).paginate(**which).build_full_result()
        else:
            whole = getattr(client, operation)(**which)
        return list(whole.get(member, []))

    kms = aws.client("kms")
    keys = [
        kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        for key in listed("kms", "list_keys", "Keys")
    ]
    named = {
        "buckets": ("s3", "list_buckets", "Buckets", "Name"),
        "roles": ("iam", "list_roles", "Roles", "RoleName"),
        "log groups": ("logs", "describe_log_groups", "logGroups", "logGroupName"),
        "glue databases": ("glue", "get_databases", "DatabaseList", "Name"),
        "security configurations": (
            *("glue", "get_security_configurations", "SecurityConfigurations", "Name"),
        ),
        "dataset groups": (
            *("personalize", "list_dataset_groups", "datasetGroups", "datasetGroupArn"),
        ),
        "schemas": ("personalize", "list_schemas", "schemas", "schemaArn"),
        "datasets": ("personalize", "list_datasets", "datasets", "datasetArn"),
        "solutions": ("personalize", "list_solutions", "solutions", "solutionArn"),
        "state machines": ("stepfunctions", "list_state_machines", "stateMachines", "name"),
        "rules": ("events", "list_rules", "Rules", "Name"),
        "schedules": ("scheduler", "list_schedules", "Schedules", "Name"),
        "topics": ("sns", "list_topics", "Topics", "TopicArn"),
        "alarms": ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
        "dashboards": ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    }
    return {
        kind: [each[name] for each in listed(service, operation, member)]
        for kind, (service, operation, member, name) in named.items()
    } | {
        "managed policies": [
            policy["Arn"] for policy in listed("iam", "list_policies", "Policies", Scope="Local")
        ],
        "glue jobs": listed("glue", "list_jobs", "JobNames"),
        "queues": listed("sqs", "list_queues", "QueueUrls"),
        "keys": [
            f"{key['KeyId']}: {key['Description']}"
            for key in keys
            if key["KeyState"] != "PendingDeletion"
        ],
    }
