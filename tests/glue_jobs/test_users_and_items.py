"""Users and items: their columns become what Personalize reads in a dataset's CSV files."""

import json
from decimal import Decimal
from typing import Any

import data_gate
import duckdb
import pytest
from data_gate import DataGateError
from job_runs import Run

INTERACTIONS = "u,i,t\n7,a,1162160236\n"
TIME = "2006-10-29T22:17:16Z"
X1000 = "x" * 1000


def lines(run: Any, dataset: str) -> list[str]:
    """The data's lines as they stand in the files, sorted; each file has its header."""
    found = []
    for path in (run.transformed / dataset).iterdir():
        _, *rest, end = path.read_text("utf-8").split("\n")
        assert end == ""
        found += rest
    return sorted(found)


# JSON lines: what an item has besides its id, the brand and the time, and its line's columns.
ITEMS: list[tuple[dict[str, Any], str]] = [
    ({}, ",,,,"),
    ({"genres": None, "text": None, "price": None, "stock": None, "adult": None}, ",,,,"),
    ({"genres": "", "text": "", "price": "", "stock": "  ", "adult": ""}, ",,,,"),
    # Categories: a list, or a text with separators
    ({"genres": ["Horror", "Comedy"]}, "Horror|Comedy,,,,"),
    ({"genres": ["Horror"]}, "Horror,,,,"),
    ({"genres": [" Horror ", "", None, "Comedy"]}, "Horror|Comedy,,,,"),
    ({"genres": [1999, 2.5, True]}, "1999|2.5|true,,,,"),
    ({"genres": []}, ",,,,"),
    ({"genres": "Horror|Comedy"}, "Horror|Comedy,,,,"),
    ({"genres": "|Horror| Comedy |"}, "Horror|Comedy,,,,"),
    ({"genres": '["Horror", "Comedy"]'}, "Horror|Comedy,,,,"),
    ({"genres": "[Horror"}, "[Horror,,,,"),
    ({"genres": ['Mum, Dad & "Me"']}, '"Mum, Dad & \\"Me\\"",,,,'),
    ({"genres": ["two\nlines"]}, "two lines,,,,"),
    # Text is always quoted; the header never is.
    ({"text": "short"}, ',"short",,,'),
    ({"text": 7}, ',"7",,,'),
    ({"text": 'Says "hi", twice'}, ',"Says \\"hi\\", twice",,,'),
    ({"text": "C:\\dir\\"}, ',"C:\\\\dir\\\\",,,'),
    ({"text": 'a \\" b'}, ',"a \\\\\\" b",,,'),
    ({"text": "one\ntwo\r\nthree\rfour\n\n\nfive"}, ',"one two three four five",,,'),
    ({"text": X1000 * 20}, f',"{X1000 * 20}",,,'),  # Personalize shortens it
    ({"text": " padded "}, '," padded ",,,'),
    # Numbers and booleans
    ({"price": 9.5, "stock": 3, "adult": True}, ",,9.5,3,true"),
    ({"price": "9.50", "stock": "03", "adult": "False"}, ",,9.50,3,false"),
    ({"price": 10, "stock": -2147483648, "adult": False}, ",,10,-2147483648,false"),
]
ITEM_METADATA = [
    {"name": "GENRES", "column": "genres", "categorical": True},
    {"name": "TEXT", "column": "text", "textual": True},
    {"name": "PRICE", "column": "price", "type": "float"},
    {"name": "STOCK", "column": "stock", "type": "int"},
    {"name": "ADULT", "column": "adult", "type": "boolean"},
    {"name": "BRAND", "column": "of.brand", "required": True},
]
BAD_ITEMS: list[tuple[dict[str, Any], str]] = [
    ({"id": None}, "missing_item_id"),
    ({"id": "two\nlines"}, "invalid_id"),
    ({"id": "CREATION_TIMESTAMP"}, "reserved_keyword"),
    ({"id": "x" * 257}, "id_too_long"),
    ({"created": None}, "invalid_timestamp"),
    ({"created": "1989-12-31T23:59:59Z"}, "timestamp_too_early"),
    ({"created": "2999-01-01"}, "timestamp_in_future"),
    ({"of": {}}, "missing_value"),
    ({"of": {"brand": " "}}, "missing_value"),
    ({"of": None}, "missing_value"),
    ({"of": {"brand": X1000 + "x"}}, "value_too_long"),
    ({"of": {"brand": "EVENT_TYPE"}}, "reserved_keyword"),
    ({"genres": "IMPRESSION"}, "reserved_keyword"),
    ({"genres": [X1000, "x"]}, "value_too_long"),
    ({"text": "\ufffd"}, "invalid_encoding"),
    ({"price": "cheap"}, "invalid_value"),
    ({"stock": 1.5}, "invalid_value"),
    ({"adult": 1}, "invalid_value"),
]

