"""What a script is given: arguments, an environment, Python and Spark."""

import json

import pytest
from glue_world import Jobs, seen_by

pytestmark = pytest.mark.timeout(180)


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
