"""Prices: none is invented, and a user's own take the place of the table's."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

from batchrec.cost import prices
from batchrec.errors import BatchrecError

TABLE = tomllib.loads(Path(prices.__file__).with_name("prices.toml").read_text())


def test_the_table_says_when_and_where_each_price_was_read() -> None:
    assert date.fromisoformat(TABLE.pop("read")) <= date.today()  # noqa: DTZ011
    entries = [entry for group in TABLE.values() for entry in group.values()]
    assert all(entry["source"].startswith("https://aws.amazon.com/") for entry in entries)


def test_what_nobody_could_verify_is_unknown() -> None:
    table = prices.load()
    personalize = [name for name in table.entries if name.startswith("personalize.")]
    assert len(personalize) == 7
    assert {table.of(name, "us-east-1") for name in personalize} == {None}
    assert table.entries["personalize.training"].reported == 0.24


# Read on the pages of AWS that the table names.
@pytest.mark.parametrize(
    ("name", "price"), [("glue.standard", 0.44), ("stepfunctions.transitions", 0.025)]
)
def test_what_is_verified_is_known_where_it_was_read(name: str, price: float) -> None:
    table = prices.load()
    assert table.of(name, "us-east-1") == price
    assert table.of(name, "eu-central-1") is None


def test_a_file_takes_the_place_of_what_it_names(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        "[personalize.training]\nprice = 0.2\nsource = 'our contract'\n"
        "[glue.standard]\nprices = { eu-central-1 = 0.5 }\n"
    )
    table = prices.load(own)
    assert table.of("personalize.training", "eu-west-1") == 0.2
    assert table.entries["personalize.training"].source == "our contract"
    assert table.entries["personalize.training"].unit == "training hour"
    assert table.of("glue.standard", "eu-central-1") == 0.5
    assert table.of("glue.standard", "us-east-1") == 0.44
    assert "given by you: personalize.training" in table.as_of("eu-west-1")
    assert "given by you: personalize.training, glue.standard" in table.as_of("eu-central-1")
    # The table's source says nothing of what a user gives.
    assert table.source("glue.standard", "eu-central-1") == f"given by you: {own}"
    assert table.source("personalize.training", "us-east-1") == "given by you: our contract"
    assert table.source("glue.standard", "us-east-1") == "https://aws.amazon.com/glue/pricing/"
    assert table.source("glue.flex", "eu-central-1") == ""


def test_a_single_price_takes_the_place_of_both(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[glue.standard]\nprice = 0.5\n")
    table = prices.load(own, ["glue.standard=0.3", "s3.storage=0"])
    assert table.of("glue.standard", "us-east-1") == 0.3
    assert table.of("s3.storage", "us-east-1") == 0


@pytest.mark.parametrize("given", ["glue.spark=1", "glue.standard", "glue.standard=much", "=1"])
def test_a_single_price_that_is_none(given: str) -> None:
    with pytest.raises(BatchrecError, match="--price"):
        prices.load(single=[given])


@pytest.mark.parametrize("dollars", ["-1", "nan", "inf"])
def test_a_price_is_no_less_than_nothing(dollars: str) -> None:
    with pytest.raises(BatchrecError, match=r"number of US dollars, such as 0\.29"):
        prices.load(single=[f"glue.standard={dollars}"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[glue", "can't be read as TOML"),
        ("[glue.spark]\nprice = 1", "no price 'glue.spark'; there are glue.flex"),
        ("[glue.standard]\ncost = 1", "other members than"),
        ("[glue.standard]\nprice = 'much'", "number of US dollars"),
        ("[glue]\nstandard = 1", "other members than"),
    ],
)
def test_a_file_that_is_no_price_table(tmp_path: Path, text: str, told: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text)
    with pytest.raises(BatchrecError, match=told):
        prices.load(own)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BatchrecError, match=r"own\.toml can't be read"):
        prices.load(tmp_path / "own.toml")


def test_the_document_has_the_same_prices(repository: Path) -> None:
    text = (repository / "docs" / "cost.md").read_text()
    shown = dict(re.findall(r"^\| `(\w+\.\w+)` \| [^|]+ \| ([^|]+) \|", text, re.M))
    table = prices.load()
    assert shown.keys() == table.entries.keys()
    for name, price in shown.items():
        known = table.of(name, "us-east-1")
        assert price == ("unknown" if known is None else f"{known:g}")
