"""Faults for tests: calls that fail, answers that are lost or odd, jobs that fail or never end.

aws.faults.add(Fault("personalize", "CreateSolutionVersion", error="ThrottlingException"))
aws.faults.add(JobFault("DatasetImportJob", reason="The bucket has no such key."))
"""

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

Members = dict[str, Any]

# HTTP status by error code; every other one has 400 (botocore's models, Common Errors).
_STATUS = {
    "AccessDenied": 403,  # of S3; AccessDeniedException of the JSON services has 400
    "InternalFailure": 500,
    "InternalServerError": 500,
    "ServiceUnavailable": 503,
    "ServiceUnavailableException": 503,
    "SlowDown": 503,
}


def _any(_: Members) -> bool:
    return True


@dataclass
class Fault:
    """Calls of one operation that go wrong.

    Args:
        service: signing name, e.g. "personalize", "states", "s3".
        operation: as in the API Reference, e.g. "CreateSolutionVersion".
        error: the code that the caller gets instead of an answer; without `rewrite` only.
        message: of that error.
        times: how many calls it strikes; None for all of them.
        after: the operation is done, and only its answer lost.
        match: which calls, by the members of the request; all of them by default.
        rewrite: makes another answer from the true one, both as JSON members.
    """

    service: str
    operation: str
    error: str = "InternalServerError"
    message: str = "Injected on request."
    times: int | None = 1
    after: bool = False
    match: Callable[[Members], bool] = _any
    rewrite: Callable[[Members], Members] | None = None
    hits: int = field(default=0, init=False)

    @property
    def status(self) -> int:
        """The HTTP status of the error."""
        return _STATUS.get(self.error, 400)


@dataclass
class JobFault:
    """Jobs that go wrong: Personalize resources of one kind, or Glue job runs.

    Args:
        kind: as in the operation's name, e.g. "DatasetImportJob" or "SolutionVersion";
            "SolutionUpdate", "GlueJobRun".
        reason: the failureReason or ErrorMessage it ends with.
        stuck: it stays in progress for ever instead; a Glue job run, until its timeout.
        state: how a Glue job run ends: FAILED, TIMEOUT or STOPPED.
        times: how many jobs it strikes; None for all of them.
        match: which jobs, by the members that Describe gives, or GetJobRun for Glue.
    """

    kind: str
    reason: str = "Injected on request."
    stuck: bool = False
    state: str = "FAILED"
    times: int | None = None
    match: Callable[[Members], bool] = _any
    hits: int = field(default=0, init=False)


_F = TypeVar("_F", bound=Fault | JobFault)


class Faults:
    """The faults of one local AWS; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._faults: dict[int, Fault | JobFault] = {}

    def add(self, fault: _F) -> _F:
        """Inject a fault; return it, so that its `hits` can be read."""
        with self._lock:
            self._faults[next(self._numbers)] = fault
        return fault

    def numbered(self) -> dict[int, Fault | JobFault]:
        """Return the faults by their numbers, the first one that was added first."""
        with self._lock:
            return dict(self._faults)

    def remove(self, fault: Fault | JobFault) -> None:
        """Take one fault out; harmless when it isn't in."""
        with self._lock:
            self._faults = {n: other for n, other in self._faults.items() if other is not fault}

    def clear(self) -> None:
        """Take all faults out."""
        with self._lock:
            self._faults.clear()

    def of_call(self, service: str, operation: str, request: Members) -> Fault | None:
        """Return the first fault that strikes a call, and count the hit."""
        return self._strike(
            fault
            for fault in self.numbered().values()
            if isinstance(fault, Fault)
            and (fault.service, fault.operation) == (service, operation)
            and fault.match(request)
        )

    def of_job(self, kind: str, members: Members) -> JobFault | None:
        """Return the first fault that strikes a job, and count the hit."""
        return self._strike(
            fault
            for fault in self.numbered().values()
            if isinstance(fault, JobFault) and fault.kind == kind and fault.match(members)
        )

    def _strike(self, candidates: Iterator[_F]) -> _F | None:
        with self._lock:
            for fault in candidates:
                if fault.times is None or fault.hits < fault.times:
                    fault.hits += 1
                    return fault
        return None
