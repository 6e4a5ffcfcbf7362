"""Glue's job runs: real scripts in processes of their own, with S3 around them."""

import io
import json
import os
import textwrap
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batchrec.localaws.glue.local_copy import LocalCopy
from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(180)

ROLE = "arn:aws:iam::123456789012:role/glue"
# Glue Developer Guide, Job run statuses.
ENDED = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"}

# What a script sees, as JSON below --report.
REPORT = """
import json, os, pathlib, sys
report = pathlib.Path(sys.argv[sys.argv.index("--report") + 1])
report.mkdir(parents=True, exist_ok=True)
seen = {"arguments": sys.argv[1:], "environment": dict(os.environ), "version": sys.version_info[:2]}
(report / "seen.txt").write_text(json.dumps(seen))
"""


@dataclass(frozen=True)
class Jobs:
    """Jobs of one test, and a bucket of its own."""

    aws: LocalAws
    bucket: str

    @property
    def glue(self) -> Any:
        return self.aws.client("glue")

    @property
    def s3(self) -> Any:
        return self.aws.client("s3")

    def url(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    def put(self, key: str, content: str) -> str:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=content.encode())
        return self.url(key)

    def get(self, key: str) -> str:
        return str(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read().decode())

    def keys(self, prefix: str = "") -> set[str]:
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return {found["Key"] for found in listed.get("Contents", [])}

    def create(self, script: str, **settings: Any) -> str:
        name = f"glue-{uuid.uuid4().hex[:12]}"
        location = self.put(f"scripts/{name}.py", textwrap.dedent(script))
        command = {"Name": "glueetl", "ScriptLocation": location}
        wanted = {"Name": name, "Role": ROLE, "GlueVersion": "5.0", "Command": command}
        self.glue.create_job(**wanted | settings)
        return name

    def start(self, job: str, **settings: Any) -> str:
        return str(self.glue.start_job_run(JobName=job, **settings)["JobRunId"])

    def describe(self, job: str, run: str) -> dict[str, Any]:
        return dict(self.glue.get_job_run(JobName=job, RunId=run)["JobRun"])

    def until(self, wanted: Callable[[], Any]) -> Any:
        """Wait for what a script does, in real time."""
        deadline = time.monotonic() + 120
        while not (found := wanted()):
            assert time.monotonic() < deadline, "it never happened"
            time.sleep(0.02)
        return found

    def ended(self, job: str, run: str) -> dict[str, Any]:
        self.until(lambda: self.describe(job, run)["JobRunState"] in ENDED)
        return self.describe(job, run)

    def run(self, script: str, arguments: dict[str, str] | None = None, **job: Any) -> Any:
        name = self.create(script, **job)
        return self.ended(name, self.start(name, Arguments=arguments or {}))

    def log(self, kind: str, run: dict[str, Any]) -> list[str]:
        events = self.aws.client("logs").get_log_events(
            logGroupName=f"{run['LogGroupName']}/{kind}", logStreamName=run["Id"]
        )
        return [event["message"] for event in events["events"]]


@pytest.fixture
def jobs(local_aws: LocalAws) -> Jobs:
    bucket = f"glue-{uuid.uuid4().hex}"
    local_aws.client("s3").create_bucket(Bucket=bucket)
    return Jobs(local_aws, bucket)


@pytest.fixture
def held(jobs: Jobs) -> Iterator[Jobs]:
    jobs.aws.clock.hold()
    yield jobs
    jobs.aws.clock.release()
    jobs.aws.clock.sleep(24 * 3600)


def seen_by(jobs: Jobs, arguments: dict[str, str] | None = None, **job: Any) -> dict[str, Any]:
    name = jobs.create(REPORT, **job)
    run = jobs.start(name, Arguments={"--report": jobs.url("report/")} | (arguments or {}))
    ended = jobs.ended(name, run)
    assert ended["JobRunState"] == "SUCCEEDED", ended.get("ErrorMessage")
    seen = json.loads(jobs.get("report/seen.txt"))
    words = seen["arguments"]
    seen["arguments"] = dict(zip(words[::2], words[1::2], strict=True))
    return dict(seen) | {"job": name, "run": run}


# --- what a script is given -----------------------------------------------------------------------


