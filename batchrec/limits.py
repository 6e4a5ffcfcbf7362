"""How far a run is from the quotas of Amazon Personalize."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from batchrec.cost.quantities import imported_rows
from batchrec.cost.stored import GB, stored
from batchrec.pipeline import Pipeline, input_key
from batchrec.recipes import is_v2
from batchrec.runs import Job, Run

_SOURCE = "Amazon Personalize Developer Guide, Endpoints and quotas"
_INPUT_SOURCE = "Amazon Personalize Developer Guide, Preparing input data for batch recommendations"

# Items and interactions that a model considers, by whether its recipe is a -v2 one.
_MODEL = {False: (750_000, 500_000_000), True: (5_000_000, 3_000_000_000)}
# Jobs of the Region that may be pending or in progress at once, and whether that can be raised.
_AT_ONCE: dict[str, tuple[int, bool | None]] = {
    "import": (5, False),
    "training": (20, True),
    "batch inference": (5, True),
    "batch segments": (5, None),
}
# Lines of a batch input that a recipe takes; others take 50 million a file.
_FEW_INPUTS = {"aws-item-affinity": 500, "aws-item-attribute-affinity": 10}
_THEMES_INPUTS = 100


@dataclass(frozen=True)
class Limit:
    """One quota, and how much of it is used."""

    name: str
    used: float
    maximum: float
    unit: str
    is_adjustable: bool | None  # on request; None: the document doesn't tell
    source: str  # document, section
    is_shared: bool = False  # what stands in the account counts, not this run alone

    @property
    def share(self) -> float:
        """How much of it is used; above 1 it is exceeded."""
        return self.used / self.maximum


@dataclass(frozen=True)
class BatchFiles:
    """A batch input."""

    files: int | None  # None: not known
    bytes: int | None
    records: int | None


def of(pipeline: Pipeline, run: Run, report: dict[str, Any] | None) -> list[Limit]:
    """Compare a run, and what stands in its Region, with the default quotas; the nearest first.

    What the bucket, the report or Personalize doesn't tell has no entry; a call that isn't allowed
    leaves its quota out.

    Args:
        pipeline: whose run it is.
        run: the run.
        report: transformed/RUN/report.json; None: there is none.

    Raises:
        BatchrecError: the bucket may not be listed.
    """
    facts = report or {}
    solutions = pipeline.configuration["solutions"]
    imports, inputs = {}, {}
    for folder in (each["folder"] for each in pipeline.configuration["datasets"]):
        if (files := stored(pipeline, f"transformed/{run.name}/{folder}/")).sizes:
            imports[folder] = files.bytes
    asking = {each["batch_input_folder"]: input_key(each) for each in solutions}
    for folder, key in asking.items():
        if not (files := stored(pipeline, f"transformed/{run.name}/{folder}/")).sizes:
            continue
        records = facts.get("batch_inputs", {}).get(key)
        inputs[key] = BatchFiles(len(files.sizes), files.bytes, records)
    # A model considers the items of both datasets.
    counts = (facts.get("interactions", {}).get("items"), imported_rows(facts, "items"))
    items = max((each for each in counts if each is not None), default=None)
    found = of_data(imports, imported_rows(facts), items, solutions, inputs)
    return nearest_first([*found, *of_jobs(run), *_counted(pipeline)])


def nearest_first(limits: Sequence[Limit]) -> list[Limit]:
    """Sort by how much of each is used."""
    return sorted(limits, key=lambda limit: -limit.share)


def of_data(
    imports: Mapping[str, int],
    interactions: int | None,
    items: int | None,
    solutions: Sequence[Mapping[str, Any]],
    inputs: Mapping[str, BatchFiles],
) -> Iterator[Limit]:
    """Compare data with the quotas of imports, models and batch jobs.

    Args:
        imports: bytes by the dataset's folder.
        interactions: imported rows; None: not known.
        items: distinct ones among them, or all that are imported; None: not known.
        solutions: as the state machine is configured with them.
        inputs: of batch jobs, by key.
    """
    for folder, size in imports.items():
        yield Limit(f"import of {folder}", size / GB, 100, "GB", False, _SOURCE)
    for newer in sorted({is_v2(each["recipe"]) for each in solutions}):
        models = "a model of a -v2 recipe" if newer else "a model"
        maximum_items, maximum = _MODEL[newer]
        if items is not None:
            yield Limit(f"items of {models}", items, maximum_items, "items", False, _SOURCE)
        if interactions is not None:
            name = f"interactions of {models}"
            yield Limit(name, interactions, maximum, "interactions", not newer, _SOURCE)
    for key, given in inputs.items():
        yield from _of_input(key, given)
    for solution in solutions:
        records = inputs.get(input_key(solution), BatchFiles(None, None, None)).records
        few = _FEW_INPUTS.get(solution["recipe"])
        if solution["themes_item_name"]:
            few = _THEMES_INPUTS
        if few is not None and records is not None:
            name = f"input of {solution['key']}"
            yield Limit(name, records, few, "lines", False, _INPUT_SOURCE)


def of_jobs(run: Run) -> Iterator[Limit]:
    """Compare how many jobs of a kind a run had at once with what a Region may have."""
    for kind, (maximum, is_adjustable) in _AT_ONCE.items():
        jobs = [job for job in run.jobs if job.kind == kind and not job.is_reused]
        if jobs:
            most = max(sum(_is_at(job, other.started) for job in jobs) for other in jobs)
            yield Limit(f"{kind} jobs at once", most, maximum, "jobs", is_adjustable, _SOURCE)


def _is_at(job: Job, moment: datetime) -> bool:
    return job.started <= moment and (job.ended is None or job.ended > moment)


def _of_input(key: str, given: BatchFiles) -> Iterator[Limit]:
    name = f"batch input {key}"
    if given.files is not None:
        yield Limit(f"{name}, files", given.files, 1000, "files", False, _SOURCE)
    if given.bytes is not None:
        yield Limit(f"{name}, size", given.bytes / GB, 1, "GB", False, _SOURCE)
    if given.records is not None:
        # The job spreads the lines evenly over files of the same size.
        lines = given.records / max(given.files or 1, 1)
        yield Limit(f"{name}, lines of a file", lines, 50_000_000, "lines", False, _SOURCE)


def _counted(pipeline: Pipeline) -> Iterator[Limit]:
    group = {"datasetGroupArn": pipeline.configuration["dataset_group_arn"]}
    for name, operation, member, which, maximum in (
        ("dataset groups of the Region", "list_dataset_groups", "datasetGroups", {}, 5),
        ("schemas of the Region", "list_schemas", "schemas", {}, 500),
        ("solutions of the dataset group", "list_solutions", "solutions", group, 10),
        ("filters of the dataset group", "list_filters", "Filters", group, 30),
    ):
        pages = pipeline.client("personalize").get_paginator(operation).paginate(**which)
        try:
            count = sum(len(page[member]) for page in pages)
        except ClientError:
            continue
        yield Limit(name, count, maximum, name.partition(" of ")[0], True, _SOURCE, is_shared=True)
