"""What has been imported into a dataset."""

from dataclasses import dataclass

import pandas as pd

from batchrec.localaws.personalize.schemas import Field


@dataclass(frozen=True)
class Table:
    """A dataset's content.

    Args:
        fields: as in the dataset's schema.
        rows: one column a field; none before the first import.
    """

    fields: list[Field]
    rows: pd.DataFrame

    def field(self, name: str) -> Field | None:
        """Find a field; case doesn't matter, in filters and item attributes."""
        return next((field for field in self.fields if field.name.upper() == name.upper()), None)

    def latest(self, key: str) -> pd.DataFrame:
        """Return the rows with unique ids: of several, the last counts (Developer Guide)."""
        return self.rows.drop_duplicates(key, keep="last")


def conformed(rows: pd.DataFrame, fields: list[Field]) -> pd.DataFrame:
    """Return rows with the columns of a later schema: those it added are empty."""
    names = [field.name for field in fields]
    if list(rows.columns) == names:
        return rows
    return rows.reindex(columns=names, fill_value="")
