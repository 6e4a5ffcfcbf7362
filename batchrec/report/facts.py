"""What a report shows, as plain values; batchrec/report/collecting.py fills them."""

from dataclasses import dataclass
from datetime import date, datetime

from batchrec.cost.bill import Bill
from batchrec.limits import Limit
from batchrec.operations.problems import Problem
from batchrec.runs import Run


@dataclass(frozen=True)
class Funnel:
    """What became of one dataset's rows: read = filtered + duplicate + quarantined + imported."""

    dataset: str  # its folder: interactions, users or items
    read: int
    filtered: int
    duplicate: int
    quarantined: dict[str, int]  # by reason
    imported: int


@dataclass(frozen=True)
class LongTail:
    """How events are spread over users or items, from the most active or popular one on."""

    kind: str  # users or items
    count: int
    shares: list[tuple[float, float]]  # share of them, share of all events; at most 101 points
    gini: float


@dataclass(frozen=True)
class Measured:
    """Offline metrics of one run's solution version."""

    run: str
    metrics: dict[str, float]


@dataclass(frozen=True)
class Popularity:
    """How popular items are: what users had, beside what is recommended to them.

    Buckets hold the items by their rank of popularity: the most popular 1 %, 1 to 5 %, …
    """

    buckets: list[str]
    consumed: list[float]  # share of all events
    recommended: list[float]  # share of all recommendations


@dataclass(frozen=True)
class Change:
    """What is different from the run before, for those who have answers in both."""

    before: str  # the earlier run
    asked: int  # how many they are
    changed: float  # share whose list isn't the same, as a set
    overlap: float  # mean share of the list that was there before
    added: int  # have answers now, and had none before
    removed: int


@dataclass(frozen=True)
class Answer:
    """One recommended item or user."""

    id: str
    title: str | None
    score: float | None
    theme: str | None = None  # of the list that it belongs to


@dataclass(frozen=True)
class Event:
    """One event of a user's past."""

    item: str
    title: str | None
    at: datetime
    event_type: str | None


@dataclass(frozen=True)
class Asked:
    """Who or what was asked about, what was there before, and the answers."""

    id: str
    title: str | None  # of an item
    is_cold: bool  # a user or an item without events in the imported data
    history: list[Event]  # a user's, the latest first; at most 25
    events: int | None  # how many there are; None: the imported data isn't kept any more
    answers: list[Answer]  # the best first


@dataclass(frozen=True)
class SolutionFacts:
    """What one solution learned and said."""

    key: str
    recipe: str
    asked: str  # users, items or item attributes
    answered: str  # items or users
    counts: dict[str, int]  # of the manifest: inputs, answered, errors, recommendations
    metrics: dict[str, float]
    popularity_metrics: dict[str, float] | None  # of recommending what is popular; None: unknown
    earlier: list[Measured]  # the oldest first
    cold: int | None  # asked about without any event
    distinct: int | None  # different ids among the answers
    catalogue: int | None  # items (or users) with events
    covered: int | None  # how many of those are among the answers
    popularity: Popularity | None  # of answers that are items
    change: Change | None
    sample: list[Asked]
    refused: str | None  # why it isn't published


@dataclass(frozen=True)
class Facts:
    """Everything that one page shows."""

    pipeline: str
    run: Run
    made_at: datetime
    states: dict[str, object]  # States of the state machine's definition
    problems: list[Problem]  # the worst first
    funnels: list[Funnel]
    events_over_time: list[tuple[date, int]]  # by day, week, …: at most 200
    long_tails: list[LongTail]
    solutions: list[SolutionFacts]
    bill: Bill
    limits: list[Limit]  # the nearest first
    sampled: list[str]  # sentences that say what is a sample, and of how much
    real_seconds: dict[str, float] | None  # of a rehearsal, by step
