"""Hyperparameters of recipes: defaults, ranges, and whether they can be tuned."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["integer", "continuous", "categorical"]


@dataclass(frozen=True)
class Hyperparameter:
    """A hyperparameter as its recipe's page in the Developer Guide describes it.

    Args:
        name: as in `algorithmHyperParameters` or `featureTransformationParameters`.
        default: its value where a solution has none; values are text.
        kind: the value's type.
        low: the lowest number.
        high: the highest number; None where there is no bound.
        values: what a categorical one can be; case doesn't matter, as the pages write both.
        tunable: whether hyperparameter optimisation (HPO) can choose it.
        by_hpo: it can be given as a range only.
    """

    name: str
    default: str
    kind: Kind
    low: float = 0
    high: float | None = None
    values: tuple[str, ...] = ()
    tunable: bool = False
    by_hpo: bool = False

    def problem(self, value: str) -> str | None:
        """Say what is wrong with a value, None for nothing."""
        if self.by_hpo:
            return f"{self.name} can only be given as a range in hpoConfig."
        if self.kind == "categorical":
            if value.lower() in (allowed.lower() for allowed in self.values):
                return None
            return f"{self.name} must be one of {', '.join(self.values)}, not {value!r}."
        if self.kind == "integer" and not (value.isascii() and value.isdecimal()):
            return f"{self.name} must be a number of type {self.kind}, not {value!r}."
        try:
            number = float(value)
        except ValueError:
            return f"{self.name} must be a number of type {self.kind}, not {value!r}."
        if not self.contains(number):
            return f"{self.name} must be in {self.range}, not {value}."
        return None

    def contains(self, number: float) -> bool:
        """Whether a number is in the range."""
        return self.low <= number and (self.high is None or number <= self.high)

    @property
    def range(self) -> str:
        """The range, as the Developer Guide writes it."""
        return f"[{self.low:g}, {'...' if self.high is None else format(self.high, 'g')}]"


def integer(
    name: str, default: int, low: int, high: int | None, *, tunable: bool = True
) -> Hyperparameter:
    """Return an integer one."""
    return Hyperparameter(name, str(default), "integer", low, high, tunable=tunable)


def continuous(
    name: str, default: float, *, high: float | None = 1, tunable: bool = False
) -> Hyperparameter:
    """Return one that is a fraction, or any positive number."""
    return Hyperparameter(name, str(default), "continuous", 0, high, tunable=tunable)


def boolean(name: str, *, tunable: bool) -> Hyperparameter:
    """Return one that is true unless switched off."""
    values = ("true", "false")
    return Hyperparameter(name, "true", "categorical", values=values, tunable=tunable)


def choice(name: str, default: str, *others: str) -> Hyperparameter:
    """Return one that has one of a few values."""
    return Hyperparameter(name, default, "categorical", values=(default, *others))


def history_percentiles(low: float = 0.0, high: float = 0.99) -> tuple[Hyperparameter, ...]:
    """Return those that leave out users with short or long histories."""
    return (
        continuous("min_user_history_length_percentile", low),
        continuous("max_user_history_length_percentile", high),
    )
