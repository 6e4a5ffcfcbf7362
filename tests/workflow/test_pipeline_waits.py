"""What keeps the state machine from waiting, colliding, or handling errors that can't come."""

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from batchrec import execution
from batchrec.errors import BatchrecError
from batchrec.localaws import runtime
from batchrec.localaws.server import LocalAws

if TYPE_CHECKING:
    from conftest import Pipeline

pytestmark = pytest.mark.timeout(120)

ASL = Path(__file__).parents[2] / "modules" / "workflow" / "pipeline.asl.json"
SDK_TASK = "arn:aws:states:::aws-sdk:personalize:"
# Named by the SDK, not by an operation: errors the model lacks (throttling), lost connections.
SDK_ERRORS = {"Personalize.PersonalizeException", "Personalize.SdkClientException"}
PERSONALIZE = ServiceModel(Loader().load_service_model("personalize", "service-2"))
HOUR = 3600


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


STATES = dict(states(json.loads(ASL.read_text())))
SDK_STATES = [name for name, state in STATES.items() if SDK_TASK in state.get("Resource", "")]


@pytest.mark.parametrize("name", SDK_STATES)
def test_an_operations_own_errors_are_handled(name: str) -> None:
    """API Reference, each operation: what is caught or retried is what it can raise."""
    action = STATES[name]["Resource"].removeprefix(SDK_TASK)
    operation = PERSONALIZE.operation_model(action[0].upper() + action[1:])
    possible = {f"Personalize.{error.name}" for error in operation.error_shapes} | SDK_ERRORS
    handlers = [*STATES[name].get("Retry", []), *STATES[name].get("Catch", [])]
    handled = {error for handler in handlers for error in handler["ErrorEquals"]}
    assert handled <= possible
    # Quotas and busy dependencies pass: an operation that can meet them waits for that.
    waiting = {"Personalize.LimitExceededException", "Personalize.ResourceInUseException"}
    if action.startswith("create"):
        assert waiting & possible <= handled


@pytest.mark.parametrize("name", SDK_STATES)
def test_a_name_that_is_taken_is_adopted(name: str) -> None:
    """Except where the service names what is created: a solution version."""
    if STATES[name]["Resource"].startswith(f"{SDK_TASK}create"):
        adopted = [
            catch["Next"]
            for catch in STATES[name].get("Catch", [])
            if catch["ErrorEquals"] == ["Personalize.ResourceAlreadyExistsException"]
        ]
        named = {"Name", "JobName"} & STATES[name]["Arguments"].keys()
        assert bool(adopted) == bool(named)
        assert all(target.startswith("Describe") for target in adopted)


@pytest.fixture
def patient(local_aws: LocalAws, request: pytest.FixtureRequest) -> Iterator[None]:
    """The jobs of one kind take as long as the test says."""
    usual = runtime.current()
    durations = dataclasses.replace(usual.durations, **request.param)
    runtime.enter(dataclasses.replace(usual, durations=durations))
    yield
    runtime.enter(usual)
    local_aws.clock.sleep(10 * HOUR)  # what the machine gave up on comes to its end


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    ("patient", "state"),
    [
        ({"dataset_import_job": 3 * HOUR}, "ImportDatasets > DatasetImportJobTimedOut"),
        ({"solution": 3 * HOUR}, "RecommendWithSolutions > SolutionTimedOut"),
        ({"solution_version": 3 * HOUR}, "RecommendWithSolutions > SolutionVersionTimedOut"),
        ({"batch_inference_job": 3 * HOUR}, "RecommendWithSolutions > BatchInferenceJobTimedOut"),
    ],
    indirect=["patient"],
    ids=["import", "solution", "version", "inference"],
)
def test_nothing_is_waited_for_for_ever(pipeline: "Pipeline", state: str) -> None:
    """With every deadline at an hour: thousands of polls would add nothing."""
    stepfunctions = pipeline.aws.client("stepfunctions")
    machine = stepfunctions.describe_state_machine(stateMachineArn=pipeline.machine_arn)
    definition, deadlines = re.subn(r"\d+ \* 3600000", "1 * 3600000", machine["definition"])
    assert deadlines == 4
    stepfunctions.update_state_machine(
        stateMachineArn=pipeline.machine_arn, definition=definition, roleArn=machine["roleArn"]
    )
    ended, _ = pipeline.run()
    assert ended["status"] == "FAILED"
    assert ended["error"] == f"Personalize.{state.rpartition(' > ')[2]}"
    assert "was still CREATE" in ended["cause"]
    took = (ended["stopDate"] - ended["startDate"]).total_seconds()
    assert HOUR < took < 3 * HOUR
    with pytest.raises(BatchrecError, match=state):
        execution.require_success(stepfunctions, ended)


def test_job_names_fit_and_start_with_the_runs_name(pipeline: "Pipeline") -> None:
    """API Reference: at most 63 characters; the longest name that is kept as it is has 36."""
    name = f"{pipeline.name}-{'x' * 36}"[:36]
    ended, _ = pipeline.run(name)
    assert ended["status"] == "SUCCEEDED", (ended.get("error"), ended.get("cause"))
    personalize = pipeline.aws.client("personalize")
    imports = personalize.list_dataset_import_jobs()["datasetImportJobs"]
    batches = personalize.list_batch_inference_jobs()["batchInferenceJobs"]
    jobs = [job["jobName"] for job in [*imports, *batches] if job["jobName"].startswith(name)]
    assert len(jobs) == 2
    assert all(len(job) <= 63 for job in jobs)


def test_a_busy_service_is_waited_for(pipeline: "Pipeline") -> None:
    """Five imports under way, the quota, when the run wants its own."""
    personalize, clock = pipeline.aws.client("personalize"), pipeline.aws.clock
    first, _ = pipeline.run()
    assert first["status"] == "SUCCEEDED", first
    run = json.loads(first["output"])["run"]
    usual = runtime.current()
    slow = dataclasses.replace(usual.durations, dataset_import_job=HOUR / 3)
    runtime.enter(dataclasses.replace(usual, durations=slow))
    clock.hold()
    try:
        for n in range(5):
            personalize.create_dataset_import_job(
                jobName=f"{pipeline.name}-{n}",
                datasetArn=(
                    f"arn:aws:personalize:us-east-1:123456789012:dataset/{pipeline.name}/INTERACTIONS"
                ),
                dataSource={
                    "dataLocation": f"s3://{pipeline.bucket}/transformed/{run}/interactions/"
                },
                roleArn="arn:aws:iam::123456789012:role/any",
            )
        runtime.enter(usual)
        started = pipeline.start()
    finally:
        runtime.enter(usual)
        clock.release()
    ended = execution.follow(pipeline.aws.client("stepfunctions"), started, lambda _: None)
    assert ended["status"] == "SUCCEEDED", (ended.get("error"), ended.get("cause"))
    events = execution.history(pipeline.aws.client("stepfunctions"), started)
    refused = {
        event["taskFailedEventDetails"]["error"]
        for event in events
        if event["type"] == "TaskFailed"
    }
    assert "Personalize.LimitExceededException" in refused
