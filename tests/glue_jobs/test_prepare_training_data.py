"""The job as a whole: what it leaves behind, and what it leaves when it is disturbed."""

import itertools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import configuration
import data_gate
import datasets
import duckdb
import prepare_training_data
import pytest
from data_gate import DataGateError
from job_runs import Run

GLUE_JOBS = Path(prepare_training_data.__file__).parent
HETREC: dict[str, Any] = {
    "format": {"delimiter": "\t", "quote": ""},
    "user_id": "userID",
    "item_id": "movieID",
    "timestamp": {"column": "timestamp"},
}
NAMES = {"user_id": "u", "item_id": "i", "timestamp": {"column": "t"}}


def hetrec(count: int, newline: str = "\n") -> str:
    """Rows as the HetRec 2011 set has them, and of the kinds that real logs have besides."""
    draw = random.Random(7)
    lines = ["userID\tmovieID\trating\ttimestamp"]
    for _ in range(count):
        milliseconds = 1_162_160_236_000 + draw.randrange(10**8) * 1000
        key = f"{draw.randint(1, 300)}\t{draw.randint(1, 900)}"
        lines.append(f"{key}\t{draw.randint(1, 10) / 2:g}\t{milliseconds}")
        if draw.random() < 0.05:  # again in the same second, perhaps with another rating
            lines.append(f"{key}\t{draw.randint(1, 5)}\t{milliseconds + draw.randrange(1000)}")
        if draw.random() < 0.005:
            lines.append(draw.choice([f"\t7\t4\t{milliseconds}", f"{key}\tgood\t{milliseconds}"]))
    return "".join(line + newline for line in lines)


@pytest.mark.parametrize(
    ("newline", "minimum", "is_imported"),
    [("\n", 3.5, False), ("\r\n", 4.5, True)],
    ids=["LF", "CRLF"],
)
def test_the_outputs_are_what_duckdb_makes_of_the_same_file(
    gated_run: Any, newline: str, minimum: float, is_imported: bool
) -> None:
    path = gated_run.put("interactions/ratings.dat", hetrec(5000, newline))
    value = {"column": "rating", "minimum": minimum, "imported": is_imported}
    gated_run(**HETREC, event_value=value)

    database = duckdb.connect()
    database.execute(
        f"""CREATE TABLE every AS SELECT *, try_cast(rating AS DOUBLE) AS value
        FROM read_csv('{path}', delim='\t', header=true, all_varchar=true, quote='');
        CREATE TABLE kept AS
        SELECT userID AS u, movieID AS i, CAST(timestamp AS BIGINT) // 1000 AS t, rating, value
        FROM every WHERE userID IS NOT NULL AND value >= {minimum};
        CREATE TABLE events AS
        SELECT u, i, t::VARCHAR AS t, arg_max(rating, value) AS rating FROM kept GROUP BY u, i, t"""
    )
    columns = "u, i, t, rating" if is_imported else "u, i, t"
    assert gated_run.rows() == database.sql(f"FROM events SELECT {columns} ORDER BY ALL").fetchall()
    users = database.sql("SELECT DISTINCT u FROM kept ORDER BY u").fetchall()
    assert gated_run.asked() == [{"userId": user} for (user,) in users]

    def number(query: str) -> Any:
        (row,) = database.sql(query).fetchall()
        return row[0]

    rows = {
        "read": number("SELECT count(*) FROM every"),
        "written": number("SELECT count(*) FROM events"),
        "filtered": number(
            f"SELECT count(*) FROM every WHERE userID IS NOT NULL AND value < {minimum}"
        ),
        "duplicate": number("SELECT (SELECT count(*) FROM kept) - (SELECT count(*) FROM events)"),
        "quarantined": number("SELECT count(*) FROM every WHERE userID IS NULL OR value IS NULL"),
    }
    assert min(rows.values()) > 0, "the input must hold some of each for this test to say something"
    by_user = "(SELECT count(*) AS n FROM events GROUP BY u)"
    report = gated_run.report
    # What the report says of the configuration is one that does the same again.
    told = configuration.parse(json.dumps(report.pop("configuration")))
    assert (told.interactions.user_id, told.interactions.format.delimiter) == ("userID", "\t")
    assert told.interactions.event_value == configuration.EventValue(**value)
    (stale,) = report.pop("warnings")
    assert stale.startswith("The last event is ")
    assert re.fullmatch("[0-9a-f]{64}", report.pop("fingerprint"))
    assert report == {
        "datasets": {
            "interactions": {
                "source": f"{gated_run.raw}/interactions",
                "rows": rows,
                "quarantined_by_reason": {
                    "missing_user_id": number("SELECT count(*) FROM every WHERE userID IS NULL"),
                    "invalid_event_value": number(
                        "SELECT count(*) FROM every WHERE userID IS NOT NULL AND value IS NULL"
                    ),
                },
            }
        },
        "interactions": {
            "users": len(users),
            "items": number("SELECT count(DISTINCT i) FROM events"),
            "users_with_two_or_more": number(f"SELECT count(*) FROM {by_user} WHERE n >= 2"),
            "most_active_user_share": round(
                number(f"SELECT max(n) FROM {by_user}") / rows["written"], 6
            ),
            "timestamps": {
                "first": number("SELECT min(t) FROM kept"),
                "last": number("SELECT max(t) FROM kept"),
                "unit": "milliseconds",
            },
            "event_types": {},
        },
        "batch_inputs": {"users": len(users)},
    }
    assert len(gated_run.quarantined()) == rows["quarantined"]


