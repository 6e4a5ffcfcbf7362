"""Facts made by hand: a good run, three that failed, and one with as much as fits."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from batchrec.cost import prices
from batchrec.cost.bill import Bill, Line, Saving
from batchrec.limits import Limit
from batchrec.operations.problems import Problem
from batchrec.report.facts import (
    Answer,
    Asked,
    Change,
    Event,
    Facts,
    Funnel,
    LongTail,
    Measured,
    Popularity,
    SolutionFacts,
)
from batchrec.runs import Failure, Job, Run, Visit

STARTED = datetime(2026, 1, 11, 3, 0, tzinfo=UTC)
DEFINITION = Path(__file__).parents[2] / "modules" / "workflow" / "pipeline.asl.json"
STATES: dict[str, object] = json.loads(DEFINITION.read_text(encoding="utf-8"))["States"]
EVIL = "</script><script>document.title='hacked'</script><img src=x onerror=alert(1)>[red]&"

IMPORT = ("ImportDatasets", "interactions")
SOLUTION = ("RecommendWithSolutions", "for-you")
OTHER = ("RecommendWithSolutions", "similar")
ARN = "arn:aws:personalize:us-east-1:123456789012"

FILMS = [
    "The Godfather (1972)",
    "Seven Samurai (1954)",
    "Chinatown (1974)",
    "Alien (1979)",
    "Amélie (2001)",
    "Spirited Away (2001)",
    "City of God (2002)",
    "Rear Window (1954)",
    "Metropolis (1927)",
    "Toy Story (1995)",
    "Fargo (1996)",
    "M (1931)",
]


def at(minutes: float) -> datetime:
    return STARTED + timedelta(minutes=minutes)


def visit(
    state: str, start: float, end: float | None, within: tuple[str, ...] = (), kind: str = "Task"
) -> Visit:
    return Visit(state, kind, at(start), None if end is None else at(end), within)


BEGINNING = (
    visit("Configure", 0, 0, kind="Pass"),
    visit("NameRun", 0, 0, kind="Pass"),
    visit("ChooseAction", 0, 0, kind="Choice"),
    visit("ListRunningExecutions", 0, 0.02),
    visit("IsAnotherRunning", 0.02, 0.02, kind="Choice"),
    visit("LookForTrainingData", 0.02, 0.05),
)
PREPARED = (
    visit("PrepareTrainingData", 0.05, 3),
    visit("IsTrainingDataPrepared", 3, 3, kind="Choice"),
    visit("ReadReport", 3, 3.02),
    visit("ReadManifest", 3.02, 3.05),
)
IMPORTED = (
    visit("ImportDatasets", 3.05, 9, kind="Map"),
    visit("CreateDatasetImportJob", 3.1, 3.15, IMPORT),
    visit("DescribeDatasetImportJob", 3.15, 3.2, IMPORT),
    visit("WaitForDatasetImportJob", 3.2, 8.9, IMPORT, "Wait"),
    visit("DescribeDatasetImportJob", 8.9, 8.95, IMPORT),
    visit("Imported", 8.95, 9, IMPORT, "Pass"),
)
TRAINED = (
    visit("DescribeSolution", 9.1, 9.2, SOLUTION),
    visit("CreateSolutionVersion", 9.2, 9.3, SOLUTION),
    visit("DescribeSolutionVersion", 9.3, 9.4, SOLUTION),
    visit("WaitForSolutionVersion", 9.4, 38, SOLUTION, "Wait"),
    visit("DescribeSolutionVersion", 38, 38.1, SOLUTION),
    visit("GetSolutionMetrics", 38.1, 38.2, SOLUTION),
    visit("JudgeSolutionVersion", 38.2, 38.2, SOLUTION, "Pass"),
    visit("IsSolutionVersionGoodEnough", 38.2, 38.2, SOLUTION, "Choice"),
)
OTHER_SOLUTION = (
    visit("DescribeSolution", 9.1, 9.2, OTHER),
    visit("DescribeSolutionVersion", 9.3, 9.4, OTHER),
    visit("GetSolutionMetrics", 9.5, 9.6, OTHER),
    visit("CreateBatchInferenceJob", 9.6, 9.7, OTHER),
    visit("WaitForBatchInferenceJob", 9.7, 22, OTHER, "Wait"),
    visit("DescribeBatchInferenceJob", 22, 22.1, OTHER),
    visit("Recommended", 22.1, 22.1, OTHER, "Pass"),
)
RECOMMENDED = (
    visit("RecommendWithSolutions", 9, 56, kind="Map"),
    *TRAINED,
    visit("CreateBatchInferenceJob", 38.3, 38.4, SOLUTION),
    visit("WaitForBatchInferenceJob", 38.4, 55.8, SOLUTION, "Wait"),
    visit("DescribeBatchInferenceJob", 55.8, 55.9, SOLUTION),
    visit("Recommended", 55.9, 55.9, SOLUTION, "Pass"),
    *OTHER_SOLUTION,
)
PUBLISHED = (
    visit("CollectResults", 56, 56, kind="Pass"),
    visit("PublishRecommendations", 56, 58),
    visit("ReadPublication", 58, 58.1),
    visit("NotifyOfSuccess", 58.1, 58.2),
    visit("Succeeded", 58.2, 58.2, kind="Succeed"),
)


def failed(start: float) -> tuple[Visit, ...]:
    return (visit("NotifyOfFailure", start, start + 0.1), visit("FailRun", start + 0.1, None))


def job(
    kind: str, subject: str | None, start: float, end: float | None, status: str = "ACTIVE"
) -> Job:
    name = f"{ARN}:{kind.replace(' ', '-')}/{subject or kind}"
    ended = None if end is None else at(end)
    return Job(kind, subject, name, status, at(start), ended, start < 0, None, None, {})


JOBS = (
    job("prepare", None, 0.1, 3, "SUCCEEDED"),
    job("import", "items", 3.1, 6.9),
    job("import", "interactions", 3.1, 8.8),
    job("training", "similar", -10_080, -10_050),
    job("training", "for-you", 9.2, 37.8),
    job("batch inference", "similar", 9.6, 21.9),
    job("batch inference", "for-you", 38.3, 55.7),
    job("publish", None, 56.1, 58, "SUCCEEDED"),
)


def run(
    visits: tuple[Visit, ...],
    minutes: float,
    *,
    status: str = "SUCCEEDED",
    jobs: tuple[Job, ...] = JOBS,
    failures: tuple[Failure, ...] = (),
) -> Run:
    return Run(
        name="weekly-2026-01-11",
        execution_arn="arn:aws:states:us-east-1:123456789012:execution:cinema:weekly-2026-01-11",
        action="run",
        status=status,
        started=STARTED,
        ended=at(minutes),
        as_of=at(minutes + 5),
        failures=failures,
        visits=tuple(sorted(visits, key=lambda visit: visit.entered)),
        jobs=jobs,
        output={},
        transitions=len(visits),
    )


def asked(number: int, kind: str = "user", *, title: str | None = None) -> Asked:
    cold = number % 9 == 8
    seen = [FILMS[(number + step) % 12] for step in range(0 if cold else 4)]
    return Asked(
        id=f"{kind}-{number}",
        title=title,
        is_cold=cold,
        history=[
            Event(f"film-{FILMS.index(film)}", film, at(-1440 * step), "rating")
            for step, film in enumerate(seen)
        ],
        events=0 if cold else 4 + number * 7,
        answers=[
            Answer(f"film-{(number * 5 + rank) % 12}", FILMS[(number * 5 + rank) % 12], 0.4 / rank)
            for rank in range(1, 9)
        ],
    )


FOR_YOU = SolutionFacts(
    key="for-you",
    recipe="aws-user-personalization",
    asked="users",
    answered="items",
    counts={"inputs": 6040, "answered": 6038, "errors": 2, "recommendations": 150_950},
    metrics={
        "coverage": 0.41,
        "mean_reciprocal_rank_at_25": 0.215,
        "normalized_discounted_cumulative_gain_at_10": 0.182,
        "precision_at_10": 0.104,
    },
    popularity_metrics={
        "coverage": 0.03,
        "mean_reciprocal_rank_at_25": 0.139,
        "normalized_discounted_cumulative_gain_at_10": 0.107,
        "precision_at_10": 0.066,
    },
    earlier=[
        Measured("weekly-2025-12-28", {"coverage": 0.38, "precision_at_10": 0.097}),
        Measured("weekly-2026-01-04", {"coverage": 0.40, "precision_at_10": 0.106}),
    ],
    cold=12,
    distinct=1519,
    catalogue=3706,
    covered=1519,
    popularity=Popularity(
        ["top 1 %", "1 to 5 %", "5 to 20 %", "20 to 50 %", "the rest"],
        [0.13, 0.29, 0.34, 0.18, 0.06],
        [0.21, 0.35, 0.29, 0.11, 0.04],
    ),
    change=Change("weekly-2026-01-04", 6001, 0.83, 0.71, 37, 4),
    sample=[asked(number) for number in range(40)] + [asked(999, title=EVIL)],
    refused=None,
)
SIMILAR = replace(
    FOR_YOU,
    key="similar",
    recipe="aws-similar-items",
    asked="items",
    counts={"inputs": 1000, "answered": 1000, "errors": 0, "recommendations": 10_000},
    popularity_metrics=None,
    earlier=[],
    cold=None,
    change=None,
    sample=[
        replace(asked(number, "film", title=FILMS[number]), is_cold=False, history=[], events=90)
        for number in range(12)
    ],
)

PRICES = prices.load()
SOURCE = "Amazon Personalize Developer Guide, Endpoints and quotas"
SOLUTIONS = Limit(
    "solutions of the dataset group", 2, 10, "solutions", True, SOURCE, is_shared=True
)


def billed(price_id: str, what: str, quantity: float, price: float | None, basis: str) -> Line:
    entry = PRICES.entries[price_id]
    source = "given by you: --price" if price_id.startswith("personalize") and price else ""
    return Line(entry.service, what, quantity, entry.unit, price, basis, price_id, source)


GOOD = Facts(
    pipeline="cinema",
    run=run((*BEGINNING, *PREPARED, *IMPORTED, *RECOMMENDED, *PUBLISHED), 58.2),
    made_at=at(70),
    states=STATES,
    problems=[],
    funnels=[
        Funnel(
            "interactions",
            1_000_209,
            412_331,
            1204,
            {"invalid_timestamp": 311, "missing_user_id": 27},
            586_336,
        ),
        Funnel("items", 3883, 0, 0, {}, 3883),
    ],
    events_over_time=[
        (date(2025, 1, 6) + timedelta(weeks=week), 8000 + 900 * (week % 7) + 60 * week)
        for week in range(53)
    ],
    long_tails=[
        LongTail("users", 6040, [(n / 100, (n / 100) ** 0.45) for n in range(101)], 0.38),
        LongTail("items", 3706, [(n / 100, (n / 100) ** 0.22) for n in range(101)], 0.64),
    ],
    solutions=[FOR_YOU, SIMILAR],
    bill=Bill(
        lines=[
            billed("personalize.training", "training of for-you", 3.2, 0.24, "modelled"),
            billed("glue.standard", "preparing the data", 0.21, 0.44, "measured: DPUSeconds"),
            billed("personalize.ingestion", "import of interactions", 0.018, 0.05, "measured"),
            billed(
                "personalize.batch_recommendations",
                "batch inference of for-you",
                6.04,
                None,
                "measured: 6,040 lines of batch_users_input/",
            ),
        ],
        savings=[
            Saving(
                'glue.execution_class = "FLEX"',
                0.03,
                "Flex costs less, and the job may wait for it.",
            ),
            Saving("batch_inputs.users.active_days = 365", None, "Fewer users are asked about."),
        ],
        prices_as_of="prices of us-east-1, read on 2026-11-29",
        notes=["Storage in S3 isn't counted."],
    ),
    limits=[
        Limit("batch inference jobs at once", 2, 5, "jobs", True, SOURCE),
        Limit("items of a model", 3706, 750_000, "items", False, SOURCE),
        SOLUTIONS,
    ],
    sampled=["The search holds 41 of 6,040 users: some of the most active, the median, the cold."],
    real_seconds={"Set up": 2.1, "terraform apply": 66.9, "Run the pipeline": 28.2, "Results": 1.3},
)

IMPORT_FAILURE = (
    f"Dataset import job {ARN}:dataset-import-job/weekly-2026-01-11-interactions-0a1b2c3d ended as"
    " CREATE FAILED: The CSV has 12 rows where TIMESTAMP isn't a long (first: line 48, '2026-01')."
)
IMPORT_FAILED = replace(
    GOOD,
    run=run(
        (
            *BEGINNING,
            *PREPARED,
            visit("ImportDatasets", 3.05, 9, kind="Map"),
            visit("CreateDatasetImportJob", 3.1, 3.15, IMPORT),
            visit("WaitForDatasetImportJob", 3.2, 8.9, IMPORT, "Wait"),
            visit("DescribeDatasetImportJob", 8.9, 8.95, IMPORT),
            visit("ImportFailed", 8.95, 9, IMPORT, "Pass"),
            visit("CreateDatasetImportJob", 3.1, 3.15, ("ImportDatasets", "items")),
            visit("DescribeDatasetImportJob", 6.9, 6.95, ("ImportDatasets", "items")),
            visit("Imported", 6.95, 6.95, ("ImportDatasets", "items"), "Pass"),
            *failed(9),
        ),
        9.1,
        status="FAILED",
        jobs=(*JOBS[:2], job("import", "interactions", 3.1, 8.8, "CREATE FAILED")),
        failures=(
            Failure(
                "DescribeDatasetImportJob",
                "Personalize.DatasetImportJobFailed",
                IMPORT_FAILURE,
                "interactions",
            ),
        ),
    ),
    problems=[
        Problem(
            "The import of interactions failed",
            IMPORT_FAILURE,
            "Look at the rows it names in transformed/weekly-2026-01-11/interactions/, mend the"
            " source or the configured columns, and start a run again. What was published before"
            " stays in place.",
            True,
        )
    ],
    long_tails=[],
    events_over_time=[],
    solutions=[],
    real_seconds=None,
)
GATE_CLOSED = replace(
    GOOD,
    run=run(
        (
            *BEGINNING,
            *PREPARED,
            *IMPORTED,
            visit("RecommendWithSolutions", 9, 38.3, kind="Map"),
            *TRAINED,
            visit("SolutionFailed", 38.2, 38.3, SOLUTION, "Pass"),
            *OTHER_SOLUTION,
            visit("CollectResults", 38.3, 38.3, kind="Pass"),
            visit("PublishRecommendations", 38.3, 40),
            visit("ReadPublication", 40, 40.1),
            *failed(40.1),
        ),
        40.3,
        status="FAILED",
        failures=(
            Failure(
                "IsSolutionVersionGoodEnough",
                "QualityGateClosed",
                f"Solution version {ARN}:solution/cinema-for-you-0a1b2c/83cc95fc: precision_at_10"
                " is 0.061, 42.5 % below the 0.106 that was published last; 20 % is allowed",
                "for-you",
            ),
        ),
    ),
    problems=[
        Problem(
            "for-you isn't good enough: its quality gate closed",
            "precision_at_10 is 0.061, 42.5 % below the 0.106 that was published last; 20 % is"
            " allowed. The batch job was not started, and consumers keep the recommendations of"
            " weekly-2026-01-04.",
            "Compare this run's data with the last one's. If the drop is right, raise"
            " solutions.for-you.quality_gate.maximum_drop and run again.",
            True,
        ),
    ],
    limits=[*GOOD.limits[:-1], replace(SOLUTIONS, used=9)],
    solutions=[replace(FOR_YOU, refused="quality gate", sample=[], counts={}), SIMILAR],
)
QUARANTINED = replace(
    GOOD,
    run=run(
        (*BEGINNING, visit("PrepareTrainingData", 0.05, 3), *failed(3)),
        3.2,
        status="FAILED",
        jobs=(job("prepare", None, 0.1, 3, "FAILED"),),
        failures=(
            Failure(
                "PrepareTrainingData",
                "PrepareTrainingDataFailed",
                "Glue job cinema-prepare-training-data: FAILED: 118,220 of 1,000,209 rows (11.8 %)"
                " of interactions are unusable, and 1 % is allowed",
            ),
        ),
    ),
    problems=[
        Problem(
            "Too many unusable rows: 11.8 % of interactions, and 1 % is allowed",
            "118,220 of 1,000,209 rows are quarantined: 117,882 for invalid_timestamp, 311 for"
            " missing_user_id, 27 for id_too_long. Nothing was imported.",
            "Look at them in quarantine/weekly-2026-01-11/interactions/. invalid_timestamp: the"
            " column isn't of the configured unit; set interactions.timestamp.unit or pattern.",
            True,
        )
    ],
    funnels=[
        Funnel(
            "interactions",
            1_000_209,
            0,
            0,
            {"invalid_timestamp": 117_882, "missing_user_id": 311, "id_too_long": 27},
            881_989,
        )
    ],
    long_tails=[],
    events_over_time=[],
    solutions=[],
    real_seconds=None,
)


def huge() -> Facts:
    """A million users, ten solutions, the longest ids there may be."""
    items = [(f"{number:08}" + "i" * 248, f"{number} " + "Long title " * 40) for number in range(9)]
    items += [(f"item-{number}", f"Title of item {number}") for number in range(50_000)]

    def one(solution: int, number: int) -> Asked:
        start = (solution * 7919 + number * 104_729) % 49_000
        return Asked(
            id=f"user-{number:07}-{'u' * 200}",
            title=None,
            is_cold=False,
            history=[Event(*items[start + n], at(-n), "purchase") for n in range(25)],
            events=5000,
            answers=[Answer(*items[start + 30 + n], 1 / (n + 1)) for n in range(25)],
        )

    return replace(
        GOOD,
        funnels=[Funnel("interactions", 123_456_789, 0, 0, {}, 123_456_789)],
        solutions=[
            replace(
                FOR_YOU,
                key=f"solution-{solution}",
                counts={
                    "inputs": 1_000_000,
                    "answered": 1_000_000,
                    "errors": 0,
                    "recommendations": 25_000_000,
                },
                sample=[one(solution, number) for number in range(500)],
            )
            for solution in range(10)
        ],
    )


def many_problems() -> Facts:
    """Nine warnings."""
    warnings = [Problem(f"Warning {n}", "It is so.", "Look.", False) for n in range(9)]
    return replace(GOOD, problems=warnings)


def data_gone() -> Facts:
    """What it imported isn't kept any more; its answers have themes."""
    answers = [Answer("film-1", FILMS[1], 0.5, f"Epics {EVIL}")]
    seen = replace(asked(1), history=[], events=None, answers=answers)
    gone = replace(FOR_YOU, cold=None, catalogue=None, covered=None, sample=[seen])
    return replace(GOOD, solutions=[gone])


def same_ids() -> Facts:
    """A user 7 to whom the item 7 is recommended."""
    user = Asked("7", None, is_cold=True, history=[], events=0, answers=[Answer("7", None, 1.0)])
    return replace(GOOD, solutions=[replace(FOR_YOU, sample=[user])])
