"""How imported records meet those that a dataset already has.

Developer Guide, Importing bulk records; API Reference, CreateDatasetImportJob, importMode.
"""

import pandas as pd

from batchrec.localaws.personalize.schemas import Field

# What makes records the same; interactions have no id: only equal ones are the same.
KEYS = {"ITEMS": ["ITEM_ID"], "USERS": ["USER_ID"], "ACTIONS": ["ACTION_ID"]}


def merged(earlier: pd.DataFrame | None, rows: pd.DataFrame, dataset_type: str) -> pd.DataFrame:
    """Return a dataset's rows after an import.

    Args:
        earlier: rows that stay (importMode INCREMENTAL); None when they are replaced (FULL).
        rows: those of the import; of several with one id, the last counts.
        dataset_type: in capitals.
    """
    everything = rows if earlier is None else pd.concat([earlier, rows], ignore_index=True)
    return everything.drop_duplicates(KEYS.get(dataset_type), keep="last", ignore_index=True)


def conformed(rows: pd.DataFrame, fields: list[Field]) -> pd.DataFrame:
    """Return rows with the columns of a later schema: those it added are empty."""
    names = [field.name for field in fields]
    if list(rows.columns) == names:
        return rows
    return rows.reindex(columns=names, fill_value="")
