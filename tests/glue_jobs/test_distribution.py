"""How rows lie in files, and how many processes read them, makes no difference."""

import csv
import gzip
import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import prepare_training_data
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from job_runs import cluster_environment

SECONDS = ("1162160236", "1162160237", "1700000000")
# Few values, so that rows meet: the same event with other values, ties, and faults.
ROW = st.tuples(
    st.sampled_from(["1", "2", "10", "ü", "a b"] * 3 + ["", "EVENT_TYPE"]),
    st.sampled_from(["a", "b"] * 4 + [" "]),
    st.sampled_from(SECONDS * 3 + ("", "soon", "99")),
    st.sampled_from(["view", "buy"] * 3 + [""]),
    st.sampled_from(["5", "5.0", "4.5", "10", "1"] * 3 + ["", "much"]),
    st.sampled_from(["x", "y", "z", ""] * 3 + ["x" * 1001]),
).map(",".join)
BROKEN = st.sampled_from(["", "  ", "1,a", "1,a,1162160236,view,5,x,"])
LOG = st.lists(st.one_of(*[ROW] * 12, BROKEN), min_size=40, max_size=90)
GOOD = "1,a,1162160236,view,5,x"
COLUMNS: dict[str, Any] = {
    "event_type": {"column": "e"},
    "event_value": {"column": "r", "minimum": 3},
    "metadata": [{"name": "M", "column": "m"}],
}
HEADER = "u,i,t,e,r,m\n"


def why_unusable(line: str) -> str | None:
    """The reason of a line, by the documented rules in their order."""
    fields = line.split(",")
    if not line.strip(" "):
        return "blank_line"
    if len(fields) != 6:
        return "wrong_column_count"
    user, item, time, event, value, metadata = (field.strip(" ") for field in fields)
    rules = {
        "missing_user_id": not user,
        "reserved_keyword": user == "EVENT_TYPE",
        "missing_item_id": not item,
        "missing_event_type": not event,
        "missing_event_value": not value,
        "invalid_event_value": value == "much",
        "invalid_timestamp": time in ("", "soon"),
        "timestamp_too_early": time == "99",
        "value_too_long": len(metadata) > 1000,
    }
    return next((reason for reason, applies in rules.items() if applies), None)


def expected_of(lines: list[str]) -> dict[str, Any]:
    """What the job must make of the lines: plain Python, one line after the other."""
    quarantined: Counter[tuple[str, str]] = Counter()
    best: dict[tuple[str, ...], tuple[float, str, str]] = {}
    filtered = duplicate = 0
    for line in lines:
        if reason := why_unusable(line):
            quarantined[line, reason] += 1
            continue
        user, item, time, event, value, metadata = line.split(",")
        if float(value) < 3:
            filtered += 1
            continue
        identity, candidate = (user, item, time, event), (float(value), value, metadata)
        duplicate += identity in best
        best[identity] = max(best.get(identity, candidate), candidate)
    events_of = Counter(user for user, *_ in best)
    reasons: Counter[str] = Counter()
    for (_, reason), count in quarantined.items():
        reasons[reason] += count
    return {
        "rows": sorted((*identity, value, m) for identity, (_, value, m) in best.items()),
        "quarantined": quarantined,
        "asked": sorted(events_of),
        "counts": {
            "read": len(lines),
            "written": len(best),
            "filtered": filtered,
            "duplicate": duplicate,
            "quarantined": quarantined.total(),
        },
        "by_reason": dict(reasons),
        "interactions": {
            "users": len(events_of),
            "items": len({item for _, item, *_ in best}),
            "users_with_two_or_more": sum(count > 1 for count in events_of.values()),
            "most_active_user_share": round(max(events_of.values()) / len(best), 6),
            "timestamps": {
                "first": min(int(time) for _, _, time, _ in best),
                "last": max(int(time) for _, _, time, _ in best),
                "unit": "seconds",
            },
            "event_types": dict(sorted(Counter(event for *_, event in best).items())),
        },
    }


