"""What about a run needs a person, and what that person can do."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that needs a person."""

    title: str  # what happened, and where
    explanation: str  # why, with numbers, as the service or the gate said
    advice: str  # what to do
    is_failure: bool  # else a warning: the run went on
