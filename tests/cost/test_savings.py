"""What would lower a bill, with amounts reckoned by hand."""

from typing import Any

import pyarrow as pa
import pytest

from batchrec.cost import prices, savings
from batchrec.cost.activity import Activity
from batchrec.cost.bill import Line, Saving

DAY = 86_400
# Of ten users, two were active in the last 30 days, five in the last 90, all in the last year.
SEEN = Activity(pa.chunked_array([[-DAY * days for days in (1, 20, 40, 50, 80, *[200] * 5)]]), 0)


def line(what: str, price_id: str, quantity: float, price: float | None) -> Line:
    return Line("", what, quantity, "training hour", price, "measured", price_id)


TRAINED = line("training of for-you", "personalize.training", 4.0, 0.25)
ASKED = line("batch inference of for-you", "personalize.batch_recommendations", 10.0, 0.5)
STANDARD = line("Glue job prepare", "glue.standard", 2.0, 0.44)


def solution(**training: Any) -> dict[str, Any]:
    return {
        "key": "for-you",
        "recipe": "aws-user-personalization",
        "batch_input_folder": "batch_users_input",
        "number_of_results": 10,
        "training": {"mode": "FULL", "reuse_unchanged": True, "reuse_days": 0} | training,
    }


def find(
    *lines: Line, given: dict[str, Any] | None = None, seen: Activity | None = SEEN, **training: Any
) -> dict[str, Saving]:
    inputs = {"users": {"kind": "users"} | (given or {})}
    found = savings.find(lines, [solution(**training)], inputs, seen, prices.load(), "us-east-1")
    return {each.what: each for each in found}


def test_reuse_of_versions() -> None:
    found = find(TRAINED)
    # At one run a week, the version of one is reused by the next: half of 1 dollar.
    assert found["solutions.for-you.training.reuse_days = 8"].amount == 0.5
    assert "solutions.for-you.training.reuse_unchanged = true" not in found
    found = find(TRAINED, reuse_unchanged=False, reuse_days=3)
    assert found["solutions.for-you.training.reuse_unchanged = true"].amount == 1.0
    assert not [what for what in found if "reuse_days" in what]
    assert not [what for what in find(ASKED) if "reuse" in what]


@pytest.mark.parametrize(
    ("runs_per_month", "days", "share"), [(30.4375, 7, 6 / 7), (4.3, 8, 1 / 2), (1, 31, 1 / 2)]
)
def test_reuse_saves_what_the_cadence_lets_it(
    runs_per_month: float, days: int, share: float
) -> None:
    """A run a day: six of seven reuse the version, which the eighth finds a week old."""
    found = savings.find(
        [TRAINED], [solution()], {}, None, prices.load(), "us-east-1", runs_per_month
    )
    amounts = {each.what: each.amount for each in found}
    assert amounts[f"solutions.for-you.training.reuse_days = {days}"] == pytest.approx(share)


def test_asking_about_active_users_only() -> None:
    found = find(ASKED)
    assert found["batch_inputs.users.active_days = 30"].amount == pytest.approx(4.0)
    assert found["batch_inputs.users.active_days = 90"].amount == pytest.approx(2.5)
    assert "2 of 10 users (20%)" in found["batch_inputs.users.active_days = 30"].because
    assert "batch_inputs.users.active_days = 365" not in found  # nobody would be left out


@pytest.mark.parametrize("given", [{"active_days": 90}, {"ids": ["a"]}, {"kind": "items"}])
def test_inputs_that_are_chosen_already(given: dict[str, Any]) -> None:
    assert not [what for what in find(ASKED, given=given) if "active" in what]


def test_users_whose_activity_is_not_known_or_long_ago() -> None:
    assert not [what for what in find(ASKED, seen=None) if "active" in what]
    old = Activity(SEEN.last, 2000 * DAY)
    assert not [what for what in find(ASKED, seen=old) if "active" in what]


def test_flex() -> None:
    name = 'glue.execution_class = "FLEX"'
    assert find(STANDARD)[name].amount == pytest.approx(2 * (0.44 - 0.29))
    assert name not in find(line("Glue job prepare", "glue.flex", 2.0, 0.29))


def test_a_run_that_is_not_started_saves_all_but_what_is_kept() -> None:
    kept = line("kept", "s3.storage", 100.0, 0.02)
    assert find(TRAINED, STANDARD, kept)["schedule.expression, less often"].amount == (
        pytest.approx(1.88)
    )


def test_what_a_run_less_saves_is_unknown_if_a_price_is() -> None:
    unknown = line("batch inference of for-you", "personalize.batch_recommendations", 10, None)
    assert find(unknown, STANDARD)["schedule.expression, less often"].amount is None


def test_an_amount_of_unknown_price_is_unknown_and_stands_last() -> None:
    unknown = line("batch inference of for-you", "personalize.batch_recommendations", 10, None)
    found = find(unknown, STANDARD)
    assert found["batch_inputs.users.active_days = 30"].amount is None
    amounts = [each.amount for each in found.values()]
    assert amounts == sorted(amounts, key=lambda amount: -(amount or 0))
