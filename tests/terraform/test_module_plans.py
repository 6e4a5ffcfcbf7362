"""What a plan shows: of examples/movielens, and of each module on its own with other inputs.

The modules on their own stand in another partition, so that an ARN with a fixed one is found.
test_monitoring.py and test_schedule.py say what is in those two.
"""

import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import configurations
import pytest
import tftest
from plans import as_list, planned, statements

from batchrec.localaws.server import LocalAws
from batchrec.terraform.workspace import Workspace

if TYPE_CHECKING:
    from conftest import PlanOf

pytestmark = pytest.mark.xdist_group("plans")

ROOT = "module.recommendations"
SCRIPT = "prepare_training_data.py"
PUBLISH_SCRIPT = "publish_recommendations.py"
JOBS = {"this": "shop-eu-prepare-training-data", "publish": "shop-eu-publish-recommendations"}
ACCOUNT = "123456789012"  # of the local AWS

HERE = {
    "name": "shop-eu",
    "location": {"partition": "aws-cn", "region": "cn-north-1", "account_id": "210987654321"},
}
BUCKET = "arn:aws-cn:s3:::some-bucket"
GLUE_JOB = "arn:aws-cn:glue:cn-north-1:210987654321:job/some-job"
OTHER_JOB = "arn:aws-cn:glue:cn-north-1:210987654321:job/other-job"
TOPIC = "arn:aws-cn:sns:cn-north-1:210987654321:some-topic"
MACHINE = "arn:aws-cn:states:cn-north-1:210987654321:stateMachine:some-machine"
PERSONALIZE = "arn:aws-cn:personalize:cn-north-1:210987654321"
ROLE = "arn:aws-cn:iam::210987654321:role/some-role"

OWN = 'module.storage.{}.this["bucket"]'

UNSEEN = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'
PLAIN = {
    "recipe": "aws-user-personalization",
    "batch_input_folder": "batch_users_input",
    "number_of_results": 25,
}

INPUTS: dict[str, dict[str, Any]] = {
    "storage": {},
    "transform": {
        "bucket_name": "some-bucket",
        "bucket_arn": BUCKET,
        "configuration": json.dumps({"interactions": {"folder": "ratings/daily"}}),
        "folders": {"interactions": "ratings/daily", "items": "films"},
        "maximum_error_share": 0.05,
        "glue": {"number_of_workers": 5, "timeout_minutes": 90, "worker_type": "G.2X"},
        "log_retention_days": 30,
    },
    "personalize": {
        "bucket_arn": BUCKET,
        "interactions": {
            "event_type": {},
            "event_value": {},
            "metadata": [
                {"name": "DEVICE", "categorical": True},
                {"name": "DURATION", "type": "double", "required": True},
            ],
        },
        "users": {
            "metadata": [
                {"name": "AGE", "type": "int"},
                {"name": "COUNTRY", "categorical": True, "required": True},
            ]
        },
        "items": {
            "creation_timestamp": {},
            "metadata": [{"name": "PLOT", "textual": True}, {"name": "PRICE", "type": "float"}],
        },
    },
    "workflow": {
        "bucket_name": "some-bucket",
        "glue_jobs": {
            "prepare": {"name": "some-job", "arn": GLUE_JOB, "timeout_minutes": 90},
            "publish": {"name": "other-job", "arn": OTHER_JOB, "timeout_minutes": 30},
        },
        "dataset_group_arn": f"{PERSONALIZE}:dataset-group/shop-eu",
        "datasets": {
            "interactions": f"{PERSONALIZE}:dataset/shop-eu/INTERACTIONS",
            "users": f"{PERSONALIZE}:dataset/shop-eu/USERS",
        },
        "personalize_role_arn": ROLE,
        "solutions": {
            "plain": PLAIN,
            "more-results": PLAIN | {"number_of_results": 50},
            "tuned": PLAIN | {"hyperparameters": {"recency_mask": "false"}},
            "one-event": PLAIN | {"event_type": "click", "event_value_threshold": 2.5},
            "unseen": PLAIN | {"filter": UNSEEN},
            "fans": {
                "recipe": "aws-item-affinity",
                "batch_input_folder": "batch_films_input",
                "job": "segment",
                "number_of_results": 1000,
            },
            "themed": {
                "recipe": "aws-similar-items",
                "batch_input_folder": "batch_films_input",
                "themes_item_name": "TITLE",
            },
            "gated": PLAIN
            | {
                "quality_gate": {"minimum": {"coverage": 0.1}, "maximum_drop": {"coverage": 0.2}},
                "training": {"mode": "UPDATE", "reuse_days": 3, "reuse_unchanged": False},
            },
        },
        "deadlines": {"import_hours": 2, "training_hours": 3, "batch_hours": 4},
        "topic_arn": TOPIC,
        "log_retention_days": 30,
    },
    "catalog": {
        "bucket_name": "some-bucket",
        "tables": {
            "for-users": {"asked": "users", "has_themes": False},
            "similar": {"asked": "items", "has_themes": True},
            "segments": {"asked": "item_attributes", "has_themes": False},
        },
    },
    "monitoring": {},
    "schedule": {"state_machine_arn": MACHINE},
}


