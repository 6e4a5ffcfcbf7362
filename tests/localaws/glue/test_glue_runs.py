"""Job runs: their states, how they end and what they leave to be read."""

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError
from glue_world import REPORT, Jobs

pytestmark = pytest.mark.timeout(180)


def test_a_run_that_succeeds(jobs: Jobs) -> None:
    ended = jobs.run("print('done')")
    assert ended["JobRunState"] == "SUCCEEDED"
    assert "ErrorMessage" not in ended
    assert ended["StartedOn"] < ended["CompletedOn"]
    assert ended["ExecutionTime"] == (ended["CompletedOn"] - ended["StartedOn"]).seconds
    assert ended["GlueVersion"] == "5.0"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("raise ValueError('no rows in {source}')", "ValueError: no rows in {url}"),
        (
            "class Refused(Exception): pass\nraise Refused('two\\nlines')",
            "Refused: two\nlines",
        ),
        (
            "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n"
            "    raise RuntimeError('in the end') from error",
            "RuntimeError: in the end",
        ),
        ("import sys; sys.exit('nothing to do')", "nothing to do"),
        ("open('{source}missing.csv')", "FileNotFoundError: [Errno 2] No such file or directory: "),
    ],
    ids=["exception", "lines", "chained", "exit", "missing"],
)
def test_the_error_message_is_the_scripts(jobs: Jobs, script: str, message: str) -> None:
    source = "import sys\nsource = sys.argv[sys.argv.index('--source') + 1]\n"
    body = script.replace("'no rows in {source}'", "'no rows in ' + source")
    body = body.replace("'{source}missing.csv'", "source + 'missing.csv'")
    ended = jobs.run(source + body, {"--source": jobs.url("in/")})
    assert ended["JobRunState"] == "FAILED"
    url = jobs.url("in/")
    expected = message.replace("{url}", url)
    if expected.endswith(": "):
        expected += f"'{url}missing.csv'"
    assert ended["ErrorMessage"] == expected


