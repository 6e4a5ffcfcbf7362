"""The definition itself, against statelint, botocore's models and Step Functions' limits."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, StructureShape
from jsonata import Jsonata
from statelint.linter import Linter

SDK_TASK = re.compile(r"arn:aws:states:::aws-sdk:(\w+):(\w+)(\.waitForTaskToken)?")
SERVICES = {"personalize": "Personalize", "s3": "S3", "sfn": "Sfn"}
BOTOCORE_NAMES = {"sfn": "stepfunctions"}
IMPORTS, SOLUTIONS = "ImportDatasets", "RecommendWithSolutions"

# Step Functions Developer Guide, Service quotas: an execution with more events fails.
HISTORY_QUOTA = 25_000
OWN_LIMIT = 10_000
EVENTS = {"Task": 5, "Choice": 2, "Wait": 2, "Pass": 2, "Succeed": 2, "Map": 8}
HOUR = 3600


def definition() -> dict[str, Any]:
    path = Path(__file__).parents[2] / "modules" / "workflow" / "pipeline.asl.json"
    return dict(json.loads(path.read_text()))


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


DEFINITION = definition()
STATES = dict(states(DEFINITION))
CONFIGURATION = STATES["Configure"]["Assign"]["configuration"]
SDK_STATES = sorted(
    name for name, state in STATES.items() if "aws-sdk" in state.get("Resource", "")
)


def operation(state: dict[str, Any]) -> OperationModel:
    match = SDK_TASK.fullmatch(state["Resource"])
    assert match, state["Resource"]
    service = BOTOCORE_NAMES.get(match[1], match[1])
    model = ServiceModel(Loader().load_service_model(service, "service-2"))
    return model.operation_model(match[2][0].upper() + match[2][1:])


def evaluate(expression: str, **variables: Any) -> Any:
    """As Step Functions does, with variables from JSON."""
    bound = "".join(f"${name} := {json.dumps(value)};" for name, value in variables.items())
    compiled = Jsonata(f"({bound}{expression.removeprefix('{%').removesuffix('%}')})")
    compiled.register_lambda("millis", lambda: variables.get("now", 0))
    return compiled.evaluate(None)


def test_statelint_finds_only_its_known_false_alarms(asl: str) -> None:
    """It knows neither JSONata in numbers nor the Label of a Map, which Step Functions has."""
    known = re.compile(r'\.(Wait\w+\.Seconds|\w+Percentage) is .* should be an Integer$|"Label"')
    assert [found for found in Linter.validate(json.loads(asl)) if not known.search(found)] == []


def test_state_names_are_unique() -> None:
    assert len(STATES) == len(list(states(DEFINITION)))


@pytest.mark.parametrize("name", SDK_STATES)
def test_arguments_are_those_of_the_operation(name: str) -> None:
    arguments = STATES[name]["Arguments"]
    for variant in variants(arguments) if isinstance(arguments, str) else [arguments]:
        check(operation(STATES[name]).input_shape, variant, name)


def variants(expression: str) -> Iterator[dict[str, Any]]:
    """What an expression makes of a solution with everything optional, and of one with nothing."""
    variables = {"job_name": "job", "solution_version_arn": "arn", "bucket": "b", "run": "r"}
    variables |= {"role_arn": "arn", "dataset_group_arn": "arn"}
    (plain,) = CONFIGURATION["solutions"]
    full = {"event_type": "click", "filter_name": "f", "filter_arn": "arn", "themes_item_name": "T"}
    yield evaluate(expression, solution=plain, **variables)
    yield evaluate(expression, solution=plain | full, **variables)
    yield evaluate(expression, solution=plain | {"number_of_results": None}, **variables)


def check(shape: StructureShape | None, arguments: dict[str, Any], path: str) -> None:
    assert shape is not None
    members = {member[0].upper() + member[1:]: member for member in shape.members}
    assert arguments.keys() <= members.keys(), path
    required = {member[0].upper() + member[1:] for member in shape.required_members}
    assert required <= arguments.keys(), path
    for name, value in arguments.items():
        member = shape.members[members[name]]
        if isinstance(member, StructureShape) and not isinstance(value, str):
            check(member, value, f"{path}.{name}")
        elif getattr(member, "enum", None) and "{%" not in value:
            assert value in member.enum, f"{path}.{name}"


@pytest.mark.parametrize("name", SDK_STATES)
def test_results_that_are_read_exist(name: str) -> None:
    """`$states.result.X.Y` is a member of the operation's output."""
    shape = operation(STATES[name]).output_shape
    for path in set(re.findall(r"\$states\.result\.([A-Z][\w.]*)", json.dumps(STATES[name]))):
        found: Any = shape
        for part in path.split("."):
            members = {member[0].upper() + member[1:]: member for member in found.members}
            assert part in members, (name, path)
            found = found.members[members[part]]
            if found.type_name == "list":
                found = found.member


