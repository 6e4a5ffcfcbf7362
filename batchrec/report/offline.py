"""How good it would be to recommend what is popular: what a model's metrics compare with."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from batchrec.pipeline import Pipeline
from batchrec.published import imported

MOST_INTERACTIONS = 2_000_000  # for which it is computed here
_POPULARITY = "aws-popularity-count"
# The recipes whose metrics are about users and items that they are recommended.
_COMPARABLE = ("aws-user-personalization", "aws-personalized-ranking")


def is_comparable(recipe: str) -> bool:
    """Whether a recipe's metrics compare with those of recommending what is popular."""
    return recipe.startswith(_COMPARABLE)


def popularity(
    pipeline: Pipeline,
    run: str,
    solution: dict[str, Any],
    trained: dict[str, tuple[str, dict[str, float]]],
    events: int | None,
) -> tuple[dict[str, float] | None, str | None]:
    """Return the metrics of recommending what is popular, and a sentence that says of what.

    They are those of a solution of the same run with the recipe aws-popularity-count, if there is
    one; else they are computed with the documented split and keys (batchrec.recommender), on the
    events that the solution learns from: a tenth of the users, chosen at random, are tested, which
    aren't the ones that Amazon Personalize chose.

    Args:
        pipeline: whose.
        run: name of the run, whose interactions are read.
        solution: as the pipeline's configuration has it.
        trained: recipe and metrics of the run's solutions, by key.
        events: how many interactions were imported; None: nothing is known.
    """
    for key, (recipe, metrics) in trained.items():
        if recipe == _POPULARITY and metrics:
            return metrics, f"The metrics of popularity are those of the solution {key}."
    if not events or not imported.is_there(pipeline, run):
        return None, None
    if events > MOST_INTERACTIONS:
        return None, (
            f"The metrics of popularity are unknown: for more than {MOST_INTERACTIONS:,}"
            f" interactions they aren't computed. A solution with the recipe {_POPULARITY} would"
            " measure them."
        )
    try:
        from batchrec import recommender
    except ImportError:
        return None, (
            "The metrics of popularity are unknown: computing them needs batchrec's extra"
            f" `rehearsal`. A solution with the recipe {_POPULARITY} would measure them, too."
        )
    learned = _learned(pipeline, run, solution)
    try:
        interactions = recommender.Interactions.from_columns(
            learned["USER_ID"].to_pandas(),
            learned["ITEM_ID"].to_pandas(),
            learned["TIMESTAMP"].to_pandas(),
        )
        metrics = recommender.offline_metrics(_POPULARITY, interactions, hyperparameters={}, seed=0)
    except ValueError as error:
        return None, f"The metrics of popularity are unknown: {error}."
    return metrics, (
        "The metrics of popularity were computed for this report, with the documented split and a"
        " random tenth of the users: not the users that the solution was tested with."
    )


def _learned(pipeline: Pipeline, run: str, solution: dict[str, Any]) -> pa.Table:
    """Read the events that a solution learns from (CreateSolution: eventType, its threshold)."""
    columns = ("USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE", "EVENT_VALUE")
    event_type = solution.get("event_type")
    threshold = solution.get("solution_config", {}).get("EventValueThreshold")
    pieces = []
    for batch in imported.interactions(pipeline, run, columns):
        kept = batch
        if event_type:
            kept = kept.filter(pc.equal(kept["EVENT_TYPE"], event_type))
        if threshold:
            kept = kept.filter(pc.greater_equal(kept["EVENT_VALUE"], float(threshold)))
        pieces.append(kept.select(list(columns[:3])))
    kinds = zip(columns[:3], (pa.string(), pa.string(), pa.int64()), strict=True)
    return pa.Table.from_batches(pieces, pa.schema(list(kinds)))
