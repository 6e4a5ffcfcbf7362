"""Show a bill, what would lower it, and how near the quotas are."""

from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from batchrec.cost.bill import Bill, Line
from batchrec.cost.prices import Prices
from batchrec.limits import Limit

_LEAST_CENT = 0.01
_NEAR = 0.8  # of a quota
_LEAST_SHOWN = 0.001
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
    without = f", without {len(bill.unknown)} lines of unknown price" if bill.unknown else ""
    console.print(Text(f"Total: {money(bill.total)}{without}", style="bold"))
    if bill.per_thousand is not None:
        console.print(Text(f"For 1,000 recommendations: {money(bill.per_thousand)}{without}"))
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
        "month": bill.total * runs_per_month,
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


def money(amount: float | None) -> str:
    """Write US dollars: with cents, below a cent with two digits that count."""
    if amount is None:
        return "unknown"
    if 0 < amount < _LEAST_CENT:
        return f"${amount:.2g}" if amount >= 1e-4 else "< $0.0001"
    return f"${amount:,.2f}"


def quantity(number: float, unit: str) -> str:
    """Write how much it is: three digits that count, and no fraction of large numbers."""
    several, noun = _of_unit(unit)
    number *= several
    digits = f"{number:,.0f}" if number >= 1000 or several > 1 else f"{number:.3g}"
    plural = "s" if noun.endswith(("hour", "month")) and digits != "1" else ""
    return f"{digits} {noun}{plural}"


def _of_unit(unit: str) -> tuple[int, str]:
    """Split a unit such as 1,000 inputs."""
    number, _, noun = unit.partition(" ")
    return (int(number.replace(",", "")), noun) if number[0].isdigit() else (1, unit)


def _table(title: str, *columns: str, right: Sequence[str], whole: Sequence[str]) -> Table:
    table = Table(title=Text(title), title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        justify: JustifyMethod = "right" if name in right else "left"
        least = _LEAST_WIDTH if name == columns[0] else None
        table.add_column(
            name, justify=justify, no_wrap=name in whole, min_width=least, overflow="fold"
        )
    return table


def _lines(title: str, bill: Bill) -> Table:
    names = ("How much", "Price", "Amount", "Share")
    table = _table(title, "What", *names, right=names, whole=names[2:])
    for line in bill.lines:
        several, _ = _of_unit(line.unit)
        each = f" / {several:,}" if several > 1 else ""
        table.add_row(
            Text(f"{line.service.partition(' ')[2]}: {line.what}"),
            Text(quantity(line.quantity, line.unit)),
            Text("unknown" if line.price is None else f"${line.price:g}{each}"),
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
        price = prices.entries[price_id]
        told = f" (third parties say {price.reported:g})" if price.reported is not None else ""
        elsewhere = f" (known only in {', '.join(price.by_region)})" if price.by_region else ""
        text = f"  --price {price_id}=… dollars for each {price.unit}{told}{elsewhere}"
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
        style = "red" if limit.share >= 1 else "yellow" if limit.share >= _NEAR else ""
        share = f"{limit.share:.0%}" if limit.share >= _LEAST_CENT or not limit.used else "< 1%"
        table.add_row(
            Text(limit.name),
            Text(f"{_digits(limit.used)} of {quantity(limit.maximum, limit.unit)}"),
            Text(share, style),
            "yes" if limit.is_adjustable else "no",
        )
    return table


def _digits(number: float) -> str:
    if 0 < number < _LEAST_SHOWN:
        return f"< {_LEAST_SHOWN}"
    return f"{number:,.0f}" if number >= 1000 or number == int(number) else f"{number:.3g}"
