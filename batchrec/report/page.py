"""Write a report: one HTML file that needs nothing else, and may load nothing else."""

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from batchrec.console import duration
from batchrec.cost import wording
from batchrec.errors import BatchrecError
from batchrec.report import charts, outcome, timeline
from batchrec.report.charts import Figure
from batchrec.report.facts import Facts, Funnel, SolutionFacts
from batchrec.report.graph import graph
from batchrec.report.people import Search, search

_EXPLAINED_CHARACTERS = 420  # of an explanation, before a person asks for the rest
_NOTABLE_SHARE = 0.05  # of a quota
_SENTENCE_END = re.compile(r"(?<=[.;:]) ")


def write(facts: Facts, path: Path) -> None:
    """Write the page, in folders that are made if they aren't there.

    Raises:
        BatchrecError: it can't be written.
    """
    html = render(facts)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html, encoding="utf-8")
    except OSError as error:
        raise BatchrecError(
            f"The report can't be written to {path}: {error.strerror}. Name another file with"
            " --output."
        ) from error


def render(facts: Facts) -> str:
    """Return the page: all text in it is escaped, and its policy admits its own script only."""
    environment = Environment(
        loader=PackageLoader("batchrec.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {
        "count": lambda number: f"{number:,.0f}",
        "duration": duration,
        "span": _span,
        "digits": wording.digits,
        "money": wording.money,
        "price": wording.price,
        "nearness": wording.nearness,
        "breakable": _breakable,
        "percent": charts.percent,
        "quantity": wording.quantity,
        "sentence": _sentence,
        "told": _told,
        "time": lambda at: f"{at:%Y-%m-%d %H:%M} {at:%Z}".strip(),
    }
    style, script = _asset("page.css"), _asset("page.js")
    found = search(facts.solutions)
    return environment.get_template("page.html").render(
        facts=facts,
        run=facts.run,
        title=outcome.title(facts),
        kind=outcome.kind(facts),
        published=outcome.published(facts),
        problems=[(each, _parted(each.explanation)) for each in outcome.problems(facts)],
        graph=graph(facts.states, facts.run),
        timelines=_timelines(facts),
        funnels=[
            (each, (end := outcome.of_rows(each, facts.run)), list(_stages(each, end)))
            for each in facts.funnels
        ],
        data_figures=_data_figures(facts),
        solutions=[(each, _figures(each)) for each in facts.solutions],
        limits=[limit for limit in facts.limits if limit.share >= _NOTABLE_SHARE],
        far_limits=[limit for limit in facts.limits if limit.share < _NOTABLE_SHARE],
        search=found,
        searched=_searched(found, facts.solutions),
        search_data=Markup(found.data),  # noqa: S704 (escaped by search)
        style=style,
        script=script,
        policy=f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src"
        f" {_hash(script)}; base-uri 'none'; form-action 'none'",
    )


@dataclass(frozen=True)
class Stage:
    """A part of a dataset's rows, beside the rows that were read: in percent of them."""

    name: str
    rows: int
    start: float
    width: float
    kind: str  # read, lost or kept


def _stages(funnel: Funnel, end: str) -> Iterator[Stage]:
    """Follow a dataset's rows from the files to Personalize, losing some at every stage."""
    total = max(funnel.read, 1)
    yield Stage("read", funnel.read, 0, 100, "read")
    losses = {
        "filtered": funnel.filtered,
        "duplicate": funnel.duplicate,
        **{f"quarantined: {reason}": rows for reason, rows in funnel.quarantined.items()},
    }
    left = funnel.read
    for name, rows in losses.items():
        left -= rows
        yield Stage(name, rows, max(100 * left / total, 0), 100 * rows / total, "lost")
    yield Stage(end, funnel.imported, 0, 100 * funnel.imported / total, "kept")


def _timelines(facts: Facts) -> list[tuple[str, timeline.Timeline]]:
    of_run = timeline.of_run(facts.run)
    if facts.real_seconds is None:
        return [("Jobs and waits", of_run)]
    return [
        ("Virtual time: jobs and waits, as modelled", of_run),
        ("Real time: what the rehearsal took", timeline.of_steps(facts.real_seconds)),
    ]


def _data_figures(facts: Facts) -> list[Figure]:
    over_time = [charts.events(facts.events_over_time)] if facts.events_over_time else []
    return over_time + [charts.long_tail(tail) for tail in facts.long_tails if tail.shares]


def _figures(solution: SolutionFacts) -> list[Figure]:
    figures = []
    if solution.metrics:
        figures.append(charts.metrics(solution))
        if history := charts.history(solution):
            figures.append(history)
    if solution.popularity and solution.popularity.buckets:
        figures.append(charts.popularity(solution.popularity))
    return figures


def _searched(found: Search, solutions: list[SolutionFacts]) -> str:
    """Say how many can be searched, of those who were asked about."""
    told = []
    for kind, held in found.held_of.items():
        asked = [each.counts.get("inputs", 0) for each in solutions if each.asked == kind]
        told.append(f"{held:,} of {max(held, *asked):,} {kind}")
    return " and ".join(told)


def _parted(explanation: str) -> tuple[str, str]:
    """Part a long explanation where a sentence ends: what is shown, and the rest."""
    if len(explanation) <= _EXPLAINED_CHARACTERS:
        return explanation, ""
    ends = [found.end() for found in _SENTENCE_END.finditer(explanation, 0, _EXPLAINED_CHARACTERS)]
    end = ends[-1] if ends and ends[-1] > _EXPLAINED_CHARACTERS // 3 else _EXPLAINED_CHARACTERS
    return explanation[:end], explanation[end:]


def _breakable(name: str) -> Markup:
    """Let a line end between the words of a state's name."""
    return Markup("<wbr>").join(re.split(r"(?<=[a-z])(?=[A-Z])", name))


def _told(text: str) -> Markup:
    """Show what stands between backticks as code, such as a command to run."""
    parts = re.split(r"`([^`]+)`", text)
    code = Markup("<code>{}</code>")
    return Markup().join(code.format(part) if n % 2 else part for n, part in enumerate(parts))


def _span(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else duration(seconds)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _asset(name: str) -> Markup:
    text = resources.files("batchrec.report").joinpath("templates", name).read_text("utf-8")
    return Markup(text)  # noqa: S704 (a file of this package)


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
