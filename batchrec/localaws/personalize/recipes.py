"""The recipes that exist, and what each can do.

Developer Guide: Choosing a recipe, and the page of each recipe; Choosing a domain use case.
"""

from dataclasses import dataclass

from batchrec.localaws.personalize.hyperparameters import (
    Hyperparameter,
    boolean,
    choice,
    continuous,
    history_percentiles,
    integer,
)

SERVICE_ARN = "arn:aws:personalize:::"  # of what the service owns: no Region, no account


@dataclass(frozen=True)
class Recipe:
    """A predefined recipe, or the use case of a Domain dataset group.

    Args:
        name: the last part of its ARN.
        type: its kind of use case, as in DescribeRecipe; None where AWS documents none.
        batch_inference: whether CreateBatchInferenceJob takes it.
        batch_segment: whether CreateBatchSegmentJob takes it.
        themes: whether batch inference can generate themes.
        update_mode: whether `trainingMode` UPDATE exists.
        needs_items: whether training needs an Items dataset, as well as interactions.
        trained: whether the local Personalize trains it.
        objective: whether a solution can have an `optimizationObjective`.
        events_config: whether a solution can have an `eventsConfig`.
        incremental_update: whether a solution can have `performIncrementalUpdate`.
        hpo: whether a solution can have `performHPO`.
        algorithm: its algorithm's name, where that isn't the recipe's; "" if not documented.
        feature_transformation: its name; "" if not documented.
        hyperparameters: of the algorithm.
        featurization: parameters of the feature transformation.
        domain: of a domain use case.
    """

    name: str
    type: str | None
    batch_inference: bool = False
    batch_segment: bool = False
    themes: bool = False
    update_mode: bool = False
    needs_items: bool = False
    trained: bool = True
    objective: bool = False
    events_config: bool = False
    incremental_update: bool = False
    hpo: bool = True
    algorithm: str | None = None
    feature_transformation: str = ""
    hyperparameters: tuple[Hyperparameter, ...] = ()
    featurization: tuple[Hyperparameter, ...] = ()
    domain: str | None = None

    @property
    def arn(self) -> str:
        """The recipe's ARN."""
        return f"{SERVICE_ARN}recipe/{self.name}"

    @property
    def algorithm_arn(self) -> str | None:
        """The ARN of its algorithm, None if not documented."""
        name = self.name if self.algorithm is None else self.algorithm
        return f"{SERVICE_ARN}algorithm/{name}" if name else None

    @property
    def feature_transformation_arn(self) -> str | None:
        """The ARN of its feature transformation, None if not documented."""
        name = self.feature_transformation
        return f"{SERVICE_ARN}feature-transformation/{name}" if name else None


_USER, _RANKING = "USER_PERSONALIZATION", "PERSONALIZED_RANKING"
_RELATED, _SEGMENTATION = "RELATED_ITEMS", "USER_SEGMENTATION"
_SEQUENCES = (
    integer("hidden_dimension", 149, 32, 256),
    integer("bptt", 32, 2, 32),
    boolean("recency_mask", tunable=True),
)
_SEQUENCES_OF_HRNN = (integer("hidden_dimension", 43, 32, 256), *_SEQUENCES[1:])
_RECENCY = (boolean("apply_recency_bias", tunable=False),)
_SEGMENTS = (integer("hidden_dimension", 149, 32, 256, tunable=False),)
_BY_HPO = tuple(
    Hyperparameter(name, "100", "integer", 30, 200, tunable=True, by_hpo=True)
    for name in ("item_id_hidden_dim", "item_metadata_hidden_dim")
)

