"""What a plan of examples/movielens shows of every module."""

import json
from typing import Any

import pytest
import tftest

pytestmark = pytest.mark.xdist_group("movielens")

ROOT = "module.recommendations"


def planned(plan: tftest.TerraformPlanOutput, address: str) -> dict[str, Any]:
    change = plan.resource_changes[f"{ROOT}.{address}"]["change"]
    assert change["actions"] == ["create"]
    return dict(change["after"])


def test_the_example_calls_every_module(plan: tftest.TerraformPlanOutput) -> None:
    modules = {address.split(".")[3] for address in plan.resource_changes}
    assert modules == {"storage", "transform", "personalize", "workflow", "schedule"}


def test_storage_is_private_versioned_and_encrypted(plan: tftest.TerraformPlanOutput) -> None:
    storage = "module.storage.aws_s3_bucket"
    bucket = planned(plan, f"{storage}.this")
    assert bucket["bucket"] == "movielens-123456789012-us-east-1"
    blocked = planned(plan, f"{storage}_public_access_block.this")
    assert {name for name, value in blocked.items() if value is True} == {
        "block_public_acls",
        "block_public_policy",
        "ignore_public_acls",
        "restrict_public_buckets",
    }
    versioning = planned(plan, f"{storage}_versioning.this")
    assert versioning["versioning_configuration"][0]["status"] == "Enabled"
    encryption = planned(plan, f"{storage}_server_side_encryption_configuration.this")
    (rule,) = encryption["rule"]
    assert rule["apply_server_side_encryption_by_default"][0]["sse_algorithm"] == "AES256"
    (lifecycle,) = planned(plan, f"{storage}_lifecycle_configuration.this")["rule"]
    assert lifecycle["abort_incomplete_multipart_upload"][0]["days_after_initiation"] == 7


def test_transform_runs_the_uploaded_script_on_glue_5(plan: tftest.TerraformPlanOutput) -> None:
    job = planned(plan, "module.transform.aws_glue_job.this")
    assert job["name"] == "movielens-prepare-training-data"
    assert (job["glue_version"], job["worker_type"], job["number_of_workers"]) == (
        "5.0",
        "G.1X",
        2,
    )
    assert job["max_retries"] == 0
    assert job["command"][0]["python_version"] == "3"
    script = planned(plan, "module.transform.aws_s3_object.script")
    assert script["key"] == "glue_jobs/prepare_training_data.py"
    logs = planned(plan, "module.transform.aws_cloudwatch_log_group.this")
    assert logs["retention_in_days"] == 365


def test_personalize_knows_everything_at_plan(plan: tftest.TerraformPlanOutput) -> None:
    """With an unknown value in desired_state, a replacement would fail at apply."""
    resources = {
        address: change["change"]
        for address, change in plan.resource_changes.items()
        if "aws_cloudcontrolapi_resource" in address
    }
    assert len(resources) == 3
    for change in resources.values():
        assert not change["after_unknown"].get("desired_state", False)


def test_personalize_schema_is_what_the_import_needs(plan: tftest.TerraformPlanOutput) -> None:
    address = 'module.personalize.aws_cloudcontrolapi_resource.schema["interactions"]'
    desired = json.loads(planned(plan, address)["desired_state"])
    schema = json.loads(desired["Schema"])
    # Personalize Developer Guide, Creating schema JSON files: name, namespace, required fields.
    assert schema["name"] == "Interactions"
    assert schema["namespace"] == "com.amazonaws.personalize.schema"
    assert [(field["name"], field["type"]) for field in schema["fields"]] == [
        ("USER_ID", "string"),
        ("ITEM_ID", "string"),
        ("TIMESTAMP", "long"),
    ]


def test_personalize_dataset_names_its_group_and_schema(plan: tftest.TerraformPlanOutput) -> None:
    module = "module.personalize.aws_cloudcontrolapi_resource"
    group = json.loads(planned(plan, f"{module}.dataset_group")["desired_state"])
    schema = json.loads(planned(plan, f'{module}.schema["interactions"]')["desired_state"])
    dataset = json.loads(planned(plan, f'{module}.dataset["interactions"]')["desired_state"])
    arn = "arn:aws:personalize:us-east-1:123456789012"
    assert dataset["DatasetGroupArn"] == f"{arn}:dataset-group/{group['Name']}"
    assert dataset["SchemaArn"] == f"{arn}:schema/{schema['Name']}"
    assert dataset["DatasetType"] == "Interactions"


def test_workflow_logs_and_traces(plan: tftest.TerraformPlanOutput) -> None:
    machine = planned(plan, "module.workflow.aws_sfn_state_machine.this")
    assert machine["name"] == "movielens"
    assert machine["logging_configuration"][0]["level"] == "ALL"
    assert machine["tracing_configuration"][0]["enabled"] is True
    logs = planned(plan, "module.workflow.aws_cloudwatch_log_group.this")
    # Names with this prefix keep the account's log resource policy short
    # (Step Functions Developer Guide, Logging to CloudWatch Logs).
    assert logs["name"].startswith("/aws/vendedlogs/states/")


def test_schedule_starts_weekly_with_an_encrypted_dead_letter_queue(
    plan: tftest.TerraformPlanOutput,
) -> None:
    schedule = planned(plan, "module.schedule.aws_scheduler_schedule.this")
    assert schedule["schedule_expression"] == "cron(0 3 ? * SUN *)"
    assert schedule["schedule_expression_timezone"] == "UTC"
    assert schedule["state"] == "ENABLED"
    assert schedule["flexible_time_window"][0]["mode"] == "OFF"
    assert json.loads(schedule["target"][0]["input"]) == {}
    queue = planned(plan, "module.schedule.aws_sqs_queue.dead_letters")
    assert queue["sqs_managed_sse_enabled"] is True
    assert queue["message_retention_seconds"] == 14 * 24 * 3600


@pytest.mark.parametrize(
    "role",
    [
        "module.transform.aws_iam_role.this",
        "module.personalize.aws_iam_role.this",
        "module.workflow.aws_iam_role.this",
        "module.schedule.aws_iam_role.this",
    ],
)
def test_each_role_trusts_one_service_for_this_account(
    plan: tftest.TerraformPlanOutput, role: str
) -> None:
    (statement,) = json.loads(planned(plan, role)["assume_role_policy"])["Statement"]
    service = {
        "transform": "glue",
        "personalize": "personalize",
        "workflow": "states",
        "schedule": "scheduler",
    }[role.split(".")[1]]
    assert statement["Principal"] == {"Service": f"{service}.amazonaws.com"}
    assert statement["Action"] == "sts:AssumeRole"
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}
    assert not planned(plan, role).get("managed_policy_arns")


def test_no_managed_policy_is_attached(plan: tftest.TerraformPlanOutput) -> None:
    types = {change["type"] for change in plan.resource_changes.values()}
    assert not types & {"aws_iam_role_policy_attachment", "aws_iam_policy_attachment"}


def test_outputs_are_those_that_consumers_use(plan: tftest.TerraformPlanOutput) -> None:
    assert set(plan.outputs) == {
        "bucket_arn",
        "bucket_name",
        "dataset_group_arn",
        "dead_letter_queue_url",
        "glue_job_name",
        "raw_interactions_prefix",
        "schedule_name",
        "state_machine_arn",
    }
    assert plan.outputs["dataset_group_arn"] == (
        "arn:aws:personalize:us-east-1:123456789012:dataset-group/movielens"
    )
    assert plan.outputs["raw_interactions_prefix"] == "raw/movielens/"
