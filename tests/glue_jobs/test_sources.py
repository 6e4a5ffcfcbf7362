"""Files of the shapes that people bring, each to the same interactions."""

import base64
import gzip
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sources
from pyspark.sql import SparkSession

EXPECTED = [("7", "a", "1162160236"), ("7", "b", "1162160237"), ("8", "a", "1162160236")]
CSV = "u,i,t\n7,a,1162160236\n7,b,1162160237\n8,a,1162160236\n"
JSON = "".join(
    f'{{"u": "{user}", "i": "{item}", "t": {seconds}}}\n' for user, item, seconds in EXPECTED
)


def delimited(text: str, delimiter: str) -> str:
    return text.replace(",", delimiter)


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (CSV, {}),
        (CSV.replace("\n", "\r\n"), {}),
        (CSV.removesuffix("\n"), {}),
        ("\ufeff" + CSV, {}),
        (delimited(CSV, "\t"), {"delimiter": "\t", "quote": ""}),
        (delimited(CSV, "|"), {"delimiter": "|"}),
        (delimited(CSV, ";"), {"delimiter": ";"}),
        (delimited(CSV, "."), {"delimiter": "."}),
        (delimited(CSV, "\x01"), {"delimiter": "\x01"}),
        (delimited(CSV, "x"), {"delimiter": "x"}),
        (CSV.removeprefix("u,i,t\n"), {"column_names": ["u", "i", "t"]}),
        ("x,t,i,u\n" + "".join(f"0,{t},{i},{u}\n" for u, i, t in EXPECTED), {}),
        ('"u","i","t"\n' + "".join(f'"{u}",{i},"{t}"\n' for u, i, t in EXPECTED), {}),
        ("'u','i','t'\n" + "".join(f"'{u}',{i},'{t}'\n" for u, i, t in EXPECTED), {"quote": "'"}),
        (CSV, {"multiline": True}),
        ("\ufeff" + CSV.replace("\n", "\r\n"), {"multiline": True}),
        (JSON, {"type": "json"}),
        (JSON.replace("\n", "\r\n"), {"type": "json"}),
        ("\ufeff" + JSON, {"type": "json"}),
    ],
    ids=lambda value: str(value)[:60].encode("unicode_escape").decode(),
)
def test_the_same_rows_in_many_forms(run: Any, content: str, form: dict[str, Any]) -> None:
    run.put("interactions/data", content)
    run(format=form)
    assert run.rows() == EXPECTED
    assert run.counts()["read"] == 3


def test_clickstream_with_event_types_and_no_ratings(run: Any) -> None:
    """RetailRocket's columns."""
    run.put(
        "interactions/events.csv",
        "timestamp,visitorid,event,itemid,transactionid\n"
        "1433221332117,257597,view,355908,\n"
        "1433221332117,257597,addtocart,355908,\n"
        "1433221332999,257597,view,355908,\n"
        "1433222276276,599528,transaction,356475,4000\n"
        "1433222276277,599528,refund,356475,4000\n",
    )
    run(
        user_id="visitorid",
        item_id="itemid",
        timestamp={"column": "timestamp"},
        event_type={"column": "event", "allowed": ["view", "addtocart", "transaction"]},
    )
    assert run.header() == "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE"
    assert run.rows() == [
        ("257597", "355908", "1433221332", "addtocart"),
        ("257597", "355908", "1433221332", "view"),
        ("599528", "356475", "1433222276", "transaction"),
    ]
    assert (run.counts()["filtered"], run.counts()["duplicate"]) == (1, 1)
    assert run.report["interactions"]["event_types"] == {
        "addtocart": 1,
        "transaction": 1,
        "view": 1,
    }


def test_reviews_with_odd_milliseconds_and_repeated_pairs(run: Any) -> None:
    """Amazon reviews: JSON lines, the same person and item again at other times."""
    run.put(
        "interactions/reviews.jsonl",
        '{"rating": 5.0, "user_id": "AGK", "parent_asin": "B00", "timestamp": 1588687728923}\n'
        '{"rating": 2.0, "user_id": "AGK", "parent_asin": "B00", "timestamp": 1588687728001}\n'
        '{"rating": 4.5, "user_id": "AGK", "parent_asin": "B00", "timestamp": 1588687999923}\n',
    )
    run(
        format={"type": "json"},
        user_id="user_id",
        item_id="parent_asin",
        timestamp={"column": "timestamp"},
        event_value={"column": "rating"},
    )
    # Of two values in one second the higher one stays.
    assert run.rows() == [
        ("AGK", "B00", "1588687728", "5.0"),
        ("AGK", "B00", "1588687999", "4.5"),
    ]


