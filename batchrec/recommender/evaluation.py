"""How good a recipe is on data it has not seen: the numbers of GetSolutionMetrics.

Split and definitions are those of the Amazon Personalize Developer Guide, "Evaluating a solution
version with metrics".
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from batchrec.recommender.holdout import HeldOut, hold_out_latest
from batchrec.recommender.interactions import Interactions
from batchrec.recommender.ranking import Recommender, RelatedItems
from batchrec.recommender.recipes import Model, train

_LONGEST = 25
_TEST_SHARE = 0.1
_WEIGHTED_NDCG = "normalized_discounted_cumulative_gain_with_event_weights_at_k"


def offline_metrics(
    recipe: str,
    interactions: Interactions,
    *,
    hyperparameters: Mapping[str, str],
    seed: int,
    event_weights: bool = False,
) -> dict[str, float]:
    """Train the recipe without some users, then ask it for their latest events.

    A tenth of the users (at least one) are test users: nothing is learned from them. The model that
    the others have taught is shown the earlier nine tenths of each one's events, and asked for the
    items of the latest tenth. Only users with two events or more can be tested.

    Recipes for related items are asked for those of the user's latest item that isn't hidden, which
    Personalize doesn't document; ranking recipes rank everything that is new to the user.

    A hidden item counts as relevant even if it can't be recommended, because the user had it
    before or nobody else has it: the numbers are what a consumer of the lists would see.

    Args:
        recipe: as for `train`; of any type but USER_SEGMENTATION.
        interactions: all events.
        hyperparameters: as for `train`.
        seed: chooses the test users and starts the model.
        event_weights: whether to measure with the weights of the hidden events, too.

    Returns:
        Personalize's keys, each from 0 to 1 and rounded to 4 decimals. Coverage is the share of
        all items that some test user's list of 25 holds. The key for event weights ends in `at_k`,
        as the guide writes it; it doesn't say which k that is: here 25.

    Raises:
        ValueError: no user has two events (Personalize refuses to train on fewer than 25 such
            users), or as for `train`.
    """
    split = hold_out_latest(interactions, _test_users(interactions, seed))
    training = split.training
    training = training.taught_by(~training.user_ids.isin(list(split.relevant)))
    model = train(recipe, training, hyperparameters=hyperparameters, seed=seed)
    lists = _lists(model, split)
    hits = _hits(lists, split.relevant.values(), _LONGEST)
    sizes = np.array([len(items) for items in split.relevant.values()])
    metrics = {
        "coverage": _coverage(lists, len(interactions.item_ids)),
        "mean_reciprocal_rank_at_25": _mean_reciprocal_rank(hits),
    }
    for k in (5, 10, 25):
        metrics[f"normalized_discounted_cumulative_gain_at_{k}"] = _ndcg(hits[:, :k], sizes)
        metrics[f"precision_at_{k}"] = float(hits[:, :k].mean())
    if event_weights:
        metrics[_WEIGHTED_NDCG] = _weighted_ndcg(lists, list(split.rewards.values()))
    return {name: round(value, 4) for name, value in metrics.items()}


def ndcg_at(recommender: Recommender, held_out: Mapping[str, Collection[str]], k: int) -> float:
    """Mean NDCG of lists of k items, not rounded.

    Args:
        recommender: trained without the held-out events.
        held_out: user id → distinct ids of relevant items, at least one for each user, as in
            `HeldOut.relevant`; not empty.
        k: length of the lists.
    """
    lists = [ranking.items for ranking in recommender.recommend(list(held_out), k)]
    hits = _hits(lists, held_out.values(), k)
    return _ndcg(hits, np.array([len(items) for items in held_out.values()]))


def _test_users(interactions: Interactions, seed: int) -> NDArray[np.int64]:
    events = np.bincount(interactions.users, minlength=len(interactions.user_ids))
    candidates = np.flatnonzero(events >= 2)
    if not len(candidates):
        raise ValueError("no user has two events, so there is nothing to measure")
    size = max(1, round(len(candidates) * _TEST_SHARE))
    return np.random.default_rng(seed).choice(candidates, size, replace=False)


def _lists(model: Model, split: HeldOut) -> list[list[str]]:
    """Ask for the items of each test user."""
    users = list(split.relevant)
    if isinstance(model, RelatedItems):
        return model.related(_latest_items(split.training, users), _LONGEST)
    if isinstance(model, Recommender):
        return [ranking.items for ranking in model.recommend(users, _LONGEST)]
    raise TypeError(f"{type(model).__name__} answers with users: use segment_metrics")


def _latest_items(interactions: Interactions, user_ids: Sequence[str]) -> list[str]:
    last = np.cumsum(np.bincount(interactions.users))[interactions.positions_of(user_ids)] - 1
    latest: list[str] = interactions.item_ids[interactions.items[last]].tolist()
    return latest


def _hits(
    lists: Sequence[Sequence[str]], relevant: Collection[Collection[str]], k: int
) -> NDArray[np.bool_]:
    """Mark the ranks (users by k) that hold a relevant item; a short list has misses at its end."""
    hits = np.zeros((len(lists), k), dtype=np.bool_)
    for row, found, items in zip(hits, lists, relevant, strict=True):
        row[: len(found)] = [item in items for item in found]
    return hits


def _coverage(lists: Sequence[Sequence[str]], catalogue_size: int) -> float:
    return len({item for found in lists for item in found}) / catalogue_size


def _mean_reciprocal_rank(hits: NDArray[np.bool_]) -> float:
    ranks = np.arange(1, hits.shape[1] + 1)
    return float((hits / ranks).max(axis=1).mean())


def _ndcg(hits: NDArray[np.bool_], relevant: NDArray[np.int64]) -> float:
    """Mean over users of the gain, 1 / log2(1 + rank) a hit, over that of a perfect list."""
    discounts = _discounts(hits.shape[1])
    perfect = np.cumsum(discounts)[np.minimum(relevant, hits.shape[1]) - 1]
    return float((hits @ discounts / perfect).mean())


def _weighted_ndcg(lists: Sequence[Sequence[str]], rewards: Sequence[Mapping[str, float]]) -> float:
    """NDCG whose hits bring the reward of their item instead of 1."""
    discounts = _discounts(_LONGEST)
    shares = []
    for found, of_items in zip(lists, rewards, strict=True):
        gains = np.array([of_items.get(item, 0.0) for item in found])
        best = np.sort(list(of_items.values()))[::-1][:_LONGEST]
        shares.append(gains @ discounts[: len(gains)] / (best @ discounts[: len(best)]))
    return float(np.mean(shares))


def _discounts(ranks: int) -> NDArray[np.float64]:
    return 1 / np.log2(np.arange(2, ranks + 2))
