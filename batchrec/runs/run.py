"""A run, and what it is made of: visits to states, jobs and failures."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Failure:
    """One thing that made a run fail; a run can have several, one for each solution."""

    state: str
    error: str
    cause: str
    subject: str | None = None  # the dataset's folder or the solution's key, if it has one


@dataclass(frozen=True)
class Visit:
    """A state that an execution entered, from then until it left it."""

    state: str
    type: str  # Task, Map, Choice, …
    entered: datetime
    left: datetime | None  # None: it is still there, or the execution ended in it
    within: tuple[str, ...] = ()  # for a child's: the Map's label and the child's subject


@dataclass(frozen=True)
class Job:
    """A job of Glue or Personalize that a run started, or found and took over."""

    kind: str  # prepare, import, training, batch inference, batch segments or publish
    subject: str | None  # the dataset's folder or the solution's key
    id: str  # ARN, or the id of a Glue job run
    status: str  # as the service last told
    started: datetime
    ended: datetime | None
    is_reused: bool  # a solution version that an earlier run trained
    reason: str | None  # why it failed, as the service says
    expected_seconds: float | None  # how long it took when it was last published; None: unknown
    described: dict[str, Any]  # the answer that last described it


@dataclass(frozen=True)
class Run:
    """One run, as far as it has come."""

    name: str  # as in the bucket's keys: of two executions, if one continued the other
    execution_arn: str
    action: str  # run or teardown
    status: str  # of the execution; of a succeeded one SUCCEEDED, SKIPPED or TORN_DOWN
    started: datetime
    ended: datetime | None
    as_of: datetime  # the service's own time
    failures: tuple[Failure, ...]
    visits: tuple[Visit, ...]  # by time
    jobs: tuple[Job, ...]  # by time
    output: dict[str, Any]  # of an execution that succeeded
    transitions: int  # states entered, those of children too
    configuration: dict[str, Any] = field(default_factory=dict)  # the pipeline's, at its start

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        # The service's time comes in whole seconds: it may lie before the start.
        return max(((self.ended or self.as_of) - self.started).total_seconds(), 0.0)