@pytest.fixture(scope="module")
def alone(local_aws: LocalAws, repository: Path, plan_of: "PlanOf") -> tftest.TerraformPlanOutput:
    """Every module with its INPUTS, in one plan: starting the provider takes most of one."""
    calls = {
        "module": {
            name: {"source": f"../../modules/{name}"} | HERE | INPUTS[name] for name in INPUTS
        },
        "output": {name: {"value": f"${{module.{name}}}"} for name in INPUTS},
    }
    with Workspace(repository, endpoint=local_aws.endpoint) as workspace:
        configurations.put(workspace, calls)
        return plan_of(workspace)


def scripts(repository: Path) -> dict[str, Path]:
    return {path.name: path for path in (repository / "glue_jobs").glob("*.py")}


def counts(plan: tftest.TerraformPlanOutput) -> dict[str, int]:
    managed = [r for r in plan.resource_changes.values() if r["mode"] == "managed"]
    return dict(Counter(resource["type"] for resource in managed))


# The root module, through the example


def test_the_example_calls_every_module(plan: tftest.TerraformPlanOutput, repository: Path) -> None:
    called = {address.split(".")[3] for address in plan.resource_changes}
    assert called == {folder.name for folder in (repository / "modules").iterdir()} == set(INPUTS)


def test_the_example_makes_this_much(plan: tftest.TerraformPlanOutput, repository: Path) -> None:
    assert counts(plan) == {
        "aws_s3_bucket": 1,
        "aws_s3_bucket_lifecycle_configuration": 1,
        "aws_s3_bucket_ownership_controls": 1,
        "aws_s3_bucket_policy": 1,
        "aws_s3_bucket_public_access_block": 1,
        "aws_s3_bucket_server_side_encryption_configuration": 1,
        "aws_s3_bucket_versioning": 1,
        "aws_s3_object": len(scripts(repository)),
        "aws_glue_catalog_database": 1,
        "aws_glue_catalog_table": 1,
        "aws_glue_job": 2,
        "aws_glue_security_configuration": 1,
        "aws_cloudcontrolapi_resource": 3,
        "aws_sfn_state_machine": 1,
        "aws_scheduler_schedule": 1,
        "aws_sqs_queue": 1,
        "aws_sns_topic": 1,
        "aws_sns_topic_policy": 1,
        "aws_kms_key": 1,
        "aws_kms_alias": 1,
        "aws_cloudwatch_dashboard": 1,
        "aws_cloudwatch_metric_alarm": 3,
        "aws_cloudwatch_event_rule": 2,
        "aws_cloudwatch_event_target": 2,
        "aws_cloudwatch_log_group": 5,
        "aws_iam_role": 5,
        "aws_iam_role_policy": 5,  # and no managed policy is attached
    }


def test_the_outputs_are_those_that_consumers_use(plan: tftest.TerraformPlanOutput) -> None:
    assert dict(plan.outputs.items()).keys() == {
        "bucket_arn",
        "bucket_name",
        "catalog_database_name",
        "dataset_group_arn",
        "dead_letter_queue_url",
        "glue_job_name",
        "glue_publish_job_name",
        "raw_interactions_prefix",
        "schedule_name",
        "state_machine_arn",
        "topic_arn",
    }
    assert plan.outputs["bucket_arn"] == f"arn:aws:s3:::movielens-{ACCOUNT}-us-east-1"
    assert plan.outputs["bucket_name"] == f"movielens-{ACCOUNT}-us-east-1"
    assert plan.outputs["catalog_database_name"] == "movielens"
    assert plan.outputs["dataset_group_arn"] == (
        f"arn:aws:personalize:us-east-1:{ACCOUNT}:dataset-group/movielens"
    )
    assert plan.outputs["glue_job_name"] == "movielens-prepare-training-data"
    assert plan.outputs["glue_publish_job_name"] == "movielens-publish-recommendations"
    assert plan.outputs["raw_interactions_prefix"] == "raw/movielens/"
    assert plan.outputs["schedule_name"] == "movielens"
    assert plan.outputs["state_machine_arn"] == (
        f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:movielens"
    )
    assert plan.outputs["topic_arn"] == f"arn:aws:sns:us-east-1:{ACCOUNT}:movielens"


# What a reviewer, or a policy check on a plan, has to see.
SHOWN = {
    "aws_cloudcontrolapi_resource": "desired_state",
    "aws_glue_job": "default_arguments",
    "aws_iam_role": "assume_role_policy",
    "aws_iam_role_policy": "policy",
    "aws_s3_bucket_policy": "policy",
    "aws_scheduler_schedule": "schedule_expression",
    "aws_sfn_state_machine": "definition",
}


