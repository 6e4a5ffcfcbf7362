"""The definition itself, against statelint and botocore's model of Personalize."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, StructureShape
from jsonata import Jsonata
from statelint.linter import Linter

PERSONALIZE = ServiceModel(Loader().load_service_model("personalize", "service-2"))
SDK_TASK = "arn:aws:states:::aws-sdk:personalize:"
# Java SDK's own, for errors the service's model doesn't name (throttling) and for lost connections.
SDK_ERRORS = {"PersonalizeException", "SdkClientException"}


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


def definition() -> dict[str, Any]:
    path = Path(__file__).parents[2] / "modules" / "workflow" / "pipeline.asl.json"
    return dict(json.loads(path.read_text()))


STATES = dict(states(definition()))
SDK_STATES = sorted(name for name, state in STATES.items() if SDK_TASK in state.get("Resource", ""))


def operation(state: dict[str, Any]) -> Any:
    name = state["Resource"].removeprefix(SDK_TASK)
    return PERSONALIZE.operation_model(name[0].upper() + name[1:])


def test_statelint_finds_only_its_known_false_alarm(asl: str) -> None:
    """It knows no expressions in Wait.Seconds, which JSONata allows."""
    problems = Linter.validate(json.loads(asl))
    unknown = [
        problem
        for problem in problems
        if not re.search(r"\.WaitFor\w+\.Seconds is .* but should be an Integer$", problem)
    ]
    assert unknown == []
    assert len(problems) == sum(state["Type"] == "Wait" for state in STATES.values())


def test_state_names_are_unique() -> None:
    assert len(STATES) == len(list(states(definition())))


@pytest.mark.parametrize("name", SDK_STATES)
def test_arguments_are_those_of_the_operation(name: str) -> None:
    check(operation(STATES[name]).input_shape, STATES[name]["Arguments"], name)


def check(shape: StructureShape, arguments: dict[str, Any], path: str) -> None:
    members = {member[0].upper() + member[1:]: member for member in shape.members}
    assert arguments.keys() <= members.keys(), path
    required = {member[0].upper() + member[1:] for member in shape.required_members}
    assert required <= arguments.keys(), path
    for name, value in arguments.items():
        member = shape.members[members[name]]
        if isinstance(value, dict):
            assert isinstance(member, StructureShape), f"{path}.{name}"
            check(member, value, f"{path}.{name}")
        elif getattr(member, "enum", None) and "{%" not in value:
            assert value in member.enum, f"{path}.{name}"


@pytest.mark.parametrize("name", SDK_STATES)
def test_handled_errors_exist(name: str) -> None:
    modelled = {error.name for error in PERSONALIZE.error_shapes}
    for handler in [*STATES[name].get("Retry", []), *STATES[name].get("Catch", [])]:
        for error in handler["ErrorEquals"]:
            assert error.removeprefix("Personalize.") in modelled | SDK_ERRORS, error


def test_automatic_training_is_switched_off() -> None:
    assert STATES["CreateSolution"]["Arguments"]["PerformAutoTraining"] is False


def test_every_task_retries_with_full_jitter() -> None:
    for name, state in STATES.items():
        if state["Type"] == "Task":
            assert state["Retry"], name
            for retry in state["Retry"]:
                assert retry["JitterStrategy"] == "FULL", name
                assert retry["MaxAttempts"] <= 30, name


def test_every_wait_ends_at_a_deadline() -> None:
    """Describe, then a choice with a deadline among its rules, then the wait."""
    waits = [state for state in STATES.values() if state["Type"] == "Wait"]
    assert len(waits) == 4
    for wait in waits:
        choice = STATES[STATES[wait["Next"]]["Next"]]
        conditions = [rule["Condition"] for rule in choice["Choices"]]
        assert any("$deadline" in condition for condition in conditions)


def test_every_failure_names_an_error_and_a_cause() -> None:
    for state in STATES.values():
        if state["Type"] == "Fail":
            assert state["Error"]
            assert state["Cause"].startswith("{%")


def expressions(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for member in value.values():
            yield from expressions(member)
    elif isinstance(value, list):
        for member in value:
            yield from expressions(member)
    elif isinstance(value, str) and value.startswith("{%"):
        yield value.removeprefix("{%").removesuffix("%}")


def test_every_expression_is_jsonata() -> None:
    found = list(expressions(definition()))
    assert len(found) > 50
    for expression in found:
        Jsonata(expression)
