"""`batchrec status`: how the last runs went, and one of them in detail."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command_line import batchrec
from deployed_pipeline import Pipeline as Deployed

from batchrec.console import duration
from batchrec.errors import BatchrecError
from batchrec.localaws import fault_syntax
from batchrec.pipeline import Pipeline

pytestmark = pytest.mark.usefixtures("local_aws_environment")

ROWS = {"read": 2000, "written": 1800, "filtered": 150, "duplicate": 40, "quarantined": 10}
REPORT = {
    "datasets": {"interactions": {"rows": ROWS, "quarantined_by_reason": {"invalid_id": 10}}},
    "warnings": ["The last event is 400 days old: recommendations will be as old."],
    "configuration": {"maximum_quarantined_share": 0.01},
}
COUNTS = {"inputs": 60, "answered": 60, "errors": 0, "recommendations": 1500}


def status(pipeline: Pipeline, *arguments: str) -> list[str]:
    return ["status", "--state-machine-arn", pipeline.state_machine_arn, *arguments]


def put(pipeline: Deployed, key: str, document: Any) -> None:
    """As the real Glue jobs write it: those of these tests write less."""
    pipeline.aws.client("s3").put_object(
        Bucket=pipeline.bucket, Key=key, Body=json.dumps(document).encode()
    )


def test_no_run_yet(found: Pipeline) -> None:
    answer = batchrec(*status(found))
    assert (answer.exit_code, "There is no run yet." in answer.output) == (0, True)
    assert batchrec(*status(found, "--json")).data == []
    with pytest.raises(BatchrecError, match="has no run weekly"):
        batchrec(*status(found, "weekly"))


def test_a_run_that_succeeded(pipeline: Deployed, found: Pipeline) -> None:
    ended, _ = pipeline.run("weekly")
    put(pipeline, "transformed/weekly/report.json", REPORT)
    publication = {"run": "weekly", "refused": {}, "published": {"user-personalization": COUNTS}}
    put(pipeline, "curated/weekly/publication.json", publication)
    manifest = pipeline.manifest
    assert manifest is not None
    metrics = manifest["solutions"]["user-personalization"]["metrics"]

    listed = batchrec(*status(found))
    assert listed.exit_code == 0
    (line,) = [line for line in listed.output.splitlines() if line.startswith("weekly")]
    cells = line.split()
    assert cells[1] == "SUCCEEDED"
    took = duration((ended["stopDate"] - ended["startDate"]).total_seconds())
    assert cells[4:7] == [took, "1,800", "1,500"]
    ndcg = metrics["normalized_discounted_cumulative_gain_at_25"]
    assert f"user-personalization NDCG@25 {ndcg:.3g}" in line

    (told,) = batchrec(*status(found, "--json")).data
    assert told["imported"] == {"interactions": 1800}
    assert told["recommendations"] == {"user-personalization": 1500}
    assert told["metrics"] == {"user-personalization": metrics}

    one = batchrec(*status(found, "weekly"))
    assert one.exit_code == 0
    assert "interactions 2,000 150 40 10 1,800" in one.words
    assert "✓ training user-personalization ACTIVE 0:25:00" in one.words
    assert "Warning The data is old Why The last event is 400 days old" in one.words
    assert "Warning Unusable rows of interactions are near the limit" not in one.words
    assert "Consumers read: user-personalization of this run." in one.words
    assert "\x1b" not in one.output


def test_runs_that_failed(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.run("good")
    pipeline.aws.faults.add(fault_syntax.parse('CreateDatasetImportJob fail "[b]Bad[/b] rows."'))
    pipeline.run("import")
    strict = {"minimum": {"precision_at_5": 0.99}, "maximum_drop": {}}
    pipeline.solve(
        pipeline.solution("user-personalization"), pipeline.solution("bad", quality_gate=strict)
    )
    pipeline.run("gate")
    pipeline.set_script(fault='raise ValueError("no data today")')
    pipeline.run("prepare")

    listed = batchrec(*status(found, "--last", "3")).output.splitlines()
    shown = {line.split()[0]: line for line in listed[1:]}
    assert "The Glue job that prepares the data failed" in shown["prepare"]
    refused = "The quality gate refused the model of bad: precision_at_5 is "
    assert refused in shown["gate"]
    assert "the minimum 0.99" in shown["gate"]
    assert "did not import interactions: CREATE FAILED: [b]Bad[/b] rows." in shown["import"]
    assert "good" not in shown

    told = {each["run"]: each for each in batchrec(*status(found, "--json")).data}
    (failure,) = told["import"]["failures"]
    assert (failure["state"], failure["subject"]) == ("DescribeDatasetImportJob", "interactions")
    assert failure["cause"].endswith("CREATE FAILED: [b]Bad[/b] rows.")

    failed = batchrec(*status(found, "import"))
    assert failed.exit_code == 1
    assert "[b]Bad[/b] rows." in failed.words
    assert "· training user-personalization not reached" in failed.words
    # gate published it anew, and is newer.
    assert "Consumers read: user-personalization of the run gate." in failed.words
    told = batchrec(*status(found, "gate", "--json")).data
    assert told["outcome"] == "FAILED"
    assert told["consumed"] == {"user-personalization": "gate"}
    assert [problem["title"] for problem in told["problems"]] == [
        "The quality gate refused the model of bad"
    ]
    # The list has the same without any history.
    of_list = {each["run"]: each for each in batchrec(*status(found, "--json")).data}
    assert of_list["gate"]["problems"] == told["problems"]
    assert of_list["gate"]["failures"] == told["failures"]


def test_a_list_costs_three_calls_a_run(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.set_script(fault='raise ValueError("no data today")')
    for name in ("one", "two", "three"):
        pipeline.run(name)
    pipeline.aws.calls.clear()  # the oldest fall out of it: a place says nothing
    batchrec(*status(found))
    own = [
        call.operation for call in pipeline.aws.calls if pipeline.name in json.dumps(call.request)
    ]
    assert own.count("DescribeExecution") == 3
    assert own.count("GetObject") == 2 * 3 + 1
    assert "GetExecutionHistory" not in own


def test_a_run_under_way(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.start_until("CreateSolutionVersion", "weekly")
    pipeline.aws.clock.advance(60)
    answer = batchrec(*status(found, "weekly"))
    assert answer.exit_code == 0
    assert "weekly RUNNING" in answer.words
    assert "… training user-personalization" in answer.words
    assert "· publish to come" in answer.words
    assert "Nothing is published yet." in answer.words


def test_a_stopped_run_and_a_long_name(pipeline: Deployed, found: Pipeline) -> None:
    """Schedules name executions so; what the bucket and the jobs have is shorter."""
    long = "f0a1b2c3-d4e5-f6a7-b8c9-d0e1f2a3b4c5_0123456789abcdef"
    arn = pipeline.start_until("CreateDatasetImportJob", long)
    pipeline.aws.client("stepfunctions").stop_execution(executionArn=arn, cause="Not today.")
    pipeline.aws.clock.release()
    (listed,) = batchrec(*status(found, "--json")).data
    one = batchrec(*status(found, long, "--json")).data
    # As `printf NAME | sha256sum` begins.
    assert listed["run"] == one["run"] == "run-f0a1b2c3-d4e5-f6a7-b8c9-11a93642"
    assert one["problems"][0]["title"].startswith("Somebody stopped the run in ImportDatasets")
    assert listed["problems"][0]["title"] == "Somebody stopped the run"
    assert "Not today." in listed["problems"][0]["explanation"]


def test_what_cannot_be_read_is_told_beside_the_rest(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.set_script(fault='raise ValueError("no data today")')
    pipeline.run("weekly")
    put(pipeline, "curated/latest.json", ["no object"])
    one = batchrec(*status(found, "weekly"))
    assert one.exit_code == 1
    assert "no data today" in one.words
    assert "latest.json is no JSON object" in one.words


def test_a_narrow_terminal_cuts_nothing_off(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.set_script(fault='raise ValueError("no data today")')
    pipeline.run("weekly")
    put(pipeline, "transformed/weekly/report.json", REPORT)
    answer = batchrec(*status(found), width=80)
    assert max(map(len, answer.output.splitlines())) <= 80
    assert "1,800 imported" in answer.words
    assert "no data today" in answer.words


def test_as_a_program_in_a_pipe(
    pipeline: Deployed, found: Pipeline, local_aws_environment: dict[str, str]
) -> None:
    """No colour, nothing cut off; an error is one paragraph, with a traceback if asked for."""
    pipeline.set_script(fault='raise ValueError("no data today")')
    pipeline.run("weekly")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        batchrec = Path(sys.executable).with_name("batchrec")
        environment = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "TERM": "xterm-256color"}
        return subprocess.run(
            [str(batchrec), *arguments],
            env=environment | local_aws_environment,
            capture_output=True,
            text=True,
            check=False,
        )

    listed = run(*status(found))
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "\x1b" not in listed.stdout
    assert "no data today" in listed.stdout.splitlines()[1]
    unknown = run(*status(found, "monthly"))
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr.startswith(f"Error: The pipeline {pipeline.name} has no run monthly.")
    assert "Traceback" not in unknown.stderr
    assert "Traceback" in run("--debug", *status(found, "monthly")).stderr