@pytest.mark.parametrize("kind", SHOWN)
def test_a_first_plan_shows_everything_that_matters(
    plan: tftest.TerraformPlanOutput, kind: str
) -> None:
    changes = {
        address: resource["change"]
        for address, resource in plan.resource_changes.items()
        if resource["type"] == kind
    }
    assert changes
    for address, change in changes.items():
        assert change["after"][SHOWN[kind]], address
        assert not change["after_unknown"].get(SHOWN[kind]), address


def test_the_configurations_of_the_modules_agree(plan: tftest.TerraformPlanOutput) -> None:
    machine = planned(plan, f"{ROOT}.module.workflow.aws_sfn_state_machine.this")
    states = json.loads(machine["definition"])["States"]
    configuration = states["Configure"]["Assign"]["configuration"]
    (solution,) = configuration.pop("solutions")
    assert configuration == {
        "pipeline": "movielens",
        "bucket": f"movielens-{ACCOUNT}-us-east-1",
        "prefix": "",
        "tags": [],
        "console_url": "https://us-east-1.console.aws.amazon.com",
        "topic_arn": f"arn:aws:sns:us-east-1:{ACCOUNT}:movielens",
        "prepare_job_name": "movielens-prepare-training-data",
        "publish_job_name": "movielens-publish-recommendations",
        "limit_seconds": {"import": 6 * 3600, "training": 24 * 3600, "batch": 24 * 3600},
        "dataset_group_arn": f"arn:aws:personalize:us-east-1:{ACCOUNT}:dataset-group/movielens",
        "personalize_role_arn": f"arn:aws:iam::{ACCOUNT}:role/movielens-us-east-1-personalize",
        "datasets": [
            {
                "folder": "interactions",
                "arn": f"arn:aws:personalize:us-east-1:{ACCOUNT}:dataset/movielens/INTERACTIONS",
            }
        ],
    }
    assert (solution["key"], solution["number_of_results"]) == ("user-personalization", 25)
    assert solution["batch_input_folder"] == "batch_users_input"
    script = planned(plan, f'{ROOT}.module.transform.aws_s3_object.script["{SCRIPT}"]')
    job = planned(plan, f"{ROOT}.module.transform.aws_glue_job.this")
    location = f"s3://{configuration['bucket']}/{script['key']}"
    assert script["bucket"] == configuration["bucket"]
    assert job["command"][0]["script_location"] == location


ROLES = {
    "transform.aws_iam_role.this": ("glue", None),
    "transform.aws_iam_role.publish": ("glue", None),
    "personalize.aws_iam_role.this": (
        "personalize",
        f"arn:aws:personalize:us-east-1:{ACCOUNT}:*",
    ),
    "workflow.aws_iam_role.this": (
        "states",
        f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:movielens",
    ),
    # EventBridge Scheduler User Guide, Preventing confused deputies: the group, not the schedule.
    "schedule.aws_iam_role.this": (
        "scheduler",
        f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group/default",
    ),
}


@pytest.mark.parametrize("address", ROLES)
def test_each_role_trusts_one_service_for_this_account(
    plan: tftest.TerraformPlanOutput, address: str
) -> None:
    role = planned(plan, f"{ROOT}.module.{address}")
    service, source = ROLES[address]
    (trust,) = json.loads(role["assume_role_policy"])["Statement"]
    assert trust["Principal"] == {"Service": f"{service}.amazonaws.com"}
    assert (trust["Effect"], trust["Action"]) == ("Allow", "sts:AssumeRole")
    found = {
        (key, value)
        for operator, condition in trust["Condition"].items()
        if operator in {"StringEquals", "ArnEquals", "ArnLike"}
        for key, value in condition.items()
    }
    expected = {("aws:SourceAccount", ACCOUNT)} | ({("aws:SourceArn", source)} if source else set())
    assert found == expected


def test_roles_name_their_actions_and_resources(plan: tftest.TerraformPlanOutput) -> None:
    policies = [
        statement
        for address, resource in plan.resource_changes.items()
        if resource["type"] == "aws_iam_role_policy"
        for statement in statements(planned(plan, address)["policy"]).values()
    ]
    assert {statement["Effect"] for statement in policies} == {"Allow"}
    actions = [action for statement in policies for action in as_list(statement["Action"])]
    assert all(re.fullmatch(r"[a-z0-9]+:[A-Z][A-Za-z]+", action) for action in actions)
    on_everything = {s["Sid"]: s for s in policies if "*" in as_list(s["Resource"])}
    # Actions that know no resources (Service Authorization Reference).
    unlimited = {"WriteMetrics", "DeliverLogsAndTraces", "ListForTeardownAndFailOwnTasks"}
    assert set(on_everything) == unlimited
    assert set(on_everything["ListForTeardownAndFailOwnTasks"]["Action"]) == {
        "personalize:ListFilters",
        "personalize:ListSolutions",
        "states:SendTaskFailure",
    }
    assert on_everything["WriteMetrics"]["Condition"] == {
        "StringEquals": {"cloudwatch:namespace": "Glue"}
    }
    delivering = on_everything["DeliverLogsAndTraces"]["Action"]
    assert {action.split(":")[0] for action in delivering} == {"logs", "xray"}


# Storage


