"""Write the report of a run: collect its facts, and make the page."""

from collections.abc import Mapping
from pathlib import Path

from batchrec.console import Say
from batchrec.cost.prices import Prices
from batchrec.pipeline import Pipeline
from batchrec.report import collecting, page
from batchrec.report.facts import Facts
from batchrec.runs import Run


def write(
    pipeline: Pipeline,
    run: Run,
    path: Path,
    *,
    compare: str | None = None,
    titles: Mapping[str, str] | None = None,
    prices: Prices | None = None,
    real_seconds: dict[str, float] | None = None,
    say: Say = lambda _: None,
) -> Facts:
    """Write the report of a run to a file; return what it shows.

    Args:
        pipeline: whose run.
        run: the run, whatever became of it.
        path: the file, which is replaced.
        compare: name of the run that lists are compared with; None: the one before.
        titles: by item id.
        prices: for the bill; None: those of the table.
        real_seconds: of a rehearsal, by step.
        say: is told what is going on.

    Raises:
        BatchrecError: as for `collecting.collect`.
    """
    facts = collecting.collect(
        pipeline,
        run,
        compare=compare,
        titles=titles,
        prices=prices,
        real_seconds=real_seconds,
        say=say,
    )
    page.write(facts, path)
    return facts
