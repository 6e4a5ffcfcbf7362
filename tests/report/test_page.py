"""The page as a file: one, small, closed to the network, and all of it escaped."""

import base64
import hashlib
import re
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import made_facts
import pytest
from made_facts import EVIL, FOR_YOU, GOOD

from batchrec.errors import BatchrecError
from batchrec.limits import Limit
from batchrec.operations.problems import Problem
from batchrec.report import page
from batchrec.report.facts import Facts, Measured
from batchrec.runs import Failure

MEGABYTE = 1_000_000


class Read(HTMLParser):
    """A page's elements and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.hidden: list[tuple[str, str]] = []  # contents of script and style
        self._within = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._within = tag
            self.hidden.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within:
            self.hidden[-1] = (self._within, self.hidden[-1][1] + data)
        else:
            self.text += data

    @property
    def words(self) -> str:
        """The text, with a space for every run of white space."""
        return " ".join(self.text.split())


@pytest.fixture(scope="module")
def good() -> Read:
    return Read(page.render(GOOD))


def test_the_policy_admits_this_style_and_script_and_nothing_else(good: Read) -> None:
    (policy,) = (
        each["content"]
        for tag, each in good.elements
        if tag == "meta" and each.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy
    allowed = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert allowed["default-src"] == "'none'"
    (style,) = (text for tag, text in good.hidden if tag == "style")
    script = good.hidden[-1][1]
    for source, text in (("style-src", style), ("script-src", script)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert allowed[source] == f"'sha256-{digest}'"


def test_it_refers_to_nothing_outside(good: Read) -> None:
    for tag, attributes in good.elements:
        assert "style" not in attributes  # the policy wouldn't apply it
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href", "xlink:href", "action", "poster", "data"):
            target = attributes.get(name)
            assert target is None or target.startswith("#") or (tag, target) == ("link", "data:,")
    assert "url(" not in next(text for tag, text in good.hidden if tag == "style")


def test_no_id_stands_twice(good: Read) -> None:
    ids = [each["id"] for _, each in good.elements if "id" in each]
    assert len(ids) == len(set(ids))


def test_headings_are_in_order(good: Read) -> None:
    levels = [int(tag[1]) for tag, _ in good.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_whatever_is_text_stays_text() -> None:
    """Every text that comes from data, names or answers of services is hostile here."""
    facts = replace(
        GOOD,
        pipeline=EVIL,
        run=replace(
            made_facts.IMPORT_FAILED.run,
            name=EVIL,
            failures=(Failure("DescribeDatasetImportJob", EVIL, EVIL, "interactions"),),
        ),
        problems=[Problem(EVIL, EVIL, f"`{EVIL}`", True)],
        funnels=[replace(GOOD.funnels[0], dataset=EVIL, quarantined={EVIL: 5})],
        solutions=[
            replace(
                FOR_YOU,
                key=EVIL,
                recipe=EVIL,
                refused=EVIL,
                metrics={EVIL: 0.5},
                popularity_metrics={EVIL: 0.4},
                earlier=[Measured(EVIL, {EVIL: 0.4})],
            )
        ],
        bill=replace(GOOD.bill, notes=[EVIL]),
        sampled=[EVIL],
    )
    read = Read(page.render(facts))
    expected = Read(page.render(replace(facts, solutions=[FOR_YOU])))
    assert {tag for tag, _ in read.elements} == {tag for tag, _ in expected.elements}
    assert "img" not in {tag for tag, _ in read.elements}
    assert len(read.hidden) == 3  # style, what is searched, script
    assert read.text.count(EVIL) >= 12


@pytest.mark.parametrize("name", ["GOOD", "IMPORT_FAILED", "GATE_CLOSED", "QUARANTINED"])
def test_it_is_small(name: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    page.write(getattr(made_facts, name), path)
    assert path.stat().st_size < MEGABYTE / 2


def test_it_is_below_5_mb_for_a_million_users(tmp_path: Path) -> None:
    page.write(made_facts.huge(), tmp_path / "report.html")
    assert (tmp_path / "report.html").stat().st_size < 5 * MEGABYTE
    words = Read((tmp_path / "report.html").read_text(encoding="utf-8")).words
    assert "more of the sample were left out for the page's size" in words


@pytest.mark.parametrize(
    "told",
    [
        "Run weekly-2026-01-11 succeeded",
        "Started 2026-01-11 03:00 UTC; took 0:58:12",
        "It published 160,950 recommendations of 2 solutions.",
        "Nothing needs a person",
        "filtered 412,331 41.2 %",
        "quarantined: invalid_timestamp 311 under 0.1 %",
        "imported 586,336 58.6 %",
        "1,519 different items recommended, 41 % of 3,706",
        "12 users without any event",
        "83 % of 6,001 users have another list",
        "Better than recommending what is popular in 4 of 4 metrics.",
        "3.2 training hours at $0.24 $0.77",
        "modelled; price given by you: --price",
        "6,040 inputs at an unknown price unknown",
        "bars are shares of the known total",
        "--price personalize.batch_recommendations=… of batchrec report",
        "training of for-you 0:28:36 from 0:09:12 ACTIVE",
        "Not needed in this run: ",
        "41 of 6,040 users and 12 of 1,000 items can be searched here.",
        "From 2025-01-06 to 2026-01-05; the highest of 53 weeks is",
        "2 of 5 jobs (40 %)",
        "2 of 10 solutions (20 %)",
        "$0.86 for this run, without 1 line whose price isn't known",
        "batch_inputs.users.active_days = 365: an unknown amount a run",
        "The search holds 41 of 6,040 users",
        "Done by an earlier run, and used again: training of similar.",
    ],
)
def test_what_it_says(good: Read, told: str) -> None:
    assert told in good.words


def test_a_quota_that_is_near_needs_a_person() -> None:
    words = Read(page.render(made_facts.GATE_CLOSED)).words
    assert "A quota is near: solutions of the dataset group" in words
    assert "9 of 10 solutions (90 %)" in words
    over = Limit("items of a model", 800_000, 750_000, "items", False, "Guide")
    words = Read(page.render(replace(GOOD, limits=[over]))).words
    assert "A quota is exceeded: items of a model" in words
    assert "800,000 of 750,000 items" in words
    full = replace(over, name="import jobs at once", used=5, maximum=5)
    assert "Nothing needs a person" in Read(page.render(replace(GOOD, limits=[full]))).words


def test_a_cost_of_which_no_price_is_known() -> None:
    lines = [replace(each, price=None) for each in GOOD.bill.lines]
    words = Read(page.render(replace(GOOD, bill=replace(GOOD.bill, lines=lines)))).words
    assert "The cost of this run is unknown" in words
    assert "$0.00" not in words


@pytest.mark.parametrize("count", [2, 3, 14, 100, 200])
def test_no_date_stands_twice_below_a_chart(count: int) -> None:
    days = [(date(2025, 11, 20) + timedelta(days=n), n) for n in range(count)]
    html = page.render(replace(GOOD, events_over_time=days, solutions=[], long_tails=[]))
    assert f"the highest of {count} days is" in html
    svg = re.search(r"<svg[^>]*aria-label=\"Events over time.*?</svg>", html, re.S)
    assert svg
    dates = re.findall(r">((?:\d+ )?[A-Z][a-z]{2} 20\d\d)<", svg[0])
    assert len(dates) == len(set(dates)) >= 2
    assert f"{days[0][0]:%b %Y}" in dates[0]


def test_rows_that_werent_imported_arent_called_so() -> None:
    words = Read(page.render(made_facts.IMPORT_FAILED)).words
    assert "interactions usable, not imported 586,336" in words
    assert "items imported 3,883" in words


def test_a_failure_that_nobody_explained_is_told_all_the_same() -> None:
    words = Read(page.render(replace(made_facts.QUARANTINED, problems=[]))).words
    assert "PrepareTrainingData failed" in words
    assert "118,220 of 1,000,209 rows (11.8 %) of interactions are unusable" in words


def test_a_long_explanation_is_parted_at_a_sentence() -> None:
    explanation = " ".join(f"Sentence number {number} of many." for number in range(40))
    facts = replace(
        made_facts.QUARANTINED, problems=[Problem("Too long", explanation, "Read it.", True)]
    )
    html = page.render(facts)
    assert "The rest of the explanation" in html
    shown, _, rest = html.partition("The rest of the explanation")
    assert shown.rindex("of many.") > 0
    assert "Sentence number 39 of many." in rest


def test_commands_in_an_advice_are_code() -> None:
    facts = replace(GOOD, problems=[Problem("A", "B", "Then `batchrec run <x>`.", False)])
    assert "Then <code>batchrec run &lt;x&gt;</code>." in page.render(facts)


def empty(facts: Facts) -> Facts:
    """A run that has left nothing yet."""
    return replace(
        facts,
        problems=[],
        funnels=[],
        events_over_time=[],
        long_tails=[],
        solutions=[],
        bill=replace(facts.bill, lines=[], savings=[], notes=[]),
        limits=[],
        sampled=[],
        real_seconds=None,
        run=replace(facts.run, status="RUNNING", ended=None, visits=(), jobs=(), failures=()),
    )


def test_a_run_that_has_left_nothing() -> None:
    words = Read(page.render(empty(GOOD))).words
    assert "weekly-2026-01-11 is under way" in words
    assert "The run left no report of its data." in words
    assert "This run has no recommendations to show." in words
    assert "No quota was looked at." in words


def test_solutions_without_anything() -> None:
    bare = replace(
        FOR_YOU,
        counts={},
        metrics={},
        popularity_metrics=None,
        earlier=[Measured("earlier", {"coverage": 0.4})],
        cold=None,
        distinct=None,
        catalogue=None,
        popularity=None,
        change=None,
        sample=[],
        refused="The run ended before it was published.",
    )
    words = Read(page.render(replace(GOOD, solutions=[bare]))).words
    assert "Not published: The run ended before it was published." in words


def test_a_metric_that_earlier_runs_lack() -> None:
    lone = replace(FOR_YOU, earlier=[Measured("earlier", {"another": 0.4})])
    assert "Metrics from run to run" not in page.render(replace(GOOD, solutions=[lone]))


def test_a_place_that_cant_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BatchrecError, match=r"can't be written to .*Name another file"):
        page.write(GOOD, tmp_path / "file" / "report.html")


def test_one_point_in_time() -> None:
    facts = replace(GOOD, events_over_time=[(date(2026, 1, 1), 5)], solutions=[], long_tails=[])
    html = page.render(facts)
    assert "the highest of 1 day is 5, on 2026-01-01." in Read(html).words
    assert "NaN" not in html
