"""Rows of data as JSON and back."""

import json

import pandas as pd
import pytest

from batchrec.localaws.personalize import rows


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a", "", 'ä \u2028 "b"', None], "str"),
        (["a", 1, None], "object"),
        ([1, -2, 2**62], "int64"),
        ([1, None, 2**62], "Int64"),
        ([0.1, None, 1e300], "float64"),
        ([0.1, 3.4], "float32"),
        ([True, False], "bool"),
        ([True, None], "boolean"),
        ([], "str"),
    ],
)
def test_columns_keep_values_and_types(values: list[object], kind: str) -> None:
    frame = pd.DataFrame({"A": pd.Series(values, dtype=kind), "B_1": range(len(values))})
    text = rows.to_json(frame)
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    pd.testing.assert_frame_equal(rows.from_json(text), frame)


def test_columns_may_be_empty() -> None:
    frame = pd.DataFrame({"USER_ID": pd.Series(dtype="str")})
    pd.testing.assert_frame_equal(rows.from_json(rows.to_json(frame)), frame)
