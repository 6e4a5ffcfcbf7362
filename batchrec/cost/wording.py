"""Amounts in words, the same in a terminal and on a page."""

_LEAST_CENT = 0.01
_LEAST_SHOWN = 0.001
_NEAR = 0.8  # of a quota


def money(amount: float | None) -> str:
    """Write US dollars: with cents, below a cent with two digits that count."""
    if amount is None:
        return "unknown"
    if 0 < amount < _LEAST_CENT:
        return f"${amount:.2g}" if amount >= 1e-4 else "< $0.0001"
    return f"${amount:,.2f}"


def price(dollars: float | None, unit: str) -> str:
    """Write what a unit costs: $0.44, or $0.025 / 1,000."""
    several, _ = _of_unit(unit)
    each = f" / {several:,}" if several > 1 else ""
    return "unknown" if dollars is None else f"${dollars:g}{each}"


def quantity(number: float, unit: str) -> str:
    """Write how much it is: 4.21 training hours, or 60 inputs of the unit 1,000 inputs."""
    several, noun = _of_unit(unit)
    told = digits(round(number * several) if several > 1 else number)
    if told == "1":
        return f"{told} {noun.removesuffix('s')}"
    return f"{told} {noun}{'s' if noun.endswith(('hour', 'month')) else ''}"


def digits(number: float) -> str:
    """Write three digits that count, and no fraction of large numbers."""
    if 0 < number < _LEAST_SHOWN:
        return f"< {_LEAST_SHOWN}"
    return f"{number:,.0f}" if number >= 1000 or number == int(number) else f"{number:.3g}"


def nearness(share: float) -> str:
    """Say of the used share of a quota whether it is reached, near, or neither (empty)."""
    if share >= 1:
        return "reached"
    return "near" if share >= _NEAR else ""


def _of_unit(unit: str) -> tuple[int, str]:
    """Split a unit such as 1,000 inputs."""
    number, _, noun = unit.partition(" ")
    return (int(number.replace(",", "")), noun) if number[0].isdigit() else (1, unit)
