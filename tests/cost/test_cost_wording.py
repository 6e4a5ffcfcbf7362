"""Amounts and quantities read the same wherever they stand."""

import tomllib
from pathlib import Path

import pytest

from batchrec.cost import prices, wording

UNITS = {
    entry["unit"]
    for group in tomllib.loads(Path(prices.__file__).with_name("prices.toml").read_text()).values()
    if isinstance(group, dict)
    for entry in group.values()
}


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (None, "unknown"),
        (0, "$0.00"),
        (0.00001, "< $0.0001"),
        (0.0034, "$0.0034"),
        (1234.5, "$1,234.50"),
    ],
)
def test_money(amount: float | None, told: str) -> None:
    assert wording.money(amount) == told


@pytest.mark.parametrize(
    ("number", "unit", "told"),
    [
        (4.212, "training hour", "4.21 training hours"),
        (1, "training hour", "1 training hour"),
        (0.06, "1,000 inputs", "60 inputs"),
        (0.001, "1,000 inputs", "1 input"),
        (1.03, "1,000 transitions", "1,030 transitions"),
        (25, "1,000,000 interactions", "25,000,000 interactions"),
        (0.0000123, "GB", "< 0.001 GB"),
        (0.5, "GB-month", "0.5 GB-months"),
        (0.0568, "DPU-hour", "0.0568 DPU-hours"),
    ],
)
def test_quantities(number: float, unit: str, told: str) -> None:
    assert unit in UNITS
    assert wording.quantity(number, unit) == told


@pytest.mark.parametrize(("share", "told"), [(0.79, ""), (0.8, "near"), (1.0, "reached")])
def test_how_near_a_quota_is(share: float, told: str) -> None:
    assert wording.nearness(share) == told