def test_storage_is_private(alone: tftest.TerraformPlanOutput) -> None:
    blocked = planned(alone, OWN.format("aws_s3_bucket_public_access_block"))
    assert {name for name, value in blocked.items() if value is True} == {
        "block_public_acls",
        "block_public_policy",
        "ignore_public_acls",
        "restrict_public_buckets",
    }
    (ownership,) = planned(alone, OWN.format("aws_s3_bucket_ownership_controls"))["rule"]
    assert ownership["object_ownership"] == "BucketOwnerEnforced"


def test_storage_keeps_versions_for_a_while_and_encrypts(
    alone: tftest.TerraformPlanOutput,
) -> None:
    bucket = planned(alone, OWN.format("aws_s3_bucket"))
    assert (bucket["bucket"], bucket["force_destroy"]) == (
        "shop-eu-210987654321-cn-north-1",
        False,
    )
    (versioning,) = planned(alone, OWN.format("aws_s3_bucket_versioning"))[
        "versioning_configuration"
    ]
    assert versioning["status"] == "Enabled"
    encryption = OWN.format("aws_s3_bucket_server_side_encryption_configuration")
    (rule,) = planned(alone, encryption)["rule"]
    assert rule["apply_server_side_encryption_by_default"][0]["sse_algorithm"] == "AES256"
    (rule,) = planned(alone, OWN.format("aws_s3_bucket_lifecycle_configuration"))["rule"]
    assert rule["status"] == "Enabled"
    assert rule["abort_incomplete_multipart_upload"][0]["days_after_initiation"] == 7
    assert rule["noncurrent_version_expiration"][0]["noncurrent_days"] == 30


def test_storage_refuses_plain_http(alone: tftest.TerraformPlanOutput) -> None:
    policy = statements(planned(alone, OWN.format("aws_s3_bucket_policy"))["policy"])
    bucket = "arn:aws-cn:s3:::shop-eu-210987654321-cn-north-1"
    assert policy.pop("DenyInsecureTransport") == {
        "Sid": "DenyInsecureTransport",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"{bucket}/*", bucket],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    assert all(statement["Principal"] != "*" for statement in policy.values())


def test_storage_admits_personalize_for_this_account(alone: tftest.TerraformPlanOutput) -> None:
    """Personalize Developer Guide, Giving Amazon Personalize access to Amazon S3 resources."""
    policy = statements(planned(alone, OWN.format("aws_s3_bucket_policy"))["policy"])
    allowed = [statement for statement in policy.values() if statement["Effect"] == "Allow"]
    bucket = "arn:aws-cn:s3:::shop-eu-210987654321-cn-north-1"
    assert {statement["Action"]: statement["Resource"] for statement in allowed} == {
        "s3:ListBucket": bucket,
        "s3:GetObject": f"{bucket}/transformed/*",
        "s3:PutObject": f"{bucket}/curated/*",
    }
    for statement in allowed:
        assert statement["Principal"] == {"Service": "personalize.amazonaws.com"}
        assert statement["Condition"] == {
            "StringEquals": {"aws:SourceAccount": "210987654321"},
            "ArnLike": {"aws:SourceArn": f"{PERSONALIZE}:*"},
        }


# Transform


@pytest.mark.parametrize(("job", "script"), [("this", SCRIPT), ("publish", PUBLISH_SCRIPT)])
def test_transform_runs_the_uploaded_scripts_on_glue_5(
    alone: tftest.TerraformPlanOutput, job: str, script: str
) -> None:
    planned_job = planned(alone, f"module.transform.aws_glue_job.{job}")
    assert planned_job["name"] == JOBS[job]
    assert planned_job["glue_version"] == "5.0"
    workers = ("worker_type", "number_of_workers", "timeout")
    assert [planned_job[setting] for setting in workers] == ["G.2X", 5, 90]
    assert planned_job["max_retries"] == 0
    assert planned_job["execution_property"] == [{"max_concurrent_runs": 1}]
    (command,) = planned_job["command"]
    assert (command["name"], command["python_version"]) == ("glueetl", "3")
    assert command["script_location"] == f"s3://some-bucket/glue_jobs/{script}"


def test_transform_uploads_the_script_and_its_modules(
    alone: tftest.TerraformPlanOutput, repository: Path
) -> None:
    for name, path in scripts(repository).items():
        script = planned(alone, f'module.transform.aws_s3_object.script["{name}"]')
        assert (script["bucket"], script["key"]) == ("some-bucket", f"glue_jobs/{name}")
        # Another content is uploaded.
        assert script["source_hash"] == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("job", "own"),
    [
        (
            "this",
            {
                "--configuration": '{"interactions": {"folder": "ratings/daily"}}',
                "--raw_prefix": "s3://some-bucket/raw",
            },
        ),
        ("publish", {"--maximum_error_share": "0.05"}),
    ],
)
def test_transform_gives_the_jobs_their_arguments(
    alone: tftest.TerraformPlanOutput, repository: Path, job: str, own: dict[str, str]
) -> None:
    arguments = planned(alone, f"module.transform.aws_glue_job.{job}")["default_arguments"]
    modules = sorted(scripts(repository).keys() - {SCRIPT, PUBLISH_SCRIPT})
    assert modules
    assert arguments == own | {
        "--extra-py-files": ",".join(f"s3://some-bucket/glue_jobs/{name}" for name in modules),
        "--custom-logGroup-prefix": f"/aws-glue/jobs/{JOBS[job]}",
        "--enable-metrics": "true",
        "--job-bookmark-option": "job-bookmark-disable",
        "--job-language": "python",
    }


