"""What about a run needs a person, and what that person can do."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from batchrec.console import duration
from batchrec.operations import explanations, glue_logs
from batchrec.pipeline import Pipeline
from batchrec.runs import Failure, Run, Visit

_LOG_LINES = 200  # in which the messages of a job that failed are looked for
_NOTABLE_SHARE = 0.5  # of what is allowed to be unusable
_NOTABLE_WAIT_SECONDS = 600
_NOTABLE_JOB_SECONDS = 600
_MUCH_LONGER = 2.0  # times as long as a job took before

# Errors of the workflow whose names say no more than their causes do.
_EMPTY_NAMES = re.compile(r"(Failed|Stopped|Refused|Closed|Lost|Differs)$")

Names = Mapping[str, str]  # what titles and advice can name (batchrec/operations/explanations.py)


@dataclass(frozen=True)
class Problem:
    """One thing that needs a person."""

    title: str  # what happened, and where
    explanation: str  # why, with numbers, as the service or the gate said
    advice: str  # what to do
    is_failure: bool  # else a warning: the run went on


def of(
    pipeline: Pipeline,
    run: Run,
    report: Mapping[str, Any] | None,
    publication: Mapping[str, Any] | None,
) -> list[Problem]:
    """Return what needs a person, what made the run fail first.

    Args:
        pipeline: whose run it is. The log of its Glue job is read if the data gate refused the
            data, and the failure doesn't say why.
        run: as far as it has come.
        report: transformed/RUN/report.json; None: there is none.
        publication: curated/RUN/publication.json; None: there is none.
    """
    names = _names(pipeline, run)
    return [
        *(problem for each in run.failures for problem in _explained(pipeline, run, each, names)),
        *_skipped(run),
        *_automatic_trainings(run),
        *_waits_for_room(run),
        *_long_jobs(run),
        *_data_warnings(report or {}, names),
        *_quarantined(report or {}, names),
        *_errors(publication or {}, names),
    ]


def console_link(pipeline: Pipeline, run: Run) -> str:
    """Return where the run's execution is in the AWS console."""
    base = pipeline.configuration["console_url"]
    return f"{base}/states/home#/v2/executions/details/{run.execution_arn}"


def _names(pipeline: Pipeline, run: Run) -> Names:
    url = f"s3://{pipeline.bucket}/{pipeline.key('')}"
    again = f"`batchrec run --continue {run.name}`"
    return {
        "run": run.name,
        "raw": f"{url}raw/",
        "transformed": f"{url}transformed/{run.name}/",
        "quarantine": f"{url}quarantine/{run.name}/",
        "results": f"{url}curated/{run.name}/",
        "manifest": f"{url}curated/latest.json",
        "again": "`batchrec destroy` once more" if run.action == "teardown" else again,
        "console": console_link(pipeline, run),
    }


def _filled(text: str, names: Names) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: names[found[1]], text)


# --- failures -------------------------------------------------------------------------------------


def _explained(pipeline: Pipeline, run: Run, failure: Failure, names: Names) -> Iterator[Problem]:
    if "DataGateError" in failure.cause:
        yield from _breached(pipeline, run, failure, names)
        return
    names = {
        **names,
        "state": failure.state or "The run",
        "subject": failure.subject or failure.state,
        "input": _input(failure),
    }
    title = "{state} failed" if failure.state else "The run failed"
    advice = "Where it happened: {console}. When the cause is gone, {again}."
    told = f"{failure.state} {failure.error}: {failure.cause}"
    if run.status == "ABORTED" and failure.error != "TornDown":
        title = "Somebody stopped the run" + (" in {state}" if failure.state else "")
        advice = "What Personalize has begun goes on, and bills. To go on with it, {again}."
    elif found := explanations.find(explanations.FAILURES, told):
        title, advice = found[0].title, found[0].advice
    says_more = not _EMPTY_NAMES.search(failure.error)
    yield Problem(
        title=_filled(title, names),
        explanation=f"{failure.error}: {failure.cause}" if says_more else failure.cause,
        advice=_filled(advice, names),
        is_failure=True,
    )


def _input(failure: Failure) -> str:
    """Name the module's input that configures what failed."""
    if failure.subject is None:
        return "solutions"
    is_dataset = "DatasetImport" in failure.state
    return failure.subject if is_dataset else f"solutions.{failure.subject}"


def _breached(pipeline: Pipeline, run: Run, failure: Failure, names: Names) -> Iterator[Problem]:
    """Explain each breach of the data gate by itself."""
    breaches = _breaches(failure.cause) or _breaches(_log(pipeline, run))
    for breach in breaches or [failure.cause]:
        title, advice = "The data is not fit to be imported", "`batchrec logs {run}` says why."
        if found := explanations.find(explanations.BREACHES, breach):
            known, about = found
            title, advice = known.title, known.advice
            names = {**names, **about, "hint": _hint(breach, about.get("dataset", ""))}
        yield Problem(
            title=_filled(title, names),
            explanation=breach,
            advice=f"{_filled(advice, names)} Then `batchrec run`.",
            is_failure=True,
        )


def _breaches(text: str) -> list[str]:
    """Take the list of a DataGateError apart: a line for each, `  - BREACH`."""
    listed = text.partition("DataGateError")[2]
    # A traceback in a log may have the message twice.
    return list(dict.fromkeys(re.findall(r"^ *- ([\w.-]+: .+)$", listed, re.MULTILINE)))


