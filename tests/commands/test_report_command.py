"""`batchrec report` writes a page about a run of a deployed pipeline, whatever became of it."""

import json
from pathlib import Path

import duckdb
import pytest
from deployed_pipeline import Pipeline
from published_pipeline import loaded, ran_twice
from typer.testing import CliRunner, Result

from batchrec.cli import app
from batchrec.errors import BatchrecError
from batchrec.pytest_plugin import local_aws_environment

__all__ = ["local_aws_environment", "ran_twice"]

pytestmark = pytest.mark.usefixtures("local_aws_environment")


def report(pipeline: Pipeline, path: Path, *arguments: str) -> Result:
    environment = {"COLUMNS": "200", "NO_COLOR": "1"}
    given = ["report", "--state-machine", pipeline.machine_arn, "-o", str(path), *arguments]
    return CliRunner().invoke(app, given, env=environment)


def searched(page: str) -> list[str]:
    """Ids that the page's search holds."""
    data = page.partition('<script type="application/json" id="people">')[2]
    found = json.loads(data.partition("</script>")[0])
    return [found["names"][each["name"]][0] for each in found["asked"]]


def test_a_run_that_succeeded(ran_twice: Pipeline, tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "first.html"
    result = report(ran_twice, path, "--run", "first", "--price", "personalize.training=1")
    assert result.exit_code == 0, result.output
    assert "first succeeded." in result.output
    assert f"The report is in {path}." in result.output
    page = path.read_text(encoding="utf-8")
    assert "price given by you: --price" in page
    data = loaded(ran_twice, "first", tmp_path)
    events = count(data, "events")
    assert f"{events:,}" in page  # rows imported
    rows = sum(count(data, table) for table in ('"for-you"', '"similar"', '"fans"'))
    assert f"It published {rows:,} recommendations of 3 solutions." in page
    assert {"17", "newcomer"} <= set(searched(page))


def count(data: duckdb.DuckDBPyConnection, table: str) -> int:
    ((number,),) = data.sql(f"select count(*) from {table}").fetchall()
    return int(number)


def test_the_newest_run_by_default_and_what_needs_a_person(
    ran_twice: Pipeline, tmp_path: Path
) -> None:
    """The run `second` failed, as one solution's answers were refused: the page is written."""
    path = tmp_path / "report.html"
    result = report(ran_twice, path, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert (told["run"], told["status"], told["report"]) == ("second", "FAILED", str(path))
    failures = [each for each in told["problems"] if each["is_failure"]]
    assert [each["explanation"] for each in failures] == ["3 of 56 inputs ended with an error."]
    page = path.read_text(encoding="utf-8")
    for each in told["problems"]:
        assert each["title"] in page
    assert "3 of 56 inputs ended with an error." in page


def test_compared_with_another_run_and_with_titles(ran_twice: Pipeline, tmp_path: Path) -> None:
    titles = tmp_path / "titles.csv"
    titles.write_text("id,title\n0,The <b>Zeroth</b>\n", encoding="utf-8")
    path = tmp_path / "report.html"
    result = report(ran_twice, path, "--compare", "first", "--titles", str(titles))
    assert result.exit_code == 0, result.output
    page = path.read_text(encoding="utf-8")
    assert "Change since first" in page
    assert "The \\u003cb>Zeroth\\u003c/b>" in page


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--run", "third"], "has no run third"),
        (["--compare", "zeroth"], "no table of a run zeroth"),
        (["--titles", "absent.csv"], "absent.csv can't be read"),
    ],
)
def test_what_isnt_there(
    ran_twice: Pipeline, tmp_path: Path, arguments: list[str], told: str
) -> None:
    result = report(ran_twice, tmp_path / "report.html", *arguments)
    assert isinstance(result.exception, BatchrecError)  # the console script prints it, and ends 1
    assert told in str(result.exception)
    assert not (tmp_path / "report.html").exists()


def test_a_file_that_cant_be_written(ran_twice: Pipeline, tmp_path: Path) -> None:
    """Typer refuses it before anything is read."""
    result = report(ran_twice, tmp_path)  # a folder
    assert result.exit_code == 2
    assert "is a directory" in result.output