def test_plays_without_a_time_are_an_error_and_no_guess(run: Any) -> None:
    """Last.fm's plays: user, artist, count."""
    run.put("interactions/plays.tsv", "user\tartist\tplays\n1\tAC/DC\t17\n")
    with pytest.raises(sources.UnusableInputError, match=r"has no column 't'; it has 'user'"):
        run(format={"delimiter": "\t", "quote": ""}, user_id="user", item_id="artist")
    assert run.files == []


def test_a_prefix_of_many_files_some_of_them_packed(run: Any) -> None:
    run.put("interactions/part 1.csv", "u,i,t\r\n7,a,1162160236\r\n")
    run.put("interactions/2006/10/2.csv", "\ufeffu,i,t\n7,b,1162160237\n")
    run.put("interactions/3.csv.gz", gzip.compress(b"u,i,t\n8,a,1162160236\n8,,1162160236\n"))
    run.put("interactions/empty.csv", "")
    run.put("interactions/2006_$folder$", "")  # what Hadoop leaves in a bucket for a folder
    run.put("interactions/_SUCCESS", "")
    run()
    assert run.rows() == EXPECTED
    (record,) = run.quarantined()
    assert record["file"].endswith("/interactions/3.csv.gz")
    assert (record["record"], record["reason"]) == ("8,,1162160236", "missing_item_id")


def test_a_packed_file_with_a_byte_order_mark(run: Any) -> None:
    run.put("interactions/1.csv.gz", gzip.compress(("\ufeff" + CSV).encode()))
    run()
    assert run.rows() == EXPECTED


def test_quoted_values_with_commas_quotes_and_line_breaks(run: Any) -> None:
    run.put(
        "interactions/quoted.csv",
        'u,i,t,note\r\n"7, the first","a ""b""",1162160236,"two\r\nlines"\r\n'
        '8,c,1162160237,"a\n\n""quoted""\ntext, with commas"\n9,d,1162160238,',
    )
    run(format={"multiline": True})
    assert run.rows() == [
        ("7, the first", 'a "b"', "1162160236"),
        ("8", "c", "1162160237"),
        ("9", "d", "1162160238"),
    ]
    assert run.counts()["read"] == 3


def test_a_backslash_as_escape(run: Any) -> None:
    run.put("interactions/quoted.csv", 'u,i,t\n"a \\"b\\", c",x,1162160236\n')
    run(format={"escape": "\\"})
    assert run.rows() == [('a "b", c', "x", "1162160236")]


def test_ids_survive_the_way_through_csv(run: Any) -> None:
    ids = ["a,b", 'a"b', "a\\b", "\\", " padded ", "#1", "ü", "日本", "'", "a|b", "\\N", "-", "0x1"]
    text = "".join(f"{id_}\t{id_}\t1162160236\n" for id_ in ids)
    run.put("interactions/ids.tsv", "u\ti\tt\n" + text)
    run(format={"delimiter": "\t", "quote": ""})
    assert run.rows() == sorted((id_, id_, "1162160236") for id_ in ids)
    assert [each["userId"] for each in run.asked()] == sorted(ids)


def test_latin_1_by_option(run: Any) -> None:
    run.put("interactions/latin.csv", "u,i,t,note\nJürgen,café,1162160236,é\n".encode("latin-1"))
    run(format={"encoding": "ISO-8859-1"})
    assert run.rows() == [("Jürgen", "café", "1162160236")]


def test_bytes_that_are_no_text_are_kept_as_they_are(run: Any) -> None:
    record = "Jürgen,café,1162160236".encode("latin-1")
    run.put("interactions/latin.csv", b"u,i,t\n" + record + b"\n7,a,1162160236\n")
    run()
    (found,) = run.quarantined()
    assert found["reason"] == "invalid_encoding"
    assert base64.b64decode(found["record_base64"]) == record


def test_nested_json_and_numbers_as_ids(run: Any) -> None:
    run.put(
        "interactions/events.json",
        '{"detail": {"user": {"id": 12345678901234567890}, "item": 7}, "t": "1162160236"}\n'
        '{"detail": {"user": {"id": 1.5}, "item": true}, "t": 1162160236, "more": [1, {"a": 2}]}\n',
    )
    run(format={"type": "json"}, user_id="detail.user.id", item_id="detail.item")
    assert run.rows() == [
        ("1.5", "true", "1162160236"),
        ("12345678901234567890", "7", "1162160236"),
    ]


@pytest.mark.parametrize(
    ("user", "item", "time"),
    [
        ("u", "i", "t"),
        ("cast(u as bigint)", "i", "cast(t as bigint)"),
        ("cast(u as double)", "i", "cast(t as double) * 1000"),  # pandas, if there are gaps
        ("cast(u as integer)", "i", "to_timestamp(cast(t as bigint))"),
        ("cast(u as integer)", "i", "to_timestamp(cast(t as bigint))::timestamp"),
        ("encode(u)", "i", "t"),
    ],
)
def test_parquet_of_several_types(run: Any, user: str, item: str, time: str) -> None:
    (run.raw / "interactions").mkdir(parents=True)
    rows = ", ".join(str(row) for row in EXPECTED)
    duckdb.sql(
        f"""copy (select {user} as u, {item} as i, {time} as t
        from (values {rows}) as rows (u, i, t))
        to '{run.raw}/interactions/1.parquet' (format parquet)"""
    )
    run(format={"type": "parquet"})
    assert run.rows() == EXPECTED


