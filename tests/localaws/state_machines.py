"""State machines of a few states, made and run on the local AWS; what its tests share."""

import json
import time
import uuid
from typing import Any

from batchrec.localaws.server import LocalAws

ROLE = "arn:aws:iam::123456789012:role/any"
DEADLINE_SECONDS = 60  # for an execution that never ends; none of them takes a second


class Machines:
    """Makes state machines of a few states, and runs them."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws
        self.api = aws.client("stepfunctions")

    def create(self, states: dict[str, Any], **settings: Any) -> str:
        created = self.api.create_state_machine(
            name=f"sfn-{uuid.uuid4().hex}", definition=definition(states, **settings), roleArn=ROLE
        )
        return str(created["stateMachineArn"])

    def start(self, states: dict[str, Any], given: object = None, **settings: Any) -> str:
        """Start an execution; settings are further top-level fields of the definition."""
        started = self.api.start_execution(
            stateMachineArn=self.create(states, **settings), input=json.dumps(given or {})
        )
        return str(started["executionArn"])

    def history(self, execution_arn: str) -> list[dict[str, Any]]:
        pages = self.api.get_paginator("get_execution_history")
        found = pages.paginate(executionArn=execution_arn)
        return [event for page in found for event in page["events"]]

    def types(self, execution_arn: str) -> list[str]:
        return [event["type"] for event in self.history(execution_arn)]

    def ended(self, execution_arn: str) -> dict[str, Any]:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            described = self.api.describe_execution(executionArn=execution_arn)
            if described["status"] != "RUNNING":
                return dict(described)
            assert time.monotonic() < deadline, f"{execution_arn} never ended"
            time.sleep(0.01)

    def run(self, states: dict[str, Any], given: object = None, **start: str) -> dict[str, Any]:
        started = self.api.start_execution(
            stateMachineArn=self.create(states), input=json.dumps(given or {}), **start
        )
        return self.ended(started["executionArn"])

    def output(self, states: dict[str, Any], given: object = None, **start: str) -> Any:
        described = self.run(states, given, **start)
        assert described["status"] == "SUCCEEDED", described
        return json.loads(described["output"])


def definition(states: dict[str, Any], **settings: Any) -> str:
    program = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
    return json.dumps(program | settings)


def pass_on(output: object) -> dict[str, Any]:
    return {"Only": {"Type": "Pass", "Output": output, "End": True}}


def sdk_task(action: str, **arguments: object) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::aws-sdk:{action}",
        "Arguments": arguments,
        "End": True,
    }


def map_state(states: dict[str, Any], items: object, mode: str, **settings: Any) -> dict[str, Any]:
    config = {"Mode": mode} | ({"ExecutionType": "STANDARD"} if mode == "DISTRIBUTED" else {})
    processor = {"ProcessorConfig": config, "StartAt": next(iter(states)), "States": states}
    return {"Type": "Map", "Items": items, "ItemProcessor": processor} | settings
