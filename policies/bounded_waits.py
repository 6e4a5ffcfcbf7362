"""CKV_BATCHREC_4: whatever a state machine waits for, it stops waiting one day."""

from __future__ import annotations

import json
import re
from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck
from checkov_values import first, many
from state_machine_definition import definition_of, scopes, tasks

# Retries are for errors that pass by themselves; with more, they poll.
LONGEST_RETRYING_SECONDS = 3600
# What a loop is ended by: a look at the clock, or at a variable that counts.
JSONATA_LIMIT = re.compile(r"\$(millis|now)\(|Execution\.StartTime|EnteredTime|\$\w+\s*[<>]")
JSONPATH_LIMIT = re.compile(r'"(Timestamp|Numeric)(Less|Greater)Than\w*":')

States = dict[str, dict[str, Any]]


class BoundedWaits(BaseResourceCheck):
    """A time limit on the whole, on every loop that waits and on every wait for a token."""

    def __init__(self) -> None:
        super().__init__(
            name="Ensure a state machine has a time limit and waits in loops that end",
            id="CKV_BATCHREC_4",
            categories=[CheckCategories.GENERAL_SECURITY],
            supported_resources=["aws_sfn_state_machine"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Look at the definition, its loops and its retries."""
        definition = definition_of(conf)
        if definition is None:
            return CheckResult.UNKNOWN
        is_express = first(conf.get("type")) == "EXPRESS"  # ends after five minutes by itself
        bounded = (
            (is_express or "TimeoutSeconds" in definition)
            and not any(_loops_without_limit(states) for states in scopes(definition))
            and not any(map(_waits_for_token_only, tasks(definition)))
            and not any(
                _polls(retrier)
                for states in scopes(definition)
                for state in states.values()
                for retrier in many(state.get("Retry"))
            )
        )
        return CheckResult.PASSED if bounded else CheckResult.FAILED


def _loops_without_limit(states: States) -> bool:
    followers = {
        name: set() if _looks_at_limit(state) else _followers(state, states)
        for name, state in states.items()
    }
    return any(
        name in _reachable(name, followers)
        for name, state in states.items()
        if state.get("Type") == "Wait"
    )


def _looks_at_limit(state: dict[str, Any]) -> bool:
    if state.get("Type") != "Choice":
        return False
    return any(
        JSONATA_LIMIT.search(choice["Condition"])
        if "Condition" in choice
        else JSONPATH_LIMIT.search(json.dumps(choice))
        for choice in many(state.get("Choices"))
    )


def _followers(state: dict[str, Any], states: States) -> set[str]:
    catches = [
        each for each in many(state.get("Catch")) if not _makes_what_is_missing(each, states)
    ]
    ways = [state, *many(state.get("Choices")), *catches]
    named = {way.get("Next") for way in ways} | {state.get("Default")}
    return {name for name in named if name}


def _makes_what_is_missing(catcher: dict[str, Any], states: States) -> bool:
    # That happens once: then it is there.
    errors = many(catcher.get("ErrorEquals"))
    is_missing = all(error.endswith("NotFoundException") for error in errors)
    return is_missing and states.get(catcher.get("Next", ""), {}).get("Type") == "Task"


def _reachable(start: str, followers: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    ahead = set(followers.get(start, ()))
    while ahead:
        name = ahead.pop()
        seen.add(name)
        ahead |= followers.get(name, set()) - seen
    return seen


def _waits_for_token_only(task: dict[str, Any]) -> bool:
    limits = ("TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath")
    waits = str(task.get("Resource")).endswith(".waitForTaskToken")
    return waits and not any(limit in task for limit in limits)


def _polls(retrier: dict[str, Any]) -> bool:
    # The call succeeded, and its answer is asked for again.
    if "States.QueryEvaluationError" in many(retrier.get("ErrorEquals")):
        return True
    # Amazon States Language, Retrier: its defaults.
    delay = float(retrier.get("IntervalSeconds", 1))
    waited = 0.0
    for _ in range(int(retrier.get("MaxAttempts", 3))):
        waited += min(delay, float(retrier.get("MaxDelaySeconds", delay)))
        if waited > LONGEST_RETRYING_SECONDS:
            return True
        delay *= float(retrier.get("BackoffRate", 2))
    return False


check = BoundedWaits()