def test_an_unusable_row_of_parquet_is_shown_as_json(run: Any) -> None:
    (run.raw / "interactions").mkdir(parents=True)
    duckdb.sql(
        f"""copy (select '7' as u, 'a' as i, t, 4.5::double as r
        from (values (1162160236), (null)) as rows (t) order by t)
        to '{run.raw}/interactions/1.parquet' (format parquet)"""
    )
    run(format={"type": "parquet"})
    assert run.reasons() == [('{"u":"7","i":"a","r":4.5}', "invalid_timestamp")]


@pytest.mark.parametrize(
    ("raw", "form", "says"),
    [
        ({}, {}, ["Nothing lies at", "/raw/interactions", "Upload the data"]),
        ({"1.csv": ""}, {}, ["holds nothing but empty files"]),
        ({"1.csv": "u,i,t\n"}, {}, ["holds no row of data"]),
        ({"1.csv": ""}, {"column_names": ["u", "i", "t"]}, ["holds no row of data"]),
        ({"1.json": ""}, {"type": "json"}, ["holds no row of data"]),
        (
            {"1.csv": "user,item,time\n7,a,1\n"},
            {},
            ["no column 'i', 't', 'u'", "'user'", "header:"],
        ),
        ({"1.csv": "u;i;t\n7;a;1\n"}, {}, ["it has 'u;i;t'", "format.delimiter"]),
        ({"1.csv": "7,a,1162160236\n"}, {}, ["no column 'i', 't', 'u'", "'1162160236'"]),
        ({"1.csv": "u,i,t,u\n7,a,1,8\n"}, {}, ["names 'u' more than once"]),
        (
            {"1.csv": CSV, "2.csv": "i,u,t\na,7,1162160236\n"},
            {},
            ["must have the same header", "1.csv: 'u,i,t'", "2.csv: 'i,u,t'"],
        ),
        ({"1.csv": CSV.encode("utf-16")}, {}, ["1.csv holds zero bytes", "UTF-16"]),
        ({"1.csv": gzip.compress(CSV.encode())}, {}, ["1.csv is compressed with gzip", ".gz"]),
        ({"1.csv": b"PK\x03\x04\x00\x00"}, {}, ["1.csv is a zip: unpack it"]),
        ({"1.csv": b"PAR1\x15\x00"}, {}, ['format.type to "parquet"']),
        ({"1.parquet": CSV}, {"type": "parquet"}, ["not Parquet"]),
    ],
)
def test_a_source_that_cannot_be_read_says_why(
    run: Any, raw: dict[str, str | bytes], form: dict[str, Any], says: list[str]
) -> None:
    for name, content in raw.items():
        run.put(f"interactions/{name}", content)
    with pytest.raises(sources.UnusableInputError) as raised:
        run(format=form)
    for part in says:
        assert part in str(raised.value)
    assert run.files == []


def test_a_parquet_column_that_is_missing_or_no_value(run: Any) -> None:
    (run.raw / "interactions").mkdir(parents=True)
    file = f"{run.raw}/interactions/1.parquet"
    duckdb.sql(
        f"copy (select {{'id': 7}} as u, 'a' as i, unnest([1, 1162160236]) as t)"
        f" to '{file}' (format parquet)"
    )
    with pytest.raises(
        sources.UnusableInputError, match=r"'u' of .* is of the type struct<id:int>"
    ):
        run(format={"type": "parquet"})
    with pytest.raises(sources.UnusableInputError, match="no column 'user'; it has 'u', 'i', 't'"):
        run(format={"type": "parquet"}, user_id="user")
    run(format={"type": "parquet"}, user_id="u.id", timestamp={"column": "t", "unit": "seconds"})
    assert run.reasons() == [('{"u":{"id":7},"i":"a","t":1}', "timestamp_too_early")]
    assert run.rows() == [("7", "a", "1162160236")]


def test_a_large_file_of_multi_line_values_is_refused(
    run: Any, monkeypatch: pytest.MonkeyPatch, spark: SparkSession, tmp_path: Path
) -> None:
    monkeypatch.setattr(sources, "WHOLE_FILE_BYTES", 10)
    run.put("interactions/1.csv", CSV)
    with pytest.raises(sources.UnusableInputError, match=r"1.csv is 51 bytes\. .*split it"):
        run(format={"multiline": True})
