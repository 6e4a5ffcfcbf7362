"""Every task state of the real definition meets every fault that can strike it, in virtual time.

Whatever happens, a run ends within its deadlines, says why, trains nothing twice and leaves what
consumers read as it was. `make fault-matrix` prints the table.
"""

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from fault_cells import FAILED, MAPS, TASKS, Cell, cells

from batchrec.localaws.personalize.models import personalize_backends
from batchrec.localaws.server import ACCOUNT_ID, REGION

if TYPE_CHECKING:
    from deployed_pipeline import Pipeline

pytestmark = pytest.mark.timeout(300)

EXHAUSTIVE = pytest.mark.exhaustive  # left to `make fault-matrix`
HOUR = 3600
# With the durations of the last run the next one polls less: this is about other things.
LAST = {"seconds": {"imports": {"interactions": 300}, "training": 1500, "batch": 1200}}
BEFORE = {"run": "before", "solutions": {"users": LAST, "fans": LAST}}
QUICK = {"recipe": "aws-popularity-count"}  # to train
FILTER = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'
CELLS = list(cells())
PASSING: dict[tuple[str, str], list[Cell]] = {}
ENDING: list[Cell] = []
for each in CELLS:
    if each.status != FAILED and each.is_told:
        PASSING.setdefault((each.scenario, each.fault), []).append(each)
    else:
        ENDING.append(each)


def test_every_task_of_the_definition_is_in_the_matrix(asl: str) -> None:
    def tasks(machine: dict[str, Any]) -> set[str]:
        found = {name for name, state in machine["States"].items() if state["Type"] == "Task"}
        inner = (s["ItemProcessor"] for s in machine["States"].values() if "ItemProcessor" in s)
        return found.union(*map(tasks, inner))

    assert {cell.state for cell in CELLS} == tasks(json.loads(asl))


@pytest.mark.parametrize(("scenario", "fault"), PASSING, ids=[" - ".join(key) for key in PASSING])
def test_faults_that_pass(
    pipeline: "Pipeline", scenario: str, fault: str, record_property: Any
) -> None:
    """In one run, every state that can meet the fault does."""
    cells = PASSING[scenario, fault]
    run, ended = run_with(pipeline, cells, record_property)
    assert ended["status"] == ("FAILED" if scenario == "failing run" else "SUCCEEDED"), ended
    require_told(pipeline, cells[0], run, ended)
    manifest = pipeline.manifest
    assert manifest is not None
    publishes = scenario in ("run", "adopted solution", "segments")
    assert manifest["run"] == run if publishes else manifest == BEFORE


@pytest.mark.parametrize(
    "cell",
    [
        # As a refusal for good, only with more retries before it.
        pytest.param(cell, id=cell.id, marks=EXHAUSTIVE if "for ever" in cell.fault else ())
        for cell in ENDING
    ],
)
def test_a_fault_that_stays(pipeline: "Pipeline", cell: Cell, record_property: Any) -> None:
    run, ended = run_with(pipeline, [cell], record_property)
    is_failing = cell.status == FAILED or cell.scenario == "failing run"
    assert ended["status"] == ("FAILED" if is_failing else "SUCCEEDED"), ended
    if cell.status == FAILED:
        assert (cell.error or "") in ended["error"]
        assert cell.cause is None or cell.cause in f"{ended['error']} {ended['cause']}"
    require_told(pipeline, cell, run, ended)
    manifest = pipeline.manifest
    assert manifest is not None
    # What was published is complete, even when the run can't read or tell how it went.
    publishes = cell.state in ("ReadPublication", "NotifyOfSuccess")
    assert manifest["run"] == run if publishes else manifest == BEFORE


def run_with(
    pipeline: "Pipeline", cells: list[Cell], record_property: Any
) -> tuple[str, dict[str, Any]]:
    """Run the cells' scenario with all their faults; check what holds whatever happens."""
    scenario = cells[0].scenario
    SCENARIOS[scenario](pipeline)
    pipeline.put_manifest(BEFORE)
    trained_before = versions(pipeline)
    given = {"action": "teardown"} if scenario == "teardown" else {}
    faults = [pipeline.aws.faults.add(fault) for cell in cells for fault in cell.faults(pipeline)]
    run = f"{pipeline.name}-run"
    try:
        ended, _ = pipeline.run(run, **given)
    finally:
        for fault in faults:
            pipeline.aws.faults.remove(fault)
        end_what_hangs(run)
    assert [fault for fault in faults if not fault.hits] == []
    took = (ended["stopDate"] - ended["startDate"]).total_seconds()
    assert took < 6 * HOUR
    for cell in cells:
        found = json.dumps([cell.state, cell.fault, outcome(ended), took])
        record_property("cell", found)
    require_no_waste(pipeline, run, trained_before)
    return run, ended


