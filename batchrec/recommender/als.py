"""Implicit-feedback matrix factorisation: the factors that most recipes rank by."""

from typing import NamedTuple

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from numpy.typing import NDArray

from batchrec.recommender.arrays import one_blas_thread
from batchrec.recommender.interactions import Interactions

DEFAULT_FACTORS = 64


class Factors(NamedTuple):
    """A row of float32 for each user and for each item, in the order of their `Interactions`."""

    users: NDArray[np.float32]
    items: NDArray[np.float32]


def factorize(interactions: Interactions, *, factors: int, seed: int) -> Factors:
    """Factorise how often each user met each item.

    The same events (in any order), factors and seed give the same numbers, bit by bit, on the same
    kind of machine.
    """
    with one_blas_thread():
        # More threads would give the same bits, as each row of factors is solved on its own, but
        # cost time at a rehearsal's size: 0.7 s instead of 0.3 s for 60,000 events on 2 busy cores.
        model = AlternatingLeastSquares(
            factors=factors,
            alpha=10,
            regularization=0.05,
            iterations=15,
            num_threads=1,
            random_state=seed,
        )
        model.fit(interactions.counts, show_progress=False)
    return Factors(model.user_factors, model.item_factors)
