"""Every kind of row that cannot be used, with the reason that it is quarantined for."""

from typing import Any

import data_gate
import pytest
from job_runs import Run
from outcomes import Reason

LONGEST_ID = "ü" * 256  # characters, not bytes

# User, item, rating, time, event, kind (string), size (int), ratio (float), flag (boolean).
USABLE = "7,a,4.5,1162160236,view,x,1,0.5,true"
UNUSABLE = {
    # The record itself
    "": "blank_line",
    "   ": "blank_line",
    "7": "wrong_column_count",
    "7,a,4,1162160236,view,x,1,0.5": "wrong_column_count",
    USABLE + ",": "wrong_column_count",
    USABLE.replace(",", "\t"): "wrong_column_count",
    '7,"a,4,1162160236,view,x,1,0.5,true': "unbalanced_quotes",
    '7,a",4,1162160236,view,x,1,0.5,true': "unbalanced_quotes",
    '7,"a","4,1162160236,view,x,1,0.5,true': "unbalanced_quotes",
    '7,"a,4",1162160236,view,x,1,0.5,true': "wrong_column_count",
    # Ids
    ",a,4,1162160236,view,x,1,0.5,true": "missing_user_id",
    "  ,a,4,1162160236,view,x,1,0.5,true": "missing_user_id",
    '"",a,4,1162160236,view,x,1,0.5,true': "missing_user_id",
    "7,,4,1162160236,view,x,1,0.5,true": "missing_item_id",
    f"{LONGEST_ID}x,a,4,1162160236,view,x,1,0.5,true": "id_too_long",
    f"7,{LONGEST_ID}x,4,1162160236,view,x,1,0.5,true": "id_too_long",
    "EVENT_TYPE,a,4,1162160236,view,x,1,0.5,true": "reserved_keyword",
    "7\ufffd,a,4,1162160236,view,x,1,0.5,true": "invalid_encoding",
    # Events
    "7,a,4,1162160236,,x,1,0.5,true": "missing_event_type",
    f"7,a,4,1162160236,{LONGEST_ID}x,x,1,0.5,true": "event_type_too_long",
    "7,a,4,1162160236,EVENT_TYPE,x,1,0.5,true": "reserved_keyword",
    "7,a,,1162160236,view,x,1,0.5,true": "missing_event_value",
    "7,a,four,1162160236,view,x,1,0.5,true": "invalid_event_value",
    '7,a,"4,5",1162160236,view,x,1,0.5,true': "invalid_event_value",
    "7,a,4d,1162160236,view,x,1,0.5,true": "invalid_event_value",
    "7,a,4f,1162160236,view,x,1,0.5,true": "invalid_event_value",
    "7,a,0x1p3,1162160236,view,x,1,0.5,true": "invalid_event_value",
    "7,a, 4,1162160236,view,x,1,0.5,true": "invalid_event_value",
    "7,a,NaN,1162160236,view,x,1,0.5,true": "invalid_event_value",
    "7,a,Infinity,1162160236,view,x,1,0.5,true": "invalid_event_value",
    "7,a,1e39,1162160236,view,x,1,0.5,true": "invalid_event_value",  # no float holds it
    "7,a,.,1162160236,view,x,1,0.5,true": "invalid_event_value",
    # Times
    "7,a,4,,view,x,1,0.5,true": "invalid_timestamp",
    "7,a,4,yesterday,view,x,1,0.5,true": "invalid_timestamp",
    "7,a,4,29.10.2006,view,x,1,0.5,true": "invalid_timestamp",
    "7,a,4,2006-02-30,view,x,1,0.5,true": "invalid_timestamp",
    "7,a,4,2006-10-29 25:00:00,view,x,1,0.5,true": "invalid_timestamp",
    "7,a,4,2006,view,x,1,0.5,true": "timestamp_too_early",  # seconds, in 1970
    "7,a,4,1162160236.5,view,x,1,0.5,true": "invalid_timestamp",
    "7,a,4,1.16E9,view,x,1,0.5,true": "invalid_timestamp",
    "7,a,4, 1162160236,view,x,1,0.5,true": "invalid_timestamp",
    "7,a,4," + "9" * 30 + ",view,x,1,0.5,true": "invalid_timestamp",
    "7,a,4,0,view,x,1,0.5,true": "timestamp_too_early",
    "7,a,4,-1162160236000,view,x,1,0.5,true": "timestamp_too_early",
    "7,a,4,631151999,view,x,1,0.5,true": "timestamp_too_early",
    "7,a,4,631151999999,view,x,1,0.5,true": "timestamp_too_early",
    "7,a,4,32472144000,view,x,1,0.5,true": "timestamp_in_future",  # the year 2999
    "7,a,4,9999999999999999,view,x,1,0.5,true": "timestamp_in_future",
    "7,a,4,2999-01-01,view,x,1,0.5,true": "timestamp_in_future",
    # Metadata
    "7,a,4,1162160236,view,,1,0.5,true": "missing_value",
    "7,a,4,1162160236,view," + "x" * 1001 + ",1,0.5,true": "value_too_long",
    "7,a,4,1162160236,view,IMPRESSION,1,0.5,true": "reserved_keyword",
    "7,a,4,1162160236,view,x\ufffd,1,0.5,true": "invalid_encoding",
    "7,a,4,1162160236,view,x,1.5,0.5,true": "invalid_value",
    "7,a,4,1162160236,view,x,2147483648,0.5,true": "invalid_value",
    "7,a,4,1162160236,view,x,many,0.5,true": "invalid_value",
    "7,a,4,1162160236,view,x,1,half,true": "invalid_value",
    "7,a,4,1162160236,view,x,1,0.5,yes": "invalid_value",
    # Several faults: the first in the order of the columns and their checks.
    ",,x,y,,,,,": "missing_user_id",
    "7,a,x,y,view,x,1,0.5,true": "invalid_event_value",
    "7,a,1,y,view,x,1,0.5,true": "invalid_timestamp",  # before the minimum is looked at
}
MAPPING: dict[str, Any] = {
    "event_type": {"column": "e"},
    "event_value": {"column": "r", "minimum": 3.5},
    "metadata": [
        {"name": "KIND", "column": "k", "required": True, "categorical": True},
        {"name": "SIZE", "column": "s", "type": "int"},
        {"name": "RATIO", "column": "o", "type": "float"},
        {"name": "FLAG", "column": "f", "type": "boolean"},
    ],
}


