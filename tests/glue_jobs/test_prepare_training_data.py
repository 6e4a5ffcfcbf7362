"""The transform, seen from what it reads and what it leaves behind."""

import csv
import gzip
import importlib.util
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyspark.sql import SparkSession

JOB_FILE = Path(__file__).parents[2] / "glue_jobs" / "prepare_training_data.py"
HEADER = "userID\tmovieID\trating\ttimestamp"
NOW = int(time.time())

_spec = importlib.util.spec_from_file_location("prepare_training_data", JOB_FILE)
assert _spec is not None
assert _spec.loader is not None
job = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(job)


class Run:
    """One run's folders and what lies in them, read without Spark."""

    def __init__(self, folder: Path) -> None:
        self.transformed = folder / "transformed"
        self.quarantine = folder / "quarantine"

    def __call__(self, source: Path, *more: str) -> "Run":
        job.main(
            [
                *("--source", str(source)),
                *("--transformed_prefix", str(self.transformed)),
                *("--quarantine_prefix", str(self.quarantine)),
                *more,
            ]
        )
        return self

    @property
    def files(self) -> list[str]:
        every_file = (path for path in self.transformed.rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self.transformed)) for path in every_file)

    @property
    def interactions(self) -> list[tuple[str, str, int]]:
        rows = []
        for path in sorted((self.transformed / "interactions").iterdir()):
            with path.open(newline="", encoding="utf-8") as file:
                assert file.readline() == "USER_ID,ITEM_ID,TIMESTAMP\n"
                for user, item, seconds in csv.reader(file, escapechar="\\", doublequote=False):
                    rows.append((user, item, int(seconds)))
        return rows

    @property
    def users(self) -> list[str]:
        (path,) = (self.transformed / "batch_users_input").iterdir()
        records = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        assert all(record.keys() == {"userId"} for record in records)
        return [record["userId"] for record in records]

    @property
    def quarantined(self) -> list[dict[str, str]]:
        if not self.quarantine.exists():
            return []
        lines = "".join(path.read_text("utf-8") for path in self.quarantine.iterdir())
        return [json.loads(line) for line in lines.split("\n") if line]

    @property
    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads((self.transformed / "report.json").read_text("utf-8"))
        return report


@pytest.fixture
def run(spark: SparkSession, tmp_path: Path) -> Run:
    return Run(tmp_path)


def write(path: Path, *lines: str, newline: str = "\n", header: str = HEADER) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(line + newline for line in (header, *lines)).encode())
    return path


def hetrec_lines(count: int) -> list[str]:
    """Rows as the HetRec 2011 set has them, with repetitions of the kinds that real logs have."""
    draw = random.Random(7)
    lines = []
    for _ in range(count):
        rating = f"{draw.randint(1, 10) / 2:g}"
        milliseconds = 1_162_160_236_000 + draw.randrange(10**8) * 1000
        key = f"{draw.randint(1, 300)}\t{draw.randint(1, 900)}"
        lines.append(f"{key}\t{rating}\t{milliseconds}")
        if draw.random() < 0.05:  # again in the same second, perhaps with another rating
            lines.append(f"{key}\t{draw.randint(1, 5)}\t{milliseconds + draw.randrange(1000)}")
    return lines


@pytest.mark.parametrize(("newline", "minimum"), [("\n", None), ("\r\n", 4.5)], ids=["LF", "CRLF"])
def test_the_outputs_are_what_duckdb_makes_of_the_same_file(
    run: Run, tmp_path: Path, newline: str, minimum: float | None
) -> None:
    source = write(tmp_path / "ratings.dat", *hetrec_lines(5000), newline=newline)
    run(source, *([] if minimum is None else ["--minimum_rating", str(minimum)]))

    duckdb.sql(
        f"""CREATE OR REPLACE TEMP TABLE ratings AS
        SELECT userID AS u, movieID AS i, CAST(rating AS DOUBLE) AS rating,
               CAST(timestamp AS BIGINT) // 1000 AS t
        FROM read_csv('{source}', delim='\t', header=true, all_varchar=true, quote='')"""
    )
    kept = f"FROM ratings WHERE rating >= {minimum or 3.5}"
    assert (
        sorted(run.interactions)
        == duckdb.sql(f"SELECT DISTINCT u, i, t {kept} ORDER BY ALL").fetchall()
    )
    assert run.users == [
        u for (u,) in duckdb.sql(f"SELECT DISTINCT u {kept} ORDER BY u").fetchall()
    ]
    (figures,) = duckdb.sql(
        f"""SELECT (SELECT count(*) FROM ratings), count(DISTINCT (u, i, t)), count(*),
                   count(DISTINCT u), count(DISTINCT i), min(t), max(t) {kept}"""
    ).fetchall()
    read, written, reaching, users, items, first, last = figures
    assert reaching > written, "the input must hold duplicates for this test to say something"
    assert run.report == {
        "rows": {
            "read": read,
            "written": written,
            "filtered": read - reaching,
            "duplicate": reaching - written,
            "quarantined": 0,
        },
        "quarantined_by_reason": {},
        "users": users,
        "items": items,
        "timestamps": {"first": first, "last": last},
        "minimum_rating": minimum or 3.5,
        "source": str(source),
    }


