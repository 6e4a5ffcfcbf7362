"""The operations of Glue that moto lacks, or answers otherwise than AWS."""

from typing import Any

from botocore import xform_name
from moto.core.responses import ActionResult
from moto.glue.exceptions import ConcurrentRunsExceededException, JobRunNotFoundException
from moto.glue.responses import GlueResponse as MotoGlueResponse

from batchrec.localaws import runtime
from batchrec.localaws.glue.job_run import ENDED, JobRun

# What a job is when it isn't said (Glue API, JobUpdate).
_JOB_MEMBERS: dict[str, Any] = {
    "AllocatedCapacity": None,
    "CodeGenConfigurationNodes": None,
    "Command": None,
    "Connections": None,
    "DefaultArguments": {},
    "Description": None,
    "ExecutionClass": "STANDARD",
    "ExecutionProperty": {},
    "GlueVersion": None,
    "LogUri": None,
    "MaxCapacity": None,
    "MaxRetries": None,
    "NonOverridableArguments": None,
    "NotificationProperty": None,
    "NumberOfWorkers": None,
    "Role": None,
    "SecurityConfiguration": None,
    "SourceControlDetails": None,
    "Timeout": None,
    "WorkerType": None,
}


class GlueResponse(MotoGlueResponse):
    """moto's Glue, with real job runs."""

    def update_job(self) -> ActionResult:
        """Glue API, UpdateJob: what the update leaves out is unset."""
        job = self.glue_backend.get_job(self._get_param("JobName"))
        update = self._get_param("JobUpdate")
        for member, unset in _JOB_MEMBERS.items():
            value = update.get(member)
            setattr(job, xform_name(member), unset if value is None else value)
        job.last_modified_on = runtime.current().clock.now()
        return ActionResult({"JobName": job.name})

    def start_job_run(self) -> ActionResult:
        """Glue API, StartJobRun."""
        job = self.glue_backend.get_job(self._get_param("JobName"))
        busy = [run for run in job.job_runs if run.state not in ENDED]  # type: ignore[attr-defined]
        if len(busy) >= (job.execution_property or {}).get("MaxConcurrentRuns", 1):
            raise ConcurrentRunsExceededException(f"Concurrent runs exceeded for {job.name}")
        run = JobRun(
            job,
            account=self.current_account,
            region=self.region,
            overrides=self._get_param("Arguments") or {},
            timeout=self._get_int_param("Timeout"),
        )
        job.job_runs.append(run)  # type: ignore[arg-type]
        run.start()
        return ActionResult({"JobRunId": run.run_id})

    def get_job_run(self) -> ActionResult:
        """Glue API, GetJobRun."""
        return ActionResult({"JobRun": self._run(self._get_param("RunId")).as_dict()})

    def get_job_runs(self) -> ActionResult:
        """Glue API, GetJobRuns: the latest first."""
        job = self.glue_backend.get_job(self._get_param("JobName"))
        return ActionResult({"JobRuns": [run.as_dict() for run in reversed(job.job_runs)]})

    def batch_stop_job_run(self) -> ActionResult:
        """Glue API, BatchStopJobRun."""
        name = self._get_param("JobName")
        wanted = self._get_param("JobRunIds")
        for run_id in wanted:
            self._run(run_id).stop()
        return ActionResult(
            {"SuccessfulSubmissions": [{"JobName": name, "JobRunId": r} for r in wanted]}
        )

    def _run(self, run_id: str) -> JobRun:
        job = self.glue_backend.get_job(self._get_param("JobName"))
        for run in job.job_runs:
            if isinstance(run, JobRun) and run.run_id == run_id:
                return run
        raise JobRunNotFoundException(run_id)
