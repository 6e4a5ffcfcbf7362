"""modules/monitoring on its own: who is told what, and when an alarm goes off.

It stands in another partition, so that an ARN with a fixed one is found.
"""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import configurations
import pytest
import tftest
from plans import planned, statements

from batchrec.localaws.server import LocalAws
from batchrec.terraform.workspace import Workspace

if TYPE_CHECKING:
    from conftest import PlanOf

pytestmark = pytest.mark.xdist_group("plans")

ACCOUNT = "210987654321"
HERE = {
    "name": "shop-eu",
    "location": {
        "partition": "aws-cn",
        "region": "cn-north-1",
        "account_id": ACCOUNT,
        "dns_suffix": "amazonaws.com.cn",
    },
}
MACHINE = f"arn:aws-cn:states:cn-north-1:{ACCOUNT}:stateMachine:shop-eu"
TOPIC = f"arn:aws-cn:sns:cn-north-1:{ACCOUNT}:shop-eu"
OTHER_TOPIC = f"arn:aws-cn:sns:cn-north-1:{ACCOUNT}:alerts"
KEY = f"arn:aws-cn:kms:cn-north-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
RULES = [
    f"arn:aws-cn:events:cn-north-1:{ACCOUNT}:rule/shop-eu-{key}"
    for key in ("crashed", "interrupted")
]

OUTPUTS = [
    "alarm_arns",
    "dashboard_name",
    "key_policy_json",
    "kms_key_arn",
    "topic_arn",
    "topic_policy_json",
]
INPUTS: dict[str, dict[str, Any]] = {
    "bare": {},
    "full": {
        "dead_letter_queue_name": "some-queue",
        "glue_job_names": ["prepare", "publish"],
        "kms_key_arn": KEY,
        "log_group_name": "/aws/vendedlogs/states/shop-eu",
        "monitoring": {
            "email_addresses": ["team@example.com", "boss@example.com"],
            "maximum_days_without_success": 7,
            "maximum_duration_hours": 1.5,
        },
        "tags": {"team": "shop"},
    },
    "silent": {"monitoring": {"enabled": False}},
    "elsewhere": {"monitoring": {"topic_arn": OTHER_TOPIC}},
}


@pytest.fixture(scope="module")
def alone(local_aws: LocalAws, repository: Path, plan_of: "PlanOf") -> tftest.TerraformPlanOutput:
    """The module with each of INPUTS, in one plan."""
    calls = {
        "module": {
            key: {"source": "../../modules/monitoring"} | HERE | inputs
            for key, inputs in INPUTS.items()
        },
        "output": {
            f"{key}_{name}": {"value": f"${{module.{key}.{name}}}"}
            for key in INPUTS
            for name in OUTPUTS
        },
    }
    with Workspace(repository, endpoint=local_aws.endpoint) as workspace:
        configurations.put(workspace, calls)
        return plan_of(workspace)


def types(plan: tftest.TerraformPlanOutput, key: str) -> set[str]:
    prefix = f"module.{key}."
    return {
        resource["type"]
        for address, resource in plan.resource_changes.items()
        if address.startswith(prefix)
    }


# The topic


def test_runs_that_could_not_tell_are_told_by_events(alone: tftest.TerraformPlanOutput) -> None:
    patterns = {
        key: json.loads(
            planned(alone, f'module.bare.aws_cloudwatch_event_rule.untold_end["{key}"]')[
                "event_pattern"
            ]
        )
        for key in ("interrupted", "crashed")
    }
    for key, pattern in patterns.items():
        assert pattern["source"] == ["aws.states"]
        assert pattern["detail-type"] == ["Step Functions Execution Status Change"]
        assert pattern["detail"]["stateMachineArn"] == [MACHINE]
        target = planned(alone, f'module.bare.aws_cloudwatch_event_target.topic["{key}"]')
        assert target["arn"] == TOPIC
    assert patterns["interrupted"]["detail"]["status"] == ["TIMED_OUT", "ABORTED"]
    assert patterns["crashed"]["detail"]["status"] == ["FAILED"]
    assert patterns["crashed"]["detail"]["error"] == [{"prefix": "States."}]


