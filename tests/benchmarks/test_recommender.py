"""The benchmark of the recommender: what it hides, what its peers answer, and how it measures."""

import json
import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.linalg import solve

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import recommender as benchmark
import recommender_data as data
import recommender_peers as peers

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.filterwarnings("ignore:Method expects CSR"),  # implicit's own business
]

USERS, ITEMS = 150, 80


@pytest.fixture(scope="module")
def ratings() -> pd.DataFrame:
    """Ratings of users with 1 to 60 of them, many at the same second, a third not liked."""
    events = data.synthetic(4_000, USERS, ITEMS)
    random = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "user": events.users,
            "item": events.items,
            "rating": random.integers(1, 11, len(events)) / 2,
            "timestamp": events.timestamps // 10_000_000,
        }
    )
    return frame.drop_duplicates(["user", "item"])


@pytest.fixture(scope="module")
def given(ratings: pd.DataFrame) -> data.Split:
    return data.split(ratings)


def test_the_latest_tenth_of_what_was_liked_is_hidden(
    ratings: pd.DataFrame, given: data.Split
) -> None:
    liked = ratings[ratings["rating"] >= 3.5]
    sizes = liked.groupby("user").size()
    sizes = sizes[sizes >= 5]
    hidden = sizes.map(lambda size: max(1, size // 10))

    assert len(given.asked) == len(sizes)
    assert sorted(map(len, given.relevant)) == sorted(hidden)
    assert len(given.training) == sizes.sum() - hidden.sum()
    for user, items in zip(given.asked, given.relevant, strict=True):
        kept = given.training.users == user
        assert not set(given.training.items[kept]) & set(items)


def test_hidden_events_are_not_earlier_than_those_trained_on() -> None:
    ratings = pd.DataFrame(
        [(user, f"i{(user + n) % 30:02}", 4.0, n) for user in range(20) for n in range(20)],
        columns=["user", "item", "rating", "timestamp"],
    ).sample(frac=1, random_state=3)

    split = data.split(ratings)

    names = np.array(sorted(ratings["item"].unique()))
    found = {
        int(sorted(map(str, range(20)))[user]): set(names[items])
        for user, items in zip(split.asked, split.relevant, strict=True)
    }
    assert found == {u: {f"i{(u + 18) % 30:02}", f"i{(u + 19) % 30:02}"} for u in range(20)}


@pytest.mark.parametrize("name", peers.PEERS)
def test_every_model_recommends_25_items_that_are_new_to_the_user(
    name: str, given: data.Split
) -> None:
    lists = peers.PEERS[name](given.training, 0)(given.asked)

    assert lists.shape == (len(given.asked), 25)
    for user, found in zip(given.asked, lists.tolist(), strict=True):
        owned = set(given.training.items[given.training.users == user].tolist())
        new = min(25, given.training.items.max() + 1 - len(owned))
        assert len(set(found[:new]) - owned) == new


def test_popularity_ranks_by_the_number_of_users(given: data.Split) -> None:
    [found] = peers.PEERS["popularity"](given.training, 0)(given.asked[:1])

    counts = np.bincount(given.training.items)
    owned = given.training.items[given.training.users == given.asked[0]]
    new = np.delete(counts, owned)
    assert counts[found].tolist() == sorted(new, reverse=True)[:25]


def test_ease_is_the_ridge_regression_of_each_item_on_the_others(given: data.Split) -> None:
    events = given.training
    met = np.zeros((events.users.max() + 1, events.items.max() + 1))
    met[events.users, events.items] = 1
    scores = np.zeros_like(met)
    for item in range(met.shape[1]):
        others = np.delete(met, item, axis=1)
        gram = others.T @ others + peers.EASE_PENALTY * np.eye(others.shape[1])
        scores[:, item] = others @ solve(gram, others.T @ met[:, item])
    scores[met > 0] = -np.inf

    lists = peers.PEERS["EASE"](events, 0)(given.asked)

    found = np.take_along_axis(scores[given.asked], lists, axis=1)
    best = -np.sort(-scores[given.asked], axis=1)[:, :25]
    np.testing.assert_allclose(found, best, rtol=1e-3)


def test_quality_equals_a_plain_computation() -> None:
    random = np.random.default_rng(5)
    lists = np.array([random.permutation(60)[:25] for _ in range(40)])
    lists[0, 10:] = -1  # a list that ends early
    relevant = [random.permutation(60)[: random.integers(1, 40)] for _ in range(40)]
    relevant[1] = np.array([-1, -1, *relevant[1]])  # two items that nobody could recommend

    found = benchmark.quality(lists, relevant, items=60)

    ndcg, recall = [], []
    for items, wanted in zip(lists.tolist(), map(list, relevant), strict=True):
        ranks = [rank for rank, item in enumerate(items, 1) if item >= 0 and item in wanted]
        perfect = range(1, min(25, len(wanted)) + 1)
        gain, best = (sum(1 / math.log2(1 + rank) for rank in each) for each in (ranks, perfect))
        ndcg.append(gain / best)
        recall.append(len(ranks) / len(wanted))
    recommended = {item for items in lists.tolist() for item in items if item >= 0}
    assert found == pytest.approx(
        {
            "ndcg": sum(ndcg) / 40,
            "recall": sum(recall) / 40,
            "coverage": len(recommended) / 60,
        }
    )


def test_a_run_in_a_process_of_its_own_answers_as_here(given: data.Split) -> None:
    run, lists = benchmark.run("small", "popularity", given.training, given.asked, seed=0)

    assert (lists == peers.PEERS["popularity"](given.training, 0)(given.asked)).all()
    assert run.training_seconds > 0
    assert run.inference_seconds > 0
    assert 10 * 2**20 < run.peak_bytes < 2**30


def test_a_model_that_fails_is_an_error_that_says_why(given: data.Split) -> None:
    nobody = np.array([10_000])

    with pytest.raises(data.BenchmarkError, match=r"(?s)item kNN failed on small.*Error"):
        benchmark.run("small", "item kNN", given.training, nobody, seed=0)


@pytest.mark.parametrize(
    ("ours", "reached"), [(0.16, [True, True]), (0.12, [False, True]), (0.10, [False, False])]
)
def test_goals_compare_with_popularity_and_the_best_peer(ours: float, reached: list[bool]) -> None:
    ndcg = dict.fromkeys(peers.PEERS, 0.1) | {"popularity": 0.08, "EASE": 0.12, "batchrec": ours}
    runs = [benchmark.Run("small", peer, 0, 1, 1, 1, ndcg=ndcg[peer]) for peer in peers.PEERS]

    assert [goal.reached for goal in benchmark.quality_goals("small", runs)] == reached


def test_the_command_compares_tells_and_writes_figures(
    ratings: pd.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def here(name: str, peer: str, events: data.Events, asked: np.ndarray, seed: int):
        lists = peers.PEERS[peer](events, seed)(asked)
        return benchmark.Run(name, peer, seed, 1.5, 0.25, 2**27), lists

    monkeypatch.setattr(benchmark, "run", here)
    monkeypatch.setitem(data.RATINGS, "ml-100k", lambda: ratings)
    figures = tmp_path / "figures.json"
    command = ["recommender.py", "--data", "ml-100k", "--seeds", "2", "--json", str(figures)]
    monkeypatch.setattr(sys, "argv", command)

    code = benchmark.main()

    found = json.loads(figures.read_text())
    compared = [(run["peer"], run["seed"]) for run in found["runs"] if run["ndcg"]]
    assert sorted(compared) == sorted(
        [(peer, 0) for peer in peers.PEERS] + [(peer, 1) for peer in peers.STOCHASTIC]
    )
    assert [goal["found"] for goal in found["goals"]][2] == "1.8 s"
    assert code == (0 if all(goal["reached"] for goal in found["goals"]) else 1)
    shown = capsys.readouterr().out
    for peer in peers.PEERS:
        assert peer in shown
    assert "reached" in shown


@pytest.mark.parametrize(
    ("seconds", "peak", "reached"),
    [(600, 2**32, [True, True]), (601, 2**32, [False, True]), (600, 2**32 + 1, [True, False])],
)
def test_the_run_at_scale_asks_for_all_users_within_ten_minutes_and_4_gib(
    monkeypatch: pytest.MonkeyPatch, seconds: float, peak: int, reached: list[bool]
) -> None:
    def measured(name: str, peer: str, events: data.Events, asked: np.ndarray, seed: int):
        assert len(events) == 5_000
        assert asked.tolist() == list(range(200))
        return benchmark.Run(name, peer, seed, seconds - 1, 1, peak), np.zeros((200, 25))

    monkeypatch.setattr(benchmark, "run", measured)

    [run], goals = benchmark.at_scale(events=5_000, users=200, items=400)

    assert run.peer == "batchrec"
    assert [goal.reached for goal in goals] == reached


def test_a_small_run_at_scale(capsys: pytest.CaptureFixture[str]) -> None:
    benchmark.at_scale(events=5_000, users=200, items=400)

    assert "5,000 synthetic events, 200 users, 400 items" in capsys.readouterr().out


def test_synthetic_events_are_the_same_every_time_and_leave_nobody_out() -> None:
    first, second = (data.synthetic(5_000, 200, 90) for _ in range(2))

    assert (first.items == second.items).all()
    assert set(first.users.tolist()) == set(range(200))
    assert set(first.items.tolist()) == set(range(90))


def test_without_a_network_ml_100k_is_an_error_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    (tmp_path / "batchrec").mkdir()
    (tmp_path / "batchrec" / data.RECBOLE_WHEEL).write_bytes(b"not the wheel")

    with pytest.raises(data.BenchmarkError, match=r"could not download.*leave the set out"):
        data.movielens_100k()
