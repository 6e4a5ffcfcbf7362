"""One pipeline in all its situations: what its roles are granted, and every call they made.

Mistakes are seeded on the way: a run that fails for one is redriven once it is mended.
"""

import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from batchrec import execution
from batchrec.errors import BatchrecError
from batchrec.localaws import scheduler
from batchrec.localaws.calls import Call
from batchrec.localaws.server import LocalAws

NAME = "least"
ACCOUNT = "123456789012"
PATIENCE_SECONDS = 120
ROLES = {
    "prepare": f"{NAME}-us-east-1-prepare",
    "publish": f"{NAME}-us-east-1-publish",
    "personalize": f"{NAME}-us-east-1-personalize",
    "workflow": f"{NAME}-us-east-1-workflow",
    "schedule": f"{NAME}-us-east-1-schedule",
}
# What is taken from roles, each for a while.
SEEDS = {
    ("schedule", "states:StartExecution"),
    ("prepare", "s3:GetObject"),
    ("personalize", "s3:GetObject"),
    ("workflow", "iam:PassRole"),
    ("workflow", "states:StartExecution"),
    ("workflow", "personalize:CreateSolutionVersion"),
    ("publish", "s3:PutObject"),
}
# What the root module is given: imports, both kinds of batch jobs, and a filter.
INPUTS = {
    "source": "../../",
    "name": NAME,
    "force_destroy": True,
    "interactions": {"event_type": {"column": "EVENT_TYPE"}},
    "batch_inputs": {"users": {}, "items": {"kind": "items", "most_frequent": 10}},
    "solutions": {
        "for-users": {
            "number_of_results": 5,
            "filter": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("buy")',
        },
        "for-items": {
            "recipe": "aws-item-affinity",
            "batch_input": "items",
            "number_of_results": 5,
        },
    },
    "schedule": {"expression": "rate(1 day)", "time_zone": "UTC"},
}


