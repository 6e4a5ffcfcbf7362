"""What batch jobs are asked, for each kind of recipe and each choice."""

import json
import time
from pathlib import Path
from typing import Any

import data_gate
import prepare_training_data
import pytest
from data_gate import DataGateError
from job_runs import Run

NOW = int(time.time())
DAY = 86_400
# User, item, age of the event in days. By events: users 10 (3), then 2, 3 and ü (2 each), then 9;
# items a (5), b and c (2 each), then d. As texts: 10 < 2 < 3 < 9 < ü.
EVENTS = [
    *[("10", "a", 40), ("10", "b", 41), ("10", "c", 5)],
    *[("2", "a", 0.5), ("2", "b", 400)],
    *[("3", "a", 29), ("3", "c", 300)],
    *[("ü", "a", 31), ("ü", "d", 32)],
    ("9", "a", 3),
]
DATA = "u,i,t\n" + "".join(f"{user},{item},{int(NOW - age * DAY)}\n" for user, item, age in EVENTS)
SINCE = time.strftime("%Y-%m-%d", time.gmtime(NOW - 35 * DAY))
DAY_32 = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(NOW - 31 * DAY)))
AFTER_DAY_32 = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(NOW - 31 * DAY) + 1))
ATTRIBUTES = ['ITEMS.genres = "horror"', 'ITEMS.genres = "comedy" AND ITEMS.year = "1999"']

ASKED: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "every_user": ({}, [{"userId": user} for user in ("10", "2", "3", "9", "ü")]),
    "active_for_a_month": (
        {"active_days": 30},
        [{"userId": user} for user in ("10", "2", "3", "9")],
    ),
    "active_today": ({"active_days": 1}, [{"userId": "2"}]),
    "active_since_a_date": (
        {"active_since": SINCE},
        [{"userId": user} for user in ("10", "2", "3", "9", "ü")],
    ),
    "active_since_then": (
        {"active_since": DAY_32},
        [{"userId": u} for u in ("10", "2", "3", "9", "ü")],
    ),
    "active_after": (
        {"active_since": AFTER_DAY_32},
        [{"userId": u} for u in ("10", "2", "3", "9")],
    ),
    "named": (
        {"ids": ["ü", "unknown", "10", "ü", 'a "b", \\'], "filter_values": {}},
        [{"userId": user} for user in ("10", 'a "b", \\', "unknown", "ü")],
    ),
    "most_active": ({"most_frequent": 1}, [{"userId": "10"}]),
    # Of three with as many events, those whose ids come first.
    "tied": ({"most_frequent": 3}, [{"userId": user} for user in ("10", "2", "3")]),
    "more_than_there_are": (
        {"most_frequent": 99},
        [{"userId": user} for user in ("10", "2", "3", "9", "ü")],
    ),
    "every_item": ({"kind": "items"}, [{"itemId": item} for item in "abcd"]),
    "popular_items": ({"kind": "items", "most_frequent": 2}, [{"itemId": item} for item in "ab"]),
    "named_items": (
        {"kind": "items", "ids": ["x", "a", "x"]},
        [{"itemId": item} for item in "ax"],
    ),
    "attributes": (
        {"kind": "item_attributes", "item_attributes": ATTRIBUTES},
        [{"itemAttributes": attributes} for attributes in sorted(ATTRIBUTES)],
    ),
    "ranked": (
        {"most_frequent": 2, "item_list": ["b", "a", "unknown"]},
        [{"userId": user, "itemList": ["b", "a", "unknown"]} for user in ("10", "2")],
    ),
    "filtered": (
        {
            "ids": ["7"],
            "filter_values": {
                "GENRES": ["horror", "comedy"],
                "YEAR": ["1999"],
                "TITLE": ['"Crocodile" Dundee', "Amélie, \\o/"],
            },
        },
        [
            {
                "userId": "7",
                "filterValues": {
                    "GENRES": '"horror","comedy"',
                    "TITLE": '"\\"Crocodile\\" Dundee","Amélie, \\\\o/"',
                    "YEAR": '"1999"',
                },
            }
        ],
    ),
    "filtered_ranking": (
        {"ids": ["7"], "item_list": ["a"], "filter_values": {"GENRES": ["horror"]}},
        [{"userId": "7", "itemList": ["a"], "filterValues": {"GENRES": '"horror"'}}],
    ),
    "filtered_items": (
        {"kind": "items", "ids": ["a"], "filter_values": {"GENRES": ["horror"]}},
        [{"itemId": "a", "filterValues": {"GENRES": '"horror"'}}],
    ),
    "filtered_attributes": (
        {
            "kind": "item_attributes",
            "item_attributes": ['ITEMS.genres = "horror"'],
            "filter_values": {"YEAR": ["1999", "2000"]},
        },
        [
            {
                "itemAttributes": 'ITEMS.genres = "horror"',
                "filterValues": {"YEAR": '"1999","2000"'},
            }
        ],
    ),
}