def test_nothing_but_the_data_and_the_report_lies_under_the_prefix(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare_training_data, "BYTES_PER_FILE", 20_000)
    run.put("interactions/ratings.dat", hetrec(3000))
    run.put("items/items.csv", "i,g\n" + "".join(f"{item},x\n" for item in range(100)))
    items = {"item_id": "i", "metadata": [{"name": "G", "column": "g", "categorical": True}]}
    run({"items": items}, **HETREC)

    *parts, report = run.files
    assert report == "report.json"
    folders = {path.parent.name: path.suffix for path in map(Path, parts)}
    assert folders == {"batch_users_input": ".json", "interactions": ".csv", "items": ".csv"}
    assert not any(Path(part).name.startswith((".", "_")) for part in parts)
    files = list((run.transformed / "interactions").iterdir())
    assert len(files) > 1
    assert {path.read_text().split("\n")[0] for path in files} == {"USER_ID,ITEM_ID,TIMESTAMP"}
    assert len(run.rows()) == run.counts()["written"]
    # Nor anything where Spark had its temporary files.
    assert {path.name for path in run.transformed.iterdir()} == {*folders, "report.json"}
    quarantined = [path for path in run.quarantine.rglob("*") if path.is_file()]
    assert {path.parent.name for path in quarantined} == {"interactions"}
    assert {path.suffix for path in quarantined} == {".json"}


def test_where_there_is_nothing_to_put_into_it_there_is_no_file(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare_training_data, "BYTES_PER_FILE", 1)  # as many as there can be
    run.put("interactions/1.csv", "u,i,t\n7,a,1162160236\n7,b,1162160236\n")
    run.put("items/1.csv", "i,g\na,x\n,x\n")
    items = {"item_id": "i", "metadata": [{"name": "G", "column": "g", "categorical": True}]}
    run({"items": items, "batch_inputs": {}})
    texts = [path.read_text() for path in run.transformed.rglob("*.csv")]
    # One user's rows are in one partition, so the others are empty.
    assert sorted(texts) == [
        "ITEM_ID,G\na,x\n",
        "USER_ID,ITEM_ID,TIMESTAMP\n7,a,1162160236\n7,b,1162160236\n",
    ]
    assert [Path(file).parent.name for file in run.files] == ["interactions", "items", ""]
    assert [path.name for path in run.quarantine.iterdir()] == ["items"]


def test_ids_with_commas_quotes_and_backslashes_are_written_as_documented(run: Any) -> None:
    rows = ["a,b\tplain", 'say "a"\tx', "back\\slash\ty", " padded \t#1"]
    text = "".join(f"{row}\t1162160236\n" for row in rows)
    run.put("interactions/ids.tsv", "u\ti\tt\n" + text)
    run(format={"delimiter": "\t", "quote": ""})
    lines = "".join(path.read_text() for path in (run.transformed / "interactions").iterdir())
    assert sorted(set(lines.splitlines())) == sorted(
        [
            "USER_ID,ITEM_ID,TIMESTAMP",
            '"a,b",plain,1162160236',
            '"say \\"a\\"",x,1162160236',
            '"back\\\\slash",y,1162160236',
            " padded ,#1,1162160236",
        ]
    )


ODD = ["a\0b", "\0", "\ufffe", "\ufffex", "\uffff", "a\uffffb", "\x85", "\u2028", "\x1f", "\x7f"]


