"""EventBridge: what Step Functions tells it, and what its rules do about events."""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from jsonpath_ng.ext.parser import parse
from moto.events.models import events_backends

from batchrec.localaws import iam_policies, runtime
from batchrec.localaws.authorization import resources
from batchrec.localaws.iam_policies import Principal, Request

SERVICE = "events.amazonaws.com"
DETAIL_TYPE = "Step Functions Execution Status Change"

log = logging.getLogger(__name__)


def execution_changed(described: dict[str, Any], account: str, region: str) -> None:
    """Put an event for an execution that started or ended on the default event bus.

    Args:
        described: as DescribeExecution answers.
        account: whose event bus.
        region: whose event bus.

    Source of the shape: Step Functions Developer Guide, Automating Step Functions event delivery
    with EventBridge. What is unset is null.
    """
    detail = dict.fromkeys(
        (
            "executionArn",
            "stateMachineArn",
            "name",
            "status",
            "startDate",
            "stopDate",
            "input",
            "inputDetails",
            "output",
            "outputDetails",
            "stateMachineVersionArn",
            "stateMachineAliasArn",
            "redriveCount",
            "redriveDate",
            "redriveStatus",
            "redriveStatusReason",
            "error",
            "cause",
        )
    )
    detail |= {name: _json_value(described[name]) for name in detail if name in described}
    if detail["redriveStatus"] == "REDRIVABLE":
        detail["redriveStatusReason"] = f"Execution is {detail['status']} and is redrivable"
    event = {
        "Source": "aws.states",
        "DetailType": DETAIL_TYPE,
        "Resources": [described["executionArn"]],
        "Detail": json.dumps(detail),
        "Time": runtime.current().clock.time(),
    }
    events_backends[account][region].put_events([event])


def deliver(target: dict[str, Any], event: dict[str, Any], rule_arn: str) -> None:
    """Hand an event to a rule's target, an SNS topic or a state machine, as the target wants it.

    A state machine is started with the target's role. What can't be delivered goes to the target's
    dead-letter queue, if its policy lets EventBridge in (EventBridge User Guide, Using dead-letter
    queues).
    """
    arn, text = target["Arn"], message(target, event, rule_arn)
    region, account = arn.split(":")[3:5]
    local = runtime.current()
    try:
        if ":states:" in arn:
            who = local.acting(SERVICE, rule_arn, target["RoleArn"])
            machines = local.client("stepfunctions", region, who)
            machines.start_execution(stateMachineArn=arn, input=text)
        else:
            local.client("sns", region, account).publish(TopicArn=arn, Message=text)
    except ClientError as error:
        log.warning("EventBridge could not deliver %s to %s: %s", rule_arn, arn, error)
        queue = target.get("DeadLetterConfig", {}).get("Arn")
        if queue:
            _keep(queue, text, error, rule_arn)


def _keep(queue: str, text: str, error: ClientError, rule_arn: str) -> None:
    wanted = Request("sqs:SendMessage", queue, {"aws:SourceArn": rule_arn})
    if not iam_policies.allows(resources.policies(queue), wanted, Principal.service(SERVICE)):
        log.warning("The policy of %s doesn't let EventBridge in.", queue)
        return
    region, account, name = queue.split(":")[3:6]
    sqs = runtime.current().client("sqs", region, account)
    told = {
        "ERROR_CODE": error.response["Error"]["Code"],
        "ERROR_MESSAGE": error.response["Error"]["Message"],
        "RULE_ARN": rule_arn,
    }
    sqs.send_message(
        QueueUrl=f"{sqs.meta.endpoint_url}/{account}/{name}",
        MessageBody=text,
        MessageAttributes={
            key: {"DataType": "String", "StringValue": value} for key, value in told.items()
        },
    )


def message(target: dict[str, Any], event: dict[str, Any], rule_arn: str) -> str:
    """Return what a target gets of an event (API Reference, Target).

    Args:
        target: with Input, InputPath, InputTransformer, or none of them: the whole event.
        event: as moto keeps it, its time in epoch seconds.
        rule_arn: for the variables that EventBridge predefines.
    """
    time = datetime.fromtimestamp(float(event["time"]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    event = {name: value for name, value in event.items() if name != "ingestion-time"}
    event["time"] = time
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        return json.dumps(_find(target["InputPath"], event))
    if "InputTransformer" not in target:
        return json.dumps(event)
    transformer = target["InputTransformer"]
    values = {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": time,
        "aws.events.event": event,
        "aws.events.event.json": event,
    }
    for name, path in transformer.get("InputPathsMap", {}).items():
        values[name] = _find(path, event)
    return _fill(transformer["InputTemplate"], values)


def _fill(template: str, values: dict[str, Any]) -> str:
    """Replace `<name>` (EventBridge User Guide, Input transformation).

    Outside quotes by a JSON value, inside quotes by its text.
    """
    quoted = False

    def part(found: re.Match[str]) -> str:
        nonlocal quoted
        if found[0] == '"':
            quoted = not quoted
        if found["name"] not in values:
            return found[0]
        value = values[found["name"]]
        if not quoted:
            return json.dumps(value)
        text = value if isinstance(value, str) else json.dumps(value)
        return json.dumps(text, ensure_ascii=False)[1:-1]

    return re.sub(r'\\.|"|<(?P<name>[^<>"]+)>', part, template)


def _find(path: str, event: dict[str, Any]) -> Any:
    found = parse(path).find(event)
    return found[0].value if found else None


def _json_value(value: Any) -> Any:
    return round(value.timestamp() * 1000) if isinstance(value, datetime) else value
