"""Fire a schedule now, as EventBridge Scheduler would at its time."""

import re
import uuid
from datetime import UTC, datetime
from typing import Any

from batchrec.errors import BatchrecError


def fire(scheduler: Any, stepfunctions: Any, name: str, group: str = "default") -> str:
    """Start what a schedule's target names, with the input it holds; return the execution's ARN.

    Args:
        scheduler: boto3 client of EventBridge Scheduler.
        stepfunctions: boto3 client of Step Functions.
        name: the schedule's name.
        group: the schedule group's name.

    Raises:
        BatchrecError: the schedule is disabled, or its target isn't a state machine.
    """
    schedule = scheduler.get_schedule(Name=name, GroupName=group)
    if schedule["State"] != "ENABLED":
        raise BatchrecError(f"Schedule {group}/{name} is {schedule['State']}: it would not fire.")
    target = schedule["Target"]
    if ":states:" not in target["Arn"]:
        raise BatchrecError(
            f"Schedule {group}/{name} targets {target['Arn']}, which is no state machine."
        )
    started = stepfunctions.start_execution(
        stateMachineArn=target["Arn"], input=_context(target.get("Input", "{}"), schedule["Arn"])
    )
    return str(started["executionArn"])


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
