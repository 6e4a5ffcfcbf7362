"""Show a bill, what would lower it, and how near the quotas are."""

from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from batchrec.cost.bill import Bill, Line
from batchrec.cost.prices import Prices
from batchrec.cost.wording import digits, money, nearness, price, quantity
from batchrec.limits import Limit

_LEAST_PERCENT = 0.01
_STYLES = {"reached": "red", "near": "yellow", "": ""}
_ADJUSTABLE = {True: "yes", False: "no", None: "not told"}
_LEAST_WIDTH = 18  # columns of what a row is about


def show(
    title: str,
    bill: Bill,
    limits: Sequence[Limit],
    prices: Prices,
    runs_per_month: float,
    console: Console,
) -> None:
    """Print all of it, the most expensive and the nearest first."""
    console.print(_lines(title, bill))
    without = _without(bill)
    console.print(Text(f"Total: {money(bill.total)}{without}", style="bold"))
    if bill.per_thousand is not None:
        console.print(Text(f"For 1,000 recommendations: {money(bill.per_thousand)}{without}"))
    if bill.total is not None:
        month = f"In a month of {runs_per_month:g} such runs: {money(bill.total * runs_per_month)}"
        console.print(Text(f"{month}{without}"))
    console.print(Text(f"At {bill.prices_as_of}.", style="dim"))
    _ask(bill, prices, console)
    console.print(Text("\nWhere the quantities come from", style="italic"))
    for line in bill.lines:
        console.print(Text(f"  {line.what}: {line.basis}", style="dim"))
    if bill.savings:
        console.print()
        console.print(_savings(bill))
    if limits:
        console.print(_limits(limits))
    for note in bill.notes:
        console.print(Text(note, style="dim"))


def as_json(
    bill: Bill, limits: Sequence[Limit], run: str | None, runs_per_month: float
) -> dict[str, Any]:
    """Return all of it as JSON: amounts in US dollars, null where unknown."""
    return {
        "run": run,
        "total": bill.total,
        "runs_per_month": runs_per_month,
        "month": None if bill.total is None else bill.total * runs_per_month,
        "per_thousand_recommendations": bill.per_thousand,
        "recommendations": bill.recommendations,
        "prices_as_of": bill.prices_as_of,
        "lines": [
            vars(line) | {"amount": line.amount, "share": bill.share(line)} for line in bill.lines
        ],
        "unknown": sorted({line.price_id for line in bill.unknown}),
        "savings": [vars(saving) for saving in bill.savings],
        "limits": [vars(limit) | {"share": limit.share} for limit in limits],
        "notes": bill.notes,
    }


def _table(title: str, *columns: str, right: Sequence[str], whole: Sequence[str]) -> Table:
    table = Table(title=Text(title), title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        justify: JustifyMethod = "right" if name in right else "left"
        least = _LEAST_WIDTH if name == columns[0] else None
        table.add_column(
            name, justify=justify, no_wrap=name in whole, min_width=least, overflow="fold"
        )
    return table


def _without(bill: Bill) -> str:
    count = len(bill.unknown)
    if not count or bill.total is None:
        return ""
    return f", without {count} line{'s' if count > 1 else ''} of unknown price"


def _lines(title: str, bill: Bill) -> Table:
    names = ("How much", "Price", "Amount", "Of the\nknown" if bill.unknown else "Share")
    table = _table(title, "What", *names, right=names, whole=names[2:])
    for line in bill.lines:
        table.add_row(
            Text(f"{line.service.partition(' ')[2]}: {line.what}"),
            Text(quantity(line.quantity, line.unit)),
            Text(price(line.price, line.unit)),
            Text(money(line.amount)),
            _share(bill, line),
        )
    return table


def _share(bill: Bill, line: Line) -> str:
    share = bill.share(line)
    return "" if share is None else f"{share:.0%}"


def _ask(bill: Bill, prices: Prices, console: Console) -> None:
    unknown = list(dict.fromkeys(line.price_id for line in bill.unknown))
    if not unknown:
        return
    console.print()
    console.print(Text("Prices that are unknown; look them up and give them:", style="bold"))
    for price_id in unknown:
        entry = prices.entries[price_id]
        elsewhere = f" Known only in {', '.join(entry.by_region)}." if entry.by_region else ""
        text = f"  --price {price_id}=… dollars for each {entry.unit}. {entry.note}{elsewhere}"
        console.print(Text(text), soft_wrap=True)
    sources = dict.fromkeys(prices.entries[each].source.split(",")[0] for each in unknown)
    console.print(Text(f"  See {', '.join(sources)}"), soft_wrap=True)


def _savings(bill: Bill) -> Table:
    table = _table(
        "What would lower it",
        "Input of the module",
        "Saves a run",
        "Because",
        right=["Saves a run"],
        whole=["Saves a run"],
    )
    for saving in bill.savings:
        table.add_row(Text(saving.what), Text(money(saving.amount)), Text(saving.because))
    return table


def _limits(limits: Sequence[Limit]) -> Table:
    table = _table(
        "Default quotas of Amazon Personalize",
        "Quota",
        "Used",
        "Share",
        "Can be raised",
        right=["Share"],
        whole=["Share"],
    )
    for limit in limits:
        share = f"{limit.share:.0%}" if limit.share >= _LEAST_PERCENT or not limit.used else "< 1%"
        table.add_row(
            Text(limit.name),
            Text(f"{digits(limit.used)} of {quantity(limit.maximum, limit.unit)}"),
            Text(share, _STYLES[nearness(limit.share)]),
            _ADJUSTABLE[limit.is_adjustable],
        )
    return table
