"""What a run bills, line by line."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One thing that is billed."""

    service: str  # Amazon Personalize, AWS Glue, AWS Step Functions, …
    what: str  # data ingestion, training, batch inference of KEY, …
    quantity: float
    unit: str  # GB, training hour, 1,000 inputs, DPU-hour, …
    price: float | None  # US dollars for a unit; None: unknown
    basis: str  # measured, modelled (by the local AWS) or estimated, and from what
    price_id: str = ""  # what sets it: batchrec cost --price ID=DOLLARS
    price_source: str = ""  # where the price was read, or who gave it

    @property
    def amount(self) -> float | None:
        """US dollars; None if the price is unknown."""
        return None if self.price is None else self.quantity * self.price


@dataclass(frozen=True)
class Saving:
    """What would lower the bill."""

    what: str  # what to change, with the input's name
    amount: float | None  # US dollars a run; None: unknown
    because: str


@dataclass(frozen=True)
class Bill:
    """All of a run, the most expensive line first; those without a price last."""

    lines: list[Line]
    savings: list[Saving]
    prices_as_of: str  # date of the price table, and its Region
    notes: list[str]
    recommendations: int | None = None  # rows of the published tables; None: not known

    @property
    def total(self) -> float | None:
        """US dollars of the lines whose price is known; None if it is of none."""
        amounts = [line.amount for line in self.lines if line.amount is not None]
        return sum(amounts) if amounts else None

    @property
    def unknown(self) -> list[Line]:
        """The lines whose price isn't known: the total is without them."""
        return [line for line in self.lines if line.price is None]

    @property
    def per_thousand(self) -> float | None:
        """US dollars of the total for 1,000 recommendations."""
        if self.total is None or not self.recommendations:
            return None
        return self.total / self.recommendations * 1000

    def share(self, line: Line) -> float | None:
        """Return a line's share of the total; None if there is none."""
        return line.amount / self.total if line.amount is not None and self.total else None