def end_what_hangs(run: str) -> None:
    """It would count against the quotas of the account, which other tests share."""
    account = personalize_backends[ACCOUNT_ID][REGION]
    for resource in account.resources.values():
        if resource.busy and run.removesuffix("-run") in json.dumps(resource.members):
            resource.members["status"] = "CREATE FAILED"


def outcome(ended: dict[str, Any]) -> str:
    if ended["status"] == "FAILED":
        return str(ended["error"])
    return str(json.loads(ended["output"])["status"])


def require_told(pipeline: "Pipeline", cell: Cell, run: str, ended: dict[str, Any]) -> None:
    told = [message for message in pipeline.notifications() if run in message]
    assert len(told) == cell.is_told, told
    if not told:
        return
    (message,) = told
    assert ended["executionArn"] in message  # the link to the console
    if ended["status"] == "FAILED" and cell.state != "FailRun":
        assert ended["cause"] in message
        if cell.scenario != "failing run":
            assert MAPS.get(cell.state, cell.state) in message
    if cell.cause and cell.cause != cell.state:
        assert cell.cause in message


def require_no_waste(pipeline: "Pipeline", run: str, trained_before: int) -> None:
    """One run makes at most one of everything that costs."""
    jobs = [
        *pipeline.listed("list_dataset_import_jobs", "datasetImportJobs"),
        *pipeline.listed("list_batch_inference_jobs", "batchInferenceJobs"),
        *pipeline.listed("list_batch_segment_jobs", "batchSegmentJobs"),
    ]
    of_run = [job["jobName"] for job in jobs if job["jobName"].startswith(run)]
    assert len(of_run) <= 2, of_run  # one import, one batch job
    assert not any(re.search("-[0-9]$", name) for name in of_run)
    assert versions(pipeline) <= trained_before + 1


def versions(pipeline: "Pipeline") -> int:
    listed = pipeline.listed("list_solution_versions", "solutionVersions")
    return sum(pipeline.name in version["solutionVersionArn"] for version in listed)


# --- the runs that get everywhere -------------------------------------------------------------


def solve(pipeline: "Pipeline", solution: dict[str, Any]) -> None:
    """Configure one solution, and an hour for every deadline: more polls would add nothing."""
    limits = pipeline.configuration["limit_seconds"]
    limits |= dict.fromkeys(limits, HOUR)
    pipeline.solve(solution)


def with_filter(pipeline: "Pipeline") -> dict[str, Any]:
    name = f"{pipeline.name}-unseen"
    arn = f"arn:aws:personalize:us-east-1:123456789012:filter/{name}"
    return pipeline.solution(
        "users", **QUICK, filter_name=name, filter_arn=arn, filter_expression=FILTER
    )


def plain_run(pipeline: "Pipeline") -> None:
    solve(pipeline, with_filter(pipeline))


def adopted_solution(pipeline: "Pipeline") -> None:
    """Made in the console, so automatic training is on; and it has been trained."""
    solution = pipeline.solution("users", **QUICK)
    solve(pipeline, solution)
    first, _ = pipeline.run(f"{pipeline.name}-first")
    assert first["status"] == "SUCCEEDED", first
    pipeline.notifications()
    pipeline.aws.client("personalize").update_solution(
        solutionArn=solution["arn"], performAutoTraining=True
    )
    pipeline.aws.clock.advance(HOUR)
    pipeline.set_script(rows=1700)


def segments(pipeline: "Pipeline") -> None:
    solve(
        pipeline,
        pipeline.solution(
            "fans",
            recipe="aws-item-affinity",
            job="segment",
            batch_input_folder="batch_items_input",
        ),
    )


def failing_run(pipeline: "Pipeline") -> None:
    pipeline.set_script(fault='raise ValueError("no row reaches 3.5")')


def skipped_run(pipeline: "Pipeline") -> None:
    pipeline.start(f"{pipeline.name}-earlier")


def teardown(pipeline: "Pipeline") -> None:
    """A filter, a solution that trains, and a run that waits for it."""
    plain_run(pipeline)
    pipeline.start_until("CreateSolutionVersion", f"{pipeline.name}-earlier")


SCENARIOS = {
    "run": plain_run,
    "adopted solution": adopted_solution,
    "segments": segments,
    "failing run": failing_run,
    "skipped run": skipped_run,
    "teardown": teardown,
}
assert SCENARIOS.keys() == TASKS.keys()