# CSV with another separator: a user's columns, and the line's.
USERS = {
    '1,"a, b,,c ",3,free': "1,a|b|c,3,free",
    "2,,,pro": "2,,,pro",
    '3,"[""x"", ""y, z""]",1,free': '3,"x|y, z",1,free',
    f"4,a,1,{X1000}": f"4,a,1,{X1000}",
    '5,a,9223372036854775807,"a ""quoted"" plan"': (
        '5,a,9223372036854775807,"a \\"quoted\\" plan"'
    ),
    '"6, 6",a,1,free': '"6, 6",a,1,free',
    " 7 ,a,1,free": " 7 ,a,1,free",
}
BAD_USERS = {
    ",a,1,free": "missing_user_id",
    "9,a|b,1,free": "invalid_value",  # two categories, where the separator makes one of them
    "9,a,9223372036854775808,free": "invalid_value",
    "9,a,1,": "missing_value",
    "9,a,1": "wrong_column_count",
    f"9,{X1000}x,1,free": "value_too_long",
    "9,a,1,RECOMMENDATION_ID": "reserved_keyword",
    "EVENT_VALUE,a,1,free": "reserved_keyword",
    "": "blank_line",
}
USER_METADATA = [
    {"name": "GROUPS", "column": "g", "categorical": True, "separator": ","},
    {"name": "VISITS", "column": "v", "type": "long"},
    {"name": "PLAN", "column": "p", "required": True},
]


def item(members: dict[str, Any]) -> str:
    whole = {"id": "i", "created": TIME, "of": {"brand": "Acme"}}
    return json.dumps(whole | members, ensure_ascii=False)


