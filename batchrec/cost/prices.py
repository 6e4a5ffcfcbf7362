"""The price table, and what a user puts in the place of its entries."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from batchrec.errors import BatchrecError

_TABLE = Path(__file__).with_name("prices.toml")
_MEMBERS = ("service", "unit", "prices", "price", "reported", "source", "note")


@dataclass(frozen=True)
class Price:
    """One thing that AWS bills."""

    id: str  # as options and files name it: glue.standard
    service: str
    unit: str
    source: str  # where it was read, or the user's own word for it
    note: str = ""
    by_region: dict[str, float] = field(default_factory=dict)  # US dollars for a unit
    everywhere: float | None = None  # the user's, in every Region
    reported: float | None = None  # what third parties say; never reckoned with
    own: frozenset[str] = frozenset()  # Regions whose price the user gave
    own_source: str = ""  # where the user gave it, or the user's word for it


@dataclass(frozen=True)
class Prices:
    """All prices, by id."""

    entries: dict[str, Price]
    read: str  # the day on which the table was read, YYYY-MM-DD

    def of(self, price_id: str, region: str) -> float | None:
        """Return US dollars for a unit; None if it isn't known in this Region."""
        price = self.entries[price_id]
        return price.by_region.get(region) if price.everywhere is None else price.everywhere

    def is_own(self, price_id: str, region: str) -> bool:
        """Whether the user gave the price of a Region."""
        price = self.entries[price_id]
        return price.everywhere is not None or region in price.own

    def source(self, price_id: str, region: str) -> str:
        """Say where a price was read, or that the user gave it; empty if it isn't known."""
        if self.of(price_id, region) is None:
            return ""
        price = self.entries[price_id]
        return (
            f"given by you: {price.own_source}" if self.is_own(price_id, region) else price.source
        )

    def as_of(self, region: str) -> str:
        """Say of when and where the prices are."""
        own = [each for each in self.entries if self.is_own(each, region)]
        given = f"; given by you: {', '.join(own)}" if own else ""
        return f"prices of {region}, read on {self.read}, without taxes and free tiers{given}"


def load(overriding: Path | None = None, single: Iterable[str] = ()) -> Prices:
    """Read the price table.

    Args:
        overriding: a file of the same form (prices.toml), with the entries and members that take
            the place of the table's.
        single: prices in every Region, each as ID=DOLLARS.

    Raises:
        BatchrecError: the file or a price can't be used.
    """
    table = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    prices = Prices(dict(_entries(table, {}, _TABLE.name)), str(table["read"]))
    if overriding is not None:
        prices.entries.update(_entries(_read(overriding), prices.entries, str(overriding)))
    for text in single:
        price_id, _, amount = text.partition("=")
        known = _known(price_id.strip(), prices.entries, "--price")
        given = replace(known, everywhere=_dollars(amount, f"--price {text}"), own_source="--price")
        prices.entries[known.id] = given
    return prices


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BatchrecError(f"{path} can't be read as TOML: {error}") from error


def _entries(
    table: dict[str, Any], earlier: dict[str, Price], where: str
) -> Iterable[tuple[str, Price]]:
    for group, members in table.items():
        for name, entry in members.items() if isinstance(members, dict) else ():
            price_id, here = f"{group}.{name}", f"{where}, [{group}.{name}]"
            if not isinstance(entry, dict) or set(entry) - set(_MEMBERS):
                raise BatchrecError(f"{here} has other members than {', '.join(_MEMBERS)}.")
            if earlier:
                known = _known(price_id, earlier, where)
                price = replace(known, own_source=entry.get("source", where))
            else:
                price = Price(price_id, entry["service"], entry["unit"], entry["source"])
            yield price_id, _with(price, entry, here, is_own=bool(earlier))


def _with(price: Price, entry: dict[str, Any], where: str, *, is_own: bool) -> Price:
    by_region = {
        region: _dollars(amount, where) for region, amount in entry.get("prices", {}).items()
    }
    everywhere, reported = entry.get("price"), entry.get("reported")
    return replace(
        price,
        **{
            name: str(entry[name])
            for name in ("service", "unit", "source", "note")
            if name in entry
        },
        by_region=price.by_region | by_region,
        own=price.own | (frozenset(by_region) if is_own else frozenset()),
        everywhere=price.everywhere if everywhere is None else _dollars(everywhere, where),
        reported=price.reported if reported is None else _dollars(reported, where),
    )


def _known(price_id: str, entries: dict[str, Price], where: str) -> Price:
    if price_id not in entries:
        raise BatchrecError(
            f"{where}: there is no price {price_id!r}; there are {', '.join(sorted(entries))}."
        )
    return entries[price_id]


def _dollars(given: Any, where: str) -> float:
    try:
        amount = float(given)
    except (TypeError, ValueError):
        amount = -1.0
    if not 0 <= amount < float("inf"):
        raise BatchrecError(
            f"{where}: a price is a number of US dollars, such as 0.29, not {given!r}."
        )
    return amount