@dataclass
class Rehearsed:
    """What came out.

    Attributes:
        aws: the local AWS, where the roles still are.
        outputs: of the module.
        calls: those that were made with the pipeline's roles.
        refused: by what was taken from which role, the text that says so.
    """

    aws: LocalAws
    outputs: dict[str, Any]
    calls: list[Call] = field(default_factory=list)
    refused: dict[tuple[str, str], str] = field(default_factory=dict)

    def by_role(self) -> Iterator[tuple[str, Call]]:
        names = {f"arn:aws:iam::{ACCOUNT}:role/{name}": role for role, name in ROLES.items()}
        return ((names[call.role], call) for call in self.calls)

    def policies(self, role: str) -> list[dict[str, Any]]:
        """As IAM tells them."""
        iam, name = self.aws.client("iam"), ROLES[role]
        assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
        return [
            iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        ]

    @contextmanager
    def without(self, role: str, action: str) -> Iterator[None]:
        """Take an action out of a role's policy for a while."""
        iam, name = self.aws.client("iam"), ROLES[role]
        (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
        (granted,) = self.policies(role)
        less = json.loads(json.dumps(granted))
        for statement in less["Statement"]:
            statement["Action"] = [each for each in _listed(statement["Action"]) if each != action]
        less["Statement"] = [each for each in less["Statement"] if each["Action"]]
        assert less != granted, f"{role} isn't granted {action}"
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(less))
        try:
            yield
        finally:
            iam.put_role_policy(
                RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(granted)
            )

    def rehearse(self) -> None:
        """Play everything."""
        self.upload(seed=1)
        with self.without("schedule", "states:StartExecution"):
            self.refused["schedule", "states:StartExecution"] = self._unstarted()
        with self.without("prepare", "s3:GetObject"):
            arn = self.fire()
            self.refused["prepare", "s3:GetObject"] = self._cause(self.ended(arn))
        arn = self.fire()
        with self.without("personalize", "s3:GetObject"):
            self.refused["personalize", "s3:GetObject"] = self._cause(self.ended(arn))
        self._make_a_solution_that_trains_itself()
        for role, action in (
            ("workflow", "iam:PassRole"),
            ("workflow", "states:StartExecution"),
            ("workflow", "personalize:CreateSolutionVersion"),
            ("publish", "s3:PutObject"),
        ):
            with self.without(role, action):
                self.redrive(arn)
                self.refused[role, action] = self._cause(self.ended(arn))
        self.redrive(arn)
        end = self.ended(arn)
        assert json.loads(end["output"])["status"] == "SUCCEEDED", end
        self._stopped_at("glue", "StartJobRun")
        self.aws.clock.release()
        self.upload(seed=2)
        arn = self._stopped_at("personalize", "CreateSolutionVersion")
        self.redrive(arn)
        self._skip_a_run_and_tear_down(arn)
        names = {f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ROLES.values()}
        self.calls = [call for call in self.aws.calls if call.role in names]

    def upload(self, seed: int) -> None:
        chosen = random.Random(seed)
        rows = ["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE"] + [
            f"{user},{item},{1_600_000_000 + user * 1000 + item},{chosen.choice(['view', 'buy'])}"
            for user in range(60)
            for item in chosen.sample(range(200), 30)
        ]
        self.aws.client("s3").put_object(
            Bucket=self.outputs["bucket_name"],
            Key=f"{self.outputs['raw_interactions_prefix']}events.csv",
            Body="\n".join(rows).encode(),
        )

    def fire(self) -> str:
        return scheduler.fire(self.aws.client("scheduler"), self.outputs["schedule_name"])

    def redrive(self, arn: str) -> None:
        self.aws.client("stepfunctions").redrive_execution(executionArn=arn)

    def ended(self, arn: str) -> dict[str, Any]:
        return execution.follow(self.aws.client("stepfunctions"), arn, lambda _: None)

    def _unstarted(self) -> str:
        try:
            self.fire()
        except BatchrecError as refused:
            return str(refused)
        raise AssertionError("the schedule started its target without the permission")

    def _cause(self, end: dict[str, Any]) -> str:
        assert end["status"] == "FAILED", end
        return str(end["cause"])

    def _make_a_solution_that_trains_itself(self) -> None:
        """So that the workflow has something to turn off."""
        described = self.aws.client("stepfunctions").describe_state_machine(
            stateMachineArn=self.outputs["state_machine_arn"]
        )
        states = json.loads(described["definition"])["States"]
        configuration = states["Configure"]["Assign"]["configuration"]
        (wanted,) = (s for s in configuration["solutions"] if s["key"] == "for-items")
        self.aws.client("personalize").create_solution(
            name=wanted["name"],
            datasetGroupArn=configuration["dataset_group_arn"],
            recipeArn=wanted["recipe_arn"],
            performAutoTraining=True,
        )

    def _until(self, happened: Callable[[], bool], seconds: float = 30) -> None:
        """Let so many virtual seconds pass at a time; what is real work takes real time besides."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not happened():
            assert time.monotonic() < deadline, "what was waited for never happened"
            if seconds:
                self.aws.clock.advance(seconds)
            time.sleep(0.05)

    def _start_until(self, service: str, operation: str) -> str:
        """Start a run and hold time at an operation of its."""
        self.aws.clock.hold()
        before = self._latest(service, operation)
        arn = self.fire()
        self._until(lambda: self._latest(service, operation) not in (None, before))
        return arn

    def _latest(self, service: str, operation: str) -> Call | None:
        """The log keeps only so many calls of all tests: their number says nothing."""
        return next(reversed(self.aws.calls.of(service, operation)), None)

    def _stopped_at(self, service: str, operation: str) -> str:
        """Stop a run at an operation of its, and leave time held: what it began is not done."""
        arn = self._start_until(service, operation)
        self.aws.client("stepfunctions").stop_execution(executionArn=arn)
        self._until(lambda: self._status(arn) != "RUNNING", seconds=0)
        assert self._status(arn) == "ABORTED"
        return arn

    def _skip_a_run_and_tear_down(self, running: str) -> None:
        """Time is held meanwhile, so that what runs still does."""
        stepfunctions = self.aws.client("stepfunctions")
        skipped = self.fire()
        self._until(lambda: self._status(skipped) != "RUNNING", seconds=0)
        torn_down = stepfunctions.start_execution(
            stateMachineArn=self.outputs["state_machine_arn"],
            input=json.dumps({"action": "teardown"}),
        )["executionArn"]
        self.aws.clock.release()
        for arn, status in ((skipped, "SKIPPED"), (torn_down, "TORN_DOWN")):
            end = self.ended(arn)
            assert json.loads(end.get("output", "{}")).get("status") == status, end
        assert self.ended(running)["status"] == "ABORTED"

    def _status(self, arn: str) -> str:
        described = self.aws.client("stepfunctions").describe_execution(executionArn=arn)
        return str(described["status"])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