def test_transform_says_what_others_need(alone: tftest.TerraformPlanOutput) -> None:
    jobs = "arn:aws-cn:glue:cn-north-1:210987654321:job"
    assert alone.outputs["transform"] == {
        "job_arn": f"{jobs}/shop-eu-prepare-training-data",
        "job_name": "shop-eu-prepare-training-data",
        "publish_job_arn": f"{jobs}/shop-eu-publish-recommendations",
        "publish_job_name": "shop-eu-publish-recommendations",
        "raw_prefixes": {"interactions": "raw/ratings/daily/", "items": "raw/films/"},
    }


def test_transform_bounds_the_groups_that_glue_5_logs_to(
    alone: tftest.TerraformPlanOutput,
) -> None:
    """Glue Developer Guide, Logging for AWS Glue jobs: PREFIX/error and PREFIX/output."""
    prefixes = {
        job: planned(alone, f"module.transform.aws_glue_job.{job}")["default_arguments"][
            "--custom-logGroup-prefix"
        ]
        for job in JOBS
    }
    groups = [
        planned(alone, address)
        for address in alone.resource_changes
        if address.startswith("module.transform.aws_cloudwatch_log_group.")
    ]
    assert {group["name"]: group["retention_in_days"] for group in groups} == {
        f"{prefix}/{kind}": 30 for prefix in prefixes.values() for kind in ("error", "output")
    }
    for job, prefix in prefixes.items():
        address = f"module.transform.aws_iam_role_policy.{job}"
        writable = statements(planned(alone, address)["policy"])["WriteLogs"]["Resource"]
        assert any(arn.endswith(":log-group:/aws-glue/jobs/*") for arn in writable)
        assert prefix.startswith("/aws-glue/jobs/")


@pytest.mark.parametrize(
    ("job", "written", "read"),
    [
        ("this", ("quarantine", "transformed"), ("raw/ratings/daily/*", "raw/films/*")),
        ("publish", ("curated",), ("transformed/*",)),
    ],
)
def test_transform_reads_and_writes_only_its_own_prefixes(
    alone: tftest.TerraformPlanOutput,
    repository: Path,
    job: str,
    written: tuple[str, ...],
    read: tuple[str, ...],
) -> None:
    address = f"module.transform.aws_iam_role_policy.{job}"
    policy = statements(planned(alone, address)["policy"])
    touched: dict[bool, list[str]] = {True: [], False: []}
    for statement in policy.values():
        actions = set(as_list(statement["Action"]))
        if actions & {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}:
            writes = bool(actions - {"s3:GetObject"})
            touched[writes] += as_list(statement["Resource"])
    assert sorted(touched[True]) == [
        f"{BUCKET}/{prefix}{rest}" for prefix in written for rest in ("/*", "_$folder$")
    ]
    assert set(touched[False]) == {
        *(f"{BUCKET}/glue_jobs/{name}" for name in scripts(repository)),
        *(f"{BUCKET}/{prefix}" for prefix in read),
    }
    listed = policy["ListItsPrefixes"]["Condition"]["StringLike"]["s3:prefix"]
    folders = {prefix.split("/")[0] for prefix in ("glue_jobs", *written, *read)}
    assert {prefix.rstrip("/*") for prefix in listed} == folders


# Personalize


def desired(plan: tftest.TerraformPlanOutput, name: str) -> dict[str, str]:
    address = f"module.personalize.aws_cloudcontrolapi_resource.{name}"
    return dict(json.loads(planned(plan, address)["desired_state"]))


def test_personalize_knows_every_property_at_plan(alone: tftest.TerraformPlanOutput) -> None:
    """With an unknown value in desired_state, a replacement would fail at apply."""
    resources = [
        resource["change"]
        for resource in alone.resource_changes.values()
        if resource["type"] == "aws_cloudcontrolapi_resource"
    ]
    assert sorted(change["after"]["type_name"] for change in resources) == [
        *["AWS::Personalize::Dataset"] * 3,
        "AWS::Personalize::DatasetGroup",
        *["AWS::Personalize::Schema"] * 3,
    ]
    assert not any(change["after_unknown"].get("desired_state") for change in resources)


