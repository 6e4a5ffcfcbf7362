"""What there is in the local AWS's account, of all that the module and its examples can create."""

from batchrec.localaws.server import LocalAws


def everything(aws: LocalAws) -> dict[str, list[str]]:
    """Names and ARNs by kind; without keys that wait for their deletion."""
    glue, iam, logs = aws.client("glue"), aws.client("iam"), aws.client("logs")
    personalize, schedules = aws.client("personalize"), aws.client("scheduler")
    cloudwatch, kms = aws.client("cloudwatch"), aws.client("kms")
    machines = aws.client("stepfunctions").list_state_machines()["stateMachines"]
    groups = personalize.list_dataset_groups()["datasetGroups"]
    keys = [kms.describe_key(KeyId=key["KeyId"]) for key in kms.list_keys()["Keys"]]
    return {
        "buckets": [b["Name"] for b in aws.client("s3").list_buckets()["Buckets"]],
        "roles": [r["RoleName"] for r in iam.list_roles()["Roles"]],
        "managed policies": [p["Arn"] for p in iam.list_policies(Scope="Local")["Policies"]],
        "log groups": [g["logGroupName"] for g in logs.describe_log_groups()["logGroups"]],
        "glue jobs": glue.list_jobs()["JobNames"],
        "glue databases": [d["Name"] for d in glue.get_databases()["DatabaseList"]],
        "security configurations": [
            c["Name"] for c in glue.get_security_configurations()["SecurityConfigurations"]
        ],
        "dataset groups": [g["datasetGroupArn"] for g in groups],
        "schemas": [s["schemaArn"] for s in personalize.list_schemas()["schemas"]],
        "datasets": [d["datasetArn"] for d in personalize.list_datasets()["datasets"]],
        "solutions": [s["solutionArn"] for s in personalize.list_solutions()["solutions"]],
        "state machines": [m["name"] for m in machines],
        "rules": [r["Name"] for r in aws.client("events").list_rules()["Rules"]],
        "schedules": [s["Name"] for s in schedules.list_schedules()["Schedules"]],
        "topics": [t["TopicArn"] for t in aws.client("sns").list_topics()["Topics"]],
        "queues": aws.client("sqs").list_queues().get("QueueUrls", []),
        "alarms": [a["AlarmName"] for a in cloudwatch.describe_alarms()["MetricAlarms"]],
        "dashboards": [
            d["DashboardName"] for d in cloudwatch.list_dashboards()["DashboardEntries"]
        ],
        "keys": [
            f"{key['KeyMetadata']['KeyId']}: {key['KeyMetadata']['Description']}"
            for key in keys
            if key["KeyMetadata"]["KeyState"] != "PendingDeletion"
        ],
    }