@pytest.mark.parametrize("name", SDK_STATES)
def test_handled_errors_are_those_of_the_operation(name: str) -> None:
    """API Reference, each operation: what is caught or retried is what it can raise."""
    service = SDK_TASK.fullmatch(STATES[name]["Resource"])[1]  # type: ignore[index]
    prefix = SERVICES[service]
    own = {f"{prefix}.{error.name}" for error in operation(STATES[name]).error_shapes}
    own |= {f"{error}Exception" for error in own if not error.endswith("Exception")}
    # The SDK's own: errors that the model lacks (throttling, access), lost connections.
    own |= {f"{prefix}.{prefix}Exception", f"{prefix}.SdkClientException"}
    handled = {
        error
        for handler in [*STATES[name]["Retry"], *STATES[name].get("Catch", [])]
        for error in handler["ErrorEquals"]
    }
    assert handled <= own | {"States.ALL", "RunRedriven"}
    # Quotas and busy dependencies pass: an operation that can meet them waits for that.
    waiting = {"Personalize.LimitExceededException", "Personalize.ResourceInUseException"}
    if name.startswith("Create"):
        assert waiting & own <= handled


@pytest.mark.parametrize("name", [name for name in SDK_STATES if name.startswith("Create")])
def test_what_exists_is_adopted(name: str) -> None:
    (adopted,) = (
        catch["Next"]
        for catch in STATES[name]["Catch"]
        if catch["ErrorEquals"] == ["Personalize.ResourceAlreadyExistsException"]
    )
    assert adopted.startswith("Describe")


def test_automatic_training_is_switched_off() -> None:
    created = next(variants(STATES["CreateSolution"]["Arguments"]))
    assert created["PerformAutoTraining"] is False
    assert STATES["UpdateSolution"]["Arguments"]["PerformAutoTraining"] is False


def test_every_task_retries_with_full_jitter_and_a_bound() -> None:
    for name, state in STATES.items():
        if state["Type"] == "Task":
            assert state["Retry"], name
            for retry in state["Retry"]:
                assert retry["JitterStrategy"] == "FULL", name
                assert retry["MaxAttempts"] <= 8, name


def test_every_failure_is_caught() -> None:
    """So that it reaches a person: in a state's Catch, or in that of the Map around it."""

    def check_all(machine: dict[str, Any], *, is_caught_around: bool) -> None:
        for name, state in machine["States"].items():
            if state["Type"] in ("Task", "Map") and name != "FailRun":
                caught = {e for catch in state.get("Catch", []) for e in catch["ErrorEquals"]}
                assert "States.ALL" in caught or is_caught_around, name
            if "ItemProcessor" in state:
                inline = state["ItemProcessor"]["ProcessorConfig"]["Mode"] == "INLINE"
                check_all(state["ItemProcessor"], is_caught_around=inline)

    check_all(DEFINITION, is_caught_around=False)