@pytest.fixture(scope="module")
def asked(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One run with all of them."""
    run = Run(tmp_path_factory.mktemp("asked"))
    run.put("interactions/1.csv", DATA)
    with pytest.MonkeyPatch.context() as patch:
        for minimum in ("MIN_INTERACTIONS", "MIN_ACTIVE_USERS", "MIN_ACTIVE_USERS_SHARE"):
            patch.setattr(data_gate, minimum, 0)
        return run({"batch_inputs": {key: choice for key, (choice, _) in ASKED.items()}})


@pytest.mark.parametrize("key", ASKED)
def test_what_is_asked_in_its_order(asked: Any, key: str) -> None:
    lines = ASKED[key][1]
    # The members' order too, as the documentation shows it.
    assert [json.dumps(line) for line in asked.asked(key)] == [json.dumps(line) for line in lines]
    assert asked.report["batch_inputs"][key] == len(lines)


def test_the_text_of_a_line_is_the_documentation_s(asked: Any) -> None:
    """Developer Guide, "Batch recommendations input and output JSON examples", with a filter."""
    (file,) = (asked.transformed / "batch_filtered_ranking_input").iterdir()
    assert file.read_text() == (
        '{"userId":"7","itemList":["a"],"filterValues":{"GENRES":"\\"horror\\""}}\n'
    )
    (file,) = (asked.transformed / "batch_filtered_input").iterdir()
    assert '"GENRES":"\\"horror\\",\\"comedy\\""' in file.read_text()


def test_every_batch_input_has_a_folder_of_its_own_with_nothing_else_in_it(asked: Any) -> None:
    folders = [Path(file).parent.name for file in asked.files if file.startswith("batch_")]
    assert folders == sorted(f"batch_{key}_input" for key in ASKED)
    assert {Path(file).suffix for file in asked.files} == {".csv", ".json"}


def lines_of(folder: Path) -> tuple[int, list[str]]:
    """How many files there are, and all of their lines in the files' order."""
    files = sorted(folder.iterdir())
    return len(files), [line for file in files for line in file.read_text().splitlines()]


def test_a_large_batch_input_is_of_several_files_and_none_is_empty(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare_training_data, "BYTES_PER_FILE", 4_000)
    monkeypatch.setattr(data_gate, "MAX_BATCH_RECORDS", 2_000)
    rows = "".join(f"{user},a,1162160236\n" for user in range(2_000, 0, -1))
    run.put("interactions/1.csv", "u,i,t\n" + rows)
    some = {"users": {}, "two": {"ids": ["1", "2"]}}
    run({"batch_inputs": some})
    count, lines = lines_of(run.transformed / "batch_users_input")
    assert count > 3
    assert lines == [f'{{"userId":"{user}"}}' for user in sorted(map(str, range(1, 2_001)))]
    assert min(path.stat().st_size for path in run.transformed.rglob("*.json")) > 0
    assert lines_of(run.transformed / "batch_two_input")[0] == 1
    assert run.report["batch_inputs"] == {"users": 2_000, "two": 2}


def test_what_a_batch_job_would_refuse_is_refused_with_numbers(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.put("interactions/1.csv", DATA + "\n")
    choices = {
        "small": {"most_frequent": 1},
        "users": {},
        "nobody": {"active_since": "2999-01-01"},
    }
    users = ("10", "2", "3", "9", "ü")
    size = len("".join(f'{{"userId":"{user}"}}\n' for user in users).encode())
    monkeypatch.setattr(data_gate, "MAX_BATCH_FILES", 0)
    monkeypatch.setattr(data_gate, "MAX_BATCH_BYTES", size - 1)
    monkeypatch.setattr(data_gate, "MAX_BATCH_RECORDS", 4)
    with pytest.raises(DataGateError) as raised:
        run({"batch_inputs": choices})
    heading, *found = str(raised.value).split("\n  - ")
    assert heading == "The data is not fit to be imported:"
    assert [each for each in found if "0 files" not in each and "1 files" not in each] == [
        f"batch_inputs.users: {size} bytes; a batch job takes {size - 1}. Ask for fewer, e.g. with"
        " active_days.",
        "batch_inputs.users: 5 records in a file; a batch job takes 4. Ask for fewer, e.g. with"
        " active_days.",
        "batch_inputs.nobody: nothing to ask for. Correct its choice.",
    ]
    assert "batch_inputs.small: 1 files; a batch job takes 0" in str(raised.value)
    assert "report.json" not in run.files
    assert not any(file.startswith("interactions") for file in run.files)
    # What was unusable can be looked at.
    assert run.reasons() == [("", "blank_line")]