def test_odd_characters_come_out_as_they_went_in_or_are_quarantined(run: Any) -> None:
    events = [pair for odd in ODD for pair in ((odd, "a"), ("b", odd))]
    rows = [json.dumps({"u": user, "i": item, "t": 1162160236}) for user, item in events]
    run.put("interactions/1.json", "".join(f"{row}\n" for row in rows))
    run.put("items/1.json", json.dumps({"i": "a", "g": ODD[0]}) + "\n")
    metadata = [{"name": "G", "column": "g", "textual": True}]
    form = {"type": "json"}
    items = {"item_id": "i", "format": form, "metadata": metadata}
    run({"items": items, "batch_inputs": {}}, format=form)
    refused = [json.loads(record) for record, _ in run.reasons()]
    expected = {*events} - {(record["u"], record["i"]) for record in refused}
    assert run.rows() == sorted((*event, "1162160236") for event in expected)
    assert run.quarantined("items") or run.rows("items") == [("a", ODD[0])]


def test_an_event_type_with_a_line_break_does_not_stop_the_job(run: Any) -> None:
    run.put(
        "interactions/1.json",
        '{"u": 7, "i": "a", "t": 1162160236, "e": "view\\nbuy"}\n'
        '{"u": 7, "i": "b", "t": 1162160236, "e": "view"}\n',
    )
    run(format={"type": "json"}, event_type={"column": "e"})
    assert ("7", "b", "1162160236", "view") in run.rows()
    # It may be written as one line or be quarantined.
    assert len(run.rows()) + len(run.quarantined()) == 2


def test_arguments_that_glue_adds_and_slashes_at_the_end_do_not_matter(run: Any) -> None:
    run.put("interactions/1.csv", "u,i,t\n7,a,1162160236\n")
    run.start(
        json.dumps({"interactions": NAMES}),
        *("--JOB_NAME", "prepare", "--JOB_ID", "j_1", "--TempDir", "s3://bucket/"),
        *("--JOB_RUN_ID", "jr_1", "--job-language", "python", "--enable-metrics", "true"),
        # The last one of each counts.
        *("--raw_prefix", f"{run.raw}/", "--transformed_prefix", f"{run.transformed}/"),
    )
    assert run.rows() == [("7", "a", "1162160236")]
    assert run.report["datasets"]["interactions"]["source"] == f"{run.raw}/interactions"


def test_another_attempt_replaces_everything_that_the_first_one_left(run: Any) -> None:
    run.put("interactions/1.csv", "u,i,t\n7,a,1162160236\n8,a,1162160236\n,a,1162160236\n")
    run.put("users/1.csv", "u,g\n7,x\n,x\n")
    users = {"user_id": "u", "metadata": [{"name": "G", "column": "g", "categorical": True}]}
    run({"users": users, "batch_inputs": {"users": {}, "items": {"kind": "items"}}})
    assert {path.name for path in run.transformed.iterdir()} == (
        {"interactions", "users", "batch_users_input", "batch_items_input", "report.json"}
    )
    assert len(run.quarantined()) == len(run.quarantined("users")) == 1

    run.put("interactions/1.csv", "u,i,t\n9,b,1162160236\n")
    run({"batch_inputs": {"active": {}}})
    assert {path.name for path in run.transformed.iterdir()} == (
        {"interactions", "batch_active_input", "report.json"}
    )
    assert run.rows() == [("9", "b", "1162160236")]
    assert run.asked("active") == [{"userId": "9"}]
    assert run.counts()["quarantined"] == 0
    assert list(run.report["datasets"]) == ["interactions"]
    assert not run.quarantine.exists()


