"""Resources and their statuses."""

from dataclasses import dataclass, field
from typing import Any

from batchrec.clock import Turn, VirtualEvent
from batchrec.localaws import runtime

PENDING = "CREATE PENDING"
IN_PROGRESS = "CREATE IN_PROGRESS"
ACTIVE = "ACTIVE"
FAILED = "CREATE FAILED"
STOPPING = "CREATE STOPPING"
STOPPED = "CREATE STOPPED"
DELETE_PENDING = "DELETE PENDING"
DELETE_IN_PROGRESS = "DELETE IN_PROGRESS"


@dataclass(frozen=True)
class Words:
    """What a kind of resource calls the statuses on its way."""

    pending: str = PENDING
    in_progress: str = IN_PROGRESS
    done: str = ACTIVE
    failed: str = FAILED


# Of kinds that have others than those of a creation.
WORDS = {"DataDeletionJob": Words("PENDING", "IN_PROGRESS", "COMPLETED", "FAILED")}


@dataclass
class Schedule:
    """When a solution trains itself, in virtual epoch seconds."""

    began: float
    due: float  # next


@dataclass
class Resource:
    """Anything with an ARN: its members are those of the Describe operation, absent when unset."""

    kind: str  # as in the operations' names, e.g. "DatasetGroup"
    members: dict[str, Any]
    tags: list[dict[str, str]] = field(default_factory=list)
    stop: VirtualEvent = field(default_factory=lambda: runtime.current().clock.event(Turn.JOBS))
    schedule: Schedule | None = None  # of a solution that trains itself

    @property
    def arn(self) -> str:
        """The resource's ARN."""
        return str(self.members[arn_member(self.kind)])

    @property
    def words(self) -> Words:
        """What its statuses are called."""
        return WORDS.get(self.kind, Words())

    @property
    def status(self) -> str:
        """The status; a schema, which has none, counts as active."""
        return str(self.members.get("status", self.words.done))

    @property
    def busy(self) -> bool:
        """Whether it is pending or in progress."""
        return self.status not in (self.words.done, self.words.failed, STOPPED)

    @property
    def latest_update(self) -> dict[str, Any] | None:
        """The members of the latest update of a solution or a dataset, None if there is none."""
        return self.members.get("latestSolutionUpdate") or self.members.get("latestDatasetUpdate")

    @property
    def updating(self) -> bool:
        """Whether the latest update is under way."""
        update = self.latest_update
        return update is not None and update["status"] in (PENDING, IN_PROGRESS)

    def refers_to(self, other: "Resource") -> bool:
        """Whether its members name another resource, or its update that is under way does."""
        name = arn_member(other.kind)
        update = self.latest_update if self.updating else None
        return other.arn in (self.members.get(name), (update or {}).get(name))

    @property
    def created(self) -> float:
        """When it was created, in virtual epoch seconds."""
        return float(self.members["creationDateTime"])

    @property
    def updated(self) -> float:
        """When its status changed last, in virtual epoch seconds."""
        return float(self.members["lastUpdatedDateTime"])


def now() -> float:
    """Return the virtual time as Personalize writes it."""
    return round(runtime.current().clock.time(), 3)


def member(kind: str) -> str:
    """Return the member of a Describe operation's answer that has the resource."""
    return kind[0].lower() + kind[1:]


def arn_member(kind: str) -> str:
    """Return the member that has the ARN of a resource of this kind."""
    return f"{member(kind)}Arn"


def tail_of(arn: str) -> str:
    """Return an ARN's resource part."""
    return arn.split(":", 5)[5]
