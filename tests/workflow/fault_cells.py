"""The cells of the fault matrix: which state meets which fault in which run, and what must follow.

A cell is a task state of the pipeline and one fault. The scenario is the run that gets there.
"""

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batchrec.localaws.faults import Fault, JobFault

if TYPE_CHECKING:
    from deployed_pipeline import Pipeline

SUCCEEDED, FAILED = "SUCCEEDED", "FAILED"

# Service and operation of each task state, by the scenario that enters it.
PERSONALIZE = "personalize"
TASKS: dict[str, dict[str, tuple[str, str]]] = {
    "run": {
        "ListRunningExecutions": ("states", "ListExecutions"),
        "LookForTrainingData": ("s3", "GetObject"),
        "PrepareTrainingData": ("glue", "StartJobRun"),
        "ReadReport": ("s3", "GetObject"),
        "ReadManifest": ("s3", "GetObject"),
        "CreateDatasetImportJob": (PERSONALIZE, "CreateDatasetImportJob"),
        "DescribeDatasetImportJob": (PERSONALIZE, "DescribeDatasetImportJob"),
        "DescribeSolution": (PERSONALIZE, "DescribeSolution"),
        "CreateSolution": (PERSONALIZE, "CreateSolution"),
        "DescribeFilter": (PERSONALIZE, "DescribeFilter"),
        "CreateFilter": (PERSONALIZE, "CreateFilter"),
        "CreateSolutionVersion": (PERSONALIZE, "CreateSolutionVersion"),
        "DescribeSolutionVersion": (PERSONALIZE, "DescribeSolutionVersion"),
        "GetSolutionMetrics": (PERSONALIZE, "GetSolutionMetrics"),
        "CreateBatchInferenceJob": (PERSONALIZE, "CreateBatchInferenceJob"),
        "DescribeBatchInferenceJob": (PERSONALIZE, "DescribeBatchInferenceJob"),
        "PublishRecommendations": ("glue", "StartJobRun"),
        "ReadPublication": ("s3", "GetObject"),
        "NotifyOfSuccess": ("sns", "Publish"),
    },
    "adopted solution": {
        "UpdateSolution": (PERSONALIZE, "UpdateSolution"),
        "DescribeLatestSolutionVersion": (PERSONALIZE, "DescribeSolutionVersion"),
    },
    "segments": {
        "CreateBatchSegmentJob": (PERSONALIZE, "CreateBatchSegmentJob"),
        "DescribeBatchSegmentJob": (PERSONALIZE, "DescribeBatchSegmentJob"),
    },
    "failing run": {
        "NotifyOfFailure": ("sns", "Publish"),
        "FailRun": ("states", "SendTaskFailure"),
    },
    "skipped run": {"NotifyOfSkip": ("sns", "Publish")},
    "teardown": {
        "ListExecutionsToStop": ("states", "ListExecutions"),
        "StopExecution": ("states", "StopExecution"),
        "ListFilters": (PERSONALIZE, "ListFilters"),
        "DeleteFilter": (PERSONALIZE, "DeleteFilter"),
        "ListSolutions": (PERSONALIZE, "ListSolutions"),
        "DescribeSolutionToDelete": (PERSONALIZE, "DescribeSolution"),
        "StopSolutionVersionCreation": (PERSONALIZE, "StopSolutionVersionCreation"),
        "DeleteSolution": (PERSONALIZE, "DeleteSolution"),
        "NotifyOfTeardown": ("sns", "Publish"),
    },
}
KEYS = {
    "LookForTrainingData": "report.json",
    "ReadReport": "report.json",
    "ReadManifest": "latest.json",
    "ReadPublication": "publication.json",
}
JOBS = {"PrepareTrainingData": "prepare-training-data", "PublishRecommendations": "publish"}
THROTTLED = {"s3": "SlowDown", "sns": "Throttled"}
DENIED = {"s3": "AccessDenied", "sns": "AuthorizationError"}
# What fails in a Map is told under the Map's name.
MAPS = {
    "DescribeSolutionToDelete": "DeleteSolutions",
    "StopSolutionVersionCreation": "DeleteSolutions",
}
# Who is told is no reason to fail.
NOTIFICATIONS = ("NotifyOfSuccess", "NotifyOfFailure", "NotifyOfSkip", "NotifyOfTeardown")
BUSY_IN = ("CreateDatasetImportJob", "CreateSolution", "CreateSolutionVersion", "UpdateSolution")
BUSY_IN += ("CreateBatchInferenceJob", "CreateBatchSegmentJob", "DeleteFilter", "DeleteSolution")
BUSY_IN += ("StopSolutionVersionCreation",)
RESOURCES = {
    "DescribeDatasetImportJob": "DatasetImportJob",
    "DescribeSolution": "Solution",
    "DescribeFilter": "Filter",
    "DescribeSolutionVersion": "SolutionVersion",
    "DescribeBatchInferenceJob": "BatchInferenceJob",
    "DescribeBatchSegmentJob": "BatchSegmentJob",
}
REASON = "The disk of the service is full."


