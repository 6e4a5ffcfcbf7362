"""Solution versions: the documented minimums, a real model, its offline metrics."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from batchrec.localaws.personalize import recipes, schemas, solution_config
from batchrec.localaws.personalize.exceptions import JobFailure
from batchrec.localaws.personalize.recipes import Recipe
from batchrec.localaws.personalize.tables import Table
from batchrec.recommender import Interactions, Model, offline_metrics, segment_metrics
from batchrec.recommender import train as train_recipe

# Developer Guide, Endpoints and quotas, and Error messages; checked after filtering events.
MINIMUM_INTERACTIONS = 1000
MINIMUM_USERS = 25  # with two interactions or more
MINIMUM_SHARE_OF_USERS = 0.01
SEED = 20_160_531  # fixed: the same data gives the same model

# Members of a solution that training depends on.
_DECISIVE = ("recipeArn", "eventType", "solutionConfig")


@dataclass(frozen=True)
class Trained:
    """What training leaves behind.

    Args:
        solution: those members of the solution that training depends on.
        tables: what was trained on, by dataset type in capitals.
        offline_metrics: as GetSolutionMetrics gives them.
        get_model: returns the model.
        forgotten: users whose data was deleted later; they are in no more segments.
    """

    solution: dict[str, Any]
    tables: Mapping[str, Table]
    offline_metrics: dict[str, float]
    get_model: Callable[[], Model]
    forgotten: set[str] = field(default_factory=set)

    @property
    def model(self) -> Model:
        """The model."""
        return self.get_model()


def train(solution: dict[str, Any], tables: Mapping[str, Table]) -> Trained:
    """Train a solution's recipe on what has been imported.

    Args:
        solution: members of the solution.
        tables: of its dataset group, by dataset type in capitals.

    Raises:
        JobFailure: with the `failureReason` that the solution version ends with.
    """
    decisive = {name: solution[name] for name in _DECISIVE if name in solution}
    try:
        recipe, interactions, options = _inputs(solution, tables)
        if recipe.batch_segment:
            metrics = segment_metrics(recipe.name, interactions, **options)
        else:
            weighted = bool(_event_parameters(solution))
            metrics = offline_metrics(recipe.name, interactions, **options, event_weights=weighted)
        model = train_recipe(recipe.name, interactions, **options)
    except ValueError as error:
        raise JobFailure(f"Create failed. {error}") from error
    return Trained(decisive, tables, metrics, lambda: model)


def restored(
    solution: dict[str, Any],
    tables: Mapping[str, Table],
    offline_metrics: dict[str, float],
    forgotten: set[str],
) -> Trained:
    """Return what an earlier training left; its model is trained again when it is first needed."""

    @functools.cache
    def model() -> Model:
        recipe, interactions, options = _inputs(solution, tables)
        return train_recipe(recipe.name, interactions, **options)

    return Trained(solution, tables, offline_metrics, model, forgotten)


def _inputs(
    solution: dict[str, Any], tables: Mapping[str, Table]
) -> tuple[Recipe, Interactions, dict[str, Any]]:
    """Return the recipe, and what batchrec.recommender trains it on and with."""
    recipe = recipes.get(solution["recipeArn"])
    if recipe is None or not recipe.trained:
        raise JobFailure(f"The local Personalize does not train {solution['recipeArn']}.")
    config = solution.get("solutionConfig", {})
    options: dict[str, Any] = {
        "hyperparameters": config.get("algorithmHyperParameters", {}),
        "seed": SEED,
    }
    if recipe.needs_items:
        options["items"] = _described_items(tables, config)
    return recipe, _interactions(tables, solution), options


def _event_parameters(solution: dict[str, Any]) -> list[dict[str, Any]]:
    config = solution.get("solutionConfig", {}).get("eventsConfig", {})
    return list(config.get("eventParametersList", []))


def _interactions(tables: Mapping[str, Table], solution: dict[str, Any]) -> Interactions:
    if "INTERACTIONS" not in tables or tables["INTERACTIONS"].rows.empty:
        raise JobFailure("Create failed. No interactions have been imported.")
    rows = tables["INTERACTIONS"].rows
    threshold = solution.get("solutionConfig", {}).get("eventValueThreshold")
    rows = rows[_considered(rows, solution.get("eventType"), threshold)]
    weights = _weights(rows, _event_parameters(solution))
    rows, weights = rows[weights > 0], weights[weights > 0]
    if len(rows) < MINIMUM_INTERACTIONS:
        raise JobFailure(
            f"Create failed. Dataset has fewer than {MINIMUM_INTERACTIONS} interactions"
            " after filtering by event type."
        )
    returning = rows["USER_ID"].value_counts() >= 2
    if returning.sum() < MINIMUM_USERS:
        raise JobFailure(
            f"Create failed. Dataset has fewer than {MINIMUM_USERS} users with at least 2"
            " interactions each."
        )
    if returning.mean() < MINIMUM_SHARE_OF_USERS:
        raise JobFailure(
            f"Create failed. Fewer than {MINIMUM_SHARE_OF_USERS:.0%} of the dataset's users have at"
            " least 2 interactions each."
        )
    return Interactions.from_columns(rows["USER_ID"], rows["ITEM_ID"], rows["TIMESTAMP"], weights)


def _described_items(tables: Mapping[str, Table], config: dict[str, Any]) -> pd.DataFrame:
    """Return the items with what they can be asked for by (Item-Attribute-Affinity recipe).

    AWS may refuse the solution already: it isn't documented when this is checked.
    """
    items = tables.get("ITEMS")
    columns = [field.name for field in schemas.metadata(items.fields)] if items else []
    columns = [name for name in columns if solution_config.is_trained_on(config, "Items", name)]
    if items is None or items.rows.empty or not columns:
        raise JobFailure(
            "Create failed. The recipe needs an Items dataset with imported data and at least one"
            " metadata column that is not textual."
        )
    return items.latest("ITEM_ID")[["ITEM_ID", *columns]].astype("str")


def _considered(
    rows: pd.DataFrame, event_type: str | None, threshold: str | float | None
) -> NDArray[np.bool_]:
    """Mark the events of a type, and with a value, that shall be trained on."""
    considered = np.ones(len(rows), dtype=np.bool_)
    if event_type and "EVENT_TYPE" in rows:
        considered &= (rows["EVENT_TYPE"] == event_type).to_numpy(dtype=np.bool_)
    if threshold not in (None, "") and "EVENT_VALUE" in rows:
        values = pd.to_numeric(rows["EVENT_VALUE"]).to_numpy(dtype=np.float64)
        considered &= values >= float(threshold)
    return considered


def _weights(rows: pd.DataFrame, event_parameters: list[dict[str, Any]]) -> NDArray[np.float32]:
    """Weigh each event by its type: 1 on average over the types, 0 for what isn't considered.

    Developer Guide, Optimizing a solution with events configuration: only the ratio of weights
    counts. A type without a weight weighs 1 before that, and one that weighs 0 has no influence at
    all here; neither is documented.
    """
    if not event_parameters:
        return np.ones(len(rows), dtype=np.float32)
    if "EVENT_TYPE" not in rows:
        raise JobFailure("Create failed. Event weights need an EVENT_TYPE column.")
    weights = np.zeros(len(rows), dtype=np.float32)
    given = [float(each.get("weight", 1)) for each in event_parameters]
    for weight, each in zip(given, event_parameters, strict=True):
        events = _considered(rows, each.get("eventType"), each.get("eventValueThreshold"))
        weights[events] = weight / (sum(given) / len(given) or 1)
    return weights
