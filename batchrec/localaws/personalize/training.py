"""Solution versions: the documented minimums, a real model, its offline metrics."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from batchrec.localaws.personalize.exceptions import JobFailure
from batchrec.recommender import Interactions, Model, offline_metrics
from batchrec.recommender import train as train_recipe

# Developer Guide, Endpoints and quotas, and Error messages; checked after filtering events.
MINIMUM_INTERACTIONS = 1000
MINIMUM_USERS = 25
SEED = 20_160_531  # fixed: the same data gives the same model


@dataclass(frozen=True)
class Trained:
    """What training leaves behind."""

    model: Model
    offline_metrics: dict[str, float]


def train(solution: dict[str, Any], rows: pd.DataFrame | None) -> Trained:
    """Train a solution's recipe on the imported interactions.

    Raises:
        JobFailure: with the `failureReason` that the solution version ends with.
    """
    if rows is None:
        raise JobFailure("Create failed. No interactions have been imported.")
    config = solution.get("solutionConfig", {})
    rows = _considered(rows, solution.get("eventType"), config.get("eventValueThreshold"))
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
    interactions = Interactions.from_columns(rows["USER_ID"], rows["ITEM_ID"], rows["TIMESTAMP"])
    recipe = solution["recipeArn"].rpartition("/")[2]
    hyperparameters = config.get("algorithmHyperParameters", {})
    return Trained(
        train_recipe(recipe, interactions, hyperparameters=hyperparameters, seed=SEED),
        offline_metrics(recipe, interactions, hyperparameters=hyperparameters, seed=SEED),
    )


def _considered(rows: pd.DataFrame, event_type: str | None, threshold: str | None) -> pd.DataFrame:
    if event_type and "EVENT_TYPE" in rows:
        rows = rows[rows["EVENT_TYPE"] == event_type]
    if threshold and "EVENT_VALUE" in rows:
        rows = rows[pd.to_numeric(rows["EVENT_VALUE"]) >= float(threshold)]
    return rows
