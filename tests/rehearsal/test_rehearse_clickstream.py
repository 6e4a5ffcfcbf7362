"""The other example, as a person runs it; expected values come from DuckDB over the same file."""

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from batchrec.data import samples

if TYPE_CHECKING:
    from conftest import Rehearse

pytestmark = pytest.mark.xdist_group("rehearsal-clickstream")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clickstream")


@pytest.fixture(scope="module")
def ended(folder: Path, rehearse: "Rehearse") -> subprocess.CompletedProcess[str]:
    """One `batchrec rehearse --example clickstream` in an empty folder."""
    return rehearse("--example", "clickstream", cwd=folder)


@pytest.fixture(scope="module")
def output(ended: subprocess.CompletedProcess[str], folder: Path) -> Path:
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return folder / "demo-output"


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The sample file in DuckDB, as `events`; what should be imported, as `expected`."""
    path = tmp_path_factory.mktemp("sample") / "events.csv"
    samples.find("clickstream").write(path)
    connection = duckdb.connect()
    connection.execute(
        f"create table events as select * from read_csv('{path}', all_varchar = true)"
    )
    connection.execute(
        "create table expected as select distinct visitorid as user_id, itemid as item_id,"
        " cast(timestamp as bigint) // 1000 as timestamp, event as event_type from events"
    )
    return connection


def test_the_imported_rows_are_those_that_duckdb_selects(
    output: Path, events: duckdb.DuckDBPyConnection
) -> None:
    written = f"read_csv('{output}/transformed/*/interactions/*.csv', all_varchar = true)"
    rows = f"select USER_ID, ITEM_ID, cast(TIMESTAMP as bigint), EVENT_TYPE from {written}"
    surplus = events.sql(f"({rows}) except all (select * from expected)").fetchall()
    missing = events.sql(f"(select * from expected) except all ({rows})").fetchall()
    assert (surplus, missing) == ([], [])


def test_each_file_starts_with_the_header_that_personalize_needs(output: Path) -> None:
    files = list(output.glob("transformed/*/interactions/*.csv"))
    assert files
    headers = {file.read_text().partition("\n")[0] for file in files}
    assert headers == {"USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE"}


def test_every_visitor_gets_25_recommendations(
    output: Path, events: duckdb.DuckDBPyConnection
) -> None:
    published = f"read_parquet('{output}/curated/*/tables/user-personalization/*.parquet')"
    visitors = events.sql("select distinct visitorid, 25 from events order by all").fetchall()
    counted = f"select user_id, count(distinct recommended_id) from {published} group by all"
    assert events.sql(f"{counted} order by all").fetchall() == visitors
    assert events.sql(f"select count(*) from {published}").fetchall() == [(25 * len(visitors),)]


def test_the_summary_and_the_report_say_what_happened(
    output: Path, events: duckdb.DuckDBPyConnection
) -> None:
    summary = json.loads((output / "summary.json").read_text())
    read, written, users, items = events.sql(
        "select (select count(*) from events), count(*), count(distinct user_id),"
        " count(distinct item_id) from expected"
    ).fetchall()[0]
    assert summary["rows"] == {
        "read": read,
        "written": written,
        "filtered": 0,
        "duplicate": read - written,
        "quarantined": 0,
    }
    assert (summary["users"], summary["items"]) == (users, items)
    assert isinstance(summary["warnings"], list)
    report = json.loads((output / "transformed" / summary["run"] / "report.json").read_text())
    by_type = events.sql("select event_type, count(*) from expected group by all").fetchall()
    assert report["interactions"]["event_types"] == dict(by_type)


def test_a_person_sees_events_and_titles(
    ended: subprocess.CompletedProcess[str], output: Path
) -> None:
    shown = ended.stdout
    assert all(f"{number}/9" in shown for number in range(1, 10))
    assert "Apply examples/clickstream" in shown
    assert "Strongest events" in shown
    assert "Rated highest" not in shown
    assert re.search(r"\w.* \((19|20)\d\d\)  (transaction|addtocart|view)", shown)
    assert "demo-output/report.html" in shown
