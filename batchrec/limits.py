"""How far a run is from the quotas of Amazon Personalize."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """One quota, and how much of it is used."""

    name: str
    used: float
    maximum: float
    unit: str
    is_adjustable: bool  # on request
    source: str  # document, section

    @property
    def share(self) -> float:
        """How much of it is used; above 1 it is exceeded."""
        return self.used / self.maximum
