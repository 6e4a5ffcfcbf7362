"""Jobs whose scripts are written by the tests, and what they read, write and say."""

import json
import textwrap
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from batchrec.localaws.server import LocalAws

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


def seen_by(jobs: Jobs, arguments: dict[str, str] | None = None, **job: Any) -> dict[str, Any]:
    name = jobs.create(REPORT, **job)
    run = jobs.start(name, Arguments={"--report": jobs.url("report/")} | (arguments or {}))
    ended = jobs.ended(name, run)
    assert ended["JobRunState"] == "SUCCEEDED", ended.get("ErrorMessage")
    seen = json.loads(jobs.get("report/seen.txt"))
    words = seen["arguments"]
    seen["arguments"] = dict(zip(words[::2], words[1::2], strict=True))
    return dict(seen) | {"job": name, "run": run}
