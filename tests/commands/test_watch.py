"""`batchrec watch` in a pipe: a line for each change, expected times, outcome and exit code."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import typer
from botocore.exceptions import ClientError, EndpointConnectionError
from command_line import batchrec
from deployed_pipeline import Pipeline as Deployed
from rich.console import Console

from batchrec.commands.attendance import attend
from batchrec.errors import BatchrecError
from batchrec.localaws import fault_syntax
from batchrec.operations import progress, progress_view, watching
from batchrec.operations.progress import Step
from batchrec.pipeline import Pipeline
from batchrec.runs import Job, Run

pytestmark = pytest.mark.usefixtures("local_aws_environment")


def watch(pipeline: Pipeline, *arguments: str) -> list[str]:
    named = ["--state-machine-arn", pipeline.state_machine_arn, "--interval", "0.2"]
    return ["watch", *named, *arguments]


def test_a_run_from_start_to_end(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.start("weekly")
    answer = batchrec(*watch(found))
    assert answer.exit_code == 0
    lines = answer.output.splitlines()
    assert lines[0].startswith("Run weekly  RUNNING")
    # Modelled: import 5 minutes, training 25, batch inference 20.
    told = [
        "prepare: SUCCEEDED",
        "import of interactions: ACTIVE after 0:05:00",
        "training of user-personalization: ACTIVE after 0:25:00",
        "batch inference of user-personalization: ACTIVE after 0:20:00",
        "publish: SUCCEEDED",
    ]
    assert [text for text in told if any(text in line for line in lines)] == told
    assert "run weekly: SUCCEEDED after 0:5" in lines[-1]
    times = [line.split()[0] for line in lines[1:]]
    assert times == sorted(times)
    assert "\x1b" not in answer.output


def test_it_is_expected_to_take_as_long_as_last_time(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.run("first")
    pipeline.set_script(rows=1700)  # other data, which is trained anew
    pipeline.aws.clock.hold()
    arn = pipeline.start("second")
    expected = progress.durations(found)
    for look in watching.follow(found, arn, 0.1):
        steps = progress.steps(found, look.run, expected)
        if any(job.kind == "training" for job in look.run.jobs):
            break
        pipeline.aws.clock.advance(30)
    left = progress.left_seconds(steps)
    assert expected | {("prepare", None): 120, ("publish", None): 120} == {
        ("prepare", None): 120,
        ("import", "interactions"): 300,
        ("training", "user-personalization"): 1500,
        ("batch inference", "user-personalization"): 1200,
        ("publish", None): 120,
    }
    by_kind = {step.kind: step for step in steps}
    training = by_kind["training"]
    assert training.seconds is not None
    assert training.left_seconds == 1500 - training.seconds
    assert by_kind["publish"].status == "to come"
    assert left == training.left_seconds + 1200 + expected["publish", None]


def test_a_model_that_is_reused(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.run("first")
    pipeline.run("second")
    lines = batchrec(*watch(found, "second")).output.splitlines()
    (reused,) = (line for line in lines if "training" in line)
    assert reused.endswith("training of user-personalization: reused")
    times = [line.split()[0] for line in lines[1:]]
    assert times == sorted(times)
    batch = next(line for line in lines if "batch inference" in line)
    assert lines.index(reused) < lines.index(batch)


def test_a_teardown(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.run("weekly")
    pipeline.run("gone", action="teardown")
    answer = batchrec(*watch(found, "gone"))
    assert answer.exit_code == 0
    assert answer.output.splitlines()[0].startswith("Run gone  TORN_DOWN")
    assert "DeleteSolutions" in answer.output
    assert "prepare" not in answer.output


def test_a_failed_run_ends_with_what_failed_and_what_to_do(
    pipeline: Deployed, found: Pipeline
) -> None:
    pipeline.aws.faults.add(fault_syntax.parse('CreateDatasetImportJob fail "[red]Bad[/] rows."'))
    pipeline.run("weekly")
    answer = batchrec(*watch(found, "weekly"))
    assert answer.exit_code == 1
    assert "import of interactions: CREATE FAILED" in answer.output
    assert "Failed Personalize did not import interactions" in answer.words
    assert "[red]Bad[/] rows." in answer.words
    assert "batchrec run --continue weekly" in answer.words.split(" Do ")[1]


def test_lines_of_json(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.set_script(fault='raise ValueError("no data today")')
    pipeline.run("weekly")
    answer = batchrec(*watch(found, "weekly", "--json"))
    assert answer.exit_code == 1
    *changes, end, result = answer.lines
    assert changes[0] | {"at": ""} == {"at": "", "kind": "state", "state": "ListRunningExecutions"}
    (failed,) = (each for each in changes if each.get("status") == "FAILED")
    assert failed["job"] == "prepare"
    assert failed["seconds"] >= 120  # as it is modelled, at least
    assert (end["kind"], end["status"]) == ("end", "FAILED")
    assert (result["kind"], result["run"], result["outcome"]) == ("result", "weekly", "FAILED")
    assert "no data today" in result["problems"][0]["explanation"]


def test_waiting_for_room_is_told_once(pipeline: Deployed, found: Pipeline) -> None:
    full = "More than 5 resources with PENDING or IN_PROGRESS status."
    fault = f'CreateBatchInferenceJob error LimitExceededException "{full}" 9'
    pipeline.aws.faults.add(fault_syntax.parse(fault))
    pipeline.run("weekly")
    pipeline.aws.faults.clear()
    waits = [line for line in batchrec(*watch(found)).output.splitlines() if "no room" in line]
    assert len(waits) == 1
    assert "WaitForBatchInferenceJobRoom of user-personalization" in waits[0]


def test_no_such_run(found: Pipeline) -> None:
    with pytest.raises(BatchrecError, match=r"has not run yet.*batchrec run"):
        batchrec(*watch(found))


# --- by hand --------------------------------------------------------------------------------------


def step(kind: str, subject: str | None, left: float | None) -> Step:
    return Step(kind, subject, "to come", None, left, left, None)


def test_what_is_side_by_side_counts_once() -> None:
    steps = [
        step("prepare", None, 0),
        step("import", "interactions", 300),
        step("import", "items", 100),
        step("training", "for-you", 100),
        step("batch inference", "for-you", 50),
        step("training", "fans", 20),
        step("batch segments", "fans", 200),
        step("publish", None, 120),
    ]
    assert progress.left_seconds(steps) == 300 + 220 + 120
    assert progress.left_seconds([*steps, step("training", "new", None)]) is None


def test_what_takes_longer_than_last_time_is_overdue() -> None:
    now = datetime(2026, 1, 31, 4, 0, tzinfo=UTC)
    started = now - timedelta(minutes=40)
    job = Job("training", "x", "arn", "CREATE IN_PROGRESS", started, None, False, None, 1800.0, {})
    late = Step("training", "x", "CREATE IN_PROGRESS", 2400, 1800, 0, job)
    waiting = Step("batch inference", "[b]x[/b]", "waits for room", None, 1200, 1200, None)
    shown = Console(width=80, force_terminal=False)
    with shown.capture() as captured:
        shown.print(progress_view.table([late, waiting]))
    _, *rows = (line.split() for line in captured.get().splitlines())
    assert rows == [
        ["…", "training", "x", "IN_PROGRESS", "0:40:00", "0:30:00", "overdue"],
        ["…", "batch", "inference", "[b]x[/b]", "waits", "for", "room", "0:20:00"],
    ]


def test_a_job_that_a_run_left_behind_is_neither_running_nor_overdue() -> None:
    started = datetime(2026, 1, 31, 3, 0, tzinfo=UTC)
    job = Job("import", "x", "arn", "CREATE IN_PROGRESS", started, None, False, None, 60.0, {})
    configuration = {"datasets": [{"folder": "x"}], "solutions": []}
    run = Run(
        name="weekly",
        execution_arn="arn",
        action="run",
        status="ABORTED",
        started=started,
        ended=started + timedelta(hours=1),
        as_of=started + timedelta(hours=2),
        failures=(),
        visits=(),
        jobs=(job,),
        output={},
        transitions=0,
        configuration=configuration,
    )
    steps = progress.steps(Pipeline("arn", {}, lambda service: None), run, {})
    shown = Console(width=80, force_terminal=False)
    with shown.capture() as captured:
        shown.print(progress_view.table(steps))
    assert ["·", "import", "x", "unfinished", "0:01:00"] in [
        line.split() for line in captured.get().splitlines()
    ]


def test_a_lost_connection_is_tried_again(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.set_script(fault='raise ValueError("no data today")')
    described, _ = pipeline.run("weekly")
    flaky = Flaky(found.client("stepfunctions"), [None, LOST, LOST, None])
    lossy = Pipeline(found.state_machine_arn, found.definition, lambda service: flaky)
    looks = list(watching.follow(lossy, described["executionArn"], 0.01))
    assert [look.trouble is not None for look in looks] == [False, True, True, False]
    assert looks[-1].run.status == "FAILED"


def test_being_throttled_is_waited_out(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.set_script(fault='raise ValueError("no data today")')
    described, _ = pipeline.run("weekly")
    flaky = Flaky(found.client("stepfunctions"), [None, THROTTLED, None])
    lossy = Pipeline(found.state_machine_arn, found.definition, lambda service: flaky)
    looks = list(watching.follow(lossy, described["executionArn"], 0.01))
    assert [look.trouble for look in looks] == [None, THROTTLED, None]


def test_what_has_just_been_started_may_be_unknown_yet(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.set_script(fault='raise ValueError("no data today")')
    described, _ = pipeline.run("weekly")
    arn = described["executionArn"]
    flaky = Flaky(found.client("stepfunctions"), [UNKNOWN, None])
    lossy = Pipeline(found.state_machine_arn, found.definition, lambda service: flaky)
    (look,) = watching.follow(lossy, arn, 0.01, is_new=True)
    assert look.run.status == "FAILED"
    flaky = Flaky(found.client("stepfunctions"), [UNKNOWN, None])
    with pytest.raises(BatchrecError, match="ExecutionDoesNotExist"):
        list(watching.follow(lossy, arn, 0.01))


def test_when_watching_breaks_off_it_says_so_and_how_to_go_on(
    pipeline: Deployed, found: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    """No script takes that for a run that failed."""
    pipeline.set_script(fault='raise ValueError("no data today")')
    described, _ = pipeline.run("weekly")
    flaky = Flaky(found.client("stepfunctions"), [None, LOST, DENIED])
    lossy = Pipeline(
        found.state_machine_arn,
        found.definition,
        lambda service: flaky if service == "stepfunctions" else found.client(service),
    )
    with pytest.raises(typer.Exit) as ended:
        attend(lossy, described["executionArn"], 0.01, "batchrec watch weekly", as_json=True)
    assert ended.value.exit_code == 4
    shown = capsys.readouterr()
    assert all(json.loads(line)["kind"] != "result" for line in shown.out.splitlines())
    assert "trying again: Could not connect" in shown.err
    assert "AccessDeniedException" in shown.err
    assert "Watch it again: batchrec watch weekly" in shown.err


def test_without_any_connection_it_says_so_at_once(found: Pipeline) -> None:
    flaky = Flaky(found.client("stepfunctions"), [LOST])
    lossy = Pipeline(found.state_machine_arn, found.definition, lambda service: flaky)
    with pytest.raises(EndpointConnectionError):
        list(watching.follow(lossy, f"{found.state_machine_arn}:x", 0.01))


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "No."}}, "DescribeExecution")


LOST = EndpointConnectionError(endpoint_url="https://states.us-east-1.amazonaws.com")
THROTTLED = refused("ThrottlingException")
UNKNOWN = refused("ExecutionDoesNotExist")
DENIED = refused("AccessDeniedException")


class Flaky:
    """A client of Step Functions that has an error for some looks."""

    def __init__(self, client: Any, errors: list[Exception | None]) -> None:
        self._client = client
        self._errors = iter(errors)
        self._left = len(errors)

    def describe_execution(self, **given: str) -> dict[str, Any]:
        self._left -= 1
        error = next(self._errors)
        if error is not None:
            raise error
        described: dict[str, Any] = self._client.describe_execution(**given)
        # It goes on until the last look.
        return described if self._left == 0 else described | {"status": "RUNNING", "stopDate": None}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)
