"""`batchrec run`: starts, names, continues and waits for runs, and refuses what would go wrong."""

import json
import re

import pytest
from command_line import batchrec
from deployed_pipeline import Pipeline as Deployed

from batchrec import execution, runs
from batchrec.errors import BatchrecError
from batchrec.localaws import fault_syntax
from batchrec.operations import starting
from batchrec.pipeline import Pipeline

pytestmark = pytest.mark.usefixtures("local_aws_environment")

FAILING = 'raise ValueError("no data today")'


def run(pipeline: Pipeline, *arguments: str) -> "list[str]":
    return ["run", "--state-machine-arn", pipeline.state_machine_arn, *arguments]


def test_it_starts_a_run_and_says_how_to_watch_it(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.set_script(fault=FAILING)
    answer = batchrec(*run(found, "--name", "weekly"))
    assert answer.exit_code == 0
    assert "Started the run weekly" in answer.output
    arn = f"{pipeline.machine_arn.replace(':stateMachine:', ':execution:')}:weekly"
    assert arn in answer.output
    assert f"batchrec watch weekly --state-machine-arn {pipeline.machine_arn}" in answer.output
    described = pipeline.aws.client("stepfunctions").describe_execution(executionArn=arn)
    assert json.loads(described["input"]) == {}


def test_without_a_name_it_has_the_time(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.set_script(fault=FAILING)
    (started,) = batchrec(*run(found, "--json")).lines
    assert re.fullmatch(r"run-\d{8}-\d{6}", started["run"])
    (listed,) = runs.executions(found)
    assert listed["executionArn"] == started["execution_arn"]


def test_waiting_for_success(found: Pipeline) -> None:
    answer = batchrec(*run(found, "--name", "weekly", "--wait", "--interval", "0.2"))
    assert answer.exit_code == 0
    assert "run weekly: SUCCEEDED after 0:5" in answer.output.splitlines()[-1]


def test_waiting_for_a_failure_says_what_failed(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.set_script(fault=FAILING)
    answer = batchrec(*run(found, "--name", "weekly", "--wait", "--interval", "0.2"))
    assert answer.exit_code == 1
    assert "run weekly: FAILED after 0:0" in answer.output
    assert "Failed The Glue job that prepares the data failed" in answer.words
    assert "no data today" in answer.words


def test_continuing_uses_what_is_finished(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.aws.faults.add(fault_syntax.parse('CreateDatasetImportJob fail "Bad rows."'))
    pipeline.run("weekly")
    pipeline.set_script(fault=FAILING)  # were it prepared again, it would fail
    answer = batchrec(*run(found, "--continue", "weekly", "--wait", "--interval", "0.2"))
    assert answer.exit_code == 0, answer.output
    assert runs.read(found, "weekly").status == "SUCCEEDED"


def test_continuing_what_continued_another(
    pipeline: Deployed, found: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the name of its execution, or by its ARN, it is the same run."""
    pipeline.set_script(fault=FAILING)
    described, _ = pipeline.run("second-try", run="weekly")
    stepfunctions = pipeline.aws.client("stepfunctions")
    for number, named in enumerate(("second-try", described["executionArn"])):
        monkeypatch.setattr(starting, "_now", lambda number=number: f"no-{number}")
        (started,) = batchrec(*run(found, "--continue", named, "--json")).lines
        assert started["run"] == "weekly"
        ended = execution.follow(stepfunctions, started["execution_arn"], lambda _: None)
        assert json.loads(ended["input"]) == {"run": "weekly"}


def test_an_execution_of_another_pipeline(found: Pipeline) -> None:
    arn = "arn:aws:states:us-east-1:123456789012:execution:other:weekly"
    with pytest.raises(BatchrecError, match=f"{arn} is no execution of the pipeline {found.name}"):
        batchrec(*run(found, "--continue", arn))


def test_a_teardown_is_not_continued(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.run("gone", action="teardown")
    with pytest.raises(BatchrecError, match=r"gone is no run but a teardown.*batchrec destroy"):
        batchrec(*run(found, "--continue", "gone"))


def test_nothing_to_continue(pipeline: Deployed, found: Pipeline) -> None:
    with pytest.raises(BatchrecError, match="has no run weekly"):
        batchrec(*run(found, "--continue", "weekly"))
    pipeline.run("weekly")
    with pytest.raises(BatchrecError, match="weekly has succeeded: there is nothing to continue"):
        batchrec(*run(found, "--continue", "weekly"))
    with pytest.raises(BatchrecError, match=r"already.*--continue weekly"):
        batchrec(*run(found, "--name", "weekly"))


def test_continuing_what_only_the_bucket_remembers(pipeline: Deployed, found: Pipeline) -> None:
    """Step Functions forgets an execution after 90 days."""
    pipeline.aws.client("s3").put_object(
        Bucket=pipeline.bucket, Key="transformed/forgotten/report.json", Body=b"{}"
    )
    (started,) = batchrec(*run(found, "--continue", "forgotten", "--json")).lines
    assert started["run"] == "forgotten"
    assert runs.find(found, "forgotten") == started["execution_arn"]


def test_another_run_is_under_way(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.start_until("CreateSolutionVersion", "first")
    with pytest.raises(BatchrecError, match=r"first .* is under way.*batchrec watch first"):
        batchrec(*run(found, "--name", "second"))
    assert [each["name"] for each in runs.executions(found)] == ["first"]
    assert batchrec(*run(found, "--name", "second", "--anyway")).exit_code == 0
    for _ in range(100):
        pipeline.aws.clock.advance(1)
        if runs.read(found, "second").ended:
            break
    watched = batchrec("watch", "second", "--state-machine-arn", pipeline.name)
    assert watched.exit_code == 3
    assert "run second: SKIPPED" in watched.output
    assert "Warning The run was skipped: another one was under way" in watched.words


@pytest.mark.parametrize("name", ["with space", "-first", "x" * 37, "ü"])
def test_names_that_would_be_changed_are_refused(found: Pipeline, name: str) -> None:
    with pytest.raises(BatchrecError, match="can't be the name of a run"):
        batchrec(*run(found, f"--name={name}"))
    assert list(runs.executions(found)) == []


def test_a_name_for_a_run_that_is_continued(found: Pipeline) -> None:
    answer = batchrec(*run(found, "--name", "other", "--continue", "weekly"))
    assert answer.exit_code == 2
    assert "keeps its name" in answer.error