def _hint(breach: str, dataset: str) -> str:
    """Name the input that reads what most of the unusable rows lack, if it is known."""
    counts = {
        reason: int(count.replace(",", ""))
        for reason, count in re.findall(r"(\w+) ([\d,]*\d)", breach)
        if reason in explanations.HINTS
    }
    if not counts:
        return ""
    reason = max(counts, key=lambda each: counts[each])
    is_event = dataset == "interactions"
    names = {
        "dataset": dataset,
        "time": f"{dataset}.{'timestamp' if is_event else 'creation_timestamp'}",
    }
    return f" For {reason}, look at {_filled(explanations.HINTS[reason], names)}."


def _log(pipeline: Pipeline, run: Run) -> str:
    """Return what the last Glue job wrote: its ErrorMessage may be cut short."""
    jobs = [job for job in run.jobs if job.kind in glue_logs.KINDS]
    try:
        logs = glue_logs.read(pipeline, jobs[-1], _LOG_LINES) if jobs else []
    except (BotoCoreError, ClientError):
        return ""  # the cause alone must do
    return "\n".join(line for log in logs for line in log.lines)


# --- warnings about the run -----------------------------------------------------------------------


def _warning(title: str, explanation: str, advice: str) -> Problem:
    return Problem(title, explanation, advice, is_failure=False)


def _skipped(run: Run) -> Iterator[Problem]:
    if run.status == "SKIPPED":
        yield _warning(
            "The run was skipped: another one was under way",
            f"{run.output.get('running', 'An execution')} had started earlier, and two runs would"
            " import into the same datasets.",
            "When that one has ended, `batchrec run`.",
        )


def _automatic_trainings(run: Run) -> Iterator[Problem]:
    for visit in run.visits:
        if visit.state == "UpdateSolution":
            yield _warning(
                f"Automatic training of {_about(visit)} was on, and is off now",
                "Somebody else made or changed the solution; it would have trained, and billed, by"
                " itself every week beside the runs.",
                "Leave it off: each run trains, or reuses what is trained.",
            )


def _waits_for_room(run: Run) -> Iterator[Problem]:
    waits: dict[str, float] = {}
    for visit in run.visits:
        if re.fullmatch(r"WaitFor\w+Room", visit.state):
            waited = ((visit.left or run.ended or run.as_of) - visit.entered).total_seconds()
            waits[_about(visit)] = waits.get(_about(visit), 0.0) + waited
    for about, seconds in waits.items():
        if seconds >= _NOTABLE_WAIT_SECONDS:
            yield _warning(
                f"{about} waited for room in the Region's quotas",
                f"It waited for {duration(seconds)}, while others of this account filled them.",
                "Run pipelines at different times, or ask Service Quotas for more.",
            )


def _long_jobs(run: Run) -> Iterator[Problem]:
    for job in run.jobs:
        before = job.expected_seconds
        took = ((job.ended or run.ended or run.as_of) - job.started).total_seconds()
        if before and took > max(_NOTABLE_JOB_SECONDS, _MUCH_LONGER * before) and not job.is_reused:
            yield _warning(
                f"The {job.kind} of {job.subject} took much longer than last time",
                f"{duration(took)}{'' if job.ended else ' so far'}; last time {duration(before)}.",
                "Compare how much data the last runs imported: `batchrec status`.",
            )


def _about(visit: Visit) -> str:
    return visit.within[1] if visit.within else visit.state


# --- warnings about the data and the answers ------------------------------------------------------


def _data_warnings(report: Mapping[str, Any], names: Names) -> Iterator[Problem]:
    for text in report.get("warnings") or []:
        title, advice = "The data looks odd", "See whether it is as it should be."
        if found := explanations.find(explanations.DATA_WARNINGS, text):
            title, advice = found[0].title, found[0].advice
        yield _warning(title, text, _filled(advice, names))


def _quarantined(report: Mapping[str, Any], names: Names) -> Iterator[Problem]:
    allowed = (report.get("configuration") or {}).get("maximum_quarantined_share")
    for name, dataset in (report.get("datasets") or {}).items():
        read, quarantined = dataset["rows"]["read"], dataset["rows"]["quarantined"]
        if allowed and read and quarantined / read > _NOTABLE_SHARE * allowed:
            by_reason = dataset["quarantined_by_reason"].items()
            reasons = ", ".join(f"{reason} {count:,}" for reason, count in by_reason)
            yield _warning(
                f"Unusable rows of {name} are near the limit",
                f"{quarantined:,} of {read:,} rows ({quarantined / read:.2%}) are unusable"
                f" ({reasons}); above {allowed:.2%} (maximum_quarantined_share) a run fails.",
                f"They lie in {names['quarantine']}{name}/.{_hint(reasons, name)} Correct them"
                " where they come from before there are more.",
            )


def _errors(publication: Mapping[str, Any], names: Names) -> Iterator[Problem]:
    for key, counts in (publication.get("published") or {}).items():
        errors, inputs = (counts or {}).get("errors", 0), (counts or {}).get("inputs", 0)
        if errors:
            yield _warning(
                f"Inputs of {key} ended with an error",
                f"{errors:,} of {inputs:,} ({errors / inputs:.2%}); the answers to the others are"
                " published.",
                f"The errors stand in {names['results']}{key}/*.out. Mostly a filter leaves nothing"
                " to recommend, or the batch input names ids without any event.",
            )