FIELDS: dict[str, list[dict[str, Any]]] = {
    "interactions": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
        {"name": "EVENT_TYPE", "type": "string"},
        {"name": "EVENT_VALUE", "type": ["float", "null"]},
        {"name": "DEVICE", "type": ["null", "string"], "categorical": True},
        {"name": "DURATION", "type": "double"},
    ],
    "users": [
        {"name": "USER_ID", "type": "string"},
        {"name": "AGE", "type": ["null", "int"]},
        {"name": "COUNTRY", "type": "string", "categorical": True},
    ],
    "items": [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "CREATION_TIMESTAMP", "type": "long"},
        {"name": "PLOT", "type": ["null", "string"], "textual": True},
        {"name": "PRICE", "type": ["null", "float"]},
    ],
}


@pytest.mark.parametrize("dataset", FIELDS)
def test_personalize_schemas_follow_the_rules(
    alone: tftest.TerraformPlanOutput, dataset: str
) -> None:
    """Personalize Developer Guide, Creating schema JSON files for Amazon Personalize schemas."""
    text = desired(alone, f'schema["{dataset}"]')["Schema"]
    schema = json.loads(text)
    fields = schema.pop("fields")
    assert schema == {
        "type": "record",
        "name": dataset.title(),
        "namespace": "com.amazonaws.personalize.schema",
        "version": "1.0",
    }
    # Columns of a CSV file are read in this order.
    assert fields == FIELDS[dataset]
    assert len(text) <= 10_000  # CloudFormation's limit for the property
    assert text == json.dumps(json.loads(text), separators=(",", ":"))  # no white space


@pytest.mark.parametrize("dataset", FIELDS)
def test_personalize_names_carry_what_they_must(
    alone: tftest.TerraformPlanOutput, dataset: str
) -> None:
    schema = desired(alone, f'schema["{dataset}"]')
    content = hashlib.sha256(schema["Schema"].encode()).hexdigest()
    assert desired(alone, "dataset_group") == {"Name": "shop-eu"}
    assert schema["Name"].startswith(f"shop-eu-{dataset}-")
    assert len(digest := schema["Name"].removeprefix(f"shop-eu-{dataset}-")) >= 8
    assert content.startswith(digest)
    assert desired(alone, f'dataset["{dataset}"]') == {
        "Name": f"shop-eu-{dataset}",
        "DatasetType": dataset.title(),
        "DatasetGroupArn": f"{PERSONALIZE}:dataset-group/shop-eu",
        "SchemaArn": f"{PERSONALIZE}:schema/{schema['Name']}",
    }


def test_personalize_outputs_are_known_at_plan(alone: tftest.TerraformPlanOutput) -> None:
    assert alone.outputs["personalize"] == {
        "dataset_group_arn": f"{PERSONALIZE}:dataset-group/shop-eu",
        # A dataset's ARN has its group and its type, not its name.
        "datasets": {
            "interactions": f"{PERSONALIZE}:dataset/shop-eu/INTERACTIONS",
            "items": f"{PERSONALIZE}:dataset/shop-eu/ITEMS",
            "users": f"{PERSONALIZE}:dataset/shop-eu/USERS",
        },
        "role_arn": "arn:aws-cn:iam::210987654321:role/shop-eu-cn-north-1-personalize",
    }


def test_personalize_may_read_training_data_and_write_results(
    alone: tftest.TerraformPlanOutput,
) -> None:
    policy = statements(planned(alone, "module.personalize.aws_iam_role_policy.this")["policy"])
    assert {s["Action"]: s["Resource"] for s in policy.values()} == {
        "s3:ListBucket": "arn:aws-cn:s3:::some-bucket",
        "s3:GetObject": "arn:aws-cn:s3:::some-bucket/transformed/*",
        "s3:PutObject": "arn:aws-cn:s3:::some-bucket/curated/*",
    }


# Workflow


@pytest.fixture(scope="module")
def definition(alone: tftest.TerraformPlanOutput) -> dict[str, Any]:
    machine = planned(alone, "module.workflow.aws_sfn_state_machine.this")
    return dict(json.loads(machine["definition"]))