def test_nothing_but_the_data_and_the_report_lies_under_the_prefix(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "BYTES_PER_FILE", 20_000)  # so that there are several files
    run(write(tmp_path / "ratings.dat", *hetrec_lines(3000)))

    *parts, report = run.files
    assert report == "report.json"
    users, *interactions = (Path(part) for part in parts)
    assert (users.parent.name, users.suffix) == ("batch_users_input", ".json")
    assert len(interactions) > 1
    for path in interactions:
        assert (path.parent.name, path.suffix) == ("interactions", ".csv")
        assert not path.name.startswith((".", "_"))
    assert len(run.interactions) == run.report["rows"]["written"]  # each file has the header
    assert not run.quarantine.exists()


LONGEST_ID = "ü" * 256  # characters, not bytes
UNUSABLE = {
    "": "wrong_column_count",
    "75\t3\t4": "wrong_column_count",
    "75\t3\t4\t1162160236000\t": "wrong_column_count",
    "75,3,4,1162160236000": "wrong_column_count",
    "\t3\t4\t1162160236000": "missing_user_id",
    "  \t3\t4\t1162160236000": "missing_user_id",
    "75\t\t4\t1162160236000": "missing_item_id",
    f"{LONGEST_ID}x\t3\t4\t1162160236000": "id_too_long",
    f"75\t{LONGEST_ID}x\t4\t1162160236000": "id_too_long",
    "75\t3\t\t1162160236000": "invalid_rating",
    "75\t3\tfour\t1162160236000": "invalid_rating",
    "75\t3\t4,5\t1162160236000": "invalid_rating",
    "75\t3\t4d\t1162160236000": "invalid_rating",
    "75\t3\tNaN\t1162160236000": "invalid_rating",
    "75\t3\tInfinity\t1162160236000": "invalid_rating",
    "75\t3\t-4\t1162160236000": "invalid_rating",
    "75\t3\t4\t": "invalid_timestamp",
    "75\t3\t4\t2006-10-29": "invalid_timestamp",
    "75\t3\t4\t1162160236.5": "invalid_timestamp",
    "75\t3\t4\t0": "timestamp_out_of_range",
    "75\t3\t4\t-1162160236000": "timestamp_out_of_range",
    "75\t3\t4\t631151999": "timestamp_out_of_range",
    "75\t3\t4\t631151999999": "timestamp_out_of_range",
    f"75\t3\t4\t{NOW + 2 * 86_400}": "timestamp_out_of_range",
    "75\t3\t4\t1162160236000000": "timestamp_out_of_range",  # microseconds
    "75\t3\t4\t" + "9" * 30: "timestamp_out_of_range",
    # Several faults: the first of the documented order. A fault comes before the minimum rating.
    "\t\tx\ty": "missing_user_id",
    "75\t3\tx\ty": "invalid_rating",
    "75\t3\t1\ty": "invalid_timestamp",
}


