"""The demo itself, as a person runs it; expected values come from DuckDB over the same input."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from batchrec.data import hetrec, movielens

if TYPE_CHECKING:
    from conftest import Rehearse

pytestmark = pytest.mark.xdist_group("rehearsal")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def demo(folder: Path, rehearse: "Rehearse") -> subprocess.CompletedProcess[str]:
    """One `batchrec rehearse` with its defaults, in an empty folder."""
    return rehearse(cwd=folder)


@pytest.fixture(scope="module")
def output(demo: subprocess.CompletedProcess[str], folder: Path) -> Path:
    assert demo.returncode == 0, demo.stdout + demo.stderr
    return folder / "demo-output"


@pytest.fixture(scope="module")
def ratings(folder: Path) -> duckdb.DuckDBPyConnection:
    """The same ratings in DuckDB, as `ratings`; what should be kept, as `liked`."""
    frame = movielens.ratings()  # noqa: F841 (DuckDB finds it by name)
    connection = duckdb.connect()
    connection.execute("create table ratings as select * from frame")
    connection.execute(
        "create table liked as select distinct cast(userId as varchar) as user_id,"
        " cast(movieId as varchar) as item_id, cast(timestamp as bigint) as timestamp"
        " from ratings where rating >= 3.5"
    )
    return connection


@pytest.fixture(scope="module")
def answers(output: Path) -> list[dict[str, dict[str, list[str]]]]:
    files = list(output.glob("curated/**/*.out"))
    assert files
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_every_user_with_a_liking_gets_25_recommendations(
    answers: list[dict[str, dict[str, list[str]]]], ratings: duckdb.DuckDBPyConnection
) -> None:
    users = {user for (user,) in ratings.sql("select distinct user_id from liked").fetchall()}
    assert sorted(answer["input"]["userId"] for answer in answers) == sorted(users)
    assert {len(set(answer["output"]["recommendedItems"])) for answer in answers} == {25}
    assert {answer["error"] for answer in answers} == {None}


def test_nobody_is_recommended_what_they_already_have(
    answers: list[dict[str, dict[str, list[str]]]], ratings: duckdb.DuckDBPyConnection
) -> None:
    had = set(ratings.sql("select user_id, item_id from liked").fetchall())
    recommended = {
        (answer["input"]["userId"], item)
        for answer in answers
        for item in answer["output"]["recommendedItems"]
    }
    assert not had & recommended


def test_the_imported_rows_are_those_that_duckdb_selects(
    output: Path, ratings: duckdb.DuckDBPyConnection
) -> None:
    written = f"read_csv('{output}/transformed/*/interactions/*.csv', all_varchar = true)"
    counts = ratings.sql(f"select count(*) from {written}").fetchall()
    difference = ratings.sql(
        f"(select USER_ID, ITEM_ID, cast(TIMESTAMP as bigint) from {written})"
        " except all (select * from liked)"
    ).fetchall()
    assert counts == ratings.sql("select count(*) from liked").fetchall()
    assert difference == []


def test_timestamps_are_seconds_of_the_years_1995_to_2017(
    output: Path, ratings: duckdb.DuckDBPyConnection
) -> None:
    years = ratings.sql(
        "select min(year(to_timestamp(TIMESTAMP))), max(year(to_timestamp(TIMESTAMP)))"
        f" from read_csv('{output}/transformed/*/interactions/*.csv')"
    ).fetchall()
    first, last = years[0]
    assert 1995 <= first <= last < 2017


def test_nothing_but_csv_lies_under_the_import_prefix(output: Path) -> None:
    files = [path for path in output.glob("transformed/*/interactions/**/*") if path.is_file()]
    assert files
    assert {path.suffix for path in files} == {".csv"}


def test_the_summary_says_what_happened(output: Path, ratings: duckdb.DuckDBPyConnection) -> None:
    summary = json.loads((output / "summary.json").read_text())
    read, liked, users, items = ratings.sql(
        "select (select count(*) from ratings), count(*), count(distinct user_id),"
        " count(distinct item_id) from liked"
    ).fetchall()[0]
    rows = summary["rows"]
    assert rows["read"] == read
    assert rows["written"] == liked
    assert rows["read"] == sum(
        rows[kind] for kind in ("written", "filtered", "duplicate", "quarantined")
    )
    assert (summary["users"], summary["items"]) == (users, items)
    assert summary["recommendations"] == 25 * users
    assert summary["published"]["user-personalization"] == {
        "inputs": users,
        "answered": users,
        "errors": 0,
        "recommendations": 25 * users,
    }
    assert len(summary["seconds"]) == 8
    assert (
        "normalized_discounted_cumulative_gain_at_25"
        in (summary["offline_metrics"]["user-personalization"])
    )
    assert [moment["state"] for moment in summary["timeline"]] == [
        "ListRunningExecutions",
        "LookForTrainingData",
        "PrepareTrainingData",
        "ReadReport",
        "ReadManifest",
        "ImportDatasets",
        "CreateDatasetImportJob",
        "RecommendWithSolutions",
        "CreateSolution",
        "CreateSolutionVersion",
        "GetSolutionMetrics",
        "CreateBatchInferenceJob",
        "PublishRecommendations",
        "ReadPublication",
        "NotifyOfSuccess",
    ]


def test_the_results_are_those_that_consumers_read(output: Path) -> None:
    manifest = json.loads((output / "curated" / "latest.json").read_text())
    (run,) = (folder.name for folder in (output / "curated").iterdir() if folder.is_dir())
    assert manifest["run"] == run
    assert (output / "curated" / run / "publication.json").is_file()
    assert list((output / "curated" / run / "tables" / "user-personalization").glob("*.parquet"))


def test_there_is_a_report_with_titles(output: Path) -> None:
    report = (output / "report.html").read_text()
    assert "Shawshank Redemption" in report
    titles = duckdb.sql(f"select * from read_csv('{output}/titles.csv', all_varchar = true)")
    assert titles.columns == ["id", "title"]
    assert ("318", "Shawshank Redemption, The (1994)") in titles.fetchall()


def test_a_person_sees_steps_counts_metrics_and_titles(
    demo: subprocess.CompletedProcess[str], output: Path
) -> None:
    shown = demo.stdout
    assert all(f"{number}/9" in shown for number in range(1, 10))
    assert "100,004 rows read" in shown
    assert "normalized_discounted_cumulative_gain_at_25" in shown
    assert re.search(r"\w.* \((19|20)\d\d\)", shown), "titles with their years"
    assert "demo-output/report.html" in shown


OWN = (
    *("--data", "own ratings.dat", "--output", "results", "--var-file", "own.tfvars"),
    *("--state", "account.state"),
)


@pytest.fixture(scope="module")
def own_results(tmp_path_factory: pytest.TempPathFactory, rehearse: "Rehearse") -> Path:
    """A rehearsal with a person's own data and variables, that leaves its account in a file."""
    folder = tmp_path_factory.mktemp("own")
    own = movielens.ratings().query("userId <= 60")
    hetrec.write(own, folder / "own ratings.dat")
    (folder / "own.tfvars").write_text("minimum_rating = 4.5\n")
    ended = rehearse(*OWN, cwd=folder)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return folder / "results"