@dataclass(frozen=True)
class Cell:
    """One fault in one state."""

    scenario: str
    state: str
    fault: str
    faults: Callable[["Pipeline"], list[Fault | JobFault]]
    status: str = SUCCEEDED  # as far as the scenario doesn't fail anyway
    error: str | None = None  # a part of the execution's
    cause: str | None = None  # a part of it
    is_told: bool = True  # the topic's subscriber gets one message

    @property
    def id(self) -> str:
        return f"{self.state}-{self.fault}"


def cells() -> Iterator[Cell]:
    for scenario, tasks in TASKS.items():
        for state, call in tasks.items():
            yield from _refused(scenario, state, call)
            if state.startswith("Create") or state in BUSY_IN:
                yield from _busy(scenario, state, call)
            if state in RESOURCES:
                yield from _jobs(scenario, state, call)
            if state in JOBS:
                yield from _glue(scenario, state)
    yield from _missing_fields()


def _call(
    state: str, call: tuple[str, str], **members: Any
) -> Callable[["Pipeline"], list[Fault | JobFault]]:
    def faults(pipeline: "Pipeline") -> list[Fault | JobFault]:
        return [Fault(*call, match=_matcher(pipeline, state), **members)]

    return faults


def _matcher(pipeline: "Pipeline", state: str) -> Callable[[dict[str, Any]], bool]:
    """Only this pipeline's calls, and only those of the state."""
    # LookForTrainingData has asked for the same object once before.
    earlier = itertools.count() if state == "ReadReport" else itertools.repeat(1)

    def match(request: dict[str, Any]) -> bool:
        text = json.dumps(request)
        wanted = KEYS.get(state) or JOBS.get(state) or ""
        if state != "FailRun" and not (pipeline.name in text and wanted in text):
            return False
        return next(earlier) > 0

    return match


def _refused(scenario: str, state: str, call: tuple[str, str]) -> Iterator[Cell]:
    service, _ = call
    throttled, denied = (
        names.get(service, default)
        for names, default in (
            (THROTTLED, "ThrottlingException"),
            (DENIED, "AccessDeniedException"),
        )
    )
    yield Cell(scenario, state, "throttled 3 times", _call(state, call, error=throttled, times=3))
    told = None if state == "FailRun" else MAPS.get(state, state)
    failing: dict[str, Any] = {"status": FAILED, "cause": told}
    if state in NOTIFICATIONS:
        failing = {"is_told": False}
    yield Cell(
        scenario,
        state,
        "throttled for ever",
        _call(state, call, error=throttled, times=None),
        **failing,
    )
    yield Cell(
        scenario, state, "access denied", _call(state, call, error=denied, times=None), **failing
    )


