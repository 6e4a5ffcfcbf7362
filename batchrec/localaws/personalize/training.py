"""Solution versions: the documented minimums, a real model, its offline metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from batchrec.localaws.personalize import recipes, schemas, solution_config
from batchrec.localaws.personalize.exceptions import JobFailure
from batchrec.localaws.personalize.tables import Table
from batchrec.recommender import Interactions, Model, offline_metrics, segment_metrics
from batchrec.recommender import train as train_recipe

# Developer Guide, Endpoints and quotas, and Error messages; checked after filtering events.
MINIMUM_INTERACTIONS = 1000
MINIMUM_USERS = 25
SEED = 20_160_531  # fixed: the same data gives the same model


@dataclass(frozen=True)
class Trained:
    """What training leaves behind.

    Args:
        model: recommends, ranks or segments.
        offline_metrics: as GetSolutionMetrics gives them.
        forgotten: users whose data was deleted later; they are in no more segments.
    """

    model: Model
    offline_metrics: dict[str, float]
    forgotten: set[str] = field(default_factory=set)


def train(solution: dict[str, Any], tables: Mapping[str, Table]) -> Trained:
    """Train a solution's recipe on what has been imported.

    Args:
        solution: members of the solution.
        tables: of its dataset group, by dataset type in capitals.

    Raises:
        JobFailure: with the `failureReason` that the solution version ends with.
    """
    recipe = recipes.get(solution["recipeArn"])
    if recipe is None or not recipe.trained:
        raise JobFailure(f"The local Personalize does not train {solution['recipeArn']}.")
    config = solution.get("solutionConfig", {})
    interactions = _interactions(
        tables, solution.get("eventType"), config.get("eventValueThreshold")
    )
    options: dict[str, Any] = {
        "hyperparameters": config.get("algorithmHyperParameters", {}),
        "seed": SEED,
    }
    if recipe.needs_items:
        options["items"] = _described_items(tables, config)
    measure = segment_metrics if recipe.batch_segment else offline_metrics
    try:
        return Trained(
            train_recipe(recipe.name, interactions, **options),
            measure(recipe.name, interactions, **options),
        )
    except ValueError as error:
        raise JobFailure(f"Create failed. {error}") from error


def _interactions(
    tables: Mapping[str, Table], event_type: str | None, threshold: str | None
) -> Interactions:
    if "INTERACTIONS" not in tables or tables["INTERACTIONS"].rows.empty:
        raise JobFailure("Create failed. No interactions have been imported.")
    rows = _considered(tables["INTERACTIONS"].rows, event_type, threshold)
    if len(rows) < MINIMUM_INTERACTIONS:
        raise JobFailure(
            f"Create failed. Dataset has fewer than {MINIMUM_INTERACTIONS} interactions"
            " after filtering by event type."
        )
    if (rows["USER_ID"].value_counts() >= 2).sum() < MINIMUM_USERS:
        raise JobFailure(
            f"Create failed. Dataset has fewer than {MINIMUM_USERS} users with at least 2"
            " interactions each."
        )
    return Interactions.from_columns(rows["USER_ID"], rows["ITEM_ID"], rows["TIMESTAMP"])


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


def _considered(rows: pd.DataFrame, event_type: str | None, threshold: str | None) -> pd.DataFrame:
    if event_type and "EVENT_TYPE" in rows:
        rows = rows[rows["EVENT_TYPE"] == event_type]
    if threshold and "EVENT_VALUE" in rows:
        rows = rows[pd.to_numeric(rows["EVENT_VALUE"]) >= float(threshold)]
    return rows
