"""The models that benchmarks/recommender.py compares, each run in a process of its own.

    python benchmarks/recommender_peers.py NAME EVENTS ASKED LISTS SEED

EVENTS are as `Events.save` writes them, ASKED is a .npy file of users. LISTS becomes a .npy file
with 25 items for each of them, best first and none that the user has in EVENTS; -1 fills a list
that is shorter. The process's last line is JSON: `training_seconds`, `inference_seconds` (both
without imports and reading) and the peak of its memory, `peak_bytes`.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from implicit.nearest_neighbours import TFIDFRecommender
from numpy.typing import NDArray
from recommender_data import Events
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from batchrec.recommender import Interactions, train

LENGTH = 25
RECIPE = "aws-user-personalization-v2"
_ROWS_AT_ONCE = 1_000

# Each the best of those tried on the latest tenth of the training events, for both sets together:
# penalties of 50 to 400; cosine, TF-IDF and BM25 with 50 to 500 neighbours; ALS with alpha 2 to 10
# and regularization 0.05 to 40, at the number of factors of ours.
EASE_PENALTY = 200
NEIGHBOURS = 500
TUNED_ALS = {"factors": 64, "alpha": 5, "regularization": 20}

Lists = NDArray[np.int64]
Answer = Callable[[NDArray[np.int64]], Lists]  # 25 items for each of the users asked for


def main() -> None:
    """Train the model that the command line names, ask it, and print what it took."""
    name, events, asked, lists, seed = sys.argv[1:]
    given, users = Events.load(Path(events)), np.load(asked)
    started = time.perf_counter()
    answer = PEERS[name](given, int(seed))
    trained = time.perf_counter()
    answers = answer(users)
    ended = time.perf_counter()
    np.save(lists, answers)
    measured = {
        "training_seconds": trained - started,
        "inference_seconds": ended - trained,
        "peak_bytes": _peak_bytes(),
    }
    sys.stdout.write(f"\n{json.dumps(measured)}\n")


def batchrec(events: Events, seed: int, **hyperparameters: str) -> Answer:
    """Train what the local Personalize trains, with its own defaults."""
    interactions = Interactions.from_columns(events.users, events.items, events.timestamps)
    model = train(RECIPE, interactions, hyperparameters=hyperparameters, seed=seed)

    def answer(users: NDArray[np.int64]) -> Lists:
        lists = np.full((len(users), LENGTH), -1)
        rankings = model.recommend(users.astype(str).tolist(), LENGTH)
        for row, ranking in zip(lists, rankings, strict=True):
            row[: len(ranking.items)] = ranking.items
        return lists

    return answer


def batchrec_without_recency(events: Events, seed: int) -> Answer:
    """Train the same with all of a user's events alike, as the peers see them."""
    return batchrec(events, seed, apply_recency_bias="false")


def popularity(events: Events, _seed: int) -> Answer:
    """Recommend what most users have."""
    met = _met(events)
    users_of_items = np.asarray(met.sum(axis=0), dtype=np.float32)
    return lambda users: _best(met, users, lambda rows: np.repeat(users_of_items, len(rows), 0))


def als_with_defaults(events: Events, seed: int) -> Answer:
    """Train implicit's ALS as it comes, but on one thread as the others."""
    return _implicit(AlternatingLeastSquares(random_state=seed, num_threads=1), events)


def tuned_als(events: Events, seed: int) -> Answer:
    """Train implicit's ALS with better hyperparameters than its own."""
    return _implicit(AlternatingLeastSquares(random_state=seed, num_threads=1, **TUNED_ALS), events)


def item_knn(events: Events, _seed: int) -> Answer:
    """Train implicit's nearest neighbours of items, weighted by TF-IDF."""
    return _implicit(TFIDFRecommender(K=NEIGHBOURS, num_threads=1), events)


def ease(events: Events, _seed: int) -> Answer:
    """Train EASE: Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019."""
    met = _met(events)
    gram = (met.T @ met).toarray()
    gram[np.diag_indices_from(gram)] += EASE_PENALTY
    weights = np.linalg.inv(gram)
    weights /= -np.diag(weights)
    np.fill_diagonal(weights, 0)
    return lambda users: _best(met, users, lambda rows: met[rows] @ weights)


PEERS: dict[str, Callable[[Events, int], Answer]] = {
    "batchrec": batchrec,
    "without recency": batchrec_without_recency,
    "popularity": popularity,
    "ALS, defaults": als_with_defaults,
    "ALS, tuned": tuned_als,
    "item kNN": item_knn,
    "EASE": ease,
}
STOCHASTIC = ("batchrec", "without recency", "ALS, defaults", "ALS, tuned")


def _met(events: Events) -> csr_matrix:
    """Tell which user has which item: users by items, 0 or 1."""
    ones = np.ones(len(events), dtype=np.float32)
    return csr_matrix((ones, (events.users, events.items))).sign()


def _implicit(model: AlternatingLeastSquares | TFIDFRecommender, events: Events) -> Answer:
    met = _met(events)
    with threadpool_limits(1, "blas"):  # implicit asks for it, as it has threads of its own
        model.fit(met, show_progress=False)
    return lambda users: model.recommend(users, met[users], N=LENGTH)[0]


def _best(
    met: csr_matrix,
    users: NDArray[np.int64],
    scores_of: Callable[[NDArray[np.int64]], NDArray[np.float32]],
) -> Lists:
    """Give the items with the highest scores that are new to each user."""
    lists: list[Lists] = []
    for start in range(0, len(users), _ROWS_AT_ONCE):
        rows = users[start : start + _ROWS_AT_ONCE]
        scores = scores_of(rows)
        scores[met[rows].nonzero()] = -np.inf
        best = np.argpartition(-scores, LENGTH, axis=1)[:, :LENGTH]
        values = np.take_along_axis(scores, best, axis=1)
        order = np.argsort(-values, axis=1)
        ranked = np.take_along_axis(best, order, axis=1)
        ranked[~np.isfinite(np.take_along_axis(values, order, axis=1))] = -1
        lists.append(ranked)
    return np.concatenate(lists)


def _peak_bytes() -> int:
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
