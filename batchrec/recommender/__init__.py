"""What the local Amazon Personalize trains, asks and measures.

Needs the `rehearsal` extra: importing it loads numpy, pandas, scipy and implicit.
"""

from batchrec.recommender.evaluation import ndcg_at, offline_metrics
from batchrec.recommender.holdout import HeldOut, hold_out_latest
from batchrec.recommender.interactions import Interactions
from batchrec.recommender.ranking import Ranking, Recommender
from batchrec.recommender.recipes import UnsupportedRecipeError, train

__all__ = [
    "HeldOut",
    "Interactions",
    "Ranking",
    "Recommender",
    "UnsupportedRecipeError",
    "hold_out_latest",
    "ndcg_at",
    "offline_metrics",
    "train",
]
