"""The job as a whole: the manifest, and what is left when the job is disturbed."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import answers
import duckdb
import files
import publish_recommendations
import pytest
from publications import Publication, answer, failure, lines, put

GLUE_JOBS = Path(publish_recommendations.__file__).parent
ASK_1, ASK_2 = ({"userId": user} for user in "12")
GOOD = [answer("1", "a", "b"), answer("2", "a")]
EARLIER = {
    "run": "run-1",
    "solution_version_arn": "arn:aws:personalize:us-east-1:123456789012:solution/x/0a1b2c3d",
    "metrics": {"coverage": 0.25, "of_an_older_version": None},
    "counts": {"inputs": 1, "answered": 1, "errors": 0, "recommendations": 25},
    "results_prefix": "s3://bucket/curated/run-1/x/",
    "table_prefix": "s3://bucket/curated/run-1/tables/x/",
}


def put_earlier(publish: Publication, *keys: str) -> dict[str, Any]:
    document = {
        "run": "run-1",
        "published_at": "2026-01-04T03:00:00Z",
        "solutions": {key: EARLIER | {"recipe": key} for key in keys},
    }
    put(publish.latest, json.dumps(document))
    return document


def test_the_manifest_says_what_is_published_and_where(publish: Publication) -> None:
    told = {
        "solution_version_arn": "arn:aws:personalize:eu-west-1:123456789012:solution/s/83cc95fc",
        "recipe": "aws-user-personalization",
        "metrics": {"mean_reciprocal_rank_at_25": 0.0379, "coverage": 1, "none": None},
        "fingerprint": "0a1b2c",
        "durations": {"training": 2713.5, "names": ["ü", "“quoted”"]},
    }
    publish.ask("good", lines(ASK_1, ASK_2), lines(*GOOD))
    publish.ask("bad", lines(ASK_1, ASK_2), lines(*GOOD[:1]))
    before = datetime.now(UTC) - timedelta(seconds=1)
    publish(configured=["good", "bad", "other"], manifests={"good": told, "bad": told})
    counts = {"inputs": 2, "answered": 2, "errors": 0, "recommendations": 3}
    document = publish.manifest
    published_at = document.pop("published_at")
    assert published_at.endswith("Z")
    assert before <= datetime.fromisoformat(published_at) <= datetime.now(UTC)
    assert document == {
        "run": "run-2",
        "solutions": {
            "good": told
            | {
                "run": "run-2",
                "counts": counts,
                "results_prefix": f"{publish.results}/good/",
                "table_prefix": f"{publish.results}/tables/good/",
            }
        },
    }
    assert publish.publication == {
        "run": "run-2",
        "published": {"good": counts},
        "refused": {"bad": '1 of 2 input lines have no answer, such as {"userId":"2"}.'},
    }
    assert "“quoted”" in publish.latest.read_text("utf-8")


def test_solutions_that_are_not_published_keep_their_entry_while_they_are_configured(
    publish: Publication,
) -> None:
    earlier = put_earlier(publish, "good", "bad", "not-asked", "dropped")["solutions"]
    publish.ask("bad", lines(ASK_1), lines(*GOOD))
    publish.ask("good", lines(ASK_1, ASK_2), lines(*GOOD))
    publish.ask("new", lines(ASK_1, ASK_2), lines(*GOOD))
    publish(configured=["bad", "good", "new", "not-asked", "never-published"])
    document = publish.manifest
    assert document["run"] == "run-2"
    found = document["solutions"]
    assert list(found) == ["bad", "good", "new", "not-asked"]
    assert {key: found[key] for key in ("bad", "not-asked")} == {
        key: earlier[key] for key in ("bad", "not-asked")
    }
    for key in ("good", "new"):
        assert found[key].keys() == {"run", "counts", "results_prefix", "table_prefix"}
        assert found[key]["run"] == "run-2"


def test_without_a_solution_to_publish_the_manifest_stays_as_it_is(publish: Publication) -> None:
    put_earlier(publish, "bad", "dropped")
    before = publish.latest.read_bytes()
    publish.ask("bad", lines(ASK_1), None)
    publish()
    assert publish.refused.keys() == {"bad"}
    assert publish.latest.read_bytes() == before
    publish.folders.clear()
    publish(configured=["bad"])
    assert publish.publication == {"run": "run-2", "published": {}, "refused": {}}
    assert publish.latest.read_bytes() == before


def test_runs_follow_each_other(publish: Publication, tmp_path: Path) -> None:
    publish.ask("one", lines(ASK_1, ASK_2), lines(*GOOD))
    publish.ask("two", lines(ASK_1, ASK_2), lines(*GOOD))
    first = publish().manifest["solutions"]
    later = Publication(tmp_path, "run-3")
    later.ask("one", lines(ASK_1), lines(answer("1", "c")))
    later(configured=["one", "two"])
    assert later.manifest["run"] == "run-3"
    assert later.manifest["solutions"]["two"] == first["two"]
    # Consumers of either run find what they look for.
    assert later.manifest["solutions"]["one"]["table_prefix"] == f"{later.results}/tables/one/"
    assert later.rows("one") == [("1", 1, "c", 0.5)]
    assert publish.rows("one") == publish.rows("two")
    assert len(publish.rows("two")) == 3


def test_another_attempt_replaces_what_the_first_one_left(publish: Publication) -> None:
    publish.ask("good", lines(ASK_1, ASK_2), lines(*GOOD))
    publish.ask("bad", lines(ASK_1, ASK_2), lines(*GOOD[:1]))
    for key in ("good", "bad"):
        put(publish.results / "tables" / key / "part-9.parquet", "of a job that was killed")
        put(publish.results / "tables" / key / "_temporary" / "0" / "part-9.parquet", "")
    put(publish.results / "publication.json", "{}")
    answered = {path: path.read_bytes() for path in publish.results.glob("*/*.out")}
    for _ in range(2):
        publish()
        assert len(publish.rows("good")) == 3
        assert [path.suffix for path in publish.table_files("good")] == [".parquet"]
        assert publish.table_files("bad") == []
        assert publish.publication["published"].keys() == {"good"}
    assert {path: path.read_bytes() for path in publish.results.glob("*/*.out")} == answered
    every_file = {path for path in publish.results.parent.rglob("*") if path.is_file()}
    assert every_file == {
        *answered,
        *publish.table_files("good"),
        publish.results / "publication.json",
        publish.latest,
    }


def test_a_run_that_is_continued_leaves_what_is_published_alone(publish: Publication) -> None:
    publish.ask("one", lines(ASK_1, ASK_2), lines(*GOOD))
    told = {"one": {"batch_job_arn": "arn:1"}, "two": {"batch_job_arn": "arn:2"}}
    first = publish(manifests=told, configured=["one", "two"]).manifest["solutions"]["one"]
    files = {path: path.stat().st_ino for path in publish.table_files("one")}
    publish.ask("two", lines(ASK_1, ASK_2), lines(*GOOD))
    second = publish(manifests=told).manifest["solutions"]
    assert second["one"] == first
    assert second["two"]["counts"] == first["counts"]
    assert {path: path.stat().st_ino for path in publish.table_files("one")} == files
    assert publish.publication["published"] == dict.fromkeys(["one", "two"], first["counts"])
    # Another batch job's answers replace them.
    publish.put_answers("one", "part-0.json.out", lines(answer("1", "z"), answer("2", "z")))
    publish(manifests=told | {"one": {"batch_job_arn": "arn:3"}})
    assert [row[2] for row in publish.rows("one")] == ["z", "z"]


def test_solutions_can_be_asked_the_same(publish: Publication) -> None:
    for key in ("one", "two"):
        publish.ask(key, lines(ASK_1, ASK_2), lines(*GOOD), folder="batch_users_input")
    publish()
    assert publish.rows("one") == publish.rows("two")
    assert publish.manifest["solutions"].keys() == {"one", "two"}


def test_rows_that_go_missing_are_an_error_and_nothing_is_published(
    publish: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = put_earlier(publish, "k")
    publish.ask("k", lines(ASK_1, ASK_2), lines(*GOOD))
    whole = answers.recommendations
    monkeypatch.setattr(
        answers, "recommendations", lambda *a, **choices: whole(*a, **choices).limit(2)
    )
    with pytest.raises(RuntimeError, match=r"tables/k has 2 rows; 3 recommendations were counted"):
        publish()
    assert publish.manifest == before
    assert not (publish.results / "publication.json").exists()


@pytest.mark.parametrize("failing", ["publication.json", "latest.json"])
def test_what_fails_while_it_is_written_leaves_what_was_there(
    publish: Publication, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    before = put_earlier(publish, "k")
    publish.ask("k", lines(ASK_1, ASK_2), lines(*GOOD))
    write = files.write_text

    def write_text(spark: Any, url: str, text: str) -> None:
        if url.endswith(failing):
            raise OSError("no space left")
        write(spark, url, text)

    monkeypatch.setattr(files, "write_text", write_text)
    with pytest.raises(OSError, match="no space left"):
        publish()
    assert publish.manifest == before
    # The list of what is published is written before it is.
    assert (publish.results / "publication.json").exists() is (failing == "latest.json")


def test_arguments_that_glue_adds_and_slashes_at_the_end_do_not_matter(
    publish: Publication,
) -> None:
    publish.ask("k", lines(ASK_1, ASK_2), lines(*GOOD))
    publish.start(
        *("--JOB_NAME", "publish", "--JOB_ID", "j_1", "--TempDir", "s3://bucket/"),
        *("--JOB_RUN_ID", "jr_1", "--job-language", "python", "--enable-metrics", "true"),
        *("--transformed_prefix", f"{publish.transformed}/"),
        *("--results_prefix", f"{publish.results}/"),
    )
    assert publish.manifest["solutions"]["k"]["results_prefix"] == f"{publish.results}/k/"


# As a process of its own

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path, publish: Publication) -> Start:
    """Start the job as Glue does: its files in a folder with nothing else of the repository."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    for path in GLUE_JOBS.glob("*.py"):
        shutil.copy(path, scripts)
    (scripts / "prepare_training_data.py").unlink()  # Glue gets a job's own script alone
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    environment |= {
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_SUBMIT_ARGS": "--master local[2] --conf spark.ui.enabled=false"
        " --conf spark.ui.showConsoleProgress=false pyspark-shell",
    }

    def run(*more: str) -> "subprocess.Popen[str]":
        script = scripts / "publish_recommendations.py"
        return subprocess.Popen(
            [sys.executable, str(script), *publish.arguments(), *more],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    return run


def test_the_job_is_a_script_that_succeeds_when_it_refuses(
    publish: Publication, start: Start
) -> None:
    publish.ask("good", lines(ASK_1, ASK_2), lines(GOOD[0], failure("2", "bad")))
    publish.ask("bad", lines(ASK_1, ASK_2), lines(*GOOD[:1]))
    done = start("--maximum_error_share", "0.5")
    stdout, stderr = done.communicate(timeout=120)
    assert done.returncode == 0, stderr
    assert "good: 2 inputs, 1 answered, 1 errors, 2 recommendations\n" in stdout
    assert "bad is refused: 1 of 2 input lines have no answer" in stdout
    assert list(publish.manifest["solutions"]) == ["good"]

    publish.latest.write_text("[]")
    failed = start()
    _, stderr = failed.communicate(timeout=120)
    assert failed.returncode == 1
    assert f"ManifestError: {publish.latest} is no manifest of this job" in stderr
    assert publish.latest.read_text() == "[]"


def test_a_job_that_is_killed_leaves_the_manifest_as_it_was_or_complete(
    publish: Publication, start: Start
) -> None:
    users = [str(number) for number in range(5_000)]
    keys = ("first", "second")
    for key in keys:
        publish.ask(
            key,
            lines(*({"userId": user} for user in users)),
            lines(*(answer(user, *(f"{key}{n}" for n in range(10))) for user in users)),
            folder="batch_users_input",
        )
    put_earlier(publish, *keys)
    before = publish.latest.read_bytes()

    def assert_complete() -> None:
        assert list(publish.manifest["solutions"]) == list(keys)
        for key, entry in publish.manifest["solutions"].items():
            assert entry["run"] == "run-2"
            assert entry["counts"] == publish.publication["published"][key]
            found = duckdb.sql(
                f"""SELECT count(*), count(DISTINCT (user_id, rank)), count(DISTINCT user_id)
                FROM '{entry["table_prefix"]}*.parquet'
                WHERE recommended_id = concat('{key}', rank - 1)"""
            ).fetchall()
            assert found == [(50_000, 50_000, 5_000)]

    def assert_as_it_was_or_complete() -> None:
        if publish.latest.read_bytes() != before:
            assert_complete()

    def paths() -> set[Path]:
        # Not rglob: the folders come and go.
        walk = os.walk(publish.results.parent)
        return {Path(folder, name) for folder, *names in walk for name in itertools.chain(*names)}

    def kill_when(is_time: Callable[[set[Path]], bool]) -> None:
        """Kill the job, Java and all, at the moment that is told from the paths new since then."""
        known = paths()
        killed = start()
        try:
            while killed.poll() is None:
                if is_time(paths() - known):
                    break
                time.sleep(0.002)
        finally:
            if killed.poll() is None:
                os.killpg(killed.pid, signal.SIGKILL)
            killed.communicate()
        assert_as_it_was_or_complete()

    def is_of_first_table(path: Path) -> bool:
        return path.parent == publish.results / "tables" / "first" and path.suffix == ".parquet"

    kill_when(lambda new: any(is_of_first_table(path) for path in new))
    assert publish.latest.read_bytes() == before
    kill_when(lambda new: any(path.name.startswith("publication.json") for path in new))
    publish.latest.write_bytes(before)
    kill_when(lambda new: any(path.name.startswith("latest.json.") for path in new))

    done = start()
    _, stderr = done.communicate(timeout=120)
    assert done.returncode == 0, stderr
    assert_complete()
    assert not any(path.name.endswith(".part") for path in paths())
