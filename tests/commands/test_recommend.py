"""`batchrec recommend` shows what the published tables hold, and says why where they hold nothing.

Expected values come from DuckDB over the same files.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from deployed_pipeline import Pipeline
from published_pipeline import delete, loaded, published, ran_twice
from typer.testing import CliRunner, Result

from batchrec.cli import app
from batchrec.pytest_plugin import local_aws_environment

__all__ = ["local_aws_environment", "published", "ran_twice"]

pytestmark = pytest.mark.usefixtures("local_aws_environment")


def recommend(pipeline: Pipeline, *arguments: str) -> Result:
    environment = {"COLUMNS": "200", "NO_COLOR": "1"}
    given = ["recommend", *arguments, "--state-machine", pipeline.machine_arn]
    return CliRunner().invoke(app, given, env=environment)


def found(pipeline: Pipeline, *arguments: str) -> dict[str, Any]:
    result = recommend(pipeline, *arguments, "--json")
    assert result.exit_code in (0, 3), result.output
    return dict(json.loads(result.output))


def test_a_users_recommendations_beside_their_past(ran_twice: Pipeline, tmp_path: Path) -> None:
    data = loaded(ran_twice, "first", tmp_path)
    user = found(ran_twice, "17")
    (solution,) = user["solutions"]
    # The second run didn't publish it: consumers still have the first one's.
    assert (solution["solution"], solution["run"]) == ("for-you", "first")
    assert [(a["rank"], a["id"], a["score"]) for a in solution["answers"]] == data.sql(
        "select rank, recommended_id, score from \"for-you\" where user_id = '17' order by rank"
    ).fetchall()
    assert [(user["events"],)] == data.sql(
        "select count(*) from events where user = '17'"
    ).fetchall()
    past = [
        (e["item"], datetime.fromisoformat(e["at"]).timestamp(), e["event_type"])
        for e in user["history"]
    ]
    assert (
        past
        == data.sql(
            "select item, time, type from events where user = '17'"
            " order by time desc, item limit 25"
        ).fetchall()
    )
    for answer in solution["answers"]:  # every second item has a title
        number = int(answer["id"])
        assert answer["title"] == (None if number % 2 else f'The "{number}", [bold]part 2[/]')


@pytest.mark.parametrize("run", ["first", "second"])
def test_similar_items_and_users_for_an_item(ran_twice: Pipeline, tmp_path: Path, run: str) -> None:
    data = loaded(ran_twice, run, tmp_path)
    item = found(ran_twice, "--item", "3", *(["--run", "first"] if run == "first" else []))
    solutions = {each["solution"]: each for each in item["solutions"]}
    assert {key: (each["answered"], each["run"]) for key, each in solutions.items()} == {
        "similar": ("items", run),
        "fans": ("users", run),
    }
    for key, each in solutions.items():
        expected = data.sql(
            f"select recommended_id from \"{key}\" where item_id = '3' order by rank"
        ).fetchall()
        assert [(answer["id"],) for answer in each["answers"]] == expected
    assert [(item["events"],)] == data.sql(
        "select count(*) from events where item = '3'"
    ).fetchall()
    assert item["history"] == []


def test_what_a_person_sees(ran_twice: Pipeline, tmp_path: Path) -> None:
    best = found(ran_twice, "17")["solutions"][0]["answers"][0]
    shown = recommend(ran_twice, "17")
    assert shown.exit_code == 0
    assert "\x1b" not in shown.output
    assert "Recommended by the run first: for-you." in shown.output
    assert f"{best['score']:.4g}" in shown.output
    assert 'The "0", [bold]part 2[/]' in recommend(ran_twice, "--item", "0").output

    named = tmp_path / "titles.csv"
    named.write_text(f"id,title\n{best['id']},Rosebud\n")
    assert "Rosebud" in recommend(ran_twice, "17", "--titles", str(named)).output
    ran_twice.aws.client("s3").upload_file(str(named), ran_twice.bucket, "titles.csv")
    url = f"s3://{ran_twice.bucket}/titles.csv"
    assert "Rosebud" in recommend(ran_twice, "17", "--titles", url).output


def test_one_solution_without_reading_what_was_there(ran_twice: Pipeline) -> None:
    only = found(ran_twice, "--item", "3", "--solution", "fans", "--no-history")
    assert [each["solution"] for each in only["solutions"]] == ["fans"]
    assert only["events"] is None


def test_somebody_without_a_past(ran_twice: Pipeline) -> None:
    cold = recommend(ran_twice, "newcomer")
    assert cold.exit_code == 0
    assert "0 events in the data of the run first: cold." in cold.output


@pytest.mark.parametrize(
    ("user", "why"),
    [
        ("2", "not among the 56 users that were asked about"),
        ("2", "batch_inputs.users chooses by active_days = 90"),
        ("nobody", "has no event in the data that the run first imported"),
        ("nobody", "batch_inputs.users.ids"),
    ],
)
def test_why_there_is_nothing(ran_twice: Pipeline, user: str, why: str) -> None:
    ended = recommend(ran_twice, user)
    assert ended.exit_code == 3
    assert why in " ".join(ended.output.split())


def test_the_error_that_personalize_answered(ran_twice: Pipeline) -> None:
    s3, bucket = ran_twice.aws.client("s3"), ran_twice.bucket
    line = {"input": {"userId": "9999"}, "output": None, "error": "The user is [odd]."}
    answers, asked = "curated/first/for-you/9.out", "transformed/first/batch_users_input/9.json"
    s3.put_object(Bucket=bucket, Key=answers, Body=json.dumps(line).encode())
    s3.put_object(Bucket=bucket, Key=asked, Body=b'{"userId":"9999"}\n')
    try:
        ended = recommend(ran_twice, "9999")
    finally:
        for key in (answers, asked):
            s3.delete_object(Bucket=bucket, Key=key)
    assert ended.exit_code == 3
    assert "Amazon Personalize answered: The user is [odd]." in " ".join(ended.output.split())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("17", "--run", "third"), "There are no tables of a run third"),
        (("17", "--solution", "for-me"), "there are: similar, fans, for-you"),
        (("--attributes", "Items.A = 1"), "No solution is asked about item attributes"),
    ],
)
def test_what_is_not_there(ran_twice: Pipeline, given: tuple[str, ...], expected: str) -> None:
    ended = recommend(ran_twice, *given)
    assert ended.exit_code == 1
    assert expected in str(ended.exception)


def test_files_that_are_not_kept_any_more(published: Pipeline) -> None:
    """In a bucket with other things, where all keys of the pipeline start alike."""
    published.solve(published.solution("for-you"))
    published.configuration["prefix"] = "shop/"
    published.run("first")
    assert found(published, "17")["events"] > 0
    delete(published, "shop/transformed/first/")
    shown = recommend(published, "17")
    assert shown.exit_code == 0
    assert "isn't kept any more" in shown.output
    delete(published, "shop/curated/first/tables/")
    gone = recommend(published, "17")
    assert gone.exit_code == 1
    assert "that isn't there: s3://" in str(gone.exception)


def test_nothing_is_published(published: Pipeline) -> None:
    published.deploy()
    ended = recommend(published, "17")
    assert ended.exit_code == 1
    assert "has published nothing yet" in str(ended.exception)


@pytest.mark.parametrize("given", [(), ("17", "--item", "3")])
def test_one_thing_is_looked_up(published: Pipeline, given: tuple[str, ...]) -> None:
    ended = recommend(published, *given)
    assert ended.exit_code == 2
    assert "--attributes EXPRESSION" in ended.stderr


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "can't be read"),
        (b"item;name\n", "and not id and title"),
        (b"id,title\n1,\xff\n", "is not UTF-8"),
        (b"id,title\n1," + b"long" * 40_000, "is no CSV file: field larger than field limit"),
    ],
)
def test_titles_that_cannot_be_used(
    published: Pipeline, tmp_path: Path, content: bytes | None, expected: str
) -> None:
    published.deploy()
    path = tmp_path / "titles.csv"
    if content is not None:
        path.write_bytes(content)
    ended = recommend(published, "17", "--titles", str(path))
    assert ended.exit_code == 1
    assert expected in str(ended.exception)
    assert str(path) in str(ended.exception)


@pytest.mark.parametrize("url", ["s3:///titles.csv", "s3://bucket", "s3://bucket/"])
def test_titles_whose_url_names_no_object(published: Pipeline, url: str) -> None:
    published.deploy()
    ended = recommend(published, "17", "--titles", url)
    assert ended.exit_code == 1
    assert f"{url} is no URL of an object in S3" in str(ended.exception)
