"""EventBridge: the targets of its rules that moto lacks, and the queues for what they refuse."""

import logging
from typing import Any

from botocore.exceptions import ClientError

from batchrec.localaws import dead_letters, iam_policies, runtime
from batchrec.localaws.authorization import decision, resources
from batchrec.localaws.authorization.session import Session
from batchrec.localaws.events import message
from batchrec.localaws.iam_policies import Principal, Request

SERVICE = "events.amazonaws.com"

log = logging.getLogger(__name__)


class UndeliveredError(Exception):
    """A target can't be given an event; the code is what EventBridge tells a dead-letter queue."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def emulated(target: dict[str, Any]) -> bool:
    """Say whether `deliver` knows the kind of target: SNS topics and state machines."""
    return target["Arn"].split(":")[2] in {"sns", "states"}


def deliver(target: dict[str, Any], event: dict[str, Any], rule_arn: str) -> None:
    """Give a rule's target an event as it wants it, or else its dead-letter queue.

    AWS tries again after throttling and errors of the service; here one attempt is all.

    Args:
        target: with Arn, and RoleArn of a state machine (API Reference, Target).
        event: as moto keeps it.
        rule_arn: of the rule that the event matches.
    """
    try:
        if ":sns:" in target["Arn"]:
            _publish(target, message(target, event, rule_arn))
        else:
            _start(target, message(target, event, rule_arn), rule_arn)
    except UndeliveredError as error:
        log.warning("EventBridge could not deliver %s to %s: %s", rule_arn, target["Arn"], error)
        _bury(target, message({}, event, rule_arn), rule_arn, error)


def _publish(target: dict[str, Any], text: str) -> None:
    try:
        _client("sns", target["Arn"]).publish(TopicArn=target["Arn"], Message=text)
    except ClientError as error:
        raise _undelivered(error) from error


def _start(target: dict[str, Any], text: str, rule_arn: str) -> None:
    """EventBridge User Guide, Execution role permissions for EventBridge: a role starts it."""
    role, machine = target.get("RoleArn", ""), target["Arn"]
    if decision.role(role) is None:
        raise UndeliveredError("NO_PERMISSIONS", f"The role {role} does not exist.")
    try:
        who = runtime.current().acting(SERVICE, rule_arn, role)
        _client("stepfunctions", machine, who).start_execution(stateMachineArn=machine, input=text)
    except ClientError as error:
        raise _undelivered(error) from error


def _bury(target: dict[str, Any], text: str, rule_arn: str, error: UndeliveredError) -> None:
    """EventBridge User Guide, Using dead-letter queues: the event, with why as attributes."""
    queue = target.get("DeadLetterConfig", {}).get("Arn")
    if queue is None:
        return
    if not _admits(queue, rule_arn):
        log.warning("EventBridge may not send to %s: its policy doesn't admit %s", queue, rule_arn)
        return
    why = {
        "RULE_ARN": rule_arn,
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": error.code,
        "ERROR_MESSAGE": str(error),
    }
    dead_letters.send(queue, text, why)


def _admits(queue: str, rule_arn: str) -> bool:
    sending = Request("sqs:SendMessage", queue, _as_rule(rule_arn))
    return iam_policies.allows(resources.policies(queue), sending, Principal.service(SERVICE))


def _as_rule(rule_arn: str) -> dict[str, str]:
    return {
        "aws:SecureTransport": "true",
        "aws:SourceAccount": rule_arn.split(":")[4],
        "aws:SourceArn": rule_arn,
    }


def _client(service: str, arn: str, who: str | Session | None = None) -> Any:
    region, account = arn.split(":")[3:5]
    return runtime.current().client(service, region, who or account)


def _undelivered(error: ClientError) -> UndeliveredError:
    code = error.response["Error"]["Code"]
    missing = {"NotFound", "NotFoundException", "StateMachineDoesNotExist"}
    refused = code.startswith("AccessDenied")
    known = "NO_RESOURCE" if code in missing else "NO_PERMISSIONS" if refused else ""
    return UndeliveredError(known or "SDK_CLIENT_ERROR", str(error))