def test_arguments_of_the_job_and_of_the_run_are_merged(jobs: Jobs) -> None:
    """Glue API, StartJobRun, Arguments; Job, NonOverridableArguments."""
    seen = seen_by(
        jobs,
        {"--run": "r", "--both": "of the run", "--fixed": "of the run"},
        DefaultArguments={"--job": "j", "--both": "of the job", "--enable-metrics": "true"},
        NonOverridableArguments={"--fixed": "of the job"},
    )
    given = seen["arguments"]
    assert given.pop("--report").endswith("/report/")
    own = {name: given.pop(name) for name in ("--JOB_NAME", "--JOB_RUN_ID")}
    given.pop("--JOB_ID")
    assert given == {
        "--job": "j",
        "--run": "r",
        "--both": "of the run",
        "--fixed": "of the job",
        "--enable-metrics": "true",
    }
    assert own == {"--JOB_NAME": seen["job"], "--JOB_RUN_ID": seen["run"]}


def test_nothing_of_the_users_account_reaches_a_script(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.setenv(name, "the user's own")
    seen = seen_by(jobs)["environment"]
    assert "the user's own" not in seen.values()
    assert not {"AWS_SESSION_TOKEN", "AWS_PROFILE"} & seen.keys()
    # What an SDK would look for without these variables: its files.
    assert seen["AWS_SHARED_CREDENTIALS_FILE"] == seen["AWS_CONFIG_FILE"] == "/dev/null"


def test_a_script_that_calls_aws_calls_the_local_one(jobs: Jobs) -> None:
    ended = jobs.run(
        """
        import boto3, sys
        bucket = sys.argv[sys.argv.index("--bucket") + 1]
        boto3.client("s3").put_object(Bucket=bucket, Key="by-the-script", Body=b"here")
        """,
        {"--bucket": jobs.bucket},
    )
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert jobs.get("by-the-script") == "here"


def test_the_python_is_the_one_of_glue_5(jobs: Jobs) -> None:
    """Glue Developer Guide, AWS Glue versions: 5.0 has Python 3.11."""
    assert seen_by(jobs)["version"] == [3, 11]


# --- modules of its own ---------------------------------------------------------------------------

IMPORTS = """
import first, second
print(first.NAME, second.NAME)
"""


def test_extra_python_files_can_be_imported(jobs: Jobs) -> None:
    """Glue Developer Guide, Using job parameters, --extra-py-files: complete paths, by commas."""
    urls = [
        jobs.put("libraries/first.py", "NAME = 'of a file'"),
        jobs.put("elsewhere/second.py", "import first\nNAME = f'beside the one {first.NAME}'"),
    ]
    jobs.put("libraries/second.py", "NAME = 'not asked for'")
    before = jobs.keys()
    ended = jobs.run(IMPORTS, {"--extra-py-files": ",".join(urls)})
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert jobs.log("output", ended) == ["of a file beside the one of a file"]
    left = {key for key in jobs.keys() - before if not key.startswith("scripts/")}
    assert left == set()  # what Python compiled, say


def test_an_extra_python_file_can_be_a_zip(jobs: Jobs) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("first.py", "NAME = 'of a zip'")
        file.writestr("second/__init__.py", "NAME = 'as a package'")
    jobs.s3.put_object(Bucket=jobs.bucket, Key="libraries.zip", Body=archive.getvalue())
    ended = jobs.run(IMPORTS, {"--extra-py-files": jobs.url("libraries.zip")})
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert jobs.log("output", ended) == ["of a zip as a package"]


def test_a_script_has_no_modules_but_those_it_is_given(jobs: Jobs) -> None:
    """On Glue what lies beside the script in S3 isn't beside it where it runs."""
    for module in ("first", "second"):
        jobs.put(f"scripts/{module}.py", "NAME = 'beside the script'")
    ended = jobs.run(IMPORTS)
    assert ended["JobRunState"] == "FAILED"
    assert ended["ErrorMessage"] == "ModuleNotFoundError: No module named 'first'"


def test_a_script_is_told_urls_of_extra_python_files(jobs: Jobs) -> None:
    url = jobs.put("libraries/first.py", "raise ValueError(__file__)")
    assert seen_by(jobs, {"--extra-py-files": url})["arguments"]["--extra-py-files"] == url
    ended = jobs.run("import first", {"--extra-py-files": url})
    assert ended["ErrorMessage"] == f"ValueError: {url}"


def test_an_extra_python_file_that_is_not_there(jobs: Jobs) -> None:
    there = jobs.put("libraries/first.py", "")
    jobs.put("libraries/second.py/of-a-folder.py", "")
    for missing in (jobs.url("libraries/second.py"), f"s3://nowhere-{uuid.uuid4()}/second.py"):
        ended = jobs.run("", {"--extra-py-files": f"{there},{missing}"})
        assert ended["JobRunState"] == "FAILED"
        assert ended["ErrorMessage"].startswith(f"{missing} can't be read: there is no such")


@pytest.mark.parametrize("value", ["s3://bucket/libraries/", "s3://bucket/first.whl", "first.py"])
def test_an_extra_python_file_that_is_none(jobs: Jobs, value: str) -> None:
    ended = jobs.run("", {"--extra-py-files": value})
    assert ended["JobRunState"] == "FAILED"
    assert value in ended["ErrorMessage"]
    assert ".py and .zip" in ended["ErrorMessage"]


# --- S3 -------------------------------------------------------------------------------------------

COPY = """
import pathlib, sys
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
source, target = pathlib.Path(given["--source"]), pathlib.Path(given["--target"])
assert not given["--source"].startswith("s3:")
target.mkdir(parents=True)
for path in sorted(source.rglob("*")):
    if path.is_file():
        (target / path.name).write_text(path.read_text().upper())
        print(path.relative_to(source))
"""


def test_a_script_reads_and_writes_s3_through_its_arguments(jobs: Jobs) -> None:
    for key in ("in/a.txt", "in/below/b.txt", "in-beside/c.txt", "elsewhere/d.txt"):
        jobs.put(key, key)
    before = jobs.keys()
    arguments = {"--source": jobs.url("in/"), "--target": jobs.url("out/here")}
    ended = jobs.run(COPY, arguments)
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert jobs.log("output", ended) == ["a.txt", "below/b.txt"]
    written = {key for key in jobs.keys() - before if not key.startswith("scripts/")}
    assert written == {"out/here/a.txt", "out/here/b.txt"}
    assert jobs.get("out/here/b.txt") == "IN/BELOW/B.TXT"
    assert jobs.get("in/a.txt") == "in/a.txt"


def test_a_single_object_can_be_an_argument(jobs: Jobs) -> None:
    source = jobs.put("config/settings.json", "{}")
    jobs.put("config/settings.json.old", "not this one")
    ended = jobs.run(
        """
        import pathlib, sys
        path = pathlib.Path(sys.argv[sys.argv.index("--settings") + 1])
        print(path.read_text(), [found.name for found in path.parent.iterdir()])
        """,
        {"--settings": source},
    )
    assert jobs.log("output", ended) == ["{} ['settings.json']"]


def test_what_a_script_changes_is_changed_in_s3(jobs: Jobs) -> None:
    jobs.put("data/changed.txt", "old")
    untouched = jobs.put("data/untouched.txt", "same")
    key = untouched.partition(jobs.bucket + "/")[2]
    before = jobs.s3.head_object(Bucket=jobs.bucket, Key=key)["LastModified"]
    ended = jobs.run(
        """
        import pathlib, sys
        data = pathlib.Path(sys.argv[sys.argv.index("--data") + 1])
        (data / "changed.txt").write_text((data / "changed.txt").read_text() + " and new")
        """,
        {"--data": jobs.url("data")},
    )
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert jobs.get("data/changed.txt") == "old and new"
    assert jobs.s3.head_object(Bucket=jobs.bucket, Key=key)["LastModified"] == before


def test_what_a_script_deletes_is_deleted_in_s3(jobs: Jobs) -> None:
    for key in ("data/old/part-1.txt", "data/old/part-2.txt", "data/kept.txt", "data-beside.txt"):
        jobs.put(key, key)
    ended = jobs.run(
        """
        import pathlib, shutil, sys
        data = pathlib.Path(sys.argv[sys.argv.index("--data") + 1])
        shutil.rmtree(data / "old")
        (data / "new.txt").write_text("new")
        """,
        {"--data": jobs.url("data")},
    )
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert jobs.keys("data") == {"data/kept.txt", "data/new.txt", "data-beside.txt"}


def test_what_a_script_writes_last_is_uploaded_last(jobs: Jobs, tmp_path: Path) -> None:
    """As on AWS: who finds a manifest in S3 finds what it names."""
    jobs.put("curated/latest.json", "old")

    class Recorder:
        def __init__(self) -> None:
            self.uploaded: list[str] = []

        def upload_file(self, path: str, bucket: str, key: str) -> None:
            jobs.s3.upload_file(path, bucket, key)
            self.uploaded.append(key)

        def __getattr__(self, name: str) -> Any:
            return getattr(jobs.s3, name)

    recorder = Recorder()
    copy = LocalCopy(tmp_path, recorder)
    curated = Path(copy.local(jobs.url("curated")))
    written = ["run/tables/part-1", "another/part-0", "run/publication.json", "latest.json"]
    for second, name in enumerate(written):
        path = curated / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("new")
        # The last two in one instant, as a coarse clock would have it.
        os.utime(path, (min(second, 2), min(second, 2)))
    copy.synchronise()
    assert recorder.uploaded == [f"curated/{name}" for name in written]
    assert jobs.get("curated/latest.json") == "new"


def test_what_a_failing_script_wrote_is_in_s3(jobs: Jobs) -> None:
    """As on AWS, where it was written at once."""
    ended = jobs.run(
        """
        import pathlib, sys
        out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
        out.mkdir()
        (out / "quarantine.txt").write_text("why")
        raise SystemExit("enough")
        """,
        {"--out": jobs.url("out")},
    )
    assert ended["JobRunState"] == "FAILED"
    assert jobs.get("out/quarantine.txt") == "why"


def test_reports_name_s3_and_no_local_path(jobs: Jobs) -> None:
    ended = jobs.run(
        """
        import json, pathlib, sys
        given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
        report = pathlib.Path(given["--report"])
        report.parent.mkdir()
        report.write_text(json.dumps({"source": given["--source"]}))
        print(given["--source"], file=sys.stderr)
        """,
        {"--source": jobs.url("in/"), "--report": jobs.url("out/report.json")},
    )
    assert json.loads(jobs.get("out/report.json")) == {"source": jobs.url("in/")}
    assert jobs.log("error", ended) == [jobs.url("in/")]


# --- how a run ends -------------------------------------------------------------------------------


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


# --- Spark ----------------------------------------------------------------------------------------


def test_a_script_has_the_spark_of_glue_5(jobs: Jobs) -> None:
    """Glue Developer Guide, AWS Glue versions: 5.0 has Spark 3.5.4."""
    jobs.put("in/part-1.csv", "user,item\n1,a\n2,b\n")
    jobs.put("in/part-2.csv", "user,item\n3,c\n")
    ended = jobs.run(
        """
        import sys
        from pyspark.sql import SparkSession
        given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
        spark = SparkSession.builder.appName("test").getOrCreate()
        rows = spark.read.csv(given["--source"], header=True)
        rows.coalesce(1).write.json(given["--target"])
        print(spark.version, rows.count())
        """,
        {"--source": jobs.url("in/"), "--target": jobs.url("out")},
    )
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert jobs.log("output", ended) == ["3.5.4 3"]
    (part,) = (key for key in jobs.keys("out/") if key.endswith(".json"))
    written = [json.loads(line) for line in jobs.get(part).splitlines()]
    assert sorted(row["user"] for row in written) == ["1", "2", "3"]


def test_sparks_workers_have_the_extra_python_files_too(jobs: Jobs) -> None:
    url = jobs.put("libraries/first.py", "def shout(text):\n    return text.upper()\n")
    ended = jobs.run(
        """
        from pyspark.sql import SparkSession
        from pyspark.sql import functions as F
        import first
        spark = SparkSession.builder.appName("test").getOrCreate()
        shout = F.udf(lambda text: __import__("first").shout(text))
        print(spark.range(1).select(shout(F.lit("loud"))).first()[0])
        """,
        {"--extra-py-files": url},
    )
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert jobs.log("output", ended) == ["LOUD"]
