"""A job run: its states, in virtual time, from its start to its end."""

import logging
import threading
from datetime import datetime
from typing import Any

from moto.glue.models import FakeJob
from moto.moto_api._internal import mock_random

from batchrec.clock import Turn
from batchrec.localaws import runtime
from batchrec.localaws.glue.script import TIMED_OUT, Outcome, Script

ENDED = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR")
DEFAULT_TIMEOUT_MINUTES = 480  # Glue 5.0 and later (Glue API, StartJobRun)

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
        self._overrides = overrides
        arguments = (
            (job.default_arguments or {}) | overrides | (job.non_overridable_arguments or {})
        )
        self._script = Script(job, self.run_id, account, region, arguments)
        self._timeout_minutes = timeout or job.timeout or DEFAULT_TIMEOUT_MINUTES
        self._error: str | None = None
        self._started = self._changed = runtime.current().clock.now()
        self._completed: datetime | None = None
        self._stop = runtime.current().clock.event(Turn.JOBS)
        self._abandoned = False
        self._changing = threading.Lock()

    def start(self) -> None:
        """Run beside the caller, in virtual time."""
        _runs.add(self)
        runtime.current().clock.thread(self._live).start()

    def stop(self) -> None:
        """End the run as STOPPED."""
        if self.state not in ENDED:
            self._become("STOPPING")
            self._stop.set()
            self._script.kill()

    def abandon(self) -> None:
        """End without leaving anything: the local AWS itself stops."""
        self._abandoned = True
        self._stop.set()
        self._script.kill()

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
            "LogGroupName": self._script.log_group_prefix,
            "GlueVersion": self._job.glue_version,
            "ExecutionClass": self._job.execution_class,
        }

    def _live(self) -> None:
        durations = runtime.current().durations
        limit = self._timeout_minutes * 60
        state = "STOPPED"
        if not self._stop.wait(durations.glue_start):
            self._become("RUNNING")
            state, self._error = self._result(limit)
            self._stop.wait(min(durations.glue_run, limit))
            if durations.glue_run > limit:
                state, self._error = TIMED_OUT
        _runs.discard(self)
        if self._abandoned:
            return
        if self._stop.is_set():
            state, self._error = "STOPPED", None
        self._completed = runtime.current().clock.now()
        self._become(state)

    def _result(self, limit: float) -> Outcome:
        fault = runtime.current().faults.of_job("GlueJobRun", self.as_dict())
        if fault is not None and fault.stuck:
            self._stop.wait(limit)
            return TIMED_OUT
        if fault is not None:
            return Outcome(fault.state, None if fault.state == "STOPPED" else fault.reason)
        try:
            return self._script.run(limit)
        except Exception as error:
            if not self._abandoned:
                log.exception("%s failed inside the local Glue", self.run_id)
            return Outcome("FAILED", f"Internal error of the local Glue: {error!r}")

    def _become(self, state: str) -> None:
        with self._changing:
            if self.state in ENDED:  # stopped in the instant it ended
                return
            self.state = state
        self._changed = runtime.current().clock.now()