@pytest.fixture(scope="module")
def run_with_unusable_rows(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("unusable")
    lines = [
        *UNUSABLE,
        "75\t3\tfour\t1162160236000",
        "75\t3\t4\t1162160236000",
        "75\t4\t1\t1162160236",
    ]
    return Run(folder)(write(folder / "ratings.dat", *lines, newline="\r\n"))


@pytest.mark.parametrize(("line", "reason"), UNUSABLE.items(), ids=[repr(k)[:40] for k in UNUSABLE])
def test_an_unusable_row_is_quarantined_verbatim_with_its_reason(
    run_with_unusable_rows: Run, line: str, reason: str
) -> None:
    records = [r for r in run_with_unusable_rows.quarantined if r["line"] == line]
    assert {r["reason"] for r in records} == {reason}
    for record in records:
        assert record.keys() == {"file", "line", "reason"}
        assert record["file"].endswith("/ratings.dat")


def test_every_row_is_accounted_for(run_with_unusable_rows: Run) -> None:
    report = run_with_unusable_rows.report
    # One unusable row stands in the file twice, and twice in quarantine.
    assert report["rows"] == {
        "read": len(UNUSABLE) + 3,
        "written": 1,
        "filtered": 1,
        "duplicate": 0,
        "quarantined": len(UNUSABLE) + 1,
    }
    assert len(run_with_unusable_rows.quarantined) == len(UNUSABLE) + 1
    assert report["quarantined_by_reason"] == {
        "wrong_column_count": 4,
        "missing_user_id": 3,
        "missing_item_id": 1,
        "id_too_long": 2,
        "invalid_rating": 9,
        "invalid_timestamp": 4,
        "timestamp_out_of_range": 7,
    }
    assert {path.suffix for path in run_with_unusable_rows.quarantine.iterdir()} == {".json"}


def test_usable_rows_keep_their_ids_and_come_out_in_seconds(run: Run, tmp_path: Path) -> None:
    source = write(
        tmp_path / "ratings.dat",
        "75\t3\t4\t1162160236000",
        "75\t32\t4.5\t1162160624999",  # not rounded up
        "seconds\t1\t3.5\t1162160236",
        "first\t1\t5\t631152000",
        "first\t2\t5\t631152000000",
        f"tomorrow\t1\t5\t{NOW + 86_000}",
        f"{LONGEST_ID}\t{LONGEST_ID}\t4\t1162160236",
        'a,"b"\tc, d\t4\t1162160236',
        " padded \t#1\t4\t1162160236",
    )
    expected = [
        ("75", "3", 1162160236),
        ("75", "32", 1162160624),
        ("seconds", "1", 1162160236),
        ("first", "1", 631152000),
        ("first", "2", 631152000),
        ("tomorrow", "1", NOW + 86_000),
        (LONGEST_ID, LONGEST_ID, 1162160236),
        ('a,"b"', "c, d", 1162160236),
        (" padded ", "#1", 1162160236),
    ]
    run(source)
    assert sorted(run.interactions) == sorted(expected)
    assert run.users == sorted({user for user, _, _ in expected})


def test_an_interaction_is_written_once_whatever_its_rating_or_unit(
    run: Run, tmp_path: Path
) -> None:
    source = write(
        tmp_path / "ratings.dat",
        "75\t3\t4\t1162160236000",
        "75\t3\t4\t1162160236000",
        "75\t3\t5\t1162160236999",
        "75\t3\t5\t1162160236",
        "75\t3\t4\t1162160237000",
        "76\t3\t4\t1162160236000",
        "75\t3\t1\t1162160236000",  # below the minimum: filtered, not a duplicate
    )
    run(source)
    assert sorted(run.interactions) == [
        ("75", "3", 1162160236),
        ("75", "3", 1162160237),
        ("76", "3", 1162160236),
    ]
    assert run.report["rows"] == {
        "read": 7,
        "written": 3,
        "filtered": 1,
        "duplicate": 3,
        "quarantined": 0,
    }


def test_arguments_that_glue_adds_are_ignored(run: Run, tmp_path: Path) -> None:
    source = write(tmp_path / "ratings.dat", "75\t3\t4\t1162160236000", "75\t4\t3.5\t1162160236000")
    run(
        source,
        *(
            "--minimum_rating",
            "4",
            "--JOB_NAME",
            "prepare",
            "--JOB_ID",
            "j_1",
            "--TempDir",
            "s3://b/",
        ),
        *("--JOB_RUN_ID", "jr_1", "--job-language", "python", "--enable-metrics", "true"),
    )
    assert run.interactions == [("75", "3", 1162160236)]


def test_a_prefix_is_read_whole(run: Run, tmp_path: Path) -> None:
    raw = tmp_path / "raw with space"
    write(raw / "1.dat", "75\t3\t4\t1162160236000", newline="\r\n")
    write(raw / "2 of 3.dat", "76\t3\t4\t1162160236000", "76\t3\tx\t1", header="\ufeff" + HEADER)
    packed = gzip.compress(f"{HEADER}\n77\t3\t4\t1162160236000\n".encode())
    (raw / "2016").mkdir()
    (raw / "2016" / "3.dat.gz").write_bytes(packed)
    (raw / "2016_$folder$").touch()  # what Hadoop leaves in a bucket for a folder

    run(raw)
    assert run.users == ["75", "76", "77"]
    assert run.report["rows"]["read"] == 4
    (record,) = run.quarantined
    assert record["file"].endswith("/raw%20with%20space/2%20of%203.dat")


def test_another_attempt_replaces_what_the_first_one_left(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "ratings.dat"
    run(write(source, "75\t3\t4\t1162160236000", "76\t3\tfour\t1162160236000"))
    assert run.report["rows"]["quarantined"] == 1
    run(write(source, "76\t3\t4\t1162160236000"))
    assert (run.interactions, run.users) == ([("76", "3", 1162160236)], ["76"])
    assert run.quarantined == []


def _missing(path: Path) -> Path:
    return path / "ratings.dat"


def _empty(path: Path) -> Path:
    (path / "ratings.dat").touch()
    return path / "ratings.dat"


def _only_header(path: Path) -> Path:
    return write(path / "ratings.dat")


def _wrong_header_in_the_second_file(path: Path) -> Path:
    write(path / "raw" / "a.dat", "75\t3\t4\t1162160236000")
    write(
        path / "raw" / "b.dat",
        "3\t75\t4\t1162160236000",
        header="movieID\tuserID\trating\ttimestamp",
    )
    return path / "raw"


def _no_header(path: Path) -> Path:
    return write(path / "ratings.dat", header="75\t3\t4\t1162160236000")


def _nothing_to_keep(path: Path) -> Path:
    return write(
        path / "ratings.dat",
        *("75\t3\t3\t1162160236000", "75\t4\t1\t1162160236000", "75\t5\tx\t1162160236000"),
    )


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_missing, ["Nothing lies at --source", "ratings.dat", "correct the URL"]),
        (_empty, ["ratings.dat holds no row", "Upload"]),
        (_only_header, ["ratings.dat holds no row", "Upload"]),
        (
            _wrong_header_in_the_second_file,
            [
                "/raw/b.dat",
                r"expected: 'userID\tmovieID\trating\ttimestamp'",
                r"found:    'movieID\tuserID\trating\ttimestamp'",
                "Give it that tab-separated header line",
            ],
        ),
        (_no_header, ["/ratings.dat", r"found:    '75\t3\t4\t1162160236000'"]),
        (
            _nothing_to_keep,
            [
                "minimum rating of 3.5: 3 read, 2 filtered, 1 quarantined (invalid_rating 1)",
                "Lower --minimum_rating",
                "/quarantine",
            ],
        ),
    ],
)
def test_unusable_input_ends_with_what_is_wrong_and_what_to_do(
    run: Run, tmp_path: Path, make: Callable[[Path], Path], says: list[str]
) -> None:
    source = make(tmp_path)
    with pytest.raises(job.UnusableInputError) as raised:
        run(source)
    assert isinstance(raised.value, ValueError)
    for part in says:
        assert part in str(raised.value)
    assert run.files == []


