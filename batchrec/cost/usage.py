"""How much of what AWS bills was used, or would be."""

from dataclasses import dataclass, field

from batchrec.recipes import is_v2

_DEFAULT_DPUS = 10.0  # of a Spark job that names no workers (Glue API Reference, MaxCapacity)
GLUE_JOBS = {"prepare": "preparing the data", "publish": "publishing"}
MINIMUM_GLUE_SECONDS = 60  # https://aws.amazon.com/glue/pricing/


@dataclass(frozen=True)
class Use:
    """A quantity of one thing that is billed."""

    price_id: str  # of prices.toml
    what: str
    quantity: float  # in the price's unit
    basis: str  # measured, modelled or estimated, and from what
    subject: str | None = None  # the key of the solution or the folder of the dataset, if any


@dataclass
class Usage:
    """All of a run."""

    uses: list[Use] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    recommendations: int | None = None


@dataclass(frozen=True)
class Workers:
    """What a Glue job runs on."""

    type: str | None
    number: int | None
    is_flex: bool
    maximum_capacity: float | None = None  # DPUs, of jobs that name no workers

    @property
    def dpus(self) -> float:
        """DPUs of all workers, of R.n ones M-DPUs (Glue API Reference, WorkerType)."""
        if self.type is None or self.number is None:
            return self.maximum_capacity or _DEFAULT_DPUS
        return self.number * float(self.type[2:-1] if self.type != "G.025X" else 0.25)

    @property
    def price_id(self) -> str:
        """What a DPU-hour of them costs."""
        if (self.type or "").startswith("R."):
            return "glue.memory"
        return "glue.flex" if self.is_flex else "glue.standard"

    def __str__(self) -> str:
        if self.type is None or self.number is None:
            return f"{self.dpus:g} DPU"
        return f"{self.number} workers of type {self.type}{', FLEX' if self.is_flex else ''}"


def training_use(recipe: str, key: str, hours: float, interactions: int | None, basis: str) -> Use:
    """Say what a training of a recipe is billed by: hours, or with -v2 recipes interactions."""
    if is_v2(recipe):
        return Use(
            "personalize.training_v2",
            f"training of {key}",
            (interactions or 0) / 1e6,
            "interactions imported" if interactions else "number of interactions unknown",
            key,
        )
    return Use("personalize.training", f"training of {key}", hours, basis, key)


def batch_uses(
    recipe: str, job: str, has_themes: bool, key: str, inputs: float, basis: str
) -> list[Use]:
    """Say what a batch job is billed by.

    Args:
        recipe: the last part of its ARN.
        job: inference or segment.
        has_themes: whether it also generates themes.
        key: the solution's.
        inputs: lines of its input.
        basis: where that number comes from.
    """
    if job == "segment":
        return [
            Use("personalize.batch_segments", f"batch segments of {key}", inputs / 1e3, basis, key)
        ]
    price_id = "personalize.batch_recommendations" + ("_v2" if is_v2(recipe) else "")
    uses = [Use(price_id, f"batch inference of {key}", inputs / 1e3, basis, key)]
    if has_themes:
        uses.append(Use("personalize.themes", f"themes of {key}", inputs / 1e3, basis, key))
    return uses