@pytest.mark.parametrize("outer", [IMPORTS, SOLUTIONS])
def test_children_use_no_variable_of_their_parents(outer: str) -> None:
    """Developer Guide, Variables: a Distributed Map state has no access to outer scopes."""
    inner = dict(states(STATES[outer]["ItemProcessor"]))
    used = set(re.findall(r"\$([a-z_]+)\b(?!\()", json.dumps(inner)))
    assigned = set(re.findall(r"\$(\w+) :=", json.dumps(inner)))
    for state in inner.values():
        parts = [state, *state.get("Choices", []), *state.get("Catch", [])]
        assigned |= {name for part in parts for name in part.get("Assign", {})}
    parameters = set(re.findall(r"function\(([^)]*)\)", json.dumps(inner)))
    assigned |= {name.strip(" $") for each in parameters for name in each.split(",")}
    assert used - assigned - {"states"} == set()
    given = STATES[outer]["ItemSelector"].keys()
    read = set(re.findall(r"\$states\.input\.(\w+)", json.dumps(inner)))
    assert read == given


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
    found = list(expressions(DEFINITION))
    assert len(found) > 50
    for expression in found:
        Jsonata(expression)


# --- waiting -------------------------------------------------------------------------------------

POLLS = {name: state for name, state in STATES.items() if "$elapsed" in state.get("Seconds", "")}


def waits(name: str, hours: float, expected: float = 0) -> list[float]:
    """The seconds of every wait for a job that never ends, until its deadline."""
    elapsed, found = 0.0, []
    compiled = Jsonata(STATES[name]["Seconds"].removeprefix("{%").removesuffix("%}"))
    compiled.register_lambda("millis", lambda: elapsed * 1000)
    compiled.assign("started", 0)
    compiled.assign("expected", expected)
    while elapsed <= hours * HOUR:
        found.append(compiled.evaluate(None))
        elapsed += found[-1]
    return found


@pytest.mark.parametrize("name", sorted(POLLS))
def test_a_wait_ends_at_a_deadline(name: str) -> None:
    """Describe, then a choice with the deadline among its rules, then the wait."""
    choice = STATES[STATES[STATES[name]["Next"]]["Next"]]
    assert any("$deadline" in rule["Condition"] for rule in choice["Choices"])


@pytest.mark.parametrize("name", ["WaitForDatasetImportJob", "WaitForBatchInferenceJob"])
def test_waits_grow_from_seconds_to_a_minute_and_then_with_the_job(name: str) -> None:
    found = waits(name, hours=24)
    assert found[0] == 3
    assert found == sorted(found)
    assert max(found[: sum(1 for total in accumulated(found) if total < 5 * HOUR)]) == 60
    for total, wait in zip(accumulated(found), found, strict=True):
        assert wait <= max(3, 0.04 * total + 1)


def test_a_job_that_took_long_last_time_is_asked_seldom_before_its_end() -> None:
    found = waits("WaitForSolutionVersion", hours=3, expected=3 * HOUR)
    assert len(found) < 25
    late = [wait for total, wait in zip(accumulated(found), found, strict=True) if total > 3 * HOUR]
    assert max(late) <= 60


def accumulated(waited: list[float]) -> list[float]:
    return [sum(waited[: n + 1]) for n in range(len(waited))]


def events(polls: int) -> int:
    return polls * (EVENTS["Task"] + EVENTS["Choice"] + EVENTS["Wait"])


def others(machine: dict[str, Any]) -> int:
    """Every state once, those of polling too: more than any way through the machine enters."""
    inner = machine["States"].values()
    return 1 + sum(EVENTS[state["Type"]] for state in inner)


def test_the_longest_run_leaves_room_in_every_history() -> None:
    """Each job in progress until its deadline, which variables.tf limits to 24 hours.

    While it waits for room, a job is polled less often than while it runs.
    """
    ensured = [waits(name, hours=1 / 6) for name in ("WaitForSolution", "WaitForFilter")]
    jobs = [waits(name, 24) for name in ("WaitForSolutionVersion", "WaitForBatchInferenceJob")]
    polls = sum(map(len, ensured + jobs))
    assert events(polls) + others(STATES[SOLUTIONS]["ItemProcessor"]) < OWN_LIMIT < HISTORY_QUOTA
    imported = len(waits("WaitForDatasetImportJob", 24))
    assert events(imported) + others(STATES[IMPORTS]["ItemProcessor"]) < OWN_LIMIT
    assert others(DEFINITION) < OWN_LIMIT


def test_variables_limit_deadlines_to_what_the_history_holds(repository: Path) -> None:
    text = (repository / "variables.tf").read_text()
    assert "hours >= 1 && hours <= 24" in text