def test_only_the_rules_and_alarms_of_the_pipeline_may_publish(
    alone: tftest.TerraformPlanOutput,
) -> None:
    # Built from data that a plan knows, the policy is known, too, though its topic isn't there yet.
    policy = statements(alone.outputs["bare_topic_policy_json"])
    deny = policy.pop("DenyInsecureTransport")
    assert (deny["Effect"], deny["Action"], deny["Principal"]) == ("Deny", "sns:Publish", "*")
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    admitted = {s["Principal"]["Service"]: s for s in policy.values()}
    assert admitted.keys() == {"events.amazonaws.com", "cloudwatch.amazonaws.com"}
    for statement in admitted.values():
        assert (statement["Effect"], statement["Action"]) == ("Allow", "sns:Publish")
        assert statement["Resource"] == TOPIC == alone.outputs["bare_topic_arn"]
    rules = admitted["events.amazonaws.com"]["Condition"]
    assert rules == {"ArnEquals": {"aws:SourceArn": RULES}}
    alarms = admitted["cloudwatch.amazonaws.com"]["Condition"]
    # SNS Developer Guide, Allow CloudWatch alarms to publish.
    assert alarms["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    assert sorted(alarms["ArnEquals"]["aws:SourceArn"]) == [
        f"arn:aws-cn:cloudwatch:cn-north-1:{ACCOUNT}:alarm:shop-eu-{key}"
        for key in ("failures", "slow")
    ]


def test_people_can_be_told_by_e_mail(alone: tftest.TerraformPlanOutput) -> None:
    subscriptions = {
        planned(alone, address)["endpoint"]: planned(alone, address)["protocol"]
        for address, resource in alone.resource_changes.items()
        if resource["type"] == "aws_sns_topic_subscription"
    }
    assert subscriptions == {"team@example.com": "email", "boss@example.com": "email"}


def test_a_topic_of_ones_own_is_used_as_it_is(alone: tftest.TerraformPlanOutput) -> None:
    assert not types(alone, "elsewhere") & {
        "aws_kms_alias",
        "aws_kms_key",
        "aws_sns_topic",
        "aws_sns_topic_policy",
    }
    assert alone.outputs["elsewhere_topic_arn"] == OTHER_TOPIC
    assert alone.outputs["elsewhere_kms_key_arn"] is None
    for key in ("interrupted", "crashed"):
        target = planned(alone, f'module.elsewhere.aws_cloudwatch_event_target.topic["{key}"]')
        assert target["arn"] == OTHER_TOPIC
    alarm = planned(alone, "module.elsewhere.aws_cloudwatch_metric_alarm.failures[0]")
    assert alarm["alarm_actions"] == [OTHER_TOPIC]
    # What its owner has to allow.
    policy = statements(alone.outputs["elsewhere_topic_policy_json"])
    assert {s["Resource"] for s in policy.values()} == {OTHER_TOPIC}
    assert {"LetRulesPublish", "LetAlarmsPublish"} < policy.keys()


# The key