@pytest.fixture(scope="module")
def solutions(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    configuration = definition["States"]["Configure"]["Assign"]["configuration"]
    return {solution["key"]: solution for solution in configuration["solutions"]}


def test_workflow_puts_its_configuration_in_place_of_the_example(
    definition: dict[str, Any],
) -> None:
    configuration = definition["States"]["Configure"]["Assign"]["configuration"]
    assert {name: value for name, value in configuration.items() if name != "solutions"} == {
        "pipeline": "shop-eu",
        "bucket": "some-bucket",
        "prefix": "",
        "tags": [],
        "console_url": "https://cn-north-1.console.amazonaws.cn",
        "topic_arn": TOPIC,
        "prepare_job_name": "some-job",
        "publish_job_name": "other-job",
        "limit_seconds": {"import": 7200, "training": 10_800, "batch": 14_400},
        "dataset_group_arn": f"{PERSONALIZE}:dataset-group/shop-eu",
        "personalize_role_arn": ROLE,
        "datasets": [
            {
                "folder": "interactions",
                "arn": f"{PERSONALIZE}:dataset/shop-eu/INTERACTIONS",
            },
            {"folder": "users", "arn": f"{PERSONALIZE}:dataset/shop-eu/USERS"},
        ],
    }


def test_workflow_changes_nothing_else_of_the_file(
    definition: dict[str, Any], repository: Path
) -> None:
    deployed = json.loads(json.dumps(definition))
    text = (repository / "modules/workflow/pipeline.asl.json").read_text()
    # Integrations are named in the partition they run in.
    file = json.loads(text.replace("arn:aws:states:::", "arn:aws-cn:states:::"))
    ours = deployed["States"]["Configure"]["Assign"].pop("configuration")
    example = file["States"]["Configure"]["Assign"].pop("configuration")
    # Longer than a job may take to start and run.
    limits = {"PrepareTrainingData": (90 + 15) * 60, "PublishRecommendations": (30 + 15) * 60}
    for name, limit in limits.items():
        assert deployed["States"][name].pop("TimeoutSeconds") == limit
        assert file["States"][name].pop("TimeoutSeconds") == (60 + 15) * 60
    # And the whole longer than all of its parts one after another.
    assert deployed.pop("TimeoutSeconds") > sum(limits.values()) + (2 + 3 + 4) * 3600
    assert file.pop("TimeoutSeconds") > 0
    assert deployed == file
    # The example is what somebody sees who opens the file in Workflow Studio.
    assert shape(ours) == shape(example)


def shape(value: Any) -> Any:
    """Names and types, of a list those of its first entry."""
    if isinstance(value, list):
        return [shape(member) for member in value[:1]]
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    return type(value)


def test_workflow_describes_each_solution(solutions: dict[str, dict[str, Any]]) -> None:
    recipe = "arn:aws-cn:personalize:::recipe"
    default = f"{recipe}/aws-user-personalization"
    names = ("recipe_arn", "solution_config", "event_type", "job", "number_of_results")
    plain = (default, {}, "", "inference", 25)
    assert {key: tuple(each[name] for name in names) for key, each in solutions.items()} == {
        "plain": plain,
        "more-results": (*plain[:-1], 50),
        "tuned": (default, {"AlgorithmHyperParameters": {"recency_mask": "false"}}, *plain[2:]),
        # A text, as CreateSolution takes it (API Reference, SolutionConfig).
        "one-event": (default, {"EventValueThreshold": "2.5"}, "click", *plain[3:]),
        "unseen": plain,
        "fans": (f"{recipe}/aws-item-affinity", {}, "", "segment", 1000),
        "themed": (f"{recipe}/aws-similar-items", {}, "", "inference", None),
        "gated": plain,
    }
    names = ("training", "quality_gate", "themes_item_name", "batch_input_folder")
    assert {name: solutions["plain"][name] for name in names} == {
        "training": {"mode": "FULL", "reuse_days": 0, "reuse_unchanged": True},
        "quality_gate": {"minimum": {}, "maximum_drop": {}},
        "themes_item_name": "",
        "batch_input_folder": "batch_users_input",
    }
    assert {name: solutions["gated"][name] for name in names[:2]} == {
        "training": {"mode": "UPDATE", "reuse_days": 3, "reuse_unchanged": False},
        "quality_gate": {"minimum": {"coverage": 0.1}, "maximum_drop": {"coverage": 0.2}},
    }
    assert solutions["themed"]["themes_item_name"] == "TITLE"


def test_a_filter_is_named_after_its_expression(solutions: dict[str, dict[str, Any]]) -> None:
    members = ("filter_name", "filter_arn", "filter_expression")
    assert [solutions["plain"][name] for name in members] == ["", "", ""]
    name, arn, expression = (solutions["unseen"][name] for name in members)
    assert expression == UNSEEN
    assert re.fullmatch(r"shop-eu-unseen-[0-9a-f]{6}", name)
    assert arn == f"{PERSONALIZE}:filter/{name}"


def test_another_training_configuration_is_another_solution(
    solutions: dict[str, dict[str, Any]],
) -> None:
    for key, solution in solutions.items():
        assert re.fullmatch(rf"shop-eu-{key}-[0-9a-f]{{6}}", solution["name"])
        assert len(solution["name"]) <= 63  # the limit of Personalize
        assert solution["arn"] == f"{PERSONALIZE}:solution/{solution['name']}"
    digests = {key: solution["name"][-6:] for key, solution in solutions.items()}
    # What is asked of a solution, and when it is trained, trains no other.
    for same in ("more-results", "unseen", "gated"):
        assert digests[same] == digests["plain"]
    assert len({digests[key] for key in ("plain", "tuned", "one-event", "fans", "themed")}) == 5


def test_workflow_logs_and_traces(alone: tftest.TerraformPlanOutput) -> None:
    machine = planned(alone, "module.workflow.aws_sfn_state_machine.this")
    logs = planned(alone, "module.workflow.aws_cloudwatch_log_group.this")
    assert machine["name"] == "shop-eu"
    assert machine["logging_configuration"][0]["level"] == "ALL"
    assert machine["tracing_configuration"][0]["enabled"] is True
    # Names with this prefix keep the account's log resource policy short
    # (Step Functions Developer Guide, Logging to CloudWatch Logs).
    assert logs["name"] == "/aws/vendedlogs/states/shop-eu"
    assert logs["retention_in_days"] == 30
    assert alone.outputs["workflow"]["state_machine_arn"] == (
        "arn:aws-cn:states:cn-north-1:210987654321:stateMachine:shop-eu"
    )


def test_workflow_may_touch_only_what_it_is_given(
    alone: tftest.TerraformPlanOutput, solutions: dict[str, dict[str, Any]]
) -> None:
    policy = statements(planned(alone, "module.workflow.aws_iam_role_policy.this")["policy"])
    assert policy["LetPersonalizeUseItsRole"] == {
        "Sid": "LetPersonalizeUseItsRole",
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": ROLE,
        "Condition": {"StringEquals": {"iam:PassedToService": "personalize.amazonaws.com"}},
    }
    # Step Functions Developer Guide, IAM policies for calling AWS Glue: startJobRun.sync.
    assert set(policy["RunGlueJobs"]["Resource"]) == {GLUE_JOB, OTHER_JOB}
    assert set(policy["RunGlueJobs"]["Action"]) == {
        "glue:StartJobRun",
        "glue:GetJobRun",
        "glue:GetJobRuns",
        "glue:BatchStopJobRun",
    }
    solutions = f"{PERSONALIZE}:solution/shop-eu-*"
    group = f"{PERSONALIZE}:dataset-group/shop-eu"
    assert set(policy["TrainSolutions"]["Resource"]) == {solutions, group}
    assert set(policy["TearDown"]["Resource"]) == {solutions, f"{PERSONALIZE}:filter/shop-eu-*"}
    assert set(policy["ImportDatasets"]["Resource"]) == {
        f"{PERSONALIZE}:dataset/shop-eu/INTERACTIONS",
        f"{PERSONALIZE}:dataset/shop-eu/USERS",
        f"{PERSONALIZE}:dataset-import-job/*",
    }
    assert policy["Notify"]["Resource"] == TOPIC
    machine = "arn:aws-cn:states:cn-north-1:210987654321:stateMachine:shop-eu"
    execution = "arn:aws-cn:states:cn-north-1:210987654321:execution:shop-eu"
    # Step Functions Developer Guide, IAM policies for using Distributed Map states.
    assert policy["StartChildrenAndSeeOtherRuns"]["Resource"] == machine
    assert set(policy["FollowChildrenAndStopOtherRuns"]["Resource"]) == {
        f"{execution}:*",
        f"{execution}/*",
    }
    assert set(as_list(policy["ReadReportsAndManifest"]["Resource"])) == {
        f"{BUCKET}/transformed/*/report.json",
        f"{BUCKET}/curated/*/publication.json",
        f"{BUCKET}/curated/latest.json",
    }


# Catalog


def test_catalog_has_a_table_for_each_solution(alone: tftest.TerraformPlanOutput) -> None:
    database = planned(alone, "module.catalog.aws_glue_catalog_database.this")
    # Athena User Guide, Name databases, tables, and columns: others would need quotation marks.
    assert database["name"] == "shop_eu"
    outputs = dict(alone.outputs["catalog"])
    assert outputs.pop("consumer_policy_json")
    assert outputs == {
        "database_name": "shop_eu",
        "table_names": {"for-users": "for_users", "segments": "segments", "similar": "similar"},
    }
    for key, name in alone.outputs["catalog"]["table_names"].items():
        table = planned(alone, f'module.catalog.aws_glue_catalog_table.this["{key}"]')
        assert (table["database_name"], table["name"]) == ("shop_eu", name)


RANKED = [("rank", "int"), ("recommended_id", "string"), ("score", "double")]
COLUMNS = {
    "for-users": [("user_id", "string"), *RANKED],
    "similar": [
        *[("item_id", "string"), *RANKED],
        *[("theme", "string"), ("theme_relevance_score", "double")],
    ],
    "segments": [("item_attributes", "string"), *RANKED],
}


@pytest.mark.parametrize("key", COLUMNS)
def test_catalog_reads_a_run_where_the_job_writes_it(
    alone: tftest.TerraformPlanOutput, key: str
) -> None:
    """Athena User Guide, Set up partition projection: a location template, an injected column."""
    table = planned(alone, f'module.catalog.aws_glue_catalog_table.this["{key}"]')
    assert table["table_type"] == "EXTERNAL_TABLE"
    assert [(part["name"], part["type"]) for part in table["partition_keys"]] == [("run", "string")]
    assert table["parameters"] == {
        "EXTERNAL": "TRUE",
        "classification": "parquet",
        "projection.enabled": "true",
        "projection.run.type": "injected",
        "storage.location.template": f"s3://some-bucket/curated/${{run}}/tables/{key}/",
    }
    (storage,) = table["storage_descriptor"]
    assert [(column["name"], column["type"]) for column in storage["columns"]] == COLUMNS[key]
    assert "ParquetHiveSerDe" in storage["ser_de_info"][0]["serialization_library"]
