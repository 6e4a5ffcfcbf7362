"""The charts of a report: Vega-Altair draws them, with colours that the page's themes define."""

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import altair as alt
import vl_convert
from markupsafe import Markup, escape

from batchrec.report.facts import LongTail, Popularity, SolutionFacts

_POINTS = 30  # fewer are marked each, as a line through one can't be seen
_DATES = 4  # that are written below a chart
_SHORT_DAYS = 150  # in which two of them can be of one month
_PERIODS = ((1, "day"), (7, "week"), (31, "month"), (92, "quarter"), (366, "year"))
_RUNS = 12  # before this one, whose metrics are drawn
WIDTH = 340  # of a whole chart, in pixels: what a phone shows without scrolling
_PLOT = {"width": WIDTH - 70, "height": 190}
_VERSION = "6.4"  # of Vega-Lite, which vl-convert has and Altair 6 writes

# The page sets these variables, for light and for dark.
_SERIES = ["var(--series-1)", "var(--series-2)", "var(--series-3)"]
_INK, _MUTED, _LINE = "var(--ink)", "var(--muted)", "var(--line)"
_CONFIG: dict[str, Any] = {
    "aria": False,  # a chart is one image with one text; the numbers stand in its table
    "background": None,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "range": {"category": _SERIES},
    "axis": {
        "domainColor": _MUTED,
        "gridColor": _LINE,
        "labelColor": _INK,
        "labelFlush": False,
        "labelFontSize": 11,
        "tickColor": _MUTED,
        "titleColor": _INK,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
    },
    "legend": {
        "labelColor": _INK,
        "labelFontSize": 11,
        "columns": 2,
        "labelLimit": 150,
        "orient": "top",
        "title": None,
    },
    "area": {"color": _SERIES[0], "fillOpacity": 0.25, "line": {"color": _SERIES[0]}},
    "bar": {"color": _SERIES[0]},
    "line": {"color": _SERIES[0], "strokeWidth": 2},
    "point": {"color": _SERIES[0], "filled": True, "opacity": 1, "size": 70},
    "rule": {"color": _MUTED},
}
# Each has its look, whether or not the others are there.
_LOOKS = {
    "this run": (_SERIES[0], "circle"),
    "popularity": (_SERIES[1], "square"),
    "the run before": (_SERIES[2], "triangle"),
}
_numbers = itertools.count()


@dataclass(frozen=True)
class Figure:
    """A chart, in words and in numbers too."""

    title: str
    alternative: str  # what it shows, in a sentence
    svg: Markup
    columns: list[str]
    rows: Sequence[Sequence[str]]


def events(points: list[tuple[date, int]]) -> Figure:
    """Events over time."""
    values = [{"day": day.isoformat(), "events": number} for day, number in points]
    chart = (
        _chart(values)
        .mark_area(point=len(points) < _POINTS)
        .encode(
            x=alt.X("day:T", title=None, axis=_dates(points), scale=alt.Scale(type="utc")),
            y=alt.Y("events:Q", title="events", axis=_counts()),
        )
    )
    (first, _), (last, _) = points[0], points[-1]
    top_day, top = max(points, key=lambda point: point[1])
    period = _period(points)
    return _figure(
        "Events over time",
        f"From {first} to {last}; the highest of {len(points)} {period}"
        f"{'s' if len(points) > 1 else ''} is {top:,},"
        f" {'on' if period == 'day' else f'in the {period} from'} {top_day}.",
        chart,
        ["from", "events"],
        [[day.isoformat(), f"{number:,}"] for day, number in points],
    )