def test_the_topic_has_a_key_of_its_own_that_rotates(alone: tftest.TerraformPlanOutput) -> None:
    key = planned(alone, "module.bare.aws_kms_key.this[0]")
    assert key["enable_key_rotation"] is True
    policy = statements(key["policy"])
    assert policy["LetTheAccountManageIt"]["Principal"] == {
        "AWS": f"arn:aws-cn:iam::{ACCOUNT}:root"
    }
    use = {sid: s for sid, s in policy.items() if sid != "LetTheAccountManageIt"}
    assert {tuple(sorted(s["Action"])) for s in use.values()} == {
        ("kms:Decrypt", "kms:GenerateDataKey*")
    }
    # SNS Developer Guide, Enable compatibility between event sources from AWS services and
    # encrypted topics: for EventBridge without a condition on the source, which it wouldn't meet.
    assert use["LetRulesUseIt"]["Principal"] == {"Service": "events.amazonaws.com"}
    assert use["LetRulesUseIt"]["Condition"] == {
        "StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": TOPIC}
    }
    assert use["LetAlarmsUseIt"]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert use["LetAlarmsUseIt"]["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    # Everybody of the account, but only through this topic, whose policy and their own decide.
    assert use["LetPublishersUseIt"]["Principal"] == {"AWS": "*"}
    assert use["LetPublishersUseIt"]["Condition"] == {
        "StringEquals": {
            "kms:CallerAccount": ACCOUNT,
            "kms:EncryptionContext:aws:sns:topicArn": TOPIC,
            "kms:ViaService": "sns.cn-north-1.amazonaws.com.cn",
        },
    }


def test_a_given_key_is_used_as_it_is(alone: tftest.TerraformPlanOutput) -> None:
    assert not types(alone, "full") & {"aws_kms_alias", "aws_kms_key"}
    assert planned(alone, "module.full.aws_sns_topic.this[0]")["kms_master_key_id"] == KEY
    assert alone.outputs["full_kms_key_arn"] == KEY
    assert statements(alone.outputs["full_key_policy_json"]).keys() == {
        "LetRulesUseIt",
        "LetAlarmsUseIt",
        "LetPublishersUseIt",
    }


# The alarms


def alarms(plan: tftest.TerraformPlanOutput, key: str) -> dict[str, dict[str, Any]]:
    prefix = f"module.{key}.aws_cloudwatch_metric_alarm."
    return {
        address.removeprefix(prefix).removesuffix("[0]"): planned(plan, address)
        for address in plan.resource_changes
        if address.startswith(prefix)
    }


def test_there_is_an_alarm_for_what_there_is(alone: tftest.TerraformPlanOutput) -> None:
    assert alarms(alone, "bare").keys() == {"failures", "slow"}
    assert alarms(alone, "full").keys() == {"dead_letters", "failures", "no_success", "slow"}
    assert sorted(alone.outputs["full_alarm_arns"]) == sorted(
        f"arn:aws-cn:cloudwatch:cn-north-1:{ACCOUNT}:alarm:{alarm['alarm_name']}"
        for alarm in alarms(alone, "full").values()
    )


def test_every_alarm_tells_the_topic_and_says_what_to_do(alone: tftest.TerraformPlanOutput) -> None:
    for key, alarm in alarms(alone, "full").items():
        assert alarm["alarm_actions"] == [TOPIC], key
        meaning, _, advice = alarm["alarm_description"].partition(". First ")
        assert "shop-eu" in meaning, key
        assert advice, key
        assert len(alarm["alarm_description"]) <= 1024  # API Reference, PutMetricAlarm
        assert alarm["comparison_operator"] in {"GreaterThanThreshold", "LessThanThreshold"}


def test_a_run_that_ends_badly_in_any_way_is_an_alarm(alone: tftest.TerraformPlanOutput) -> None:
    alarm = alarms(alone, "full")["failures"]
    queries = {query["id"]: query for query in alarm["metric_query"]}
    shown = queries.pop("ended_badly")
    assert shown["return_data"] is True
    terms = {f"FILL({id_}, 0)" for id_ in queries}
    assert set(shown["expression"].split(" + ")) == terms
    # Step Functions Developer Guide, Monitoring with CloudWatch metrics.
    assert {query["metric"][0]["metric_name"] for query in queries.values()} == {
        "ExecutionsFailed",
        "ExecutionsTimedOut",
        "ExecutionsAborted",
    }
    for query in queries.values():
        (metric,) = query["metric"]
        assert (metric["namespace"], metric["stat"]) == ("AWS/States", "Sum")
        assert metric["dimensions"] == {"StateMachineArn": MACHINE}
    assert (alarm["threshold"], alarm["treat_missing_data"]) == (0, "notBreaching")


def test_days_without_a_success_are_an_alarm(alone: tftest.TerraformPlanOutput) -> None:
    alarm = alarms(alone, "full")["no_success"]
    assert (alarm["metric_name"], alarm["statistic"]) == ("ExecutionsSucceeded", "Sum")
    assert alarm["dimensions"] == {"StateMachineArn": MACHINE}
    assert (alarm["period"], alarm["evaluation_periods"]) == (24 * 3600, 7)
    # API Reference, PutMetricAlarm: at most 7 days.
    assert alarm["period"] * alarm["evaluation_periods"] <= 7 * 24 * 3600
    assert (alarm["comparison_operator"], alarm["threshold"]) == ("LessThanThreshold", 1)
    assert alarm["treat_missing_data"] == "breaching"
    assert "for 7 days" in alarm["alarm_description"]


def test_a_slow_run_is_an_alarm(alone: tftest.TerraformPlanOutput) -> None:
    alarm = alarms(alone, "full")["slow"]
    assert (alarm["metric_name"], alarm["statistic"]) == ("ExecutionTime", "Maximum")
    assert alarm["threshold"] == 90 * 60 * 1000  # ExecutionTime is in milliseconds
    assert alarms(alone, "bare")["slow"]["threshold"] == 24 * 3600 * 1000
    assert "1.5 hours" in alarm["alarm_description"]


def test_a_dead_letter_is_an_alarm(alone: tftest.TerraformPlanOutput) -> None:
    alarm = alarms(alone, "full")["dead_letters"]
    assert alarm["metric_name"] == "ApproximateNumberOfMessagesVisible"
    assert alarm["dimensions"] == {"QueueName": "some-queue"}
    assert (alarm["threshold"], alarm["treat_missing_data"]) == (0, "notBreaching")
    assert "some-queue" in alarm["alarm_description"]


# The dashboard


def test_the_dashboard_shows_the_pipeline(alone: tftest.TerraformPlanOutput) -> None:
    """CloudWatch API Reference, Dashboard body structure and syntax."""
    dashboard = planned(alone, "module.full.aws_cloudwatch_dashboard.this[0]")
    assert (
        dashboard["dashboard_name"] == "shop-eu-cn-north-1" == alone.outputs["full_dashboard_name"]
    )
    widgets = json.loads(dashboard["dashboard_body"])["widgets"]
    assert [widget["type"] for widget in widgets] == ["alarm", *["metric"] * 4, "log"]
    places = [(widget["x"], widget["y"]) for widget in widgets]
    assert places == [(0, 0), (12, 0), (0, 6), (12, 6), (0, 12), (12, 12)]
    assert all((widget["width"], widget["height"]) == (12, 6) for widget in widgets)
    assert all(w["properties"]["region"] == "cn-north-1" for w in widgets if w["type"] != "alarm")
    shown = [line for widget in widgets for line in widget["properties"].get("metrics", [])]
    for line in shown:
        namespace, metric, *dimensions = line
        assert namespace in {"AWS/States", "AWS/SQS", "Glue"}
        assert metric
        assert len(dimensions) % 2 == 0
    jobs = {line[3] for line in shown if line[0] == "Glue"}
    assert jobs == {"prepare", "publish"}
    assert sorted(widgets[0]["properties"]["alarms"]) == sorted(alone.outputs["full_alarm_arns"])
    query = widgets[-1]["properties"]["query"]
    assert query.startswith("SOURCE '/aws/vendedlogs/states/shop-eu' | ")


def test_the_dashboard_leaves_out_what_it_is_not_told(alone: tftest.TerraformPlanOutput) -> None:
    dashboard = planned(alone, "module.bare.aws_cloudwatch_dashboard.this[0]")
    widgets = json.loads(dashboard["dashboard_body"])["widgets"]
    assert [widget["type"] for widget in widgets] == ["alarm", "metric", "metric"]


def test_without_alarms_the_topic_stays(alone: tftest.TerraformPlanOutput) -> None:
    kinds = types(alone, "silent")
    assert not kinds & {"aws_cloudwatch_metric_alarm", "aws_cloudwatch_dashboard"}
    assert {"aws_sns_topic", "aws_kms_key", "aws_cloudwatch_event_rule"} <= kinds
    policy = statements(alone.outputs["silent_topic_policy_json"])
    assert policy.keys() == {"DenyInsecureTransport", "LetRulesPublish"}
    assert alone.outputs["silent_alarm_arns"] == []


def test_everything_that_can_be_tagged_is(alone: tftest.TerraformPlanOutput) -> None:
    untagged = {
        resource["type"]
        for address, resource in alone.resource_changes.items()
        if address.startswith("module.full.")
        and (resource["change"]["after"] or {}).get("tags") != {"team": "shop"}
        and resource["mode"] == "managed"
    }
    assert untagged == {
        "aws_cloudwatch_dashboard",
        "aws_cloudwatch_event_target",
        "aws_sns_topic_policy",
        "aws_sns_topic_subscription",
    }


# On the local AWS


@dataclass(frozen=True)
class Made:
    """The module, applied under a name of its own."""

    workspace: Workspace
    aws: LocalAws
    name: str
    topic_arn: str


@pytest.fixture(scope="module")
def made(local_aws: LocalAws, repository: Path) -> Iterator[Made]:
    name = f"watched-{uuid.uuid4().hex[:6]}"
    call = {
        "source": "../../modules/monitoring",
        "name": name,
        "location": {"partition": "aws", "region": "us-east-1", "account_id": "123456789012"},
        "dead_letter_queue_name": f"{name}-schedule-dead-letters",
        "glue_job_names": ["prepare"],
        "monitoring": {
            "email_addresses": ["team@example.com"],
            "maximum_days_without_success": 7,
        },
        "tags": {"team": "shop"},
    }
    with Workspace(repository, endpoint=local_aws.endpoint) as workspace:
        configurations.put(workspace, {"module": {"monitoring": call}})
        workspace.init()
        workspace.apply()
        yield Made(workspace, local_aws, name, f"arn:aws:sns:us-east-1:123456789012:{name}")


def test_applied_it_is_as_it_was_planned(made: Made) -> None:
    assert made.workspace.plan() is False


def test_alarms_and_dashboard_are_there(made: Made) -> None:
    cloudwatch = made.aws.client("cloudwatch")
    found = cloudwatch.describe_alarms(AlarmNamePrefix=f"{made.name}-")["MetricAlarms"]
    assert {alarm["AlarmName"].removeprefix(f"{made.name}-") for alarm in found} == {
        "dead-letters",
        "failures",
        "no-success",
        "slow",
    }
    for alarm in found:
        assert made.name in alarm["AlarmDescription"]
        assert alarm["AlarmActions"] == [made.topic_arn]
    dashboard = cloudwatch.get_dashboard(DashboardName=f"{made.name}-us-east-1")["DashboardBody"]
    assert json.loads(dashboard)["widgets"]


def test_a_topic_with_a_key_passes_messages_on(made: Made) -> None:
    sns, sqs = made.aws.client("sns"), made.aws.client("sqs")
    attributes = sns.get_topic_attributes(TopicArn=made.topic_arn)["Attributes"]
    key = made.aws.client("kms").describe_key(KeyId=f"alias/{made.name}-topic")["KeyMetadata"]
    assert attributes["KmsMasterKeyId"] == key["Arn"]
    url = sqs.create_queue(QueueName=made.name)["QueueUrl"]
    queue = f"arn:aws:sqs:us-east-1:123456789012:{made.name}"
    sns.subscribe(TopicArn=made.topic_arn, Protocol="sqs", Endpoint=queue)
    sns.publish(TopicArn=made.topic_arn, Message="hello")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["Message"] == "hello"


def test_destroyed_it_leaves_nothing_but_a_key_that_is_to_be_deleted(made: Made) -> None:
    key = made.aws.client("kms").describe_key(KeyId=f"alias/{made.name}-topic")["KeyMetadata"]
    made.workspace.destroy()
    cloudwatch = made.aws.client("cloudwatch")
    assert cloudwatch.describe_alarms(AlarmNamePrefix=f"{made.name}-")["MetricAlarms"] == []
    assert cloudwatch.list_dashboards(DashboardNamePrefix=made.name)["DashboardEntries"] == []
    topics = made.aws.client("sns").get_paginator("list_topics").paginate()
    assert made.topic_arn not in [each["TopicArn"] for page in topics for each in page["Topics"]]
    assert made.aws.client("events").list_rules(NamePrefix=made.name)["Rules"] == []
    state = made.aws.client("kms").describe_key(KeyId=key["Arn"])["KeyMetadata"]["KeyState"]
    assert state == "PendingDeletion"