@pytest.mark.xdist_group("rehearsal-own")
def test_a_persons_own_file_and_variables_are_used(
    own_results: Path, ratings: duckdb.DuckDBPyConnection
) -> None:
    summary = json.loads((own_results / "summary.json").read_text())
    expected = ratings.sql(
        "select count(*), count(*) filter (rating >= 4.5) from ratings where userId <= 60"
    ).fetchall()[0]
    assert (summary["rows"]["read"], summary["rows"]["written"]) == expected


@pytest.mark.xdist_group("rehearsal-own")
def test_the_next_day_finds_what_the_first_one_left(
    own_results: Path, rehearse: "Rehearse"
) -> None:
    """The data is the same: the second day recommends with the first day's model."""

    def published() -> tuple[str, str, list[str]]:
        manifest = json.loads((own_results / "curated" / "latest.json").read_text())
        summary = json.loads((own_results / "summary.json").read_text())
        entry = manifest["solutions"]["user-personalization"]
        states = [moment["state"] for moment in summary["timeline"]]
        return manifest["run"], entry["solution_version_arn"], states

    first_run, first_version, first_states = published()
    assert "CreateSolutionVersion" in first_states
    ended = rehearse(*OWN, cwd=own_results.parent)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    run, version, states = published()
    assert run != first_run
    assert version == first_version
    assert {"CreateDatasetImportJob", "CreateBatchInferenceJob"} <= set(states)
    assert not {"CreateSolution", "CreateSolutionVersion"} & set(states)
    runs = {folder.name for folder in (own_results / "curated").iterdir() if folder.is_dir()}
    assert runs == {first_run, run}


