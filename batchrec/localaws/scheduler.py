"""Fire a schedule now, as EventBridge Scheduler would at its time."""

import re
import uuid
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from batchrec.errors import BatchrecError
from batchrec.localaws import dead_letters, runtime
from batchrec.localaws.authorization.session import Session


def fire(scheduler: Any, name: str, group: str = "default") -> str:
    """Start what a schedule's target names, with the input it holds; return the execution's ARN.

    It is started with the target's role, in the local AWS that runs in this process. What can't be
    started goes to the target's dead-letter queue, as if all retries had failed.

    Args:
        scheduler: boto3 client of EventBridge Scheduler.
        name: the schedule's name.
        group: the schedule group's name.

    Raises:
        BatchrecError: the schedule is disabled, its target isn't a state machine or can't be
            started.
    """
    schedule = scheduler.get_schedule(Name=name, GroupName=group)
    if schedule["State"] != "ENABLED":
        raise BatchrecError(f"Schedule {group}/{name} is {schedule['State']}: it would not fire.")
    target = schedule["Target"]
    if ":states:" not in target["Arn"]:
        raise BatchrecError(
            f"Schedule {group}/{name} targets {target['Arn']}, which is no state machine."
        )
    given = _context(target.get("Input", "{}"), schedule["Arn"])
    try:
        machines = runtime.current().client(
            "stepfunctions", target["Arn"].split(":")[3], _acting(schedule)
        )
        started = machines.start_execution(stateMachineArn=target["Arn"], input=given)
    except ClientError as error:
        if "DeadLetterConfig" in target:
            _keep(given, error, schedule)
        raise BatchrecError(f"Schedule {group}/{name} can't start its target: {error}") from error
    return str(started["executionArn"])


def _keep(given: str, error: ClientError, schedule: dict[str, Any]) -> None:
    """Keep a failed invocation (Scheduler User Guide, Configuring a dead-letter queue)."""
    target = schedule["Target"]
    told = {
        "ERROR_CODE": error.response["Error"]["Code"],
        "ERROR_MESSAGE": error.response["Error"]["Message"],
        "SCHEDULE_ARN": schedule["Arn"],
        "TARGET_ARN": target["Arn"],
    }
    dead_letters.send(target["DeadLetterConfig"]["Arn"], given, told, _acting(schedule))


def _acting(schedule: dict[str, Any]) -> str | Session:
    """Return the role of a schedule's target at work.

    Scheduler User Guide, Confused deputy prevention: the source is the schedule's group.
    """
    start, _, _ = schedule["Arn"].rpartition(":")
    source = f"{start}:schedule-group/{schedule['GroupName']}"
    return runtime.current().acting(
        "scheduler.amazonaws.com", source, schedule["Target"]["RoleArn"]
    )


def _context(text: str, arn: str) -> str:
    """Fill in context attributes (Scheduler User Guide, Adding context attributes)."""
    values = {
        "schedule-arn": arn,
        "scheduled-time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "execution-id": str(uuid.uuid4()),
        "attempt-number": "1",
    }
    return re.sub(
        r"<aws\.scheduler\.([a-z-]+)>", lambda found: values.get(found[1], found[0]), text
    )
