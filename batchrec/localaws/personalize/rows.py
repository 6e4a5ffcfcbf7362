"""Rows of data as JSON and back."""

import json

import pandas as pd


def to_json(frame: pd.DataFrame) -> bytes:
    """Write rows as columns with their types; what is missing, null."""
    columns = [
        {
            "name": name,
            "type": str(values.dtype),
            "values": values.astype("object").where(values.notna(), None).tolist(),
        }
        for name, values in frame.items()
    ]
    return json.dumps(columns, separators=(",", ":"), ensure_ascii=False).encode()


def from_json(text: bytes) -> pd.DataFrame:
    """Read what `to_json` wrote."""
    return pd.DataFrame(
        {
            column["name"]: pd.Series(column["values"], dtype=column["type"])
            for column in json.loads(text)
        }
    )