def test_a_second_rehearsal_replaces_only_its_own_folder(
    folder: Path, rehearse: "Rehearse"
) -> None:
    foreign = folder / "foreign"
    foreign.mkdir()
    (foreign / "precious.txt").write_text("mine")
    refused = rehearse("--output", str(foreign), cwd=folder)
    assert refused.returncode == 1
    assert "precious" not in refused.stderr
    assert "--output" in refused.stderr
    assert (foreign / "precious.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("example", "content", "expected"),
    [
        ("movielens", None, "no such file"),
        ("movielens", "", "empty"),
        ("movielens", "userID\tmovieID\trating\ttimestamp\r\n", "header"),
        ("movielens", "user,movie,stars\r\n1,2,3\r\n", "userID"),
        ("clickstream", "timestamp,visitorid,event,itemid,transactionid\n", "header"),
        ("clickstream", "userID\tmovieID\trating\ttimestamp\r\n1\t2\t3\t4\r\n", "visitorid"),
    ],
)
def test_input_that_can_be_refused_at_once_is(
    tmp_path: Path, rehearse: "Rehearse", example: str, content: str | None, expected: str
) -> None:
    data = tmp_path / "interactions.dat"
    if content is not None:
        data.write_text(content)
    ended = rehearse("--example", example, "--data", str(data), cwd=tmp_path)
    assert ended.returncode == 1
    assert expected.lower() in ended.stderr.lower()
    assert str(data) in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "1/9" not in ended.stdout, "nothing is started"
    assert not (tmp_path / "demo-output").exists()


def test_an_unknown_example_is_refused_with_the_known_ones(
    tmp_path: Path, rehearse: "Rehearse"
) -> None:
    ended = rehearse("--example", "netflix", cwd=tmp_path)
    assert ended.returncode == 1
    assert "There is no example 'netflix'" in ended.stderr
    assert "movielens, clickstream, segments" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.fixture
def low_ratings(tmp_path: Path) -> Path:
    ratings = movielens.ratings().head(2000)
    ratings["rating"] = 1.0
    path = tmp_path / "low.dat"
    hetrec.write(ratings, path)
    return path


@pytest.mark.xdist_group("rehearsal-fails")
def test_a_failing_job_ends_with_its_reason_and_nothing_left_running(
    tmp_path: Path, rehearse: "Rehearse", low_ratings: Path
) -> None:
    ended = rehearse("--data", str(low_ratings), cwd=tmp_path)
    assert ended.returncode == 1
    assert "PrepareTrainingData" in ended.stderr
    assert "0 to import of 2,000 rows (2,000 filtered" in ended.stderr
    assert "Personalize needs 1,000" in ended.stderr
    assert "DataGateError" in ended.stdout, "the end of the script's own output"
    assert "Traceback" not in ended.stderr
    assert processes_below(tmp_path) == []
    # What failed is explained; another rehearsal may replace it.
    assert [path.name for path in (tmp_path / "demo-output").iterdir()] == ["report.html"]
    assert "What went wrong: demo-output/report.html" in ended.stdout
    report = (tmp_path / "demo-output" / "report.html").read_text()
    assert "Personalize needs 1,000" in report
    again = rehearse("--data", "missing.dat", cwd=tmp_path)
    assert "holds something else" not in again.stderr


@pytest.mark.xdist_group("rehearsal-interrupted")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_stops_what_was_started(
    tmp_path: Path, batchrec: Path, number: int
) -> None:
    process = subprocess.Popen(
        [str(batchrec), "rehearse"],
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not any("terraform" in command for command in processes_below(tmp_path)):
        assert time.monotonic() < deadline, "Terraform never started"
        time.sleep(0.2)
    process.send_signal(number)
    process.communicate(timeout=120)
    assert process.returncode not in (0, None)
    assert processes_below(tmp_path) == []
    assert [path.name for path in tmp_path.glob("batchrec-*")] == []


def processes_below(folder: Path) -> list[str]:
    """Command lines of the processes that work in `folder` or have it as temporary folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            where = (process / "cwd").readlink()
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue  # it ended meanwhile
        if where.is_relative_to(folder) and "batchrec rehearse" not in command:
            found.append(command)
    return found


def test_the_local_aws_alone_says_how_to_reach_it(tmp_path: Path, batchrec: Path) -> None:
    process = subprocess.Popen(
        [str(batchrec), "local-aws"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if "until Ctrl-C" in line:
            break
    shown = "".join(lines)
    variables = dict(re.findall(r"^export (\w+)=(.*)$", shown, flags=re.MULTILINE))
    assert variables["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert 'provider "aws" {' in shown
    listed = subprocess.run(
        [sys.executable, "-c", "import boto3; print(boto3.client('s3').list_buckets()['Buckets'])"],
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert listed.stdout.strip() == "[]", listed.stderr
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode != 0
