"""What a solution can be configured with.

Developer Guide: Creating and configuring a solution, with its pages on hyperparameters and HPO,
optimisation for an objective, events configuration, columns used when training, and automatic
training; API Reference, CreateSolution and UpdateSolution. That all faults come at once, and none
as a failed training, is ours: AWS documents no messages and no moments.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from batchrec.localaws.personalize.exceptions import InvalidInputException
from batchrec.localaws.personalize.hyperparameters import Hyperparameter
from batchrec.localaws.personalize.recipes import Recipe
from batchrec.localaws.personalize.schemas import NUMBERS, Field

MAXIMUM_DAYS = 30  # between automatic trainings
MAXIMUM_JOBS = {"maxNumberOfTrainingJobs": 40, "maxParallelTrainingJobs": 10}
DATASET_TYPES = {"INTERACTIONS", "ITEMS", "USERS", "ACTIONS", "ACTION_INTERACTIONS"}

Datasets = Mapping[str, list[Field]]  # columns by dataset type, in capitals


def require(recipe: Recipe, settings: dict[str, Any], datasets: Datasets) -> None:
    """Check what CreateSolution or UpdateSolution is given.

    Args:
        recipe: the solution's.
        settings: members of the request; `solutionConfig` also stands for `solutionUpdateConfig`.
        datasets: those of the dataset group.

    Raises:
        InvalidInputException: the recipe or the datasets don't allow it.
    """
    config = settings.get("solutionConfig") or {}
    if settings.get("performIncrementalUpdate") and not recipe.incremental_update:
        raise InvalidInputException(
            f"performIncrementalUpdate is only supported with aws-semantic-similarity, not with"
            f" {recipe.name}."
        )
    if settings.get("performHPO") and not recipe.hpo:
        raise InvalidInputException(
            f"{recipe.name} does not support hyperparameter optimization (performHPO)."
        )
    _require_values(recipe, config, "algorithmHyperParameters", recipe.hyperparameters)
    _require_values(recipe, config, "featureTransformationParameters", recipe.featurization)
    _require_threshold(config.get("eventValueThreshold"))
    _require_tuning(recipe, config.get("hpoConfig") or {})
    _require_objective(recipe, config.get("optimizationObjective") or {}, datasets)
    _require_events(recipe, config.get("eventsConfig") or {}, datasets)
    _require_columns(config.get("trainingDataConfig") or {}, datasets)
    training_days(config)


def training_days(config: Mapping[str, Any]) -> int:
    """Return how many days lie between automatic trainings: 7 by default.

    Raises:
        InvalidInputException: `schedulingExpression` isn't between `rate(1 day)` and
            `rate(30 days)`.
    """
    automatic = config.get("autoTrainingConfig") or {}
    expression = automatic.get("schedulingExpression", "rate(7 days)")
    found = re.fullmatch(r"rate\((\d+) days?\)", expression)
    if not found or not 1 <= int(found[1]) <= MAXIMUM_DAYS:
        raise InvalidInputException(
            f"schedulingExpression must be rate(1 day) to rate({MAXIMUM_DAYS} days), not"
            f" {expression}."
        )
    return int(found[1])


def is_trained_on(config: Mapping[str, Any], dataset: str, column: str) -> bool:
    """Whether `trainingDataConfig` lets a column of a dataset type take part in training."""
    columns = config.get("trainingDataConfig") or {}

    def named(member: str) -> set[str] | None:
        for kind, names in (columns.get(member) or {}).items():
            if kind.upper() == dataset.upper():
                return {name.upper() for name in names}
        return None

    included, excluded = named("includedDatasetColumns"), named("excludedDatasetColumns")
    wanted = included is None or column.upper() in included
    return wanted and column.upper() not in (excluded or ())


def _require_values(
    recipe: Recipe, config: dict[str, Any], member: str, known: Iterable[Hyperparameter]
) -> None:
    by_name = {parameter.name: parameter for parameter in known}
    for name, value in (config.get(member) or {}).items():
        if name not in by_name:
            names = ", ".join(by_name) or "none"
            raise InvalidInputException(f"{recipe.name} has no {member} {name}; it has {names}.")
        if problem := by_name[name].problem(value):
            raise InvalidInputException(f"solutionConfig.{member}: {problem}")


def _require_threshold(threshold: str | None) -> None:
    if threshold is None:
        return
    try:
        float(threshold)
    except ValueError as error:
        raise InvalidInputException(
            f"eventValueThreshold must be a number as text, not {threshold!r}."
        ) from error


def _require_tuning(recipe: Recipe, config: dict[str, Any]) -> None:
    for name, most in MAXIMUM_JOBS.items():
        jobs = (config.get("hpoResourceConfig") or {}).get(name)
        if jobs is not None and not (jobs.isdecimal() and 1 <= int(jobs) <= most):
            raise InvalidInputException(f"{name} must be 1 to {most} as text, not {jobs!r}.")
    ranges = config.get("algorithmHyperParameterRanges")
    if ranges is None:
        return
    by_name = {parameter.name: parameter for parameter in recipe.hyperparameters}
    for kind in ("integer", "continuous", "categorical"):
        if f"{kind}HyperParameterRanges" not in ranges:
            raise InvalidInputException(
                f"algorithmHyperParameterRanges needs {kind}HyperParameterRanges; it can be empty."
            )
        for wanted in ranges[f"{kind}HyperParameterRanges"]:
            known = by_name.get(wanted.get("name"))
            if known is None or known.kind != kind or not known.tunable:
                raise InvalidInputException(
                    f"{recipe.name} has no tunable {kind} hyperparameter {wanted.get('name')}."
                )
            _require_range(known, wanted)


def _require_range(known: Hyperparameter, wanted: dict[str, Any]) -> None:
    if known.kind == "categorical":
        for value in wanted.get("values", []):
            if problem := known.problem(value):
                raise InvalidInputException(problem)
        return
    bounds = [wanted[name] for name in ("minValue", "maxValue") if name in wanted]
    if bounds != sorted(bounds) or not all(map(known.contains, bounds)):
        raise InvalidInputException(
            f"The range {bounds} of {known.name} must be one that lies in {known.range}."
        )


def _require_objective(recipe: Recipe, objective: dict[str, Any], datasets: Datasets) -> None:
    if not objective:
        return
    if not recipe.objective:
        raise InvalidInputException(f"{recipe.name} does not support optimizationObjective.")
    name = objective.get("itemAttribute")
    if name is None:
        if objective.get("objectiveSensitivity") == "OFF":
            return
        raise InvalidInputException("optimizationObjective needs an itemAttribute.")
    column = _column(datasets, "ITEMS", name)
    if column is None or column.type not in NUMBERS or column.nullable:
        raise InvalidInputException(
            f"itemAttribute {name} must be a numeric column of the Items dataset, without null."
        )


def _require_events(recipe: Recipe, config: dict[str, Any], datasets: Datasets) -> None:
    if not config:
        return
    if not recipe.events_config:
        raise InvalidInputException(
            "eventsConfig is only supported with aws-user-personalization-v2 and"
            f" aws-personalized-ranking-v2, not with {recipe.name}."
        )
    events = config.get("eventParametersList") or []
    types = [event.get("eventType") for event in events]
    if not events or None in types or len(set(types)) < len(types):
        raise InvalidInputException(
            "eventsConfig needs event parameters, each with another eventType."
        )
    needed = {"EVENT_TYPE"}
    if any("eventValueThreshold" in event for event in events):
        needed.add("EVENT_VALUE")
    for name in sorted(needed):
        if _column(datasets, "INTERACTIONS", name) is None:
            raise InvalidInputException(
                f"eventsConfig needs an Interactions dataset with the column {name}."
            )


def _require_columns(config: dict[str, Any], datasets: Datasets) -> None:
    for member in ("excludedDatasetColumns", "includedDatasetColumns"):
        for dataset, names in (config.get(member) or {}).items():
            kind = dataset.upper()
            if kind not in DATASET_TYPES:
                raise InvalidInputException(f"{member}: {dataset} is no type of datasets.")
            for name in names:
                if kind in datasets and _column(datasets, kind, name) is None:
                    raise InvalidInputException(
                        f"{member}: the {dataset} dataset has no column {name}."
                    )
                if member == "excludedDatasetColumns" and name.upper() == "EVENT_TYPE":
                    raise InvalidInputException("The column EVENT_TYPE can't be excluded.")


def _column(datasets: Datasets, kind: str, name: str) -> Field | None:
    return next((c for c in datasets.get(kind, ()) if c.name.upper() == name.upper()), None)