@pytest.fixture(scope="module")
def shop(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One run over all of them, the usable ones twice."""
    run = Run(tmp_path_factory.mktemp("shop"))
    run.put("interactions/1.csv", INTERACTIONS)
    users = [*USERS, *BAD_USERS, *USERS]
    run.put("users/1.csv", "id,g,v,p\n" + "".join(f"{user}\n" for user in users))
    good = [item({"id": f"{number}"} | members) for number, (members, _) in enumerate(ITEMS)]
    bad = [item(members) for members, _ in BAD_ITEMS]
    run.put("shop/items/1.json", "".join(f"{line}\n" for line in [*good, *bad]))
    run.put("shop/items/2.json", "".join(f"{line}\n" for line in good))
    with pytest.MonkeyPatch.context() as patch:
        for minimum in ("MIN_INTERACTIONS", "MIN_ACTIVE_USERS", "MIN_ACTIVE_USERS_SHARE"):
            patch.setattr(data_gate, minimum, 0)
        return run(
            {
                "users": {"user_id": "id", "metadata": USER_METADATA},
                "items": {
                    "folder": "shop/items",
                    "format": {"type": "json"},
                    "item_id": "id",
                    "creation_timestamp": {"column": "created"},
                    "metadata": ITEM_METADATA,
                },
            }
        )


def test_items_become_lines_that_personalize_reads(shop: Any) -> None:
    assert shop.header("items") == (
        "ITEM_ID,CREATION_TIMESTAMP,GENRES,TEXT,PRICE,STOCK,ADULT,BRAND"
    )
    expected = [f"{n},1162160236,{columns},Acme" for n, (_, columns) in enumerate(ITEMS)]
    assert lines(shop, "items") == sorted(expected)


def test_users_become_lines_that_personalize_reads(shop: Any) -> None:
    assert shop.header("users") == "USER_ID,GROUPS,VISITS,PLAN"
    assert lines(shop, "users") == sorted(USERS.values())


def test_unusable_users_and_items_are_quarantined_each_with_its_dataset(shop: Any) -> None:
    assert shop.reasons("users") == sorted(BAD_USERS.items())
    assert shop.reasons("items") == sorted((item(members), why) for members, why in BAD_ITEMS)
    assert shop.quarantined() == []
    assert all(each["file"].endswith("/shop/items/1.json") for each in shop.quarantined("items"))


def test_every_user_and_every_item_is_accounted_for(shop: Any) -> None:
    for dataset, good, bad in (("users", USERS, BAD_USERS), ("items", ITEMS, BAD_ITEMS)):
        assert shop.counts(dataset) == {
            "read": 2 * len(good) + len(bad),
            "written": len(good),
            "filtered": 0,
            "duplicate": len(good),
            "quarantined": len(bad),
        }
    assert shop.counts()["read"] == 1
    assert sum(shop.report["datasets"]["items"]["quarantined_by_reason"].values()) == len(BAD_ITEMS)
    assert shop.report["datasets"]["items"]["source"] == str(shop.raw / "shop/items")


def test_nobody_is_asked_for_who_is_only_in_the_users_dataset(shop: Any) -> None:
    assert shop.asked() == [{"userId": "7"}]


# Text → the text in the CSV file, or a reason.
TYPED: dict[str, dict[str, str]] = {
    "int": {
        **{text: text for text in ("0", "-5", "2147483647", "-2147483648")},
        "007": "7",
        "-0": "0",
        "1.0": "1",  # pandas writes 1.0 where a column has gaps
        **dict.fromkeys(
            ["2147483648", "-2147483649", "1.5", "1e3", "x", "\u0661", " 1", "--1", "1_000", "0x1"],
            "invalid_value",
        ),
    },
    "long": {
        **{text: text for text in ("1", "9223372036854775807", "-9223372036854775808")},
        **dict.fromkeys(["9223372036854775808", "1.5", "1L", "9" * 30], "invalid_value"),
    },
    "float": {
        **{text: text for text in ("1.5", "-0.25", ".5", "0.10", "1", "123456789012345678.9")},
        **dict.fromkeys(
            [
                "NaN",
                "Infinity",
                "-inf",
                "1f",
                "1d",
                "0x10",
                "1e39",
                "1e",
                "e5",
                "1.2.3",
                ".",
                "1,000",
                "half",
            ],
            "invalid_value",
        ),
    },
    "double": {"1.5": "1.5", "1E3": "1000", "-2.5e2": "-250", "NaN": "invalid_value"},
    "boolean": {
        "true": "true",
        "false": "false",
        "True": "true",
        "FALSE": "false",
        **dict.fromkeys(["1", "0", "yes", "t", " true", "null"], "invalid_value"),
    },
    "string": {
        **{text: text for text in ("0", "null", "1e5", " x ", "a|b", "event_type", X1000)},
        "ü" * 1000: "ü" * 1000,  # characters, not bytes
        "a\\b": '"a\\\\b"',
        "EVENT_TYPE": "reserved_keyword",
        "EVENT_ATTRIBUTION_SOURCE": "reserved_keyword",
        X1000 + "x": "value_too_long",
    },
}


def test_values_of_every_type(run: Any) -> None:
    kinds = list(TYPED)
    raw, expected, reasons = [], [], []
    for kind, cases in TYPED.items():
        for number, (text, result) in enumerate(cases.items()):
            before, after = "\t" * (kinds.index(kind) + 1), "\t" * (5 - kinds.index(kind))
            raw.append(f"{kind}{number}{before}{text}{after}")
            if result in ("invalid_value", "reserved_keyword", "value_too_long"):
                reasons.append((raw[-1], result))
            else:
                commas = before.replace("\t", ","), after.replace("\t", ",")
                expected.append(f"{kind}{number}{commas[0]}{result}{commas[1]}")
    run.put("interactions/1.csv", INTERACTIONS)
    run.put("items/1.tsv", "\n".join(["\t".join(["id", *kinds]), *raw]) + "\n")
    metadata = [{"name": kind.upper(), "column": kind, "type": kind} for kind in kinds]
    tabs = {"delimiter": "\t", "quote": ""}
    run({"items": {"item_id": "id", "format": tabs, "metadata": metadata}})
    assert lines(run, "items") == sorted(expected)
    assert run.reasons("items") == sorted(reasons)


EXPONENTS = ["1e3", "1.5E-3", "2.5e+2", "0e0", "1e-8", "-1e-9", "1e-10", "2.5e-10", "4e-12", "1e30"]


def test_numbers_with_exponents_keep_their_values_without_them(run: Any) -> None:
    run.put(
        "interactions/1.csv", "u,i,t,r\n" + "".join(f"7,{e},1162160236,{e}\n" for e in EXPONENTS)
    )
    run.put("items/1.csv", "i,n\n" + "".join(f"{each},{each}\n" for each in EXPONENTS))
    numbers = [{"name": "N", "column": "n", "type": "double"}]
    run({"items": {"item_id": "i", "metadata": numbers}}, event_value={"column": "r"})
    found = dict(run.rows("items"))
    # At least ten digits after the point, as the price of a thing may have.
    for each in EXPONENTS:
        assert "e" not in found[each].lower(), (each, found[each])
        assert abs(Decimal(found[each]) - Decimal(each)) <= Decimal("1e-10"), (each, found[each])
    assert {row[1]: row[3] for row in run.rows()} == found


def test_parquet_with_lists_numbers_and_times(run: Any) -> None:
    run.put("interactions/1.csv", INTERACTIONS)
    for folder in ("users", "items"):
        (run.raw / folder).mkdir()
    duckdb.sql(
        f"""copy (select * from (values
            (1, ['Horror', 'Comedy'], 1162160236::double, 9.50::decimal(9, 2), true, 'a
b'),
            (2, ['One'], 1162160236.0, 10, false, 'say "x"'),
            (3, [' a ', null, ''], 1162160236.0, null, null, null),
            (4, [], 1162160236.0, -1, true, ''),
            (5, null, 1162160236.0, 0, true, 'x'),
            (6, ['x'], null, 0, true, 'x')
        ) as items (id, genres, created, price, adult, "the text"))
        to '{run.raw}/items/1.parquet' (format parquet)"""
    )
    duckdb.sql(
        f"""copy (select * from (values
            ('u1', 30::double, [1, 2], to_timestamp(1162160236)),
            ('u2', null, null, null),
            ('u3', 1.5, [3], null)
        ) as users (id, age, "group", since)) to '{run.raw}/users/1.parquet' (format parquet)"""
    )
    parquet = {"type": "parquet"}
    run(
        {
            "items": {
                "format": parquet,
                "item_id": "id",
                "creation_timestamp": {"column": "created"},
                "metadata": [
                    {"name": "GENRES", "column": "genres", "categorical": True},
                    {"name": "PRICE", "column": "price", "type": "float"},
                    {"name": "ADULT", "column": "adult", "type": "boolean"},
                    {"name": "TEXT", "column": "the text", "textual": True},
                ],
            },
            "users": {
                "format": parquet,
                "user_id": "id",
                "metadata": [
                    {"name": "AGE", "column": "age", "type": "int"},
                    {"name": "GROUPS", "column": "group", "categorical": True},
                ],
            },
        }
    )
    assert lines(run, "items") == [
        '1,1162160236,Horror|Comedy,9.50,true,"a b"',
        '2,1162160236,One,10.00,false,"say \\"x\\""',
        "3,1162160236,a,,,",
        "4,1162160236,,-1.00,true,",
        '5,1162160236,,0.00,true,"x"',
    ]
    assert [reason for _, reason in run.reasons("items")] == ["invalid_timestamp"]
    assert lines(run, "users") == ["u1,30,1|2", "u2,,"]
    (bad,) = run.reasons("users")
    assert (json.loads(bad[0])["id"], bad[1]) == ("u3", "invalid_value")


def test_one_row_of_several_for_an_id_whatever_their_order(run: Any) -> None:
    """The newest item; of as new ones and of users the greatest, a value before none."""
    rows = [
        *("a,2006-10-29,,x", "a,2006-10-30,,x", "a,2006-10-28,z,z"),
        *("b,2006-10-29,b,x", "b,2006-10-29,c,a", "b,2006-10-29,c,"),
        *("c,2006-10-29,,", "c,2006-10-29,,", "c,2006-10-29,,x"),
        *("d,2006-10-29,,d", "d,2006-10-29,,d"),
    ]
    expected = [
        ("a", "1162166400", "", "x"),
        ("b", "1162080000", "c", "a"),
        ("c", "1162080000", "", "x"),
        ("d", "1162080000", "", "d"),
    ]
    columns = [{"name": "ONE", "column": "m", "categorical": True}, {"name": "TWO", "column": "n"}]
    run.put("interactions/1.csv", INTERACTIONS)
    for order in (rows, rows[::-1]):
        for number, part in enumerate((order[:5], order[5:])):
            run.put(f"items/{number}.csv", "i,c,m,n\n" + "".join(f"{row}\n" for row in part))
            run.put(f"users/{number}.csv", "i,c,m,n\n" + "".join(f"{row}\n" for row in part))
        run(
            {
                "users": {"user_id": "i", "metadata": columns},
                "items": {
                    "item_id": "i",
                    "creation_timestamp": {"column": "c"},
                    "metadata": columns,
                },
            }
        )
        assert run.rows("items") == expected
        # The oldest of the items has the greatest columns.
        assert run.rows("users") == [
            ("a", "z", "z"),
            *((row[0], *row[2:]) for row in expected[1:]),
        ]
        assert run.counts("items")["duplicate"] == run.counts("users")["duplicate"] == 7


def test_creation_times_of_several_units_still_leave_one_row_for_an_id(run: Any) -> None:
    run.put("interactions/1.csv", INTERACTIONS)
    run.put("items/1.csv", "i,c,m\na,1162160236,x\na,1162160236000,y\na,2006-10-29,z\n")
    items = {"item_id": "i", "creation_timestamp": {"column": "c"}}
    # Refused, as for interactions, would be all right too.
    try:
        run({"items": items | {"metadata": [{"name": "M", "column": "m", "categorical": True}]}})
    except DataGateError as error:
        assert "units" in str(error)  # noqa: PT017 (either is right)
    else:
        assert run.rows("items") == [("a", "1162160236", "y")]


def test_a_required_categorical_value_without_a_category_is_missing(run: Any) -> None:
    run.put("interactions/1.csv", INTERACTIONS)
    genres = ["[]", '["", null]', '"|"', '" | "', '["a"]']
    rows = [f'{{"i": "{number}", "g": {each}}}' for number, each in enumerate(genres)]
    run.put("items/1.json", "".join(f"{row}\n" for row in rows))
    metadata = [{"name": "G", "column": "g", "categorical": True, "required": True}]
    run({"items": {"item_id": "i", "format": {"type": "json"}, "metadata": metadata}})
    assert run.rows("items") == [("4", "a")]
    assert run.reasons("items") == sorted((row, "missing_value") for row in rows[:4])


def test_a_category_that_only_starts_like_a_list_is_whole(run: Any) -> None:
    run.put("interactions/1.csv", INTERACTIONS)
    run.put("items/1.csv", "i,g\n1,[2] Blue|Red\n2,[x] [y]\n3,[4]\n")
    metadata = [{"name": "G", "column": "g", "categorical": True}]
    run({"items": {"item_id": "i", "metadata": metadata}})
    assert run.rows("items") == [("1", "[2] Blue|Red"), ("2", "[x] [y]"), ("3", "4")]


def test_the_share_of_unusable_rows_is_looked_at_for_each_source(run: Any) -> None:
    run.put("interactions/1.csv", "u,i,t\n" + "7,a,1162160236\n" * 98 + "7,,1162160236\n" * 2)
    run.put("items/1.csv", "i,m\n" + "".join(f"{n},x\n" for n in range(97)) + ",x\n" * 3)
    run.put("users/1.csv", "u,m\n7,x\n7,x,\n")
    column = [{"name": "M", "column": "m", "categorical": True}]
    document = {
        "items": {"item_id": "i", "metadata": column},
        "users": {"user_id": "u", "metadata": column},
        "maximum_quarantined_share": 0.02,
    }
    with pytest.raises(DataGateError) as raised:
        run(document)
    _, *found = str(raised.value).split("\n  - ")
    assert [each.split(";")[0] for each in found] == [
        "users: 1 of 2 rows (50.00%) are unusable (wrong_column_count 1)",
        "items: 3 of 100 rows (3.00%) are unusable (missing_item_id 3)",
    ]
    assert run.files == []
    assert len(run.quarantined()) == 2  # what is unusable can be looked at, of every source
    assert (len(run.quarantined("users")), len(run.quarantined("items"))) == (1, 3)

    run.put("users/1.csv", "u,m\n,x\n")
    with pytest.raises(DataGateError, match="users: no row is left to import") as raised:
        run(document | {"maximum_quarantined_share": 1})
    assert str(raised.value).count("\n  - ") == 1