def test_a_failing_gate_leaves_the_quarantine_and_nothing_else(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.put("interactions/1.csv", "u,i,t\n7,a,1162160236\n")
    run()
    assert "report.json" in run.files  # which the refused attempt must not leave there

    run.put("interactions/1.csv", "u,i,t\n7,a,1162160236\n7,,1162160236\n7,,1162160236\n")
    monkeypatch.setattr(data_gate, "MIN_INTERACTIONS", 2)
    with pytest.raises(DataGateError, match=r"1 to import of 3 rows \(0 filtered, .* 2 unusable"):
        run()
    assert run.files == []
    assert run.reasons() == [("7,,1162160236", "missing_item_id")] * 2


@pytest.mark.parametrize("lost", ["csv_lines", "quarantined"])
def test_rows_that_go_missing_are_an_error_and_leave_no_report(
    run: Any, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    whole = getattr(datasets, lost)
    monkeypatch.setattr(datasets, lost, lambda *arguments: whole(*arguments).limit(1))
    run.put("interactions/1.csv", "u,i,t\n7,a,1162160236\n8,a,1162160236\n7,,1\n8,,1\n")
    found = {"csv_lines": ("1", "2"), "quarantined": ("2", "1")}[lost]
    says = f"4 read, .*'written': {found[0]}, .*'quarantined': {found[1]}"
    with pytest.raises(RuntimeError, match=says):
        run()
    assert "report.json" not in run.files


def test_which_of_several_rows_of_one_event_stays_whatever_their_order(run: Any) -> None:
    """The one with the highest value; of as high ones the one with the greatest metadata."""
    candidates = [
        ("10", "a", "z"),
        ("10", "b", ""),
        ("10", "b", "y"),
        ("9", "z", "z"),
        ("", "z", "z"),
    ]
    same_value = [("5", "b", "b"), ("5.0", "a", "a"), ("5.00", "", "")]
    lines = []
    for name, group in (("all", candidates), ("same", same_value), ("none", candidates[4:])):
        for number, order in enumerate(itertools.permutations(group)):
            lines += [f"{name}{number},i,1162160236,{','.join(row)}" for row in order]
    run.put("interactions/1.csv", "u,i,t,r,m,n\n" + "".join(f"{line}\n" for line in lines))
    metadata = [{"name": "M", "column": "m"}, {"name": "N", "column": "n"}]
    run(event_value={"column": "r"}, metadata=metadata)
    rows = run.rows()
    assert len(rows) == 120 + 6 + 1
    assert {row[3:] for row in rows if row[0].startswith("all")} == {("10", "b", "y")}
    (same,) = {row[3:] for row in rows if row[0].startswith("same")}
    assert same in same_value
    assert {row[3:] for row in rows if row[0].startswith("none")} == {("", "z", "z")}
    assert run.counts()["duplicate"] == len(lines) - len(rows)


# As a process of its own


@pytest.fixture
def start(tmp_path: Path, gated_run: Any) -> Callable[[dict[str, Any]], "subprocess.Popen[str]"]:
    """Start the job as Glue does: its files in a folder with nothing else of the repository."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    for path in GLUE_JOBS.glob("*.py"):
        shutil.copy(path, scripts)
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    environment |= {
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_SUBMIT_ARGS": "--master local[2] --conf spark.ui.enabled=false"
        " --conf spark.ui.showConsoleProgress=false pyspark-shell",
    }

    def run(document: dict[str, Any]) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [
                *(sys.executable, str(scripts / "prepare_training_data.py")),
                *("--configuration", json.dumps(document), "--raw_prefix", str(gated_run.raw)),
                *("--transformed_prefix", str(gated_run.transformed)),
                *("--quarantine_prefix", str(gated_run.quarantine)),
            ],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    return run


def test_the_job_is_a_script_that_needs_nothing_but_the_files_beside_it(
    gated_run: Any, start: Callable[[dict[str, Any]], "subprocess.Popen[str]"]
) -> None:
    rows = "".join(f"{n % 25},{n},1162160236\n" for n in range(1000))
    gated_run.put("interactions/1.csv", "u,i,t\n" + rows + ",,\n")
    done = start({"interactions": NAMES})
    stdout, stderr = done.communicate(timeout=120)
    assert done.returncode == 0, stderr
    assert (
        "interactions: 1001 read, 1000 written, 0 filtered, 0 duplicate, 1 quarantined\n" in stdout
    )
    assert "Warning: All events have the same time" in stdout
    assert len(gated_run.rows()) == 1000

    failed = start({"interactions": NAMES | {"user_id": "x"}})
    _, stderr = failed.communicate(timeout=120)
    assert failed.returncode == 1
    assert "UnusableInputError: " in stderr
    assert "has no column 'x'; it has 'u', 'i', 't'" in stderr


def test_a_job_that_is_killed_leaves_a_report_only_of_what_is_complete(
    gated_run: Any, start: Callable[[dict[str, Any]], "subprocess.Popen[str]"]
) -> None:
    path = gated_run.put("interactions/1.dat", hetrec(200_000))
    document = {
        "interactions": HETREC | {"event_value": {"column": "rating", "minimum": 2}},
        "batch_inputs": {"users": {}, "items": {"kind": "items"}},
        "maximum_quarantined_share": 1,
    }
    database = duckdb.connect()
    database.execute(
        f"""CREATE TABLE every AS SELECT *, try_cast(rating AS DOUBLE) AS value
        FROM read_csv('{path}', delim='\t', header=true, all_varchar=true, quote='');
        CREATE TABLE wanted AS
        SELECT userID AS u, movieID AS i, (timestamp::BIGINT // 1000)::VARCHAR AS t,
               arg_max(rating, value) AS rating
        FROM every WHERE userID IS NOT NULL AND value >= 2 GROUP BY ALL;
        CREATE TABLE unusable AS
        SELECT concat_ws('\t', coalesce(userID, ''), movieID, rating, timestamp) AS record
        FROM every WHERE userID IS NULL OR value IS NULL"""
    )
    transformed, quarantine = gated_run.transformed, gated_run.quarantine

    def assert_complete() -> None:
        database.execute(
            f"""CREATE OR REPLACE VIEW found AS SELECT * FROM read_csv(
                '{transformed}/interactions/*.csv', header=true, all_varchar=true);
            CREATE OR REPLACE VIEW refused AS SELECT record FROM read_json(
                '{quarantine}/interactions/*.json', format='newline_delimited')"""
        )
        for one, other in (("found", "wanted"), ("refused", "unusable")):
            for first, second in ((one, other), (other, one)):
                query = f"SELECT count(*) FROM (FROM {first} EXCEPT ALL FROM {second})"
                assert database.sql(query).fetchall() == [(0,)], (first, second)
        for key, column in (("users", "u"), ("items", "i")):
            ids = database.sql(f"SELECT DISTINCT {column} FROM wanted ORDER BY ALL").fetchall()
            member = {"users": "userId", "items": "itemId"}[key]
            assert gated_run.asked(key) == [{member: id_} for (id_,) in ids]
        assert {path.name for path in transformed.iterdir()} == (
            {"interactions", "batch_users_input", "batch_items_input", "report.json"}
        )

    def finish() -> float:
        started = time.monotonic()
        done = start(document)
        _, stderr = done.communicate(timeout=300)
        assert done.returncode == 0, stderr
        assert_complete()
        return time.monotonic() - started

    def paths() -> set[Path]:
        # Not rglob: the folders come and go.
        walks = (*os.walk(transformed), *os.walk(quarantine))
        return {Path(folder, name) for folder, *names in walks for name in itertools.chain(*names)}

    def kill_when(is_time: Callable[[set[Path]], bool]) -> None:
        """Kill the job, Java and all, at the moment that is told from the paths new since then."""
        before = paths()
        killed = start(document)
        try:
            while killed.poll() is None:
                if is_time(paths() - before):
                    break
                time.sleep(0.002)
        finally:
            os.killpg(killed.pid, signal.SIGKILL)
            killed.communicate()
        assert killed.returncode == -signal.SIGKILL, "it was done before it could be killed"
        if (transformed / "report.json").exists():
            assert_complete()

    def writes(folder: Path, *, is_done: bool = False) -> Callable[[set[Path]], bool]:
        """Whether something of a folder is written, or in its place."""
        return lambda new: any(
            folder in path.parents
            and not (is_done and (path.is_dir() or "_temporary" in str(path)))
            for path in new
        )

    duration = finish()
    began = time.monotonic()
    kill_when(lambda _: time.monotonic() - began > duration / 2)  # most likely while it reads
    kill_when(writes(quarantine))
    assert not (transformed / "report.json").exists()
    kill_when(writes(transformed / "interactions"))
    kill_when(writes(transformed / "interactions", is_done=True))
    assert not (transformed / "report.json").exists()
    finish()


@pytest.mark.usefixtures("spark")
def test_a_fingerprint_is_that_of_the_data(tmp_path: Path) -> None:
    """Not of its order, its files, its duplicates or what is asked; but of every imported value."""
    events = [f"{user},{item},{1_000_000_000 + user}" for user in range(40) for item in range(30)]

    def fingerprint(name: str, *files: list[str], **configuration: Any) -> str:
        run = Run(tmp_path / name)
        for number, lines in enumerate(files):
            run.put(f"interactions/{number}.csv", "\n".join(["u,i,t", *lines]) + "\n")
        return str(run(configuration).report["fingerprint"])

    whole = fingerprint("whole", events)
    assert fingerprint("shuffled", events[::-1]) == whole
    assert fingerprint("split", events[:7], events[5:]) == whole
    asked = {"users": {"kind": "users", "most_frequent": 3}}
    assert fingerprint("asked", events, batch_inputs=asked) == whole
    changed = ["0,0,1000000001", *events[1:]]
    assert fingerprint("changed", changed) != whole
    assert fingerprint("fewer", events[1:]) != whole