def _busy(scenario: str, state: str, call: tuple[str, str]) -> Iterator[Cell]:
    if state.startswith("Create"):
        # The answer is lost, and the second call finds what the first one made.
        yield Cell(
            scenario,
            state,
            "AlreadyExists",
            _call(state, call, error="InternalFailure", after=True),
        )
        limit = _call(state, call, error="LimitExceededException", times=3)
        yield Cell(scenario, state, "LimitExceeded then free", limit)
    if state in BUSY_IN:
        in_use = _call(state, call, error="ResourceInUseException", times=3)
        yield Cell(scenario, state, "ResourceInUse then free", in_use)


def _jobs(scenario: str, state: str, call: tuple[str, str]) -> Iterator[Cell]:
    kind = RESOURCES[state]

    def job(**members: Any) -> Callable[["Pipeline"], list[Fault | JobFault]]:
        return lambda pipeline: [
            JobFault(kind, match=lambda found: pipeline.name in json.dumps(found), **members)
        ]

    # Personalize gives no reason for solutions (API Reference, Solution).
    reason = None if kind == "Solution" else REASON
    failed, timed_out = f"Personalize.{kind}Failed", f"Personalize.{kind}TimedOut"
    yield Cell(
        scenario, state, "CREATE FAILED", job(reason=REASON), FAILED, failed, reason or "FAILED"
    )
    yield Cell(scenario, state, "stuck", job(stuck=True), FAILED, timed_out, "CREATE IN_PROGRESS")

    def rewrite(change: Callable[[dict[str, Any]], None]) -> Callable[[Any], Any]:
        def rewritten(answer: dict[str, Any]) -> dict[str, Any]:
            (member,) = answer.values()
            change(member)
            return answer

        return rewritten

    unknown = rewrite(lambda member: member.update(status="ARCHIVED"))
    missing = rewrite(lambda member: member.pop("status"))
    yield Cell(
        scenario,
        state,
        "unknown status",
        _call(state, call, times=None, rewrite=unknown),
        FAILED,
        failed,
        "ARCHIVED",
    )
    yield Cell(
        scenario,
        state,
        "missing field",
        _call(state, call, times=None, rewrite=missing),
        FAILED,
        failed,
        "without a status",
    )


def _glue(scenario: str, state: str) -> Iterator[Cell]:
    for ended in ("FAILED", "TIMEOUT", "STOPPED"):

        def faults(pipeline: "Pipeline", ended: str = ended) -> list[Fault | JobFault]:
            name = f"{pipeline.name}-{JOBS[state]}"
            return [
                JobFault(
                    "GlueJobRun",
                    reason=REASON,
                    state=ended,
                    match=lambda run: run["JobName"].startswith(name),
                )
            ]

        error = f"{state}{'Stopped' if ended == 'STOPPED' else 'Failed'}"
        cause = ended if ended == "STOPPED" else REASON
        yield Cell(scenario, state, f"Glue {ended}", faults, FAILED, error, cause)


def _missing_fields() -> Iterator[Cell]:
    """Of the other answers that are read, but for objects of S3."""
    read = {
        ("run", "ListRunningExecutions"): "executions",
        ("run", "CreateSolutionVersion"): "solutionVersionArn",
        ("run", "GetSolutionMetrics"): "metrics",
        ("teardown", "ListExecutionsToStop"): "executions",
        ("teardown", "ListFilters"): "Filters",
        ("teardown", "ListSolutions"): "solutions",
        # What isn't known to be one's own, or to train, isn't waited for.
        ("adopted solution", "DescribeLatestSolutionVersion"): "solutionVersion",
        ("teardown", "DescribeSolutionToDelete"): "solution",
    }
    for (scenario, state), member in read.items():

        def rewrite(answer: dict[str, Any], member: str = member) -> dict[str, Any]:
            return {name: value for name, value in answer.items() if name != member}

        # Of DescribeSolutionVersion only the first call is that state's.
        is_harmless = state.startswith("Describe")
        times = 1 if is_harmless else None
        faults = _call(state, TASKS[scenario][state], times=times, rewrite=rewrite)
        if is_harmless:
            yield Cell(scenario, state, "missing field", faults)
            continue
        error = "Workflow.QueryEvaluationError"
        yield Cell(scenario, state, "missing field", faults, FAILED, error, state)