@pytest.fixture(scope="module")
def mixed(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One run over all of them, two usable rows and a filtered one; one row twice."""
    run = Run(tmp_path_factory.mktemp("unusable"))
    rows = [*UNUSABLE, "7,a,four,1162160236,view,x,1,0.5,true", USABLE]
    rows += ["7,a,4,1162160237,view,x,,,", "7,a,3,1162160236,view,x,1,0.5,true"]
    run.put("interactions/1.csv", "u,i,r,t,e,k,s,o,f\n" + "".join(f"{row}\n" for row in rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data_gate, "MIN_INTERACTIONS", 0)
        patch.setattr(data_gate, "MIN_ACTIVE_USERS", 0)
        return run(**MAPPING)


@pytest.mark.parametrize(("record", "reason"), UNUSABLE.items(), ids=lambda text: repr(text)[:60])
def test_an_unusable_row_is_quarantined_verbatim_with_its_reason(
    mixed: Any, record: str, reason: str
) -> None:
    found = [each for each in mixed.quarantined() if each["record"] == record]
    assert {each["reason"] for each in found} == {reason}
    assert all(each["file"].endswith("/interactions/1.csv") for each in found)


def test_every_row_is_accounted_for(mixed: Any) -> None:
    # One unusable row stands in the file twice, and twice in quarantine.
    assert mixed.counts() == {
        "read": len(UNUSABLE) + 4,
        "written": 2,
        "filtered": 1,
        "duplicate": 0,
        "quarantined": len(UNUSABLE) + 1,
    }
    assert len(mixed.quarantined()) == len(UNUSABLE) + 1
    by_reason = mixed.report["datasets"]["interactions"]["quarantined_by_reason"]
    counted = dict.fromkeys(by_reason, 0)
    for reason in [*UNUSABLE.values(), "invalid_event_value"]:
        counted[reason] += 1
    assert by_reason == counted


def test_the_usable_rows_are_written(mixed: Any) -> None:
    assert mixed.header() == "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,KIND,SIZE,RATIO,FLAG"
    assert mixed.rows() == [
        ("7", "a", "1162160236", "view", "4.5", "x", "1", "0.5", "true"),
        ("7", "a", "1162160237", "view", "4", "x", "", "", ""),
    ]
    assert {path.suffix for path in (mixed.quarantine / "interactions").iterdir()} == {".json"}


def test_unusable_json_lines(run: Any) -> None:
    lines = {
        '{"u": 7, "i": "a"}': "invalid_timestamp",
        '{"u": null, "i": "a", "t": 1162160236}': "missing_user_id",
        '{"u": "", "i": "a", "t": 1162160236}': "missing_user_id",
        '{"i": "a", "t": 1162160236}': "missing_user_id",
        '{"u": {"id": 7}, "i": "a", "t": 1162160236}': "invalid_id",
        '{"u": [7], "i": "a", "t": 1162160236}': "invalid_id",
        '{"u": "7\\n8", "i": "a", "t": 1162160236}': "invalid_id",
        '{"u": 7, "i": "a", "t": 1162160236': "malformed_json",
        '{"u": 7 "i": "a", "t": 1162160236}': "malformed_json",
        "7,a,1162160236": "malformed_json",
        "null": "malformed_json",
        "": "blank_line",
        '{"u": 7, "i": "a", "t": "now"}': "invalid_timestamp",
    }
    usable = '{"u": 7, "i": "a", "t": 1162160236}'
    run.put("interactions/1.json", "".join(f"{line}\n" for line in [*lines, usable]))
    run(format={"type": "json"})
    assert run.reasons() == sorted(lines.items())
    assert run.rows() == [("7", "a", "1162160236")]


def test_a_quoted_value_that_never_ends_takes_nothing_with_it_unseen(run: Any) -> None:
    rest = '8,"b,1162160236\n9,c,1162160236\n'
    run.put("interactions/1.csv", "u,i,t\n7,a,1162160236\n" + rest)
    run(format={"multiline": True})
    assert run.reasons() == [(rest.removesuffix("\n"), "unbalanced_quotes")]
    assert run.counts()["read"] == 2


def test_every_reason_has_a_test(run: Any) -> None:
    tested = {*UNUSABLE.values(), "malformed_json", "invalid_id"}
    assert tested == {str(reason) for reason in Reason}
