"""The script of a job run: it gets what it reads, runs, and leaves what it wrote in S3."""

import shutil
from dataclasses import dataclass, field
from typing import NamedTuple

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError
from moto.glue.models import FakeJob
from moto.utilities.utils import get_partition

from batchrec.localaws import runtime
from batchrec.localaws.authorization import decision
from batchrec.localaws.authorization.session import Session
from batchrec.localaws.glue import logs
from batchrec.localaws.glue.command import python_path, script_command
from batchrec.localaws.glue.local_copy import LocalCopy, UnreadableError
from batchrec.localaws.glue.process import ScriptProcess
from batchrec.localaws.glue.spark import spark_environment, unsupported


class Outcome(NamedTuple):
    """How a run ends: its state, and its ErrorMessage if it has one."""

    state: str
    error: str | None = None


TIMED_OUT = Outcome("TIMEOUT", "Job run exceeded its timeout.")


@dataclass(frozen=True)
class Script:
    """The script of one job run."""

    job: FakeJob
    run_id: str
    account: str
    region: str
    arguments: dict[str, str]
    _process: ScriptProcess = field(default_factory=ScriptProcess, init=False)

    @property
    def log_group_prefix(self) -> str:
        """What the names of its log groups begin with."""
        return self.arguments.get("--custom-logGroup-prefix", "/aws-glue/jobs")

    def kill(self) -> None:
        """Kill its process, at once or as soon as it starts."""
        self._process.kill()

    def run(self, limit: float) -> Outcome:
        """Run it for at most `limit` seconds of real time."""
        why = unsupported(self.job.glue_version)
        if why:
            return Outcome("FAILED", why)
        folder = runtime.current().work / self.run_id
        who = self._who()
        s3 = runtime.current().client("s3", self.region, who)
        storage = LocalCopy(folder / "s3", s3)
        # Apart from it: Python leaves compiled files beside modules, which must not get into S3.
        libraries = LocalCopy(folder / "python", s3)
        try:
            command = script_command(
                self.job.command["ScriptLocation"],  # type: ignore[index]
                self.arguments,
                self.job.name,
                self.run_id,
                storage,
            )
            path = python_path(self.arguments.get("--extra-py-files", ""), libraries)
            environment = spark_environment(path, folder, self.region, who)
            output = self._process.run(command, environment, folder, limit)
            storage.synchronise()
            output = output.map(storage.as_urls).map(libraries.as_urls)
            client = runtime.current().client("logs", self.region, who)
            logs.keep(output, self.log_group_prefix, self.run_id, client)
        except (ClientError, S3UploadFailedError, UnreadableError) as error:
            return Outcome("FAILED", storage.as_urls(str(error)))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if output.timed_out:
            return TIMED_OUT
        if output.exit_code != 0:
            return Outcome("FAILED", "\n".join([output.error_message(), *storage.refused]))
        return Outcome("SUCCEEDED")

    def _who(self) -> str | Session:
        """Return as whom it works: with the job's role, which may be named or an ARN."""
        partition = get_partition(self.region)
        role = decision.role_arn(str(self.job.role), partition, self.account)
        job = f"arn:{partition}:glue:{self.region}:{self.account}:job/{self.job.name}"
        return runtime.current().acting("glue.amazonaws.com", job, role)
