"""A job run: its script runs under PySpark, in a process of its own."""

import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyspark
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError
from moto.glue.models import FakeJob
from moto.moto_api._internal import mock_random
from moto.utilities.utils import get_partition

from batchrec import java
from batchrec.localaws import runtime
from batchrec.localaws.authorization import decision
from batchrec.localaws.authorization.session import Session
from batchrec.localaws.glue.local_copy import LocalCopy, UnreadableError

# Glue Developer Guide, AWS Glue versions.
SPARK_VERSIONS = {"5.0": "3.5.4"}

ENDED = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR")
DEFAULT_TIMEOUT_MINUTES = 480  # Glue 5.0 and later (Glue API, StartJobRun)

# Arguments that Glue keeps for itself (Glue Developer Guide, Using job parameters): their S3
# locations are nothing the script reads or writes.
_GLUE_ARGUMENTS = {"--TempDir", "--spark-event-logs-path", "--extra-py-files", "--extra-files"}

_runs: set["JobRun"] = set()

log = logging.getLogger(__name__)


def stop_all_runs() -> None:
    """Kill what still runs; for the end of the local AWS."""
    for run in list(_runs):
        run.abandon()


class JobRun:
    """One run of a job."""

    def __init__(
        self,
        job: FakeJob,
        account: str,
        region: str,
        overrides: dict[str, str],
        timeout: int | None,
    ) -> None:
        self.run_id = f"jr_{mock_random.get_random_hex(64)}"
        self.state = "STARTING"
        self._job = job
        self._account = account
        self._region = region
        self._overrides = overrides
        self._arguments = (
            (job.default_arguments or {}) | overrides | (job.non_overridable_arguments or {})
        )
        self._log_prefix = self._arguments.get("--custom-logGroup-prefix", "/aws-glue/jobs")
        self._timeout_minutes = timeout or job.timeout or DEFAULT_TIMEOUT_MINUTES
        self._error: str | None = None
        self._started = self._changed = runtime.current().clock.now()
        self._completed: datetime | None = None
        self._stop = runtime.current().clock.event()
        self._abandoned = False
        self._changing = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run beside the caller, in virtual time."""
        _runs.add(self)
        runtime.current().clock.thread(self._live).start()

    def stop(self) -> None:
        """End the run as STOPPED."""
        if self.state not in ENDED:
            self._become("STOPPING")
            self._stop.set()
            self.kill()

    def abandon(self) -> None:
        """End without leaving anything: the local AWS itself stops."""
        self._abandoned = True
        self._stop.set()
        self.kill()

    def kill(self) -> None:
        """Kill the script's process and its children."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)

    def as_dict(self) -> dict[str, Any]:
        """Return the JobRun structure of the Glue API."""
        ran = (self._completed or runtime.current().clock.now()) - self._started
        return {
            "Id": self.run_id,
            "Attempt": 0,
            "JobName": self._job.name,
            "StartedOn": self._started,
            "LastModifiedOn": self._changed,
            "CompletedOn": self._completed,
            "JobRunState": self.state,
            "Arguments": self._overrides or None,
            "ErrorMessage": self._error,
            "PredecessorRuns": [],
            "ExecutionTime": int(ran.total_seconds()),
            "Timeout": self._timeout_minutes,
            "WorkerType": self._job.worker_type,
            "NumberOfWorkers": self._job.number_of_workers,
            "MaxCapacity": self._job.max_capacity,
            "SecurityConfiguration": self._job.security_configuration,
            "LogGroupName": self._log_prefix,
            "GlueVersion": self._job.glue_version,
            "ExecutionClass": self._job.execution_class,
        }

    def _live(self) -> None:
        durations = runtime.current().durations
        limit = self._timeout_minutes * 60
        outcome = "STOPPED"
        if not self._stop.wait(durations.glue_start):
            self._become("RUNNING")
            outcome, self._error = self._result(limit)
            self._stop.wait(min(durations.glue_run, limit))
            if durations.glue_run > limit:
                outcome, self._error = "TIMEOUT", "Job run exceeded its timeout."
        _runs.discard(self)
        if self._abandoned:
            return
        if self._stop.is_set():
            outcome, self._error = "STOPPED", None
        self._completed = runtime.current().clock.now()
        self._become(outcome)

    def _result(self, limit: float) -> tuple[str, str | None]:
        fault = runtime.current().faults.of_job("GlueJobRun", self.as_dict())
        if fault is not None and fault.stuck:
            self._stop.wait(limit)
            return "TIMEOUT", "Job run exceeded its timeout."
        if fault is not None:
            return fault.state, None if fault.state == "STOPPED" else fault.reason
        try:
            return self._execute(limit)
        except Exception as error:
            if not self._abandoned:
                log.exception("%s failed inside the local Glue", self.run_id)
            return "FAILED", f"Internal error of the local Glue: {error!r}"

    def _become(self, state: str) -> None:
        with self._changing:
            if self.state in ENDED:  # stopped in the instant it ended
                return
            self.state = state
        self._changed = runtime.current().clock.now()

    def _execute(self, limit: float) -> tuple[str, str | None]:
        version = SPARK_VERSIONS.get(self._job.glue_version or "")
        if version != pyspark.__version__:
            return "FAILED", (
                f"GlueVersion {self._job.glue_version} can't be rehearsed with the installed"
                f" PySpark {pyspark.__version__}; supported: {SPARK_VERSIONS}."
            )
        folder = runtime.current().work / self.run_id
        who = self._who()
        s3 = runtime.current().client("s3", self._region, who)
        storage = LocalCopy(folder / "s3", s3)
        # Apart from it: Python leaves compiled files beside modules, which must not get into S3.
        libraries = LocalCopy(folder / "python", s3)
        try:
            command = self._command(storage)
            environment = _spark_environment(
                self._python_path(libraries), folder, self._region, who
            )
            output = self._run_process(command, environment, folder, limit)
            storage.synchronise()
            output = output.map(storage.as_urls).map(libraries.as_urls)
            self._log(output, who)
        except (ClientError, S3UploadFailedError, UnreadableError) as error:
            return "FAILED", storage.as_urls(str(error))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if output.timed_out:
            return "TIMEOUT", "Job run exceeded its timeout."
        if output.exit_code != 0:
            return "FAILED", "\n".join([error_message(output.stderr), *storage.refused])
        return "SUCCEEDED", None

    def _who(self) -> str | Session:
        """Return as whom the run works: with the job's role, which may be named or an ARN."""
        partition = get_partition(self._region)
        role = decision.role_arn(str(self._job.role), partition, self._account)
        job = f"arn:{partition}:glue:{self._region}:{self._account}:job/{self._job.name}"
        return runtime.current().acting("glue.amazonaws.com", job, role)

    def _command(self, storage: LocalCopy) -> list[str]:
        location = self._job.command["ScriptLocation"]  # type: ignore[index]
        script = storage.local(location)
        if not Path(script).is_file():
            raise UnreadableError(location, *storage.refused[:1])
        arguments = {
            name: storage.local(value)
            if value.startswith("s3://") and name not in _GLUE_ARGUMENTS
            else value
            for name, value in self._arguments.items()
        }
        # Glue's own (Glue Developer Guide, Accessing parameters using getResolvedOptions).
        arguments |= {
            "--JOB_NAME": self._job.name,
            "--JOB_ID": f"j_{self.run_id[3:]}",
            "--JOB_RUN_ID": self.run_id,
        }
        return [sys.executable, script, *(part for pair in arguments.items() for part in pair)]

    def _python_path(self, libraries: LocalCopy) -> list[str]:
        """Return what --extra-py-files adds: folders of .py files, and .zip files themselves."""
        urls = self._arguments.get("--extra-py-files", "")
        path = []
        for url in urls.split(",") if urls else []:
            if not re.fullmatch(r"s3://[^/]+/.+\.(py|zip)", url):
                why = "--extra-py-files takes s3:// URLs of .py and .zip files"
                raise UnreadableError(url, why)
            file = Path(libraries.local(url))
            if not file.is_file():
                raise UnreadableError(url, *libraries.refused[:1])
            path.append(str(file if file.suffix == ".zip" else file.parent))
        return path

    def _run_process(
        self, command: list[str], environment: dict[str, str], folder: Path, limit: float
    ) -> "Output":
        self._process = subprocess.Popen(  # noqa: S603 (the user's own script)
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        if self._stop.is_set():
            self.kill()
        killer = threading.Timer(limit, self.kill)
        killer.daemon = True
        killer.start()
        try:
            stdout, stderr = self._process.communicate()
        finally:
            timed_out = not killer.is_alive()
            killer.cancel()
            self.kill()
        return Output(self._process.returncode, stdout.decode(), stderr.decode(), timed_out)

    def _log(self, output: "Output", who: str | Session) -> None:
        """Keep the output where Glue 5.0 keeps it: a stream for each run in CloudWatch Logs."""
        logs = runtime.current().client("logs", self._region, who)
        prefix = self._log_prefix
        # As on AWS, events that lie more than two hours ahead are refused: of real time, in moto.
        now = int(min(runtime.current().clock.time(), time.time()) * 1000)
        for group, text in (("output", output.stdout), ("error", output.stderr)):
            name = f"{prefix}/{group}"
            with suppress(logs.exceptions.ResourceAlreadyExistsException):
                logs.create_log_group(logGroupName=name)
            logs.create_log_stream(logGroupName=name, logStreamName=self.run_id)
            events = [{"timestamp": now, "message": line} for line in text.splitlines() if line]
            if events:
                logs.put_log_events(
                    logGroupName=name, logStreamName=self.run_id, logEvents=events[-9_000:]
                )


@dataclass(frozen=True)
class Output:
    """What a script's process left."""

    exit_code: int
    stdout: str
    stderr: str
    timed_out: bool

    def map(self, change: Any) -> "Output":
        """Return the same with both texts changed."""
        return Output(self.exit_code, change(self.stdout), change(self.stderr), self.timed_out)


def error_message(stderr: str) -> str:
    """Return the exception that ended a script, as Glue puts it into ErrorMessage."""
    lines = stderr.rstrip().splitlines()
    starts = [n for n, line in enumerate(lines) if line.startswith("Traceback")]
    if not starts:
        return "\n".join(lines[-5:]) or "The script ended with an error and no message."
    after = [n for n in range(starts[-1] + 1, len(lines)) if not lines[n].startswith(" ")]
    text = "\n".join(lines[after[0] :]) if after else lines[-1]
    return re.sub(r"^[\w.]*?(\w+: )", r"\1", text)


def _spark_environment(
    python_path: list[str], folder: Path, region: str, who: str | Session
) -> dict[str, str]:
    """Return an environment with nothing of the user's AWS account in it."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PYSPARK", "SPARK"))}
    own = [kept["PYTHONPATH"]] if kept.get("PYTHONPATH") else []
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": "2g",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": "4",
        "spark.local.dir": str(folder / "spark"),
    }
    submit = " ".join(f"--conf {name}={value}" for name, value in settings.items())
    return (
        kept
        | java.spark_environment()
        | {
            "PYTHONPATH": os.pathsep.join([*dict.fromkeys(python_path), *own]),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_PYTHON": sys.executable,
            "PYSPARK_SUBMIT_ARGS": f"--master local[*] {submit} pyspark-shell",
        }
        # A script that calls AWS, calls the local one.
        | runtime.environment(runtime.current().endpoint, region, who)
    )
