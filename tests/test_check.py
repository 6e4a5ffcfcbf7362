"""`batchrec check`, as a person runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BATCHREC = Path(sys.executable).with_name("batchrec")
CLICKS: dict[str, Any] = {
    "interactions": {
        "user_id": "visitorid",
        "item_id": "itemid",
        "timestamp": {"column": "timestamp"},
        "event_type": {"column": "event", "allowed": ["view", "transaction"]},
    }
}
HEADER = "timestamp,visitorid,event,itemid,transactionid\n"


def clicks(count: int, users: int) -> str:
    """Views in May 2015, of as many different items; each fifth row is one that isn't wanted."""
    rows = (
        f"{1430438400123 + n * 1000},{n % users},{'view' if n % 5 else 'addtocart'},{n},\n"
        for n in range(count)
    )
    return HEADER + "".join(rows)


def check(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BATCHREC), "check", *map(str, arguments)],
        cwd=cwd,
        # Java would tell of the options that conftest.py sets.
        env={k: v for k, v in os.environ.items() if k != "JDK_JAVA_OPTIONS"} | {"COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "clicks.json"
    path.write_text(json.dumps(CLICKS))
    return path


def test_importable_data_in_two_files(tmp_path: Path, config: Path) -> None:
    (tmp_path / "a.csv").write_text(clicks(1250, 50))
    (tmp_path / "b.csv").write_text(HEADER + "1430438400123,,view,7,\n")
    found = check("a.csv", "b.csv", "--config", config, cwd=tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stderr == ""
    out = " ".join(found.stdout.replace("│", " ").split())
    assert "interactions 1,251 1,000 250 0 1" in out
    assert "missing_user_id 1 '1430438400123,,view,7,'" in out
    assert "40 users (40 with two interactions or more), 1,000 items" in out
    assert "2015-05-01 to 2015-05-01 (told in milliseconds)" in out
    assert "view: 1,000" in out
    assert "Warning: The last event is" in out
    assert "The data can be imported." in out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b.csv", "clicks.json"]


def test_data_that_the_job_would_refuse(tmp_path: Path, config: Path) -> None:
    (tmp_path / "a.csv").write_text(clicks(1248, 20) + "now,7,view,7,\n" * 20)
    found = check("a.csv", "--config", config, cwd=tmp_path)
    assert found.returncode == 1
    out = " ".join(found.stdout.split())
    assert "Refused: interactions: 20 of 1,268 rows (1.58%) are unusable" in out
    assert "Refused: interactions: 998 to import of 1,268 rows" in out
    assert "Refused: interactions: 16 of 16 users have two interactions or more" in out
    assert "can be imported" not in out


def test_json_for_machines_with_users_and_a_tfvars_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(clicks(1250, 50))
    (tmp_path / "users.csv").write_text("USER_ID,AGE\n1,20\n2,old\n")
    users = {"metadata": [{"name": "AGE", "type": "int"}]}
    document = CLICKS | {"name": "shop", "users": users, "maximum_quarantined_share": 0.4}
    (tmp_path / "shop.tfvars.json").write_text(json.dumps(document))
    found = check(
        *("a.csv", "--users", "users.csv", "--config", "shop.tfvars.json", "--json"), cwd=tmp_path
    )
    assert found.returncode == 1
    finding = json.loads(found.stdout)
    assert finding["report"]["datasets"]["users"]["rows"] == {
        "read": 2,
        "written": 1,
        "filtered": 0,
        "duplicate": 0,
        "quarantined": 1,
    }
    assert finding["unusable"] == [
        {"dataset": "users", "reason": "invalid_value", "rows": 1, "records": ["2,old"]}
    ]
    (breach,) = finding["breaches"]
    assert "users: 1 of 2 rows (50.00%) are unusable" in breach


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["none.csv"], "There is no file none.csv."),
        (["a.csv", "--config", "none.json"], "There is no file none.json."),
        (["a.csv", "--config", "a.csv"], "a.csv can't be read as JSON"),
        (["a.csv", "--config", "typo.json"], "has no member 'userid'"),
        (["a.csv", "--users", "a.csv"], "the configuration says nothing of users"),
        (["a.csv", "--config", "users.json"], "Name it with --users"),
    ],
)
def test_what_cannot_be_used_is_said_before_spark_starts(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    (tmp_path / "a.csv").write_text(HEADER)
    (tmp_path / "typo.json").write_text('{"interactions": {"userid": "u"}}')
    (tmp_path / "users.json").write_text(
        '{"users": {"metadata": [{"name": "AGE", "type": "int"}]}}'
    )
    found = check(*arguments, cwd=tmp_path)
    assert found.returncode == 1
    assert says in " ".join(found.stderr.split())
    assert found.stdout == ""


def test_a_wrong_header_shows_the_one_that_was_found(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER)
    found = check("a.csv", cwd=tmp_path)
    assert found.returncode == 1
    assert "no column 'ITEM_ID', 'TIMESTAMP', 'USER_ID'; it has 'timestamp'" in found.stderr
