"""What of the interactions a solution trains on, and with which weights."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from personalize_world import Shop, World

from batchrec.localaws.personalize import training
from batchrec.localaws.personalize.exceptions import JobFailure
from batchrec.localaws.personalize.schemas import Field
from batchrec.localaws.personalize.tables import Table
from batchrec.recommender import Interactions

EVENTS = 6_000


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Clicks, purchases and searches in turn, with values 0 to 9."""
    number = np.arange(EVENTS)
    return pd.DataFrame(
        {
            "USER_ID": [f"u{n % 100:02}" for n in number],
            "ITEM_ID": [f"i{n % 97:02}" for n in number],
            "TIMESTAMP": number,
            "EVENT_TYPE": np.array(["Click", "Purchase", "Search"])[number % 3],
            "EVENT_VALUE": (number // 3 % 10).astype(str),
        }
    )


@pytest.fixture
def trained_on(rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what a solution with a configuration trains on, instead of training."""
    seen: list[Interactions] = []

    def spy(recipe: str, interactions: Interactions, **_: object) -> None:
        seen.append(interactions)

    def trained_on(without: tuple[str, ...] = (), **solution: Any) -> Interactions:
        solution["recipeArn"] = "arn:aws:personalize:::recipe/aws-user-personalization-v2"
        table = Table([Field("USER_ID", "string", False)], rows.drop(columns=list(without)))
        training.train(solution, {"INTERACTIONS": table})
        return seen[-1]

    monkeypatch.setattr(training, "train_recipe", spy)
    monkeypatch.setattr(training, "offline_metrics", lambda *_, **__: {})
    return trained_on


def configured(*parameters: dict[str, Any]) -> dict[str, Any]:
    return {"eventsConfig": {"eventParametersList": list(parameters)}}


def weights_by_type(interactions: Interactions) -> dict[int, set[float]]:
    """Event type (number modulo 3, which is that of the time) → weights."""
    kinds = interactions.timestamps % 3
    return {int(kind): set(interactions.weights[kinds == kind].tolist()) for kind in set(kinds)}


def test_without_a_configuration_everything_weighs_the_same(trained_on: Any) -> None:
    assert weights_by_type(trained_on()) == {0: {1}, 1: {1}, 2: {1}}


def test_event_weights_count_by_their_ratio_and_other_types_are_left_out(trained_on: Any) -> None:
    # Developer Guide, Optimizing a solution with events configuration: a purchase of weight 0.3
    # brings 1.5 and a click of weight 0.1 brings 0.5; 0.6 and 0.2 have the same effect.
    for factor in (1, 2):
        interactions = trained_on(
            solutionConfig=configured(
                {"eventType": "Purchase", "weight": 0.3 * factor},
                {"eventType": "Click", "weight": 0.1 * factor},
            )
        )

        assert weights_by_type(interactions) == {0: {0.5}, 1: {1.5}}


def test_each_type_has_a_threshold_of_its_own(trained_on: Any) -> None:
    interactions = trained_on(
        solutionConfig=configured(
            {"eventType": "Purchase", "weight": 1.0, "eventValueThreshold": 7.0},
            {"eventType": "Click", "weight": 1.0},
        )
    )

    kinds, values = interactions.timestamps % 3, interactions.timestamps // 3 % 10
    assert set(values[kinds == 1]) == {7, 8, 9}
    assert set(values[kinds == 0]) == set(range(10))


def test_one_event_type_and_threshold_of_the_solution(trained_on: Any) -> None:
    interactions = trained_on(solutionConfig={"eventValueThreshold": "0"}, eventType="Purchase")
    assert set(interactions.timestamps % 3) == {1}

    interactions = trained_on(solutionConfig={"eventValueThreshold": "4.5"})
    assert set(interactions.timestamps // 3 % 10) == {5, 6, 7, 8, 9}


@pytest.mark.parametrize(
    ("solution", "reason"),
    [
        ({"eventType": "Refund"}, "fewer than 1000 interactions"),
        ({"solutionConfig": {"eventValueThreshold": "much"}}, "much"),
        ({"solutionConfig": configured({"eventType": "Click", "weight": 0.0})}, "fewer than 1000"),
    ],
)
def test_what_cannot_be_trained_on_fails_with_a_reason(
    trained_on: Any, solution: dict[str, Any], reason: str
) -> None:
    with pytest.raises(JobFailure, match=reason):
        trained_on(**solution)


def test_event_weights_need_event_types(trained_on: Any) -> None:
    with pytest.raises(JobFailure, match="EVENT_TYPE"):
        trained_on(
            solutionConfig=configured({"eventType": "Click", "weight": 1.0}),
            without=("EVENT_TYPE",),
        )


def test_a_version_is_trained_and_measured_with_its_events_configuration(
    world: World, shop: Shop
) -> None:
    version = world.version_of(
        shop.group,
        "arn:aws:personalize:::recipe/aws-user-personalization-v2",
        solutionConfig=configured(
            {"eventType": "Buy", "weight": 1.0}, {"eventType": "click", "weight": 0.2}
        ),
    )

    assert version["status"] == "ACTIVE", version
    arn = version["solutionVersionArn"]
    metrics = world.personalize.get_solution_metrics(solutionVersionArn=arn)["metrics"]
    # Developer Guide, Evaluating a solution version with metrics.
    weighted = metrics["normalized_discounted_cumulative_gain_with_event_weights_at_k"]
    assert 0 < weighted <= 1
