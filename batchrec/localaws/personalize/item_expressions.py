"""Item attributes, as the lines for aws-item-attribute-affinity have them.

Developer Guide: Specifying item attributes for the Item-Attribute-Affinity recipe.
"""

import pyparsing as pp

from batchrec.localaws.personalize.exceptions import UserError
from batchrec.recommender import Attribute


def parse(expression: str) -> list[Attribute]:
    """Read `ITEMS.genres = "Comedy" AND ITEMS.year = 1995`: only = and AND.

    A number is compared as it is written in the data.

    Raises:
        UserError: it is no such expression.
    """
    try:
        return [
            (column.upper(), value) for column, value in _GRAMMAR.parse_string(expression, True)
        ]
    except pp.ParseBaseException as error:
        raise UserError(
            f"Invalid item attributes: {error.msg} at position {error.loc} of {expression}"
        ) from error


_COLUMN = pp.Suppress(pp.CaselessKeyword("ITEMS") + ".") + pp.Word(
    pp.alphas + "_", pp.alphanums + "_"
)
_VALUE = pp.QuotedString('"', esc_char="\\") | pp.Regex(r"[+-]?\d+(\.\d+)?")
_GRAMMAR = pp.DelimitedList(
    pp.Group(_COLUMN + pp.Suppress("=") + _VALUE), pp.CaselessKeyword("AND")
)