RECIPES = (
    Recipe(
        "aws-user-personalization",
        _USER,
        batch_inference=True,
        update_mode=True,
        objective=True,
        hyperparameters=_SEQUENCES,
        featurization=history_percentiles(),
    ),
    Recipe(
        "aws-user-personalization-v2",
        _USER,
        batch_inference=True,
        objective=True,
        events_config=True,
        hyperparameters=_RECENCY,
    ),
    # The Developer Guide files it under POPULAR_ITEMS, which the API doesn't have.
    Recipe(
        "aws-popularity-count",
        _USER,
        batch_inference=True,
        feature_transformation="sims",
        hpo=False,
    ),
    Recipe(
        "aws-personalized-ranking",
        _RANKING,
        batch_inference=True,
        objective=True,
        feature_transformation="JSON-percentile-filtering",
        hyperparameters=_SEQUENCES,
        featurization=history_percentiles(),
    ),
    Recipe(
        "aws-personalized-ranking-v2",
        _RANKING,
        batch_inference=True,
        objective=True,
        events_config=True,
        hyperparameters=_RECENCY,
    ),
    Recipe(
        "aws-similar-items",
        _RELATED,
        batch_inference=True,
        themes=True,
        hyperparameters=(continuous("popularity_discount_factor", 0.0), *_BY_HPO),
    ),
    Recipe(
        "aws-sims",
        _RELATED,
        batch_inference=True,
        feature_transformation="sims",
        hyperparameters=(
            continuous("popularity_discount_factor", 0.5, tunable=True),
            integer("min_cointeraction_count", 3, 0, 10),
        ),
        featurization=(
            *history_percentiles(0.005, 0.995),
            continuous("min_item_interaction_count_percentile", 0.01),
            continuous("max_item_interaction_count_percentile", 0.9),
        ),
    ),
    Recipe(
        "aws-item-affinity",
        _SEGMENTATION,
        batch_segment=True,
        hpo=False,
        feature_transformation="item-affinity",
        hyperparameters=_SEGMENTS,
    ),
    Recipe(
        "aws-item-attribute-affinity",
        _SEGMENTATION,
        batch_segment=True,
        needs_items=True,
        hpo=False,
        feature_transformation="item-attribute-affinity",
        hyperparameters=_SEGMENTS,
    ),
    # These serve batch jobs on AWS, but not here.
    Recipe(
        "aws-semantic-similarity",
        _RELATED,
        batch_inference=True,
        trained=False,
        incremental_update=True,
        hpo=False,
        feature_transformation="aws-semantic-similarity",
    ),
    Recipe(
        "aws-hrnn",
        _USER,
        batch_inference=True,
        trained=False,
        feature_transformation="JSON-percentile-filtering",
        hyperparameters=(
            _SEQUENCES_OF_HRNN[0],
            integer("bptt", 32, 1, 32, tunable=False),
            _SEQUENCES_OF_HRNN[2],
        ),
        featurization=history_percentiles(),
    ),
    Recipe(
        "aws-hrnn-metadata",
        _USER,
        batch_inference=True,
        trained=False,
        feature_transformation="featurize_metadata",
        hyperparameters=_SEQUENCES_OF_HRNN,
        featurization=history_percentiles(),
    ),
    Recipe(
        "aws-hrnn-coldstart",
        _USER,
        batch_inference=True,
        update_mode=True,
        trained=False,
        feature_transformation="featurize_coldstart",
        hyperparameters=_SEQUENCES,
        featurization=(
            integer("cold_start_max_interactions", 15, 1, None, tunable=False),
            continuous("cold_start_max_duration", 5.0, high=None),
            choice("cold_start_relative_from", "latestItem", "currentTime"),
            *history_percentiles(),
        ),
    ),
    # These serve no batch jobs.
    Recipe(
        "aws-trending-now",
        _USER,
        trained=False,
        hpo=False,
        algorithm="aws-trending-now-custom",
        featurization=(
            choice(
                "trend_discovery_frequency", "2 hours", "30 minutes", "1 hour", "3 hours", "1 day"
            ),
        ),
    ),
    Recipe(
        "aws-next-best-action",
        "PERSONALIZED_ACTIONS",
        trained=False,
        hpo=False,
        featurization=(integer("action_optimization_period", 14, 7, 28, tunable=False),),
    ),
    *(
        Recipe(f"aws-{prefix}-{name}", None, trained=False, algorithm="", domain=domain)
        for domain, prefix, names in (
            (
                "ECOMMERCE",
                "ecomm",
                (
                    "customers-who-viewed-x-also-viewed",
                    "frequently-bought-together",
                    "popular-items-by-purchases",
                    "popular-items-by-views",
                    "recommended-for-you",
                ),
            ),
            (
                "VIDEO_ON_DEMAND",
                "vod",
                (
                    "because-you-watched-x",
                    "more-like-x",
                    "most-popular",
                    "top-picks",
                    "trending-now",
                ),
            ),
        )
        for name in names
    ),
)


def get(arn: str | None) -> Recipe | None:
    """Return the recipe with this ARN, None if there is none."""
    return next((recipe for recipe in RECIPES if recipe.arn == arn), None)
