"""Published tables: which there are, and their rows (docs/publishing.md)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.dataset as pads

from batchrec import recipes
from batchrec.errors import BatchrecError
from batchrec.pipeline import MANIFEST, Pipeline
from batchrec.published import objects
from batchrec.published.objects import Object

# What is asked about, by its column in a table.
ASKED = {"user_id": "users", "item_id": "items", "item_attributes": "item attributes"}
_EVERY = {"rank", "recommended_id", "score"}  # columns of every table


@dataclass(frozen=True)
class Table:
    """The table of one solution and run.

    Attributes:
        key: of the solution.
        run: the run that published it.
        entry: what the manifest says of it; empty if no manifest is left that does.
        column: what it asks about: user_id, item_id or item_attributes.
        answered: items or users.
        dataset: its rows: the column, rank, recommended_id, score, and with themes theme and
            theme_relevance_score.
        coded: the same rows with ids as codes of a dictionary, as Parquet has them: three times as
            fast to read all of them, but row groups aren't passed over.
        url: where it lies: s3://BUCKET/PREFIX.
    """

    key: str
    run: str
    entry: dict[str, Any]
    column: str
    answered: str
    dataset: pads.Dataset
    coded: pads.Dataset
    url: str

    @property
    def asked(self) -> str:
        """What is asked about: users, items or item attributes."""
        return ASKED[self.column]

    @property
    def counts(self) -> dict[str, int]:
        """The manifest's counts: inputs, answered, errors, recommendations."""
        return dict(self.entry["counts"])

    def inputs(self) -> list[str]:
        """Return the ids, or expressions, that it has answers for, sorted."""
        pieces = (batch.column(0).unique().to_pylist() for batch in self.batches([self.column]))
        return sorted(set().union(*pieces))

    def rows_of(self, ids: list[str], most: int | None = None) -> list[dict[str, Any]]:
        """Return what is recommended to some, by rank; only row groups that may hold it are read.

        Args:
            ids: to whom.
            most: the last rank that is wanted; None: all.
        """
        wanted = pads.field(self.column).isin(ids)
        if most is not None:
            wanted &= pads.field("rank") <= most
        with objects.naming(self.url):
            rows: list[dict[str, Any]] = self.dataset.to_table(filter=wanted).to_pylist()
        return sorted(rows, key=lambda row: row["rank"])

    def batches(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """Iterate over all rows, piece by piece; ids are dictionary arrays."""
        # A few pieces ahead are enough: each may be large.
        with objects.naming(self.url):
            yield from self.coded.to_batches(
                columns=columns, batch_size=2**20, batch_readahead=2, fragment_readahead=1
            )


@dataclass(frozen=True)
class Missing:
    """A table that the manifest names, and that isn't there."""

    key: str  # of the solution
    asked: str  # users, items or item attributes
    message: str


def published(pipeline: Pipeline) -> tuple[dict[str, Table], list[Missing]]:
    """Find what consumers see, by solution: the tables that the manifest names, the newest first.

    Returns:
        The tables, and those that aren't there.

    Raises:
        BatchrecError: nothing has been published, or what is there is no such table.
    """
    manifest = pipeline.read_manifest()
    if manifest is None:
        raise BatchrecError(
            f"The pipeline {pipeline.name} has published nothing yet: there is no"
            f" s3://{pipeline.bucket}/{pipeline.key(MANIFEST)}. `batchrec status`"
            " says how its runs ended."
        )
    found, missing = {}, []
    entries = sorted(
        manifest["solutions"].items(), key=lambda each: each[1]["run"] != manifest["run"]
    )
    for key, entry in entries:
        table = _find(pipeline, key, entry["run"], entry)
        if table is None:
            message = (
                f"The manifest names a table of the solution {key} and run {entry['run']} that"
                f" isn't there: {_url(pipeline, key, entry['run'], entry)}. Publish it again with"
                f" `batchrec run --continue {entry['run']}`, or put its objects back."
            )
            missing.append(Missing(key, recipes.asked_by(_recipe(pipeline, key, entry)), message))
        else:
            found[key] = table
    return found, missing


def of_run(pipeline: Pipeline, run: str, entries: dict[str, Any]) -> dict[str, Table]:
    """Find the tables that a run published, by solution, whether they are still the newest or not.

    The run's publication.json names them: what lies beside them is half written, or refused.

    Args:
        pipeline: whose.
        run: name of the run.
        entries: what manifests say of them, by solution, as far as it is known.
    """
    publication = pipeline.read_publication(run) or {}
    found = {
        key: _find(pipeline, key, run, entries.get(key, {}))
        for key in publication.get("published", {})
    }
    return {key: table for key, table in found.items() if table is not None}


def _find(pipeline: Pipeline, key: str, run: str, entry: dict[str, Any]) -> Table | None:
    url = _url(pipeline, key, run, entry)
    bucket, prefix = objects.split(url)
    files = objects.under(pipeline.client("s3"), bucket, prefix, ".parquet")
    if not files:
        return None
    with objects.naming(url):
        dataset = _dataset(files, [])
    column = next((name for name in ASKED if name in dataset.schema.names), None)
    if column is None or not set(dataset.schema.names) >= _EVERY:
        raise BatchrecError(
            f"{url} is no table of recommendations: its columns are"
            f" {', '.join(dataset.schema.names)}. There must be rank, recommended_id, score and one"
            f" of {', '.join(ASKED)}: put the pipeline's own objects back, or run again."
        )
    coded = _dataset(files, [column, "recommended_id"])
    recipe = _recipe(pipeline, key, entry)
    answered = "users" if column == "item_attributes" else recipes.answered_by(recipe)
    return Table(key, run, entry, column, answered, dataset, coded, url)


def _dataset(files: list[Object], coded: list[str]) -> pads.Dataset:
    kind = pads.ParquetFileFormat(dictionary_columns=coded)
    fragments = [kind.make_fragment(file.open()) for file in files]
    return pads.FileSystemDataset(fragments, fragments[0].physical_schema, kind)


def _url(pipeline: Pipeline, key: str, run: str, entry: dict[str, Any]) -> str:
    own = f"s3://{pipeline.bucket}/{pipeline.key(f'curated/{run}/tables/{key}/')}"
    return str(entry.get("table_prefix", own))


def _recipe(pipeline: Pipeline, key: str, entry: dict[str, Any]) -> str:
    configured = {each["key"]: each["recipe"] for each in pipeline.configuration["solutions"]}
    return str(entry.get("recipe", configured.get(key, "")))
