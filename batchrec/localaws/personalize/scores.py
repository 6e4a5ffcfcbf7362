"""Numbers as real jobs write them into their output files."""

from decimal import Decimal


def score_text(score: float) -> str:
    """Write a score as recorded files do: 7 decimals, and Java's notation below 0.001."""
    rounded = round(Decimal(score), 7)
    if rounded == 0:
        return "0.0"
    if abs(rounded) >= Decimal("0.001"):
        text = f"{rounded:f}".rstrip("0")
        return f"{text}0" if text.endswith(".") else text
    mantissa, _, exponent = f"{rounded.normalize():E}".partition("E")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(exponent)}"