def long_tail(tail: LongTail) -> Figure:
    """How unevenly events are spread over users or items."""
    even = [{"share": x, "events": x} for x in (0.0, 1.0)]
    share = alt.X("share:Q", title=f"share of {tail.kind}, most events first", axis=_percents())
    values = [{"share": x, "events": y} for x, y in tail.shares]
    curve = (
        _chart(values)
        .mark_area()
        .encode(share, alt.Y("events:Q", title="share of events", axis=_percents()))
    )
    equal = (
        _chart(even)
        .mark_line(strokeDash=[4, 4], color=_MUTED, strokeWidth=1)
        .encode(share, alt.Y("events:Q"))
    )
    tenth = _at(tail.shares, 0.1)
    return _figure(
        f"Long tail of {tail.kind}",
        f"The tenth of the {tail.count:,} {tail.kind} with most events has {percent(tenth)} of all"
        f" events; the Gini coefficient is {tail.gini:.2f}. The broken line is an even spread.",
        curve + equal,
        [f"share of {tail.kind}", "share of events"],
        [[percent(x), percent(y)] for x, y in tail.shares[:: max(len(tail.shares) // 20, 1)]],
    )


def metrics(solution: SolutionFacts) -> Figure:
    """Offline metrics beside those of recommending what is popular, and of the run before."""
    sources = {"this run": solution.metrics}
    if solution.popularity_metrics:
        sources["popularity"] = solution.popularity_metrics
    if solution.earlier:
        sources["the run before"] = solution.earlier[-1].metrics
    values = [
        {"metric": short(name), "of": of, "value": measured[name]}
        for of, measured in reversed(sources.items())  # this run lies on top
        for name in solution.metrics
        if name in measured
    ]
    colors, shapes = zip(*(_LOOKS[of] for of in sources), strict=True)
    domain = list(sources)
    chart = (
        _chart(values, width=WIDTH - 130, height=alt.Step(26))
        .mark_point()
        .encode(
            x=alt.X(
                "value:Q",
                title=None,
                axis=_few(),
            ),
            y=alt.Y(
                "metric:N",
                title=None,
                sort=[short(name) for name in solution.metrics],
                axis=alt.Axis(grid=True, labelLimit=120),
            ),
            color=alt.Color("of:N", scale=alt.Scale(domain=domain, range=list(colors))),
            shape=alt.Shape("of:N", scale=alt.Scale(domain=domain, range=list(shapes))),
        )
    )
    return _figure(
        "Offline metrics",
        _compared(solution),
        chart,
        ["metric", *sources],
        [
            [name, *(_value(measured.get(name)) for measured in sources.values())]
            for name in solution.metrics
        ],
    )


def history(solution: SolutionFacts) -> Figure | None:
    """Metrics from run to run; None if there was no run before, or none with these metrics."""
    runs = [(each.run, each.metrics) for each in solution.earlier[-_RUNS:]]
    runs.append(("this run", solution.metrics))
    names = [name for name in solution.metrics if all(name in measured for _, measured in runs)]
    if len(runs) == 1 or not names:
        return None
    shown = names[:3]
    values = [
        {"run": number, "metric": short(name), "value": measured[name]}
        for number, (_, measured) in enumerate(runs, 1 - len(runs))
        for name in shown
    ]
    lines = (
        _chart(values)
        .mark_line()
        .encode(
            x=alt.X("run:O", title="runs before this one (0)", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("value:Q", title=None),
            color=alt.Color("metric:N", sort=None),
            strokeDash=alt.StrokeDash("metric:N", sort=None),
        )
    )
    return _figure(
        "Metrics from run to run",
        f"{len(runs)} runs, from {runs[0][0]} to this one: "
        + "; ".join(
            f"{short(name)} from {_value(runs[0][1][name])} to {_value(runs[-1][1][name])}"
            for name in shown
        )
        + ".",
        lines,
        ["run", *names],
        [[run, *(_value(measured[name]) for name in names)] for run, measured in runs],
    )


def popularity(found: Popularity) -> Figure:
    """How popular what is recommended is, beside what people had."""
    sides = {"consumed": found.consumed, "recommended": found.recommended}
    values = [
        {"items": bucket, "of": of, "share": share}
        for of, shares in sides.items()
        for bucket, share in zip(found.buckets, shares, strict=True)
    ]
    chart = (
        _chart(values)
        .mark_bar()
        .encode(
            x=alt.X(
                "items:N", title="items by popularity", sort=None, axis=alt.Axis(labelAngle=-30)
            ),
            xOffset=alt.XOffset("of:N", sort=None),
            y=alt.Y("share:Q", title="share", axis=_percents()),
            # Bars that touch differ in more than their hue: one is filled, the other outlined.
            fill=alt.Fill("of:N", sort=None),
            stroke=alt.Stroke("of:N", sort=None),
            fillOpacity=alt.FillOpacity("of:N", sort=None, scale=alt.Scale(range=[0, 1])),
        )
    )
    return _figure(
        "Popularity of what is recommended, and of what people had",
        f"{percent(found.recommended[0])} of all recommendations are of the items in the first"
        f" group ({found.buckets[0]}), which have {percent(found.consumed[0])} of all events.",
        chart,
        ["items by popularity", *sides],
        [
            [bucket, percent(consumed), percent(recommended)]
            for bucket, consumed, recommended in zip(
                found.buckets, found.consumed, found.recommended, strict=True
            )
        ],
    )


def percent(share: float) -> str:
    """Write a share, with a space that doesn't break."""
    if 0 < share < 0.001:
        return "under 0.1\u00a0%"
    return f"{100 * share:.3g}\u00a0%" if share < 1 else f"{100 * share:,.0f}\u00a0%"


_SHORT = {
    "mean_reciprocal_rank": "MRR",
    "normalized_discounted_cumulative_gain": "NDCG",
    "precision": "precision",
    "average_rewards": "rewards",
}


def short(metric: str) -> str:
    """Write precision_at_10 as precision@10, and long names as their usual abbreviation."""
    name, at, number = metric.partition("_at_")
    number = number.replace("_percent", "%")
    return _SHORT.get(name, name.replace("_", " ")) + (f"@{number}" if at else "")


def _compared(solution: SolutionFacts) -> str:
    if not solution.popularity_metrics:
        return "What recommending only what is popular would reach isn't known."
    both = [name for name in solution.metrics if name in solution.popularity_metrics]
    better = [name for name in both if solution.metrics[name] > solution.popularity_metrics[name]]
    return f"Better than recommending what is popular in {len(better)} of {len(both)} metrics."


def _chart(values: list[dict[str, Any]], **size: Any) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=values)).properties(**{**_PLOT, **size})


def _dates(points: list[tuple[date, int]]) -> alt.Axis:
    """Mark some of the dates that there are, so that no label stands twice."""
    days = [day for day, _ in points[:: math.ceil(len(points) / _DATES)]]
    is_short = (points[-1][0] - points[0][0]).days < _SHORT_DAYS
    return alt.Axis(
        format="%-d %b %Y" if is_short else "%b %Y",
        labelOverlap="greedy",
        labelSeparation=4,
        values=[alt.DateTime(year=d.year, month=d.month, date=d.day, utc=True) for d in days],
    )


def _period(points: list[tuple[date, int]]) -> str:
    """Name what the points are counted by."""
    days = (points[1][0] - points[0][0]).days if len(points) > 1 else 1
    return next(name for most, name in _PERIODS if days <= most)


def _few() -> alt.Axis:
    return alt.Axis(tickCount=4, labelOverlap="greedy", labelSeparation=4)


def _counts() -> alt.Axis:
    return alt.Axis(format="~s", tickCount=4)


def _percents() -> alt.Axis:
    return alt.Axis(format=".0%", tickCount=5)


def _figure(
    title: str, alternative: str, chart: Any, columns: list[str], rows: list[list[str]]
) -> Figure:
    drawn: str = vl_convert.vegalite_to_svg(chart.to_dict(), vl_version=_VERSION, config=_CONFIG)
    # Vega names the parts of a drawing for screen readers, without texts.
    svg = re.sub(r' (role|aria-[a-z]+)="[^"]*"', "", drawn)
    # Several drawings stand in one document: what one refers to must not be another's.
    svg = re.sub(r'(\bid="|url\(#)', rf"\g<1>chart-{next(_numbers)}-", svg)
    label = escape(f"{title}. {alternative}")
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
    return Figure(title, alternative, Markup(svg), columns, rows)  # noqa: S704 (of vl-convert)


def _at(shares: list[tuple[float, float]], x: float) -> float:
    return min(shares, key=lambda point: abs(point[0] - x))[1]


def _value(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"
