"""The bill of a run: what it used, or would use, at the prices of its Region."""

from collections.abc import Mapping, Sequence
from typing import Any

from batchrec.cost import activity, quantities, savings
from batchrec.cost.activity import Activity
from batchrec.cost.bill import Bill, Line
from batchrec.cost.prices import Prices
from batchrec.cost.usage import Usage
from batchrec.pipeline import Pipeline
from batchrec.runs import Run

LEFT_OUT = (
    "Left out, small beside the rest: S3 requests and storage of raw data, the topic's KMS key,"
    " CloudWatch logs, alarms and dashboard, SNS, SQS,"
    " EventBridge, retries of states."
)


def after(
    pipeline: Pipeline,
    run: Run,
    report: dict[str, Any] | None,
    publication: dict[str, Any] | None,
    prices: Prices,
    runs_per_month: float = savings.RUNS_PER_MONTH,
) -> Bill:
    """Bill a run by what it really used.

    Args:
        pipeline: whose run it is.
        run: one that has ended, or that is still under way.
        report: transformed/RUN/report.json; None: there is none.
        publication: curated/RUN/publication.json; None: there is none.
        prices: of every Region.
        runs_per_month: how often runs are started; savings depend on it.

    Raises:
        BatchrecError: the bucket can't be read.
    """
    usage = quantities.used(pipeline, run, report, publication)
    given = ((report or {}).get("configuration") or {}).get("batch_inputs") or {}
    seen = activity.of_run(pipeline, run) if given else None
    solutions = pipeline.configuration["solutions"]
    return bill(usage, solutions, given, seen, prices, pipeline.region, runs_per_month)


def bill(
    usage: Usage,
    solutions: Sequence[Mapping[str, Any]],
    batch_inputs: Mapping[str, Mapping[str, Any]],
    seen: Activity | None,
    prices: Prices,
    region: str,
    runs_per_month: float = savings.RUNS_PER_MONTH,
) -> Bill:
    """Put prices to what is used, and find what would lower them; see savings.find."""
    lines = [
        Line(
            service=prices.entries[use.price_id].service,
            what=use.what,
            quantity=use.quantity,
            unit=prices.entries[use.price_id].unit,
            price=prices.of(use.price_id, region),
            basis=use.basis,
            price_id=use.price_id,
            price_source=prices.source(use.price_id, region),
        )
        for use in usage.uses
    ]
    lines.sort(key=lambda line: (line.amount is None, -(line.amount or 0)))
    return Bill(
        lines=lines,
        savings=savings.find(lines, solutions, batch_inputs, seen, prices, region, runs_per_month),
        prices_as_of=prices.as_of(region),
        notes=[*usage.notes, LEFT_OUT],
        recommendations=usage.recommendations,
    )
