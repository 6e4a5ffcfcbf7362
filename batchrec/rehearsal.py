"""One rehearsal of the whole pipeline on one machine, from `terraform apply` to recommendations."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from batchrec import execution, pipeline, runs
from batchrec.console import Say, Steps, duration
from batchrec.data import samples
from batchrec.data.samples import Sample
from batchrec.errors import BatchrecError
from batchrec.localaws import scheduler
from batchrec.localaws.faults import Fault, JobFault
from batchrec.localaws.server import LocalAws
from batchrec.operations import glue_logs
from batchrec.pipeline import Pipeline, Where
from batchrec.published import tables, titles
from batchrec.published.tables import Table
from batchrec.report import collecting, page
from batchrec.runs import Run
from batchrec.terraform.workspace import Workspace

REPORT = "report.html"
_SHOWN_LOG_LINES = 20
KEPT_FOLDERS = ("curated", "transformed", "quarantine")


@dataclass(frozen=True)
class Request:
    """What to rehearse."""

    repository: Path  # the checkout of the Terraform module
    output: Path  # folder that receives the results
    example: str = "movielens"  # one that batchrec/data/samples.py knows
    data: Path | None = None  # interactions in the example's format; None: its sample
    var_file: Path | None = None  # Terraform variables of the configuration
    state: Path | None = None  # file with what an earlier rehearsal left, and this one will leave
    faults: tuple[Fault | JobFault, ...] = ()  # what is to go wrong


@dataclass(frozen=True)
class Summary:
    """What came out; `summary.json` has the same members."""

    run: str
    rows: dict[str, int]  # of interactions: read, filtered, duplicate, quarantined, written
    users: int  # with interactions
    items: int  # with interactions
    warnings: list[str]  # of the Glue job, about the data
    recommendations: int  # rows of the published tables, of all solutions
    published: dict[str, dict[str, int]]  # the manifest's counts, by solution
    offline_metrics: dict[str, dict[str, float]]  # by solution
    seconds: dict[str, float]  # real time, by step
    timeline: list[execution.Moment]  # virtual time
    virtual_seconds: float


@dataclass(frozen=True)
class Rehearsal:
    """A finished rehearsal, with its local AWS still up."""

    summary: Summary
    sample: Sample  # of the example
    data: Path  # the interactions that were uploaded
    titles: dict[str, str]  # by item id
    published: dict[str, Table]  # by solution
    aws: LocalAws
    outputs: dict[str, object]  # of Terraform


@contextmanager
def rehearse(request: Request, console: Console) -> Iterator[Rehearsal]:
    """Rehearse the pipeline; whatever happens, nothing is left running after the `with` block.

    Raises:
        BatchrecError: bad input, or a step failed; says which and why.
    """
    sample = samples.find(request.example)
    if request.data is not None:
        sample.require_readable(request.data)
    _require_own_folder(request.output)
    steps = Steps(console, total=9)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="batchrec-data-")))
        with steps.step("Start the local AWS"):
            aws = stack.enter_context(LocalAws(state=request.state))
            for fault in request.faults:
                aws.faults.add(fault)
        with steps.step("Initialise Terraform and the aws provider") as say:
            workspace = stack.enter_context(
                Workspace(request.repository, sample.configuration, endpoint=aws.endpoint)
            )
            stack.enter_context(_continued(workspace, aws))
            workspace.init(on_line=say)
        with steps.step(f"Apply {sample.configuration} to the local AWS") as say:
            workspace.apply(var_file=request.var_file, on_line=say)
            outputs = workspace.output()
            rehearsed = pipeline.find(Where(str(outputs["state_machine_arn"])), {}, aws.client)
        with steps.step("Upload the interactions") as say:
            raw = request.data or _write_sample(sample, scratch, say)
            _upload(aws, raw, outputs)
        with steps.step("Fire the schedule"):
            arn = scheduler.fire(aws.client("scheduler"), str(outputs["schedule_name"]))
        with steps.step("Run the pipeline (virtual time)") as say:
            ended, timeline = _follow(aws, arn, console, say)
            if ended["status"] != "SUCCEEDED":
                _tell_failure(rehearsed, arn, request.output, steps, console)
            execution.require_success(aws.client("stepfunctions"), ended)
        with steps.step(f"Copy the results to {request.output}"):
            prefix = str(outputs.get("curated_prefix", "curated/")).removesuffix("curated/")
            _copy_results(aws, str(outputs["bucket_name"]), prefix, request.output)
        with steps.step("Read the recommendations"):
            run = json.loads(ended["output"])
            published, missing = tables.published(rehearsed)
            if missing:
                raise BatchrecError(missing[0].message)
        report = json.loads(
            (request.output / "transformed" / run["run"] / "report.json").read_text()
        )
        summary = Summary(
            run=run["run"],
            rows=report["datasets"]["interactions"]["rows"],
            users=report["interactions"]["users"],
            items=report["interactions"]["items"],
            warnings=report["warnings"],
            recommendations=sum(each.counts["recommendations"] for each in published.values()),
            published={key: each.counts for key, each in published.items()},
            offline_metrics={s["solution"]: s["manifest"]["metrics"] for s in run["solutions"]},
            seconds=steps.seconds,
            timeline=timeline,
            virtual_seconds=(ended["stopDate"] - ended["startDate"]).total_seconds(),
        )
        (request.output / "summary.json").write_text(json.dumps(asdict(summary), indent=2) + "\n")
        with steps.step(f"Write {request.output / REPORT}") as say:
            titled = {} if request.data else sample.titles()
            if titled:
                titles.write(titled.items(), request.output / "titles.csv")
            _report(rehearsed, runs.read(rehearsed, arn), request.output, titled, steps, say)
        yield Rehearsal(summary, sample, raw, titled, published, aws, outputs)


@contextmanager
def _continued(workspace: Workspace, aws: LocalAws) -> Iterator[None]:
    """Keep Terraform's state with the account: what it says is there, and what isn't, it makes."""
    name = f"{workspace.configuration}/terraform.tfstate"
    if name in aws.attachments:
        workspace.put_state(aws.attachments[name])
    try:
        yield
    finally:
        if workspace.state_file.exists():
            aws.attachments[name] = workspace.state_file.read_bytes()


def _write_sample(sample: Sample, folder: Path, say: Say) -> Path:
    say(sample.origin)
    path = folder / sample.file_name
    sample.write(path)
    return path


def _upload(aws: LocalAws, path: Path, outputs: dict[str, object]) -> None:
    key = f"{outputs['raw_interactions_prefix']}{path.name}"
    aws.client("s3").upload_file(str(path), outputs["bucket_name"], key)


def _follow(
    aws: LocalAws, arn: str, console: Console, say: Say
) -> tuple[dict[str, Any], list[execution.Moment]]:
    timeline: list[execution.Moment] = []

    def show(moment: execution.Moment) -> None:
        timeline.append(moment)
        say(moment.state)
        when = f"[dim]{duration(moment.virtual_seconds):>10}[/]"
        console.print(f"    {when}  {moment.state}", highlight=False)

    return execution.follow(aws.client("stepfunctions"), arn, show), timeline


def _tell_failure(
    rehearsed: Pipeline, arn: str, output: Path, steps: Steps, console: Console
) -> None:
    """Show the log of the Glue job that failed, if one did, and write the report.

    It stands beside what an earlier rehearsal left.
    """
    run = runs.read(rehearsed, arn)
    job = glue_logs.choose(rehearsed, run, None)
    for log in glue_logs.read(rehearsed, job, _SHOWN_LOG_LINES) if job else []:
        console.print(f"    The end of {log.group}:", markup=False, highlight=False)
        console.print("\n".join(log.lines), style="dim", markup=False, highlight=False)
    output.mkdir(parents=True, exist_ok=True)
    try:
        _report(rehearsed, run, output, {}, steps, lambda _: None)
    except BatchrecError as error:  # why the run failed matters more
        console.print(f"    There is no report: {error}", markup=False, highlight=False)
    else:
        console.print(f"    What went wrong: {output / REPORT}", markup=False, highlight=False)


def _report(
    rehearsed: Pipeline, run: Run, output: Path, titled: dict[str, str], steps: Steps, say: Say
) -> None:
    seconds = dict(steps.seconds)
    facts = collecting.collect(rehearsed, run, titles=titled, real_seconds=seconds, say=say)
    page.write(facts, output / REPORT)


def _copy_results(aws: LocalAws, bucket: str, prefix: str, output: Path) -> None:
    """Replace an earlier rehearsal's results only once the new ones are all here.

    What all keys of the pipeline begin with is left out of the paths.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}-") as scratch:
        fresh = Path(scratch) / "fresh"
        fresh.mkdir()
        s3 = aws.client("s3")
        for folder in KEPT_FOLDERS:
            pages = s3.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=f"{prefix}{folder}/"
            )
            for found in (found for page in pages for found in page.get("Contents", [])):
                path = fresh / found["Key"].removeprefix(prefix)
                path.parent.mkdir(parents=True, exist_ok=True)
                s3.download_file(bucket, found["Key"], str(path))
        if output.exists():
            shutil.rmtree(output)
        shutil.move(fresh, output)


def _require_own_folder(output: Path) -> None:
    """Refuse a folder that holds something else than an earlier rehearsal's results."""
    if output.is_file():
        raise BatchrecError(f"{output} is a file; name a folder for the results.")
    names = {path.name for path in output.iterdir()} if output.is_dir() else set()
    # One that failed leaves its report alone.
    if names - {REPORT} and "summary.json" not in names:
        raise BatchrecError(
            f"{output} holds something else than an earlier rehearsal's results, and a rehearsal"
            " would replace it. Name an empty or a new folder with --output."
        )
