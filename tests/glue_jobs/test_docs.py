"""docs/data.md says what the code does."""

import re
from pathlib import Path

import configuration
import data_gate
from outcomes import Reason

DOCS = (Path(__file__).parents[2] / "docs" / "data.md").read_text("utf-8")


def test_every_reason_is_described_once() -> None:
    rows = re.search(r"^\| reason \|.*?\n\n", DOCS, re.M | re.S)
    assert rows
    names = [
        name
        for line in rows[0].strip().splitlines()[2:]
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    ]
    assert sorted(names) == sorted(Reason)


def test_the_example_document_is_one() -> None:
    (document,) = re.findall(r"^```json\n(.*?)^```", DOCS, re.M | re.S)
    found = configuration.parse(document)
    assert found.interactions.header == ["USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE"]


def test_the_limits_are_those_of_the_gate() -> None:
    assert f"fewer than {data_gate.MIN_INTERACTIONS:,} interactions" in DOCS
    assert f"fewer than {data_gate.MIN_ACTIVE_USERS} users" in DOCS
    assert f"up to {configuration.MAX_METADATA['interactions']} columns of interactions" in DOCS
