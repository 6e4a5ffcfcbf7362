"""Expressions of metric attributions (Developer Guide, Creating a metric attribution)."""

import re
from collections.abc import Mapping

from batchrec.localaws.personalize.exceptions import InvalidInputException
from batchrec.localaws.personalize.schemas import NUMBERS, Field

_SUM = re.compile(r"SUM\((Interactions|Items)\.(\w+)\)", re.IGNORECASE)
_COUNT = re.compile(r"SAMPLECOUNT\(\)", re.IGNORECASE)


def require(expression: str, datasets: Mapping[str, list[Field]]) -> None:
    """Check an expression: `SAMPLECOUNT()`, or `SUM(Items.COLUMN)` of a numeric column.

    Args:
        expression: of a metric.
        datasets: columns of the dataset group's datasets, by type in capitals.

    Raises:
        InvalidInputException: it is none of them.
    """
    if _COUNT.fullmatch(expression):
        return
    found = _SUM.fullmatch(expression)
    if found is None:
        raise InvalidInputException(
            f"{expression} is neither SAMPLECOUNT() nor SUM(DatasetType.COLUMN_NAME) of Items or"
            " Interactions."
        )
    kind, name = found[1].upper(), found[2].upper()
    if not any(c.name.upper() == name and c.type in NUMBERS for c in datasets.get(kind, ())):
        raise InvalidInputException(f"{found[1]} has no numeric column {found[2]}.")
