"""What the local Amazon Personalize trains, asks and measures.

Needs the `rehearsal` extra: importing it loads numpy, pandas, scipy and implicit.
"""

from batchrec.recommender.evaluation import ndcg_at, offline_metrics
from batchrec.recommender.holdout import HeldOut, hold_out_latest
from batchrec.recommender.interactions import Interactions
from batchrec.recommender.item_attributes import Attribute
from batchrec.recommender.ranking import (
    Eligible,
    ItemRanker,
    Ranking,
    Recommender,
    RelatedItems,
    Segmenter,
)
from batchrec.recommender.recipes import Model, UnsupportedRecipeError, train
from batchrec.recommender.segment_evaluation import segment_metrics

__all__ = [
    "Attribute",
    "Eligible",
    "HeldOut",
    "Interactions",
    "ItemRanker",
    "Model",
    "Ranking",
    "Recommender",
    "RelatedItems",
    "Segmenter",
    "UnsupportedRecipeError",
    "hold_out_latest",
    "ndcg_at",
    "offline_metrics",
    "segment_metrics",
    "train",
]
