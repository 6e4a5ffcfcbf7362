"""Implicit-feedback matrix factorisation: the factors that most recipes rank by.

Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008, as the
library implicit implements it. The constants below were chosen on the latest tenth of the training
events of two MovieLens sets (docs/recommender.md), never on what the benchmark measures.
"""

from typing import NamedTuple

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from numpy.typing import NDArray

from batchrec.recommender.arrays import one_blas_thread
from batchrec.recommender.interactions import Interactions

DEFAULT_FACTORS = 64
_ITERATIONS = 15
_CONFIDENCE = 5.0  # of an event, where no event has 1
_PENALTY = 1.5  # times the largest singular value that noise alone would have
_HALF_LIFE = 5  # later events of a user that halve the weight of an event
_LEAST_WEIGHT = 0.02  # of an old event, so that all of them tell something
_MANY_EVENTS = 1_000_000


class Factors(NamedTuple):
    """A row of float32 for each user and for each item, in the order of their `Interactions`."""

    users: NDArray[np.float32]
    items: NDArray[np.float32]


def factorize(
    interactions: Interactions, *, factors: int, seed: int, recency: bool = True
) -> Factors:
    """Factorise how often each user met each item.

    The same events, factors and seed give the same numbers, bit by bit, on the same kind of
    machine.

    Args:
        interactions: at least one event.
        factors: numbers in a row.
        seed: of the random start.
        recency: whether a user's rows favour what the user met last. Items learn from all events
            alike, as they were: only what a user is asked for now depends on when it is.
    """
    weights = interactions.weights * np.float32(_CONFIDENCE)
    learned = interactions.weighted(weights)[interactions.teaching]
    if recency:
        weights *= _recency(interactions)
    # More threads give the same bits, as each row of factors is solved on its own, but cost time at
    # a rehearsal's size: 0.7 s instead of 0.3 s for 60,000 events on 2 busy cores.
    threads = 1 if len(interactions) < _MANY_EVENTS else 0
    with one_blas_thread():
        model = AlternatingLeastSquares(
            factors=factors,
            regularization=_PENALTY * _noise(learned.nnz, learned.shape),
            iterations=_ITERATIONS,
            num_threads=threads,
            random_state=seed,
        )
        model.fit(learned, show_progress=False)
        everybody = np.arange(len(interactions.user_ids))
        users = model.recalculate_user(everybody, interactions.weighted(weights))
    return Factors(users, model.item_factors)


def _recency(interactions: Interactions) -> NDArray[np.float32]:
    faded = np.exp2(interactions.ages / -_HALF_LIFE)
    return (_LEAST_WEIGHT + (1 - _LEAST_WEIGHT) * faded).astype(np.float32)


def _noise(pairs: int, shape: tuple[int, int]) -> float:
    """Estimate the largest singular value of as many ones at random places.

    A penalty in proportion takes away what looks like noise from sets of any size: one that suits
    100,000 events would leave nothing of 1,000.
    """
    users, items = shape
    return float((pairs / users) ** 0.5 + (pairs / items) ** 0.5)
