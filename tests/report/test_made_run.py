"""What `batchrec report` and `batchrec recommend` read of files that are odd, half written or gone.

No pipeline runs: the files are made by hand, so what must be read of them is known.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from deployed_pipeline import Pipeline as Deployed
from published_pipeline import (
    EXPRESSION,
    ODD,
    asl,
    delete,
    made,
    make_up,
    put,
    put_table,
)
from typer.testing import CliRunner, Result

from batchrec import pipeline as pipelines
from batchrec.cli import app
from batchrec.errors import BatchrecError
from batchrec.pytest_plugin import local_aws_environment
from batchrec.report import collecting, people
from batchrec.report.facts import Facts, SolutionFacts
from batchrec.runs import Run

__all__ = ["asl", "local_aws_environment", "made"]

pytestmark = pytest.mark.usefixtures("local_aws_environment")


def find(deployed: Deployed) -> pipelines.Pipeline:
    return pipelines.find(pipelines.Where(deployed.machine_arn), {}, deployed.aws.client)


def collect(deployed: Deployed, run: str, **given: Any) -> Facts:
    started = datetime(2024, 1, 1, tzinfo=UTC)
    arn = deployed.machine_arn.replace(":stateMachine:", ":execution:")
    ended = Run(
        name=run,
        execution_arn=f"{arn}:{run}",
        action="run",
        status="SUCCEEDED",
        started=started,
        ended=started,
        as_of=started,
        failures=(),
        visits=(),
        jobs=(),
        output={},
        transitions=0,
    )
    return collecting.collect(find(deployed), ended, **given)


def solution(facts: Facts, key: str) -> SolutionFacts:
    return next(each for each in facts.solutions if each.key == key)


def recommend(deployed: Deployed, *arguments: str) -> Result:
    given = ["recommend", *arguments, "--state-machine", deployed.machine_arn]
    return CliRunner().invoke(app, given, env={"COLUMNS": "200", "NO_COLOR": "1"})


def looked_up(deployed: Deployed, *arguments: str) -> dict[str, Any]:
    result = recommend(deployed, *arguments, "--json")
    assert result.exit_code in (0, 3), result.output
    return dict(json.loads(result.output))


@pytest.fixture(scope="module")
def facts(made: Deployed) -> Facts:
    return collect(made, "made")


def test_odd_ids_are_the_same_in_all_files(facts: Facts) -> None:
    for_you = solution(facts, "for-you")
    assert {each.id: (each.events, each.is_cold) for each in for_you.sample} == {
        **dict.fromkeys(ODD, (1, False)),
        "new": (0, True),
    }
    for each in for_you.sample:
        had = [ODD[(ODD.index(each.id) + 1) % len(ODD)]] if each.id in ODD else []
        assert [(e.item, e.title) for e in each.history] == [(id_, f"The {id_}") for id_ in had]
        assert [(a.id, a.title) for a in each.answers] == [(ODD[0], "The 007"), ("unseen", None)]
    assert {each.id for each in solution(facts, "themed").sample} == set(ODD)


@pytest.mark.parametrize("id_", ODD)
def test_odd_ids_are_looked_up(made: Deployed, id_: str) -> None:
    user = looked_up(made, id_, "--run", "made")
    assert [each["item"] for each in user["history"]] == [ODD[(ODD.index(id_) + 1) % len(ODD)]]
    assert [each["id"] for each in user["solutions"][0]["answers"]] == [ODD[0], "unseen"]
    item = looked_up(made, "--item", id_, "--run", "made")
    assert (item["title"], item["events"]) == (f"The {id_}", 1)


def test_items_without_events_are_no_part_of_what_is_covered(facts: Facts) -> None:
    for_you = solution(facts, "for-you")
    assert (for_you.distinct, for_you.covered, for_you.catalogue) == (2, 1, 6)
    genre = solution(facts, "genre")
    assert (genre.distinct, genre.covered, genre.catalogue) == (2, 2, 6)


def test_themes_are_shown(made: Deployed, facts: Facts) -> None:
    expected = {("Odd, [b]all[/]", ODD[2]), ("Even", ODD[3])}
    themed = solution(facts, "themed")
    for each in themed.sample:
        assert {(answer.theme, answer.id) for answer in each.answers} == expected
    held = json.loads(people.search([themed]).data)
    (_, answers), *_ = held["asked"][0]["answers"]
    assert {(theme, held["names"][name][0]) for name, _, theme in answers} == expected
    assert "Odd, [b]all[/]" in recommend(made, "--item", "NA", "--run", "made").output


def test_an_expression_of_item_attributes(made: Deployed, facts: Facts) -> None:
    (asked,) = solution(facts, "genre").sample
    assert (asked.id, asked.events, asked.is_cold) == (EXPRESSION, None, False)
    assert [answer.id for answer in asked.answers] == ODD[:2]
    found = looked_up(made, "--attributes", EXPRESSION, "--run", "made")
    assert [each["id"] for each in found["solutions"][0]["answers"]] == ODD[:2]
    assert found["solutions"][0]["answered"] == "users"


def test_files_of_a_job_that_has_not_ended_are_not_read(made: Deployed, facts: Facts) -> None:
    make_up(made, "busy")
    event = "USER_ID,ITEM_ID,TIMESTAMP\n007,NA,1\n"
    put(made, "transformed/busy/interactions/_temporary/0/part-9.csv", event)
    put(made, "transformed/busy/interactions/.staging/part-9.csv", event)
    row = {"user_id": "007", "rank": 3, "recommended_id": "late", "score": 0.1}
    put_table(made, "curated/busy/tables/for-you/_temporary/0/part-9.parquet", [row])
    busy = collect(made, "busy")
    assert busy.solutions == facts.solutions
    assert busy.events_over_time == facts.events_over_time


def test_data_without_its_report_is_not_complete(made: Deployed) -> None:
    make_up(made, "partial")
    delete(made, "transformed/partial/report.json")
    partial = collect(made, "partial")
    assert (partial.funnels, partial.events_over_time, partial.long_tails) == ([], [], [])
    assert "transformed/partial/report.json" in " ".join(partial.sampled)
    for_you = solution(partial, "for-you")
    assert (for_you.cold, for_you.catalogue, for_you.covered) == (None, None, None)
    assert for_you.distinct == 2
    # Nobody knows what they had: that isn't nothing.
    assert {(each.events, each.is_cold) for each in for_you.sample} == {(None, False)}
    assert looked_up(made, "007", "--run", "partial")["events"] is None


def test_tables_that_the_run_has_not_published(made: Deployed) -> None:
    make_up(made, "unpublished")
    publication = {"published": {"themed": {}}, "refused": {"for-you": "Too few answers."}}
    put(made, "curated/unpublished/publication.json", json.dumps(publication))
    found = collect(made, "unpublished")
    assert (solution(found, "for-you").sample, solution(found, "for-you").distinct) == ([], None)
    assert solution(found, "themed").distinct == 2
    assert solution(collect(made, "made", compare="unpublished"), "for-you").change is None
    assert "No solution is asked about users" in str(
        recommend(made, "007", "--run", "unpublished").exception
    )
    delete(made, "curated/unpublished/publication.json")
    with pytest.raises(BatchrecError, match="no table of a run unpublished"):
        collect(made, "made", compare="unpublished")
    assert "no tables of a run unpublished" in str(
        recommend(made, "007", "--run", "unpublished").exception
    )


def test_what_a_run_asked_is_not_kept(made: Deployed) -> None:
    make_up(made, "cleared")
    delete(made, "transformed/cleared/")
    ended = recommend(made, "nobody", "--run", "cleared")
    assert ended.exit_code == 3
    assert "What the run cleared asked about isn't kept any more." in " ".join(ended.output.split())


@pytest.mark.parametrize(
    ("key", "id_", "line"),
    [
        (
            "for-you",
            "é with spaces",
            '{"input": {"userId": "\\u00e9 with spaces"}, "error": "No."}',
        ),
        ("for-you", 'q"x', '{"error":"No.","output":null,"input":{"userId":"q\\u0022x"}}'),
        ("genre", EXPRESSION, json.dumps({"itemAttributes": EXPRESSION, "error": "No."})),
    ],
)
def test_errors_are_found_however_they_are_written(
    made: Deployed, key: str, id_: str, line: str
) -> None:
    make_up(made, "errors")
    delete(made, f"curated/errors/tables/{key}/")
    asks = "item_attributes" if key == "genre" else "user_id"
    row = {asks: "somebody else", "rank": 1, "recommended_id": "a", "score": 0.5}
    put_table(made, f"curated/errors/tables/{key}/part-0.parquet", [row])
    answered = '{"input": {"userId": "NA"}, "output": {}, "error": null}'
    put(made, f"curated/errors/{key}/part-0.json.out", f"{answered}\n{line}\n")
    # What is published is looked up with the pipeline's configuration.
    given = ("--attributes", id_) if key == "genre" else (id_,)
    ended = recommend(made, *given, "--run", "errors")
    assert "Amazon Personalize answered: No." in " ".join(ended.output.split())


def test_one_table_that_is_gone_does_not_hide_the_others(made: Deployed) -> None:
    make_up(made, "kept")
    solutions = {
        "themed": {"run": "kept", "recipe": "aws-similar-items"},
        "gone": {"run": "kept", "recipe": "aws-similar-items"},
    }
    put(made, "curated/latest.json", json.dumps({"run": "kept", "solutions": solutions}))
    try:
        found = looked_up(made, "--item", "007")
        shown = recommend(made, "--item", "007")
        only = recommend(made, "--item", "007", "--solution", "gone")
    finally:
        delete(made, "curated/latest.json")
    assert [each["solution"] for each in found["solutions"]] == ["themed"]
    (missing,) = found["missing"]
    assert "a table of the solution gone and run kept that isn't there: s3://" in missing
    assert "the solution gone and run kept" in " ".join(shown.output.split())
    assert "the solution gone and run kept" in str(only.exception)


def test_solutions_of_different_runs(made: Deployed) -> None:
    """What one run imported says nothing of what the other one did."""
    make_up(made, "old")
    make_up(made, "new")
    solutions = {
        "themed": {"run": "new", "recipe": "aws-similar-items"},
        "for-you": {"run": "old", "recipe": "aws-similar-items"},
    }
    delete(made, "curated/old/tables/for-you/")
    row = {"item_id": "another", "rank": 1, "recommended_id": "a", "score": 0.5}
    put_table(made, "curated/old/tables/for-you/part-0.parquet", [row])
    put(made, "curated/latest.json", json.dumps({"run": "new", "solutions": solutions}))
    try:
        found = looked_up(made, "--item", "nothing")
    finally:
        delete(made, "curated/latest.json")
    why = {each["solution"]: each["why_none"] for each in found["solutions"]}
    assert "has no event in the data that the run new imported" in why["themed"]
    assert "imported" not in why["for-you"]


def test_a_table_of_something_else(made: Deployed) -> None:
    make_up(made, "other")
    delete(made, "curated/other/tables/for-you/")
    put_table(made, "curated/other/tables/for-you/part-0.parquet", [{"color": "red"}])
    with pytest.raises(BatchrecError, match=r"other/tables/for-you/ is no table .* color"):
        collect(made, "other")


@pytest.mark.parametrize(
    ("key", "content"),
    [
        ("transformed/broken/interactions/part-0.csv", "USER_ID,ITEM_ID,TIMESTAMP\n1,2,today\n"),
        ("transformed/broken/batch_users_input/part-0.json", '{"userId":\n'),
        ("curated/broken/tables/for-you/part-0.parquet", "no Parquet"),
    ],
)
def test_files_that_cannot_be_read_are_named(made: Deployed, key: str, content: str) -> None:
    make_up(made, "broken")
    put(made, key, content)
    with pytest.raises(BatchrecError, match="can't be read") as caught:
        collect(made, "broken")
    assert f"s3://{made.bucket}/{key.rpartition('/')[0]}/" in str(caught.value)


class Unsteady:
    """A client of S3 whose bodies break, or whose objects are replaced, while they are read."""

    def __init__(self, s3: Any, breaks: int, before: Any = lambda: None) -> None:
        self._s3, self._breaks, self._before = s3, breaks, before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def get_object(self, **given: Any) -> Any:
        if "Range" not in given:
            return self._s3.get_object(**given)
        self._before()
        answer = self._s3.get_object(**given)
        if self._breaks:
            self._breaks -= 1
            answer["Body"].read(1)
            answer["Body"]._amount_read = 0  # as if the first byte had never come
        return answer


def with_s3(deployed: Deployed, s3: Any) -> pipelines.Pipeline:
    client = deployed.aws.client
    found = find(deployed)
    return replace(found, client=lambda service: s3 if service == "s3" else client(service))


def test_a_broken_connection_is_tried_again(made: Deployed) -> None:
    from batchrec.published import imported

    s3 = made.aws.client("s3")
    steady = with_s3(made, Unsteady(s3, breaks=2))
    assert imported.count_of_item(steady, "made", "NA") == 1
    with pytest.raises(BatchrecError, match=r"s3://.*part-0.csv can't be read.*connection broke"):
        imported.count_of_item(with_s3(made, Unsteady(s3, breaks=100)), "made", "NA")


def test_an_object_that_is_replaced_while_it_is_read(made: Deployed) -> None:
    from batchrec.published import tables

    make_up(made, "replaced")
    key = "curated/replaced/tables/genre/part-0.parquet"
    row = {"item_attributes": "x", "rank": 1, "recommended_id": "a", "score": None}
    table = tables.of_run(find(made), "replaced", {})["genre"]
    put_table(made, key, [row])
    with pytest.raises(BatchrecError, match="was replaced while it was read"):
        table.rows_of([EXPRESSION])
    with pytest.raises(ClientError):  # which the local AWS says as S3 does
        made.aws.client("s3").get_object(Bucket=made.bucket, Key=key, IfMatch='"another"')


def test_a_very_active_user_takes_little_memory(
    made: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    from batchrec.published import imported

    make_up(made, "active")
    events = [(number // 2, f"i{number % 7}") for number in range(2000)]
    lines = ["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE"]
    for type_ in ("view", "buy"):
        lines += [f"busy,{item},{time},{type_}" for time, item in events]
    put(made, "transformed/active/interactions/part-1.csv", "\n".join(lines) + "\n")
    monkeypatch.setattr(imported, "BLOCK_BYTES", 1000)  # so that there are many pieces
    past = imported.pasts(find(made), "active", ["busy", "nobody"], most=6)
    assert list(past) == ["busy"]
    assert past["busy"].events == 4000
    # The last two seconds: numbers 1996 to 1999, of which 1996 % 7 is 1.
    assert [(e.at.timestamp(), e.item, e.event_type) for e in past["busy"].latest] == [
        (999, "i3", "buy"),
        (999, "i3", "view"),
        (999, "i4", "buy"),
        (999, "i4", "view"),
        (998, "i1", "buy"),
        (998, "i1", "view"),
    ]
