"""The facts of a report are those of the files that a run left.

Expected values come from DuckDB over the same files, or from what the fake jobs write by hand.
"""

from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest
from deployed_pipeline import Pipeline as Deployed
from published_pipeline import asl, loaded, pipeline, published, ran_twice, set_scripts

from batchrec import pipeline as pipelines
from batchrec import runs
from batchrec.errors import BatchrecError
from batchrec.localaws import fault_syntax
from batchrec.report import collecting, sampling
from batchrec.report.facts import Facts, Funnel, SolutionFacts

__all__ = ["asl", "pipeline", "published", "ran_twice"]


def find(deployed: Deployed) -> pipelines.Pipeline:
    deployed.deploy()
    return pipelines.find(pipelines.Where(deployed.machine_arn), {}, deployed.aws.client)


def collect(deployed: Deployed, run: str, **given: Any) -> Facts:
    found = find(deployed)
    return collecting.collect(found, runs.read(found, run), **given)


@pytest.fixture(scope="module")
def second(ran_twice: Deployed) -> Facts:
    return collect(ran_twice, "second")


@pytest.fixture(scope="module")
def first(ran_twice: Deployed) -> Facts:
    return collect(ran_twice, "first", titles={"0": "Zero", "1": "One"})


@pytest.fixture(scope="module")
def both(
    ran_twice: Deployed, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("runs")
    return {run: loaded(ran_twice, run, folder) for run in ("first", "second")}


def solution(facts: Facts, key: str) -> SolutionFacts:
    return next(each for each in facts.solutions if each.key == key)


def one(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    ((value,),) = connection.sql(query).fetchall()
    return value


def test_the_run_and_its_data(first: Facts, both: dict[str, duckdb.DuckDBPyConnection]) -> None:
    data = both["first"]
    assert first.run.name == "first"
    assert first.made_at == first.run.as_of
    assert "PublishRecommendations" in first.states
    imported = one(data, "select count(*) from events")
    quarantined = {"invalid_timestamp": 7, "missing_user_id": 3}
    assert first.funnels == [Funnel("interactions", imported + 70, 40, 20, quarantined, imported)]
    days = dict(
        data.sql(
            "select cast(to_timestamp(time) as date), count(*) from events group by 1"
        ).fetchall()
    )
    shown = dict(first.events_over_time)
    assert {day: count for day, count in shown.items() if count} == days
    assert len(shown) == (max(days) - min(days)).days + 1
    assert first.bill.lines
    assert first.limits


@pytest.mark.parametrize(("kind", "column"), [("users", "user"), ("items", "item")])
def test_the_long_tails(
    first: Facts, both: dict[str, duckdb.DuckDBPyConnection], kind: str, column: str
) -> None:
    tail = next(each for each in first.long_tails if each.kind == kind)
    counts = [
        count
        for (count,) in both["first"]
        .sql(f'select count(*) from events group by "{column}" order by 1 desc')
        .fetchall()
    ]
    assert tail.count == len(counts)
    assert tail.shares[0] == (0, 0)
    assert tail.shares[-1] == (1, pytest.approx(1))
    for share_of_them, share_of_events in tail.shares:
        top = counts[: round(share_of_them * len(counts))]
        assert share_of_events == pytest.approx(sum(top) / sum(counts))
    # The definition: the mean absolute difference over twice the mean.
    differences = sum(abs(a - b) for a in counts for b in counts)
    assert tail.gini == pytest.approx(differences / (2 * len(counts) * sum(counts)))


@pytest.mark.parametrize("key", ["for-you", "similar", "fans"])
def test_what_a_solution_said(
    first: Facts, both: dict[str, duckdb.DuckDBPyConnection], key: str
) -> None:
    data, facts = both["first"], solution(first, key)
    column = "user" if key == "for-you" else "item"
    assert facts.asked == f"{column}s"
    assert facts.answered == ("users" if key == "fans" else "items")
    assert facts.counts["recommendations"] == one(data, f'select count(*) from "{key}"')
    assert facts.distinct == one(data, f'select count(distinct recommended_id) from "{key}"')
    catalogue = "user" if key == "fans" else "item"
    assert facts.catalogue == one(data, f'select count(distinct "{catalogue}") from events')
    assert facts.cold == one(
        data,
        f"select count(*) from asked_{facts.asked}"
        f' where cast(id as varchar) not in (select "{column}" from events)',
    )
    assert facts.refused is None
    assert facts.change is None
    if key == "fans":
        assert facts.popularity is None
        return
    assert facts.popularity is not None
    ranked = (
        "with ranked as (select item, count(*) as n, row_number() over"
        " (order by count(*) desc, item) as place, count(*) over () as size from events group by 1)"
    )
    top = "place <= greatest(round(size * 0.05), 1)"
    consumed = one(data, f"{ranked} select sum(n) filter ({top}) / sum(n) from ranked")
    recommended = one(
        data,
        f'{ranked} select count(*) filter ({top}) / count(*) from "{key}"'
        " left join ranked on item = recommended_id",
    )
    assert facts.popularity.buckets[:2] == ["most popular 1%", "1% to 5%"]
    assert sum(facts.popularity.consumed[:2]) == pytest.approx(consumed)
    assert sum(facts.popularity.recommended[:2]) == pytest.approx(recommended)
    assert sum(facts.popularity.consumed) == pytest.approx(1)
    assert sum(facts.popularity.recommended) == pytest.approx(1)


@pytest.mark.parametrize("key", ["similar", "fans"])
def test_what_changed(second: Facts, both: dict[str, duckdb.DuckDBPyConnection], key: str) -> None:
    lists = {
        run: {
            asked: set(ids)
            for asked, ids in data.sql(
                f'select item_id, list(recommended_id) from "{key}" group by 1'
            ).fetchall()
        }
        for run, data in both.items()
    }
    now, before = lists["second"], lists["first"]
    known = now.keys() & before.keys()
    change = solution(second, key).change
    assert change is not None
    assert (change.before, change.asked) == ("first", len(known))
    assert change.changed == pytest.approx(sum(now[i] != before[i] for i in known) / len(known))
    overlaps = [len(now[i] & before[i]) / len(now[i]) for i in known]
    assert change.overlap == pytest.approx(sum(overlaps) / len(known))
    assert change.added == len(now.keys() - before.keys())
    assert change.removed == len(before.keys() - now.keys())


def test_a_run_can_be_compared_with_any_other(ran_twice: Deployed) -> None:
    facts = collect(ran_twice, "first", compare="second")
    change = solution(facts, "similar").change
    assert change is not None
    assert change.before == "second"
    assert solution(facts, "for-you").change is None  # which that run didn't publish
    with pytest.raises(BatchrecError, match="no table of a run third"):
        collect(ran_twice, "first", compare="third")


def trained(deployed: Deployed, key: str) -> list[dict[str, float]]:
    """The metrics of a solution's versions as GetSolutionMetrics tells them, the oldest first."""
    solution_arn = deployed.solution(key)["arn"]
    versions = deployed.listed(
        "list_solution_versions", "solutionVersions", solutionArn=solution_arn
    )
    return [
        deployed.aws.client("personalize").get_solution_metrics(
            solutionVersionArn=each["solutionVersionArn"]
        )["metrics"]
        for each in sorted(versions, key=lambda each: each["creationDateTime"])
    ]


def test_metrics_beside_popularity_and_earlier_runs(
    ran_twice: Deployed, first: Facts, second: Facts
) -> None:
    then, now = solution(first, "similar"), solution(second, "similar")
    assert [then.metrics, now.metrics] == trained(ran_twice, "similar")
    assert then.metrics != now.metrics
    assert then.earlier == []
    assert [(each.run, each.metrics) for each in now.earlier] == [("first", then.metrics)]
    assert now.popularity_metrics is None  # what it is asked isn't what popularity would be asked
    for_you = solution(first, "for-you")
    assert for_you.popularity_metrics is not None
    assert for_you.popularity_metrics.keys() == for_you.metrics.keys()
    assert any("computed for this report" in note for note in first.sampled)


def test_a_solution_that_is_refused(second: Facts) -> None:
    facts = solution(second, "for-you")
    assert facts.refused == "3 of 56 inputs ended with an error."
    assert facts.metrics  # of the version that the run has trained all the same
    assert (facts.counts, facts.sample, facts.distinct) == ({}, [], None)
    assert any("for-you" in f"{each.title} {each.explanation}" for each in second.problems)


def test_users_can_be_searched(first: Facts, both: dict[str, duckdb.DuckDBPyConnection]) -> None:
    data, sample = both["first"], solution(first, "for-you").sample
    events = dict(data.sql("select user, count(*) from events group by 1").fetchall())
    assert {each.id for each in sample} == {*map(str, range(5, 60)), "newcomer"}
    assert {each.id: each.events for each in sample} == {
        each.id: events.get(each.id, 0) for each in sample
    }
    assert [each.id for each in sample if each.is_cold] == ["newcomer"]
    user = next(each for each in sample if each.id == "59")
    expected = data.sql(
        "select item, time, type from events where user = '59' order by time desc, item limit 25"
    ).fetchall()
    assert [(e.item, e.at, e.event_type) for e in user.history] == [
        (item, datetime.fromtimestamp(time, UTC), type_) for item, time, type_ in expected
    ]
    answers = data.sql(
        "select recommended_id, score from \"for-you\" where user_id = '59' order by rank"
    ).fetchall()
    assert [(answer.id, answer.score) for answer in user.answers] == answers
    titles = {e.item: e.title for each in sample for e in each.history}
    assert (titles["0"], titles["1"], titles["2"]) == ("Zero", "One", None)


def test_items_can_be_searched_with_their_own_titles(second: Facts) -> None:
    fans, similar = solution(second, "fans"), solution(second, "similar")
    assert {each.id for each in similar.sample} == {*map(str, range(20))}
    for each in similar.sample:
        assert each.title == (None if int(each.id) % 2 else f'The "{each.id}", [bold]part 2[/]')
        assert each.history == []
    assert len(fans.sample[0].answers) == 7
    assert {answer.title for each in fans.sample for answer in each.answers} == {None}


def test_a_sample_is_said_to_be_one(ran_twice: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchrec.report.solutions.SAMPLE", 10)
    facts = collect(ran_twice, "first")
    assert "for-you: 10 of 56 users can be searched" in " ".join(facts.sampled)
    sample = solution(facts, "for-you").sample
    assert len(sample) == 10
    assert [each.events for each in sample] == sorted((e.events for e in sample), reverse=True)
    assert (sample[0].id, sample[-2].id, sample[-1].id) == ("59", "5", "newcomer")


def test_metrics_of_popularity_are_those_of_a_solution_if_there_is_one(
    published: Deployed,
) -> None:
    published.solve(
        published.solution("for-you"), published.solution("popular", recipe="aws-popularity-count")
    )
    published.run("first")
    facts = collect(published, "first")
    metrics = solution(facts, "popular").metrics
    assert metrics
    assert solution(facts, "for-you").popularity_metrics == metrics


def test_a_run_that_failed_while_importing(published: Deployed) -> None:
    published.aws.faults.add(fault_syntax.parse('CreateDatasetImportJob fail "Bad rows."'))
    published.run("first")
    facts = collect(published, "first")
    assert facts.run.status == "FAILED"
    assert facts.problems[0].is_failure
    assert "Bad rows." in facts.problems[0].explanation
    assert [funnel.dataset for funnel in facts.funnels] == ["interactions"]
    assert facts.events_over_time
    for each in facts.solutions:
        assert (each.counts, each.metrics, each.sample) == ({}, {}, [])
        assert each.refused == "The run ended before it was published."


def test_a_run_that_failed_before_there_was_any_data(published: Deployed) -> None:
    published.aws.faults.add(fault_syntax.parse("glue:StartJobRun error AccessDeniedException"))
    published.run("first")
    facts = collect(published, "first")
    assert (facts.funnels, facts.events_over_time, facts.long_tails) == ([], [], [])
    assert facts.problems[0].is_failure


def test_a_version_that_the_gate_refused_is_measured_all_the_same(published: Deployed) -> None:
    strict = {"minimum": {"precision_at_5": 0.99}, "maximum_drop": {}}
    published.solve(published.solution("for-you", quality_gate=strict))
    published.run("first")
    facts = solution(collect(published, "first"), "for-you")
    assert facts.metrics["precision_at_5"] < 0.99
    assert facts.refused is not None
    assert "precision_at_5" in facts.refused


def test_runs_after_one_that_published_a_part(published: Deployed) -> None:
    """It failed, and so has no output; its execution has such a name as schedules give."""
    published.aws.client("s3").put_bucket_versioning(
        Bucket=published.bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    set_scripts(published, refused=("for-you",))
    scheduled = "every-monday-morning_2026-01-05T03.00.00Z_4f1c"
    failed, _ = published.run(scheduled)
    assert failed["status"] == "FAILED"
    set_scripts(published, seed=2)
    published.run("good")
    run = runs.fitting_name(scheduled)
    similar = solution(collect(published, "good"), "similar")
    versions = trained(published, "similar")
    assert [(each.run, each.metrics) for each in similar.earlier] == [(run, versions[0])]
    assert similar.change is not None
    assert similar.change.before == run
    part = solution(collect(published, run), "similar")
    assert part.metrics == versions[0] != versions[1]
    assert part.counts["recommendations"] > 0


def test_what_earlier_runs_said_when_step_functions_has_forgotten_them(
    published: Deployed,
) -> None:
    published.solve(published.solution("for-you"))
    published.run("first")
    s3, bucket = published.aws.client("s3"), published.bucket
    for each in s3.list_objects_v2(Bucket=bucket, Prefix="curated/first/")["Contents"]:
        renamed = each["Key"].replace("/first/", "/forgotten/")
        s3.copy_object(
            Bucket=bucket, Key=renamed, CopySource={"Bucket": bucket, "Key": each["Key"]}
        )
        s3.delete_object(Bucket=bucket, Key=each["Key"])
    set_scripts(published, seed=2)
    published.run("second")
    change = solution(collect(published, "second"), "for-you").change
    assert change is not None
    assert change.before == "forgotten"


def test_the_sample_does_not_depend_on_the_order_of_the_data() -> None:
    import pyarrow as pa

    counts = pa.table({"id": ["a", "b", "c", "d"], "events": [9, 5, 5, 1]})
    asked = ["d", "cold 2", "b", "a", "cold 1", "c"]
    chosen = sampling.choose(pa.array(asked), counts, 5)
    assert chosen == sampling.choose(pa.array(asked[::-1]), counts, 5)
    assert chosen == [("a", 9), ("b", 5), ("c", 5), ("d", 1), ("cold 2", 0)]
