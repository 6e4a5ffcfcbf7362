"""The example with three kinds of solutions, as a person runs it; read as its consumers would."""

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from batchrec.data import samples

if TYPE_CHECKING:
    from conftest import Rehearse

pytestmark = pytest.mark.xdist_group("rehearsal-segments")

SOLUTIONS = ("user-personalization", "similar-items", "item-affinity")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("segments")


@pytest.fixture(scope="module")
def ended(folder: Path, rehearse: "Rehearse") -> subprocess.CompletedProcess[str]:
    """One `batchrec rehearse --example segments` in an empty folder."""
    return rehearse("--example", "segments", cwd=folder)


@pytest.fixture(scope="module")
def output(ended: subprocess.CompletedProcess[str], folder: Path) -> Path:
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return folder / "demo-output"


@pytest.fixture(scope="module")
def summary(output: Path) -> dict[str, Any]:
    return dict(json.loads((output / "summary.json").read_text()))


@pytest.fixture(scope="module")
def manifest(output: Path) -> dict[str, Any]:
    return dict(json.loads((output / "curated" / "latest.json").read_text()))


@pytest.fixture(scope="module")
def tables(
    output: Path, manifest: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> duckdb.DuckDBPyConnection:
    """The published tables by the solution's key, and of the sample what is liked, as `liked`."""
    path = tmp_path_factory.mktemp("sample") / samples.find("segments").file_name
    samples.find("segments").write(path)
    connection = duckdb.connect()
    connection.execute(
        "create table liked as select userID as user_id, movieID as item_id"
        f" from read_csv('{path}', delim = '\t', quote = '', all_varchar = true)"
        " where cast(rating as double) >= 3.5"
    )
    for key, entry in manifest["solutions"].items():
        _, in_bucket = entry["table_prefix"].removeprefix("s3://").split("/", 1)
        files = output / in_bucket / "*.parquet"
        connection.execute(f"create view \"{key}\" as select * from read_parquet('{files}')")
    return connection


def rows(tables: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return tables.sql(query).fetchall()


@pytest.mark.parametrize(
    ("key", "asked", "scored"),
    [
        ("user-personalization", "user_id", True),
        ("similar-items", "item_id", False),
        ("item-affinity", "item_id", False),
    ],
)
def test_the_columns_are_those_that_consumers_are_promised(
    tables: duckdb.DuckDBPyConnection, key: str, asked: str, scored: bool
) -> None:
    described = rows(tables, f'describe "{key}"')
    assert [(name, kind) for name, kind, *_ in described] == [
        (asked, "VARCHAR"),
        ("rank", "INTEGER"),
        ("recommended_id", "VARCHAR"),
        ("score", "DOUBLE"),
    ]
    has_score = rows(tables, f'select distinct score is not null from "{key}"')
    assert has_score == [(scored,)]


def test_every_user_gets_25_items_ranked_without_gaps(tables: duckdb.DuckDBPyConnection) -> None:
    users = rows(tables, "select distinct user_id from liked order by all")
    asked = 'select user_id from "user-personalization" group by all'
    assert rows(tables, f"{asked} order by all") == users
    wrong = f"{asked} having list(rank order by rank) != range(1, 26)"
    assert rows(tables, wrong) == []
    twice = f"{asked} having count(distinct recommended_id) != 25"
    assert rows(tables, twice) == []


def test_better_ranks_have_better_scores(tables: duckdb.DuckDBPyConnection) -> None:
    worse = (
        'select * from (select score, lag(score) over (partition by user_id order by "rank") as'
        ' better from "user-personalization") where score > better'
    )
    assert rows(tables, worse) == []


def test_nobody_is_recommended_what_they_already_have(tables: duckdb.DuckDBPyConnection) -> None:
    had = (
        'select r.user_id, r.recommended_id from "user-personalization" r'
        " join liked on liked.user_id = r.user_id and liked.item_id = r.recommended_id"
    )
    assert rows(tables, had) == []


def test_no_item_is_similar_to_itself(
    tables: duckdb.DuckDBPyConnection, manifest: dict[str, Any]
) -> None:
    assert rows(tables, 'select * from "similar-items" where item_id = recommended_id') == []
    ((items,),) = rows(tables, "select count(distinct item_id) from liked")
    assert manifest["solutions"]["similar-items"]["counts"]["inputs"] == items
    strangers = (
        'select recommended_id from "similar-items" where recommended_id not in'
        " (select item_id from liked)"
    )
    assert rows(tables, strangers) == []


def test_the_most_frequent_items_get_100_users_each(tables: duckdb.DuckDBPyConnection) -> None:
    segments = rows(
        tables,
        "select item_id, count(*), count(distinct recommended_id), max(rank)"
        ' from "item-affinity" group by all',
    )
    assert len(segments) == 50
    assert all(users == distinct == last <= 100 for _, users, distinct, last in segments)
    asked = {item for item, *_ in segments}
    by_frequency = rows(tables, "select item_id, count(*) from liked group by all order by 2 desc")
    fewest = by_frequency[49][1]
    # Which ones of those that are as frequent as the fiftieth is open.
    assert {item for item, count in by_frequency if count > fewest} <= asked
    assert asked <= {item for item, count in by_frequency if count >= fewest}
    strangers = (
        'select recommended_id from "item-affinity" where recommended_id not in'
        " (select user_id from liked)"
    )
    assert rows(tables, strangers) == []


@pytest.mark.parametrize("key", SOLUTIONS)
def test_the_counts_of_the_manifest_are_those_of_the_tables(
    tables: duckdb.DuckDBPyConnection, manifest: dict[str, Any], summary: dict[str, Any], key: str
) -> None:
    entry = manifest["solutions"][key]
    ((recommendations, answered),) = rows(
        tables, f'select count(*), count(distinct #1) from (select * from "{key}")'
    )
    assert entry["run"] == manifest["run"] == summary["run"]
    assert entry["counts"] == summary["published"][key]
    assert entry["counts"]["recommendations"] == recommendations
    assert entry["counts"]["answered"] == entry["counts"]["inputs"] == answered
    assert entry["counts"]["errors"] == 0


def test_the_summary_adds_the_solutions_up(
    tables: duckdb.DuckDBPyConnection, manifest: dict[str, Any], summary: dict[str, Any]
) -> None:
    assert manifest["solutions"].keys() == summary["offline_metrics"].keys() == set(SOLUTIONS)
    counts = [rows(tables, f'select count(*) from "{key}"')[0][0] for key in SOLUTIONS]
    assert summary["recommendations"] == sum(counts)
    assert "hits_at_1_percent" in summary["offline_metrics"]["item-affinity"]
    states = [moment["state"] for moment in summary["timeline"]]
    assert states.count("CreateSolutionVersion") == 3
    assert states.count("CreateBatchInferenceJob") == 2
    assert states.count("CreateBatchSegmentJob") == 1
    assert states.count("PublishRecommendations") == 1


def test_a_person_sees_each_solution_with_titles(
    ended: subprocess.CompletedProcess[str], output: Path
) -> None:
    shown = ended.stdout
    headings = (
        "user-personalization: recommended for users",
        "similar-items: similar to items",
        "item-affinity: users for items",
    )
    assert sorted(re.findall("|".join(headings), shown)) == sorted(headings)
    title = re.compile(r"│ \w.* \((19|20)\d\d\)")
    assert all(title.search(table) for table in re.split("|".join(headings), shown)[1:])
    assert shown.count("Rated highest") == 1, "of users alone"
    assert "for 50 items, 0 errors" in shown
