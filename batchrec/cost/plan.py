"""What a run will do: as a deployed pipeline is configured, or a document of module inputs."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from batchrec import recipes, runs
from batchrec.cost import quantities
from batchrec.cost.usage import Usage, Use, Workers
from batchrec.errors import BatchrecError
from batchrec.pipeline import Pipeline

# The module's defaults (variables.tf).
_SOLUTIONS: dict[str, Any] = {"user-personalization": {}}
_BATCH_INPUTS: dict[str, Any] = {"users": {}}
_SOLUTION = {
    "recipe": "aws-user-personalization",
    "number_of_results": 25,
    "themes_item_name": "",
    "batch_input": "users",
}
_TRAINING = {"reuse_unchanged": True, "reuse_days": 0}
_WORKERS = Workers("G.1X", 2, is_flex=False)
_MOST_EARLIER = 12  # runs that are looked back over: each takes its history


@dataclass(frozen=True)
class Earlier:
    """A run on AWS that succeeded; what a local AWS models says nothing of the next."""

    name: str
    usage: Usage
    interactions: int | None = None  # rows that it imported; None: not known

    def uses(self, price_id: str) -> list[Use]:
        """What it used of a thing, or of things whose ids begin so."""
        return [use for use in self.usage.uses if use.price_id.startswith(price_id)]

    def training_of(self, key: str) -> Use | None:
        """The hours of a solution's training; None if it reused a version."""
        trainings = (use for use in self.usage.uses if use.price_id == "personalize.training")
        return next((use for use in trainings if use.subject == key), None)


@dataclass(frozen=True)
class Plan:
    """What a run will do."""

    datasets: list[str]  # interactions, users, items: those that are imported
    solutions: list[dict[str, Any]]  # members as in the state Configure
    batch_inputs: dict[str, dict[str, Any]]  # the module's input of that name, by key
    interactions: dict[str, Any]  # the module's input of that name
    workers: Workers
    earlier: tuple[Earlier, ...] = ()  # the newest first, back to a training of each solution


def deployed(pipeline: Pipeline) -> Plan:
    """Read a deployed pipeline: its state machine, its first Glue job, its newest success."""
    configuration = pipeline.configuration
    try:
        job = pipeline.client("glue").get_job(JobName=configuration["prepare_job_name"])["Job"]
    except ClientError as error:
        raise BatchrecError(
            f"The Glue job {configuration['prepare_job_name']} can't be described: {error}\nAsk for"
            " glue:GetJob, or describe the pipeline with --config."
        ) from error
    document = json.loads((job.get("DefaultArguments") or {}).get("--configuration", "{}"))
    return Plan(
        datasets=_datasets(document),
        solutions=list(configuration["solutions"]),
        batch_inputs=_batch_inputs(document),
        interactions=document.get("interactions") or {},
        workers=quantities.workers_of(job),
        earlier=tuple(_earlier(pipeline)) if quantities.is_on_aws(pipeline) else (),
    )


def document(path: Path | None) -> Plan:
    """Read a document of module inputs, such as a .tfvars.json; None: the module's defaults.

    Raises:
        BatchrecError: it can't be read.
    """
    given = {} if path is None else _read(path)
    try:
        return _of_document(given)
    except (AttributeError, KeyError, TypeError) as error:
        raise BatchrecError(
            f"{path} holds no inputs of the module ({type(error).__name__}: {error}). docs/data.md"
            " and docs/solutions.md describe them."
        ) from error


def _of_document(given: Mapping[str, Any]) -> Plan:
    glue = given.get("glue") or {}
    return Plan(
        datasets=_datasets(given),
        solutions=[
            _solution(key, solution or {})
            for key, solution in (given.get("solutions") or _SOLUTIONS).items()
        ],
        batch_inputs=_batch_inputs(given),
        interactions=given.get("interactions") or {},
        workers=Workers(
            glue.get("worker_type") or _WORKERS.type,
            glue.get("number_of_workers") or _WORKERS.number,
            glue.get("execution_class") == "FLEX",
        ),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BatchrecError(f"{path} can't be read as JSON: {error}") from error
    if not isinstance(found, dict):
        raise BatchrecError(f"{path} must be a JSON object of module inputs, such as solutions.")
    return found


def _datasets(given: Mapping[str, Any]) -> list[str]:
    return ["interactions", *(name for name in ("users", "items") if given.get(name))]


def _batch_inputs(given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    inputs = given.get("batch_inputs") or _BATCH_INPUTS
    return {key: {"kind": "users"} | _present(each) for key, each in inputs.items()}


def _solution(key: str, given: Mapping[str, Any]) -> dict[str, Any]:
    whole = _SOLUTION | _present(given)
    return whole | {
        "key": key,
        "job": recipes.job_of(str(whole["recipe"])),
        "batch_input_folder": f"batch_{whole['batch_input']}_input",
        "training": _TRAINING | _present(given.get("training") or {}),
    }


def _present(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def _earlier(pipeline: Pipeline) -> Iterator[Earlier]:
    """Look back over runs that succeeded, until each solution's training is found."""
    solutions = pipeline.configuration["solutions"]
    missing = {each["key"] for each in solutions if not recipes.is_v2(each["recipe"])}
    ended = (each for each in runs.executions(pipeline) if each["status"] == "SUCCEEDED")
    for listed in islice(ended, _MOST_EARLIER):
        run = runs.read(pipeline, listed["executionArn"])
        if run.status != "SUCCEEDED" or run.action != "run":
            continue
        report = pipeline.read_report(run.name)
        publication = pipeline.read_publication(run.name)
        found = Earlier(
            run.name,
            quantities.used(pipeline, run, report, publication),
            quantities.imported_rows(report or {}),
        )
        yield found
        missing -= {key for key in missing if found.training_of(key)}
        if not missing:
            return