def test_rows_that_go_missing_are_an_error_and_leave_no_report(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_interactions = job.to_interactions
    monkeypatch.setattr(job, "to_interactions", lambda tallied: to_interactions(tallied).limit(1))
    source = write(tmp_path / "r.dat", "75\t3\t4\t1162160236000", "76\t3\t4\t1162160236000")
    with pytest.raises(RuntimeError, match="'read': 2, 'written': 1"):
        run(source)
    assert "report.json" not in run.files


def test_the_job_is_a_script_that_needs_nothing_of_the_repository(tmp_path: Path) -> None:
    def start(source: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                *(sys.executable, str(JOB_FILE), "--source", str(source)),
                *("--transformed_prefix", str(tmp_path / "transformed")),
                *("--quarantine_prefix", str(tmp_path / "quarantine")),
            ],
            cwd=tmp_path,
            env={
                **os.environ,
                "SPARK_LOCAL_IP": "127.0.0.1",
                "PYSPARK_SUBMIT_ARGS": "--master local[1] --conf spark.ui.enabled=false "
                "pyspark-shell",
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    done = start(write(tmp_path / "ratings.dat", "75\t3\t4\t1162160236000"))
    assert done.returncode == 0, done.stderr
    assert "1 read, 1 written" in done.stdout

    failed = start(write(tmp_path / "wrong.dat", "3\t4\t1162160236000", header="id\trating\ttime"))
    assert failed.returncode == 1
    assert "UnusableInputError" in failed.stderr
    assert r"found:    'id\trating\ttime'" in failed.stderr