def found_by(run: Any) -> dict[str, Any]:
    return {
        "rows": run.rows(),
        "quarantined": Counter(run.reasons()),
        "asked": [line["userId"] for line in run.asked()],
        "counts": run.counts(),
        "by_reason": run.report["datasets"]["interactions"]["quarantined_by_reason"],
        "interactions": run.report["interactions"],
    }


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # each try takes seconds: the first that fails must do
    suppress_health_check=list(HealthCheck),
)
@given(lines=LOG, seed=st.integers(0, 2**32), files=st.integers(2, 9))
def test_neither_the_order_of_rows_nor_their_files_matter(
    run: Any, tmp_path_factory: pytest.TempPathFactory, lines: list[str], seed: int, files: int
) -> None:
    lines = [*lines, GOOD]
    expected = expected_of(lines)
    whole = type(run)(tmp_path_factory.mktemp("whole"))
    whole.put("interactions/1.csv", HEADER + "".join(f"{line}\n" for line in lines))
    assert found_by(whole(**COLUMNS)) == expected

    draw = random.Random(seed)
    parts: list[list[str]] = [[] for _ in range(files)]
    for line in draw.sample(lines, len(lines)):
        draw.choice(parts).append(line)
    split = type(run)(tmp_path_factory.mktemp("split"))
    for number, part in enumerate(parts):
        text = (HEADER + "".join(f"{line}\n" for line in part)).encode()
        if number % 3 == 2:
            split.put(f"interactions/{number % 2}/{number}.csv.gz", gzip.compress(text))
        else:
            split.put(f"interactions/{number}.csv", text)
    assert found_by(split(**COLUMNS)) == expected
    # What the reports say besides is the same too.
    reports = [each.report for each in (whole, split)]
    for report in reports:
        del report["datasets"]["interactions"]["source"]
    assert reports[0] == reports[1]


def shop(run: Any) -> dict[str, Any]:
    """Sources of every kind, each in several files; return their configuration."""
    draw = random.Random(11)
    for number in range(5):
        lines = [
            f"{draw.randint(1, 60)},{draw.randint(1, 40)},{draw.choice(SECONDS)},"
            f"{draw.choice(['view', 'buy'])},{draw.choice(['5', '5.0', '10', '1', ''])},"
            f"{draw.choice(['x', '', 'z'])}"
            for _ in range(1_000)
        ] + [",a,1162160236,view,5,x", "1,a,soon,view,5,x"]
        text = HEADER + "".join(f"{line}\n" for line in lines)
        run.put(f"interactions/{number}.csv", text)
        run.put(f"interactions/2024/{number}.csv.gz", gzip.compress(text.encode()))
        users = [
            [user, draw.choice(["x", "y"]), draw.choice(['a "b", c', ""])] for user in range(60)
        ]
        path = run.put(f"users/{number}.csv", "")
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([["id", "g", "text"], *users, ["", "x", "y"]])
        items = [
            {"id": item, "made": 1_100_000_000 + draw.randint(0, 9), "genres": ["a", "b"]}
            for item in range(40)
        ]
        items.append({"id": None, "made": 1, "genres": []})
        run.put(f"items/{number}.json", "".join(json.dumps(item) + "\n" for item in items))
    return {
        "interactions": {"user_id": "u", "item_id": "i", "timestamp": {"column": "t"}}
        | COLUMNS
        | {"event_value": {"column": "r"}},
        "users": {
            "user_id": "id",
            "format": {"multiline": True},
            "metadata": [
                {"name": "GROUP", "column": "g", "categorical": True},
                {"name": "NOTE", "column": "text"},
            ],
        },
        "items": {
            "item_id": "id",
            "format": {"type": "json"},
            "creation_timestamp": {"column": "made"},
            "metadata": [{"name": "GENRES", "column": "genres", "categorical": True}],
        },
        "batch_inputs": {
            "users": {},
            "popular": {"kind": "items", "most_frequent": 7},
            "named": {"ids": ["5", "1"], "item_list": ["1", "2"]},
        },
        "maximum_quarantined_share": 0.03,
    }


def everything(run: Any) -> dict[str, Any]:
    datasets = ("interactions", "users", "items")
    return {
        "rows": {name: (run.header(name), run.rows(name)) for name in datasets},
        "quarantined": {
            name: sorted(json.dumps(each) for each in run.quarantined(name)) for name in datasets
        },
        "asked": {key: run.asked(key) for key in ("users", "popular", "named")},
        "report": run.report,
    }


def test_processes_of_their_own_do_the_same_as_one(gated_run: Any, tmp_path: Path) -> None:
    """As on Glue: the executors share nothing with the driver but what is sent to them."""
    document = shop(gated_run)
    gated_run.start(json.dumps(document))
    alone = everything(gated_run)
    assert {name: len(rows) for name, (_, rows) in alone["rows"].items()}["items"] == 40

    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.executor.memory": "1024m",
    }
    submit = " ".join(f"--conf {name}={value}" for name, value in settings.items())
    done = subprocess.run(
        [
            *(sys.executable, prepare_training_data.__file__),
            *("--configuration", json.dumps(document), "--raw_prefix", str(gated_run.raw)),
            *("--transformed_prefix", str(gated_run.transformed)),
            *("--quarantine_prefix", str(gated_run.quarantine)),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            **cluster_environment(tmp_path),
            "PYSPARK_SUBMIT_ARGS": f"--master local-cluster[2,1,1024] {submit} pyspark-shell",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # Each of the two wrote something of its own.
    executors = list((tmp_path / "spark_home" / "work").glob("app-*/*"))
    assert len(executors) == 2
    assert everything(gated_run) == alone
