"""What a run really used: from its jobs, its files and the answers of Glue and Personalize."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from batchrec.cost.stored import GIB, stored
from batchrec.cost.usage import (
    GLUE_JOBS,
    MINIMUM_GLUE_SECONDS,
    Usage,
    Use,
    Workers,
    batch_uses,
    training_use,
)
from batchrec.pipeline import Pipeline, input_key
from batchrec.runs import Job, Run

_AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
KEPT = "Each further month bills the files of all earlier runs again, until somebody deletes them."
_ROUNDING = timedelta(seconds=1)  # of the services' times


def used(
    pipeline: Pipeline, run: Run, report: dict[str, Any] | None, publication: dict[str, Any] | None
) -> Usage:
    """Collect what an execution used.

    A job that an earlier one started is that one's, unless this one took it over while it was
    under way: the earlier one ended without a word of what the job had used.

    Args:
        pipeline: whose run it is.
        run: the run.
        report: transformed/RUN/report.json; None: there is none.
        publication: curated/RUN/publication.json; None: there is none.

    Raises:
        BatchrecError: the bucket may not be listed.
    """
    usage = Usage()
    word = "measured" if is_on_aws(pipeline) else "modelled by the local AWS"
    own = [job for job in run.jobs if not job.is_reused and _is_billed_here(job, run)]
    _glue(usage, pipeline, own, word)
    _imports(usage, pipeline, run, own)
    for solution in pipeline.configuration["solutions"]:
        _solution(usage, solution, own, report or {}, publication or {}, word)
    _transitions(usage, run, word)
    _storage(usage, pipeline, run)
    _note(usage, run, own, word)
    usage.recommendations = _recommendations(publication or {})
    return usage


def _is_billed_here(job: Job, run: Run) -> bool:
    since = run.started - _ROUNDING
    return job.started >= since or job.ended is None or job.ended > run.started


def is_on_aws(pipeline: Pipeline) -> bool:
    """Whether the pipeline is on AWS, and not on a local one whose durations are modelled."""
    host = urlsplit(pipeline.client("stepfunctions").meta.endpoint_url).hostname or ""
    return host.endswith(_AWS_DOMAINS)


def _glue(usage: Usage, pipeline: Pipeline, jobs: list[Job], word: str) -> None:
    for job in jobs:
        if job.kind not in GLUE_JOBS:
            continue
        job_run = _job_run(pipeline, pipeline.configuration[f"{job.kind}_job_name"], job)
        workers = workers_of(job_run)
        took = job_run.get("ExecutionTime") or 0
        seconds = max(took, MINIMUM_GLUE_SECONDS)
        if job_run.get("DPUSeconds"):  # only with Auto Scaling and FLEX (Glue API, JobRun)
            dpu_seconds = float(job_run["DPUSeconds"]) * seconds / (took or seconds)
            how = "DPUSeconds of the job run"
        else:
            dpu_seconds, how = seconds * workers.dpus, f"{seconds:,} s of {workers}"
        usage.uses.append(
            Use(workers.price_id, GLUE_JOBS[job.kind], dpu_seconds / 3600, f"{word}: {how}")
        )


def _job_run(pipeline: Pipeline, name: str, job: Job) -> dict[str, Any]:
    """Return the job run as Glue tells it now, or as the history told it: Glue forgets them."""
    try:
        found = pipeline.client("glue").get_job_run(JobName=name, RunId=job.id)
    except ClientError:
        return job.described
    return dict(found["JobRun"])


def workers_of(described: dict[str, Any]) -> Workers:
    """Read the workers of a job or a job run (Glue API Reference, Job and JobRun)."""
    return Workers(
        described.get("WorkerType"),
        described.get("NumberOfWorkers"),
        described.get("ExecutionClass") == "FLEX",
        described.get("MaxCapacity"),
    )


def _imports(usage: Usage, pipeline: Pipeline, run: Run, jobs: list[Job]) -> None:
    for job in jobs:
        if job.kind == "import" and job.status == "ACTIVE":
            files = stored(pipeline, f"transformed/{run.name}/{job.subject}/")
            basis = f"measured: what lies in transformed/{run.name}/{job.subject}/"
            what = f"import of {job.subject}"
            usage.uses.append(
                Use("personalize.ingestion", what, files.gigabytes, basis, job.subject)
            )


def _solution(
    usage: Usage,
    solution: dict[str, Any],
    jobs: list[Job],
    report: dict[str, Any],
    publication: dict[str, Any],
    word: str,
) -> None:
    key, recipe = solution["key"], solution["recipe"]
    own = [job for job in jobs if job.subject == key]
    for job in own:
        hours = job.described.get("TrainingHours")
        if job.kind == "training" and hours is not None:
            basis = f"{word}: trainingHours of the solution version"
            usage.uses.append(training_use(recipe, key, hours, imported_rows(report), basis))
    asked = [job for job in own if job.kind.startswith("batch") and job.status == "ACTIVE"]
    inputs = _inputs(solution, report, publication)
    if asked and inputs is None:
        usage.notes.append(
            f"How many inputs the batch job of {key} had is not known: neither report.json nor"
            " publication.json counts them."
        )
    for _ in asked if inputs is not None else []:
        usage.uses += batch_uses(
            recipe,
            solution["job"],
            bool(solution["themes_item_name"]),
            key,
            inputs or 0,
            f"measured: {inputs:,} lines of {solution['batch_input_folder']}/",
        )


def imported_rows(report: Mapping[str, Any], dataset: str = "interactions") -> int | None:
    """Return how many rows a run imported, as its report says; None: not known."""
    rows = report.get("datasets", {}).get(dataset, {}).get("rows", {}).get("written")
    return None if rows is None else int(rows)


def _inputs(
    solution: dict[str, Any], report: dict[str, Any], publication: dict[str, Any]
) -> int | None:
    counted = report.get("batch_inputs", {}).get(input_key(solution))
    published = (publication.get("published") or {}).get(solution["key"]) or {}
    found = published.get("inputs") if counted is None else counted
    return None if found is None else int(found)


def _transitions(usage: Usage, run: Run, word: str) -> None:
    # A Distributed Map is billed one transition more for each child (Developer Guide, Transitions).
    children = len({visit.within for visit in run.visits if visit.within})
    basis = f"{word}: {run.transitions:,} states entered, {children} child executions started"
    usage.uses.append(
        Use(
            "stepfunctions.transitions",
            "state transitions",
            (run.transitions + children) / 1000,
            basis,
        )
    )


def _storage(usage: Usage, pipeline: Pipeline, run: Run) -> None:
    folders = [
        stored(pipeline, f"{each}/{run.name}/") for each in ("transformed", "quarantine", "curated")
    ]
    usage.uses.append(
        Use(
            "s3.storage",
            "a month of keeping this run's files",
            sum(each.bytes for each in folders) / GIB,
            "measured: transformed/, quarantine/ and curated/ of the run, which nothing deletes",
        )
    )
    usage.notes.append(KEPT)


def _note(usage: Usage, run: Run, own: list[Job], word: str) -> None:
    if word != "measured":
        usage.notes.append(
            "This ran on a local AWS: times, training hours and state transitions are modelled, not"
            " measured; sizes and counts are real."
        )
    if earlier := sum(not job.is_reused for job in run.jobs if job not in own):
        usage.notes.append(
            f"Jobs that an earlier execution started are in its bill, not in this one: {earlier}."
        )
    saved = sum(job.described.get("TrainingHours") or 0 for job in run.jobs if job.is_reused)
    if saved:
        usage.notes.append(f"Reused versions saved {saved:,.2f} training hours.")
    if stopped := [j.subject for j in own if j.kind == "training" and "STOP" in j.status]:
        usage.notes.append(
            f"A training that is stopped is billed until then, which its version doesn't tell:"
            f" {', '.join(str(each) for each in stopped)}."
        )
    going_on = [job for job in own if job.ended is None and job.kind not in GLUE_JOBS]
    if run.ended is not None and going_on:
        usage.notes.append(
            "Still under way when the run ended, and not in its bill: "
            + ", ".join(f"{job.kind} of {job.subject}" for job in going_on)
            + ". They go on, and bill; a run that continues this one has them in its bill."
        )
    if run.ended is None:
        usage.notes.append("The run is not over: what it has not finished is not in the bill.")


def _recommendations(publication: dict[str, Any]) -> int | None:
    counts = (publication.get("published") or {}).values()
    found = [each["recommendations"] for each in counts if each and "recommendations" in each]
    return sum(found) if found else None
