"""`batchrec logs`: what a run's Glue job wrote, or what failed outside of Glue."""

import time
from typing import Any

import pytest
from command_line import batchrec
from deployed_pipeline import Pipeline as Deployed

from batchrec.errors import BatchrecError
from batchrec.localaws import fault_syntax
from batchrec.operations import glue_logs
from batchrec.pipeline import Pipeline

pytestmark = pytest.mark.usefixtures("local_aws_environment")

FAILING = 'print("[b]first[/b]"); print("second"); raise ValueError("no data today")'


def logs(pipeline: Pipeline, *arguments: str) -> list[str]:
    return ["logs", "--state-machine-arn", pipeline.state_machine_arn, *arguments]


def test_the_job_that_failed(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.set_script(fault=FAILING)
    pipeline.run("weekly")
    answer = batchrec(*logs(found))
    assert answer.exit_code == 0
    lines = answer.output.splitlines()
    (job_run,) = pipeline.aws.client("glue").get_job_runs(
        JobName=found.configuration["prepare_job_name"]
    )["JobRuns"]
    assert lines[0].endswith(f"prepare-training-data: FAILED, job run {job_run['Id']}")
    output, error = (n for n, line in enumerate(lines) if line.startswith("--- /aws-glue/jobs/"))
    assert lines[output + 1 : error] == ["[b]first[/b]", "second"]
    assert lines[error + 1].startswith("Traceback")
    assert lines[-1] == "ValueError: no data today"

    (short,) = (
        each
        for each in batchrec(*logs(found, "weekly", "--tail", "1", "--json")).data["logs"]
        if each["group"].endswith("output")
    )
    assert short["lines"] == ["second"]


def test_the_tail_counts_lines_over_pages() -> None:
    """GetLogEvents may answer with empty pages, and repeats its token at the end."""
    pages = {
        None: (["e", "f\ng"], "1"),
        "1": ([], "2"),
        "2": (["a\nb", "c\nd"], "3"),
        "3": ([], "3"),
    }

    class Logs:
        def get_log_events(self, nextToken: str | None = None, **_: Any) -> dict[str, Any]:  # noqa: N803
            messages, token = pages[nextToken]
            events = [{"message": message} for message in messages]
            return {"events": events, "nextBackwardToken": token}

    for tail in (1, 3, 5, 99):
        assert glue_logs.last_lines(Logs(), "group", "stream", tail) == list("abcdefg")[-tail:]


def test_a_job_by_its_name(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.set_script(publish_fault='print("published"); raise ValueError("disk full")')
    pipeline.run("weekly")
    assert "publish-recommendations: FAILED" in batchrec(*logs(found)).output
    assert "prepare-training-data: SUCCEEDED" in batchrec(*logs(found, "--job", "prepare")).output


def test_without_a_failure_it_is_the_last_job(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.set_script(publish_fault='print("all is well")')
    pipeline.run("weekly")
    answer = batchrec(*logs(found))
    assert "publish-recommendations: SUCCEEDED" in answer.output
    assert "all is well" in answer.output.splitlines()


def test_a_job_that_wrote_nothing(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.aws.faults.add(fault_syntax.parse('glue:StartJobRun fail "Out of the blue."'))
    pipeline.run("weekly")
    answer = batchrec(*logs(found))
    assert "It wrote nothing" in answer.output
    assert "Out of the blue." in answer.output


def test_a_failure_outside_of_glue(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.aws.faults.add(fault_syntax.parse('CreateDatasetImportJob fail "Bad [b]rows[/b]."'))
    pipeline.run("weekly")
    answer = batchrec(*logs(found, "weekly"))
    assert answer.exit_code == 0
    assert "What failed in the run weekly is no Glue job:" in answer.output
    assert "DescribeDatasetImportJob of interactions: Personalize.DatasetImportJobFailed" in (
        answer.output
    )
    assert "Bad [b]rows[/b]." in answer.output
    told = batchrec(*logs(found, "weekly", "--json")).data
    assert (told["job"], told["logs"]) == (None, [])
    assert told["failures"][0]["subject"] == "interactions"


def test_a_job_that_was_not_reached(pipeline: Deployed, found: Pipeline) -> None:
    pipeline.set_script(fault=FAILING)
    pipeline.run("weekly")
    with pytest.raises(BatchrecError, match=r"weekly .* has started no Glue job to publish"):
        batchrec(*logs(found, "weekly", "--job", "publish"))


@pytest.fixture
def prefixed(pipeline: Deployed) -> str:
    """A job with log groups of its own, as the module configures it."""
    prefix, glue = f"/aws-glue/jobs/{pipeline.name}", pipeline.aws.client("glue")
    name = pipeline.configuration["prepare_job_name"]
    job = glue.get_job(JobName=name)["Job"]
    kept = {each: job[each] for each in ("Role", "Command", "GlueVersion")}
    arguments = {"--custom-logGroup-prefix": prefix}
    glue.update_job(JobName=name, JobUpdate=kept | {"DefaultArguments": arguments})
    return prefix


def test_log_groups_of_its_own(pipeline: Deployed, found: Pipeline, prefixed: str) -> None:
    pipeline.set_script(fault=FAILING)
    pipeline.run("weekly")
    groups = [each["group"] for each in batchrec(*logs(found, "--json")).data["logs"]]
    assert groups == [f"{prefixed}/output", f"{prefixed}/error"]


def test_encrypted_log_groups_and_streams_of_executors(
    pipeline: Deployed, found: Pipeline, prefixed: str
) -> None:
    """With a key, Glue puts the security configuration and the role into the groups' names."""
    pipeline.aws.faults.add(fault_syntax.parse('glue:StartJobRun fail "Out of the blue."'))
    pipeline.run("weekly")
    (job_run,) = pipeline.aws.client("glue").get_job_runs(
        JobName=found.configuration["prepare_job_name"]
    )["JobRuns"]
    client: Any = pipeline.aws.client("logs")
    group = f"{prefixed}/{pipeline.name}-role/{pipeline.name}/error"
    client.create_log_group(logGroupName=group)
    for stream in ("g-0", "driver"):
        name = f"{job_run['Id']}-{stream}"
        client.create_log_stream(logGroupName=group, logStreamName=name)
        now = int(time.time() * 1000)  # virtual time may lie further ahead than logs allow
        client.put_log_events(
            logGroupName=group,
            logStreamName=name,
            logEvents=[{"timestamp": now, "message": f"{stream} one\n{stream} two"}],
        )
    told = batchrec(*logs(found, "--json")).data["logs"]
    assert [each["group"] for each in told] == [group, group]
    assert [each["lines"] for each in told] == [
        ["driver one", "driver two"],
        ["g-0 one", "g-0 two"],
    ]