def test_output_and_errors_are_logged_at_any_virtual_time(jobs: Jobs) -> None:
    """CloudWatch Logs takes no events that lie more than two hours ahead."""
    jobs.aws.clock.sleep(30 * 24 * 3600)
    ended = jobs.run("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert ended["JobRunState"] == "FAILED"
    assert jobs.log("output", ended) == ["out"]
    assert jobs.log("error", ended) == ["err"]


def test_a_job_can_log_under_a_prefix_of_its_own(jobs: Jobs) -> None:
    """Glue Developer Guide, Logging for AWS Glue jobs: --custom-logGroup-prefix."""
    prefix = f"/aws-glue/jobs/{uuid.uuid4().hex}"
    ended = jobs.run("print('out')", DefaultArguments={"--custom-logGroup-prefix": prefix})
    assert ended["LogGroupName"] == prefix
    assert jobs.log("output", ended) == ["out"]


WAIT_TO_BE_STOPPED = """
import pathlib, sys, time
pathlib.Path(sys.argv[sys.argv.index("--started") + 1]).write_text("yes")
time.sleep(600)
"""


def test_a_run_that_is_stopped(jobs: Jobs, tmp_path: Any) -> None:
    started = tmp_path / "started"
    job = jobs.create(WAIT_TO_BE_STOPPED)
    run = jobs.start(job, Arguments={"--started": str(started)})
    jobs.until(started.exists)
    assert jobs.describe(job, run)["JobRunState"] == "RUNNING"
    answer = jobs.glue.batch_stop_job_run(JobName=job, JobRunIds=[run])
    assert answer["SuccessfulSubmissions"] == [{"JobName": job, "JobRunId": run}]
    ended = jobs.ended(job, run)
    assert ended["JobRunState"] == "STOPPED"
    assert "ErrorMessage" not in ended


def test_a_run_that_has_ended_is_not_stopped(jobs: Jobs) -> None:
    job = jobs.create("")
    run = jobs.start(job)
    jobs.ended(job, run)
    jobs.glue.batch_stop_job_run(JobName=job, JobRunIds=[run])
    assert jobs.describe(job, run)["JobRunState"] == "SUCCEEDED"


def test_a_run_that_takes_longer_than_it_may(jobs: Jobs) -> None:
    """Modelled durations count: 90 virtual seconds against a limit of one minute."""
    job = jobs.create("")
    ended = jobs.ended(job, jobs.start(job, Timeout=1))
    assert ended["JobRunState"] == "TIMEOUT"
    assert ended["Timeout"] == 1
    assert ended["ErrorMessage"]


def test_states_follow_each_other(held: Jobs) -> None:
    job = held.create("")
    run = held.start(job)
    assert held.describe(job, run)["JobRunState"] == "STARTING"
    seen = ["STARTING"]
    for _ in range(60):
        held.aws.clock.advance(5)
        state = held.describe(job, run)["JobRunState"]
        if state != seen[-1]:
            seen.append(state)
    assert seen == ["STARTING", "RUNNING", "SUCCEEDED"]


def test_a_run_can_be_stopped_before_it_starts(held: Jobs) -> None:
    job = held.create(REPORT)
    run = held.start(job, Arguments={"--report": held.url("report/")})
    held.glue.batch_stop_job_run(JobName=job, JobRunIds=[run])
    assert held.describe(job, run)["JobRunState"] in ("STOPPING", "STOPPED")
    held.aws.clock.advance(600)
    ended = held.describe(job, run)
    assert ended["JobRunState"] == "STOPPED"
    assert held.keys() == {f"scripts/{job}.py"}


@pytest.mark.parametrize("limit", [None, 1, 2])
def test_as_many_runs_at_once_as_the_job_allows(held: Jobs, limit: int | None) -> None:
    """Glue API, ExecutionProperty: MaxConcurrentRuns, 1 by default."""
    setting = {} if limit is None else {"ExecutionProperty": {"MaxConcurrentRuns": limit}}
    job = held.create("", **setting)
    for _ in range(limit or 1):
        held.start(job)
    with pytest.raises(ClientError) as refused:
        held.start(job)
    assert refused.value.response["Error"]["Code"] == "ConcurrentRunsExceededException"
    held.aws.clock.advance(600)
    held.start(job)


@pytest.mark.parametrize("version", ["0.9", "4.0", "9.9"])
def test_a_glue_version_with_another_spark(jobs: Jobs, version: str) -> None:
    ended = jobs.run("", GlueVersion=version)
    assert ended["JobRunState"] == "FAILED"
    assert version in ended["ErrorMessage"]
    assert "5.0" in ended["ErrorMessage"]


def test_a_script_that_is_not_there(jobs: Jobs) -> None:
    for location in (jobs.url("nowhere.py"), f"s3://nowhere-{uuid.uuid4()}/script.py"):
        command = {"Name": "glueetl", "ScriptLocation": location}
        ended = jobs.run("", Command=command)
        assert ended["JobRunState"] == "FAILED"
        assert location in ended["ErrorMessage"]


def test_an_argument_in_a_bucket_that_is_not_there(jobs: Jobs) -> None:
    location = f"s3://nowhere-{uuid.uuid4()}/data/"
    ended = jobs.run("", {"--source": location})
    assert ended["JobRunState"] == "FAILED"
    assert location in ended["ErrorMessage"]


def test_jobs_and_runs_that_are_not_there(jobs: Jobs) -> None:
    job = jobs.create("")
    for call in (
        lambda: jobs.start("nowhere"),
        lambda: jobs.describe(job, "jr_nowhere"),
        lambda: jobs.describe("nowhere", "jr_nowhere"),
    ):
        with pytest.raises(ClientError) as refused:
            call()
        assert refused.value.response["Error"]["Code"] == "EntityNotFoundException"


def test_runs_are_listed_the_latest_first(jobs: Jobs) -> None:
    job = jobs.create("")
    runs = []
    for _ in range(3):
        runs.append(jobs.start(job))
        jobs.ended(job, runs[-1])
    listed = jobs.glue.get_job_runs(JobName=job)["JobRuns"]
    assert [run["Id"] for run in listed] == runs[::-1]
