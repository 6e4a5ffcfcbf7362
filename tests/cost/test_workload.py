"""Raw data is counted as the Glue job would count it, but for what only that can find wrong."""

import gzip
import random
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from batchrec.cost import workload
from batchrec.errors import BatchrecError


def rows(number: int = 5000) -> list[tuple[str, str, int, str, float]]:
    random.seed(7)
    now = int(datetime.now(UTC).timestamp())
    return [
        (
            f"user{random.randrange(300)}",
            f"item{random.randrange(80)}",
            now - random.randrange(200) * 86_400 - 3600,
            random.choice(["view", "buy"]),
            random.choice([1.0, 3.5, 5.0]),
        )
        for _ in range(number)
    ]


def write(path: Path, header: str, delimiter: str = ",", form: str = "") -> None:
    lines = [delimiter.join(map(str, row)) for row in rows()]
    path.write_text("\n".join([header, *lines, ""]))


def test_users_items_and_interactions_without_repetitions(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    write(path, "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE")
    found = workload.of_files([path], {})
    expected = duckdb.sql(
        f"""SELECT count(*), count(DISTINCT USER_ID), count(DISTINCT ITEM_ID)
        FROM (SELECT DISTINCT USER_ID, ITEM_ID, TIMESTAMP FROM '{path}')"""
    ).fetchall()
    assert [(found.interactions, found.users, found.items)] == expected


def test_how_many_were_active_lately(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    write(path, "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE")
    found = workload.of_files([path], {})
    for days in (7, 30):
        ((expected,),) = duckdb.sql(
            f"""SELECT count(DISTINCT USER_ID) FROM '{path}'
            WHERE TIMESTAMP >= epoch(now()) - {days} * 86400"""
        ).fetchall()
        assert found.activity is not None
        assert found.activity.active(days) == expected


def test_the_size_of_what_would_be_imported(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    write(path, "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE")
    found = workload.of_files([path], {})
    ((size,),) = duckdb.sql(
        f"""SELECT sum(length(concat_ws(',', USER_ID, ITEM_ID, TIMESTAMP)) + 1)
        FROM (SELECT DISTINCT USER_ID, ITEM_ID, TIMESTAMP FROM '{path}')"""
    ).fetchall()
    assert found.bytes_of("interactions") == pytest.approx(size, rel=0.01)


def test_filters_and_other_columns_of_the_configuration(tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    (folder / "part").mkdir(parents=True)
    write(folder / "part" / "a.dat", "who\twhat\twhen\tdid\trated", delimiter="\t")
    (folder / "_SUCCESS").write_text("")
    interactions = {
        "format": {"delimiter": "\t"},
        "user_id": "who",
        "item_id": "what",
        "timestamp": {"column": "when"},
        "event_type": {"column": "did", "allowed": ["buy"]},
        "event_value": {"column": "rated", "minimum": 3.5, "imported": False},
    }
    found = workload.of_files([folder], interactions)
    ((expected,),) = duckdb.sql(
        f"""SELECT count(*) FROM (SELECT DISTINCT who, what, "when"
        FROM read_csv('{folder}/part/a.dat', delim='\t') WHERE did = 'buy' AND rated >= 3.5)"""
    ).fetchall()
    assert found.interactions == expected


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("1700000000", "1700086400"),
        ("1700000000000", "1700086400000"),
        ("2023-11-14T22:13:20Z", "2023-11-15T22:13:20Z"),
        ("2023-11-14T22:13:20", "2023-11-15T22:13:20"),
    ],
)
def test_times_of_every_kind(tmp_path: Path, first: str, second: str) -> None:
    path = tmp_path / "events.csv.gz"
    text = f"USER_ID,ITEM_ID,TIMESTAMP\na,x,{first}\na,y,{second}\nb,x,{first}\n"
    path.write_bytes(gzip.compress(text.encode()))
    found = workload.of_files([path], {})
    assert found.activity is not None
    assert sorted(map(int, found.activity.last.to_pylist())) == [1_700_000_000, 1_700_086_400]


def test_other_times_tell_nothing_of_activity(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("USER_ID,ITEM_ID,TIMESTAMP\na,x,14.11.2023\nb,x,15.11.2023\n")
    found = workload.of_files([path], {})
    assert (found.interactions, found.activity) == (2, None)


def test_rows_without_an_id_or_a_time_and_torn_ones(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("USER_ID,ITEM_ID,TIMESTAMP\na,x,1\n,x,1\na, ,1\na,x,\na,x\na,y,2\n")
    assert workload.of_files([path], {}).interactions == 2


@pytest.mark.parametrize("kind", ["json", "parquet"])
def test_other_formats(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"events.{kind}"
    values = (
        "(VALUES ('a', 'x', 1700000000), ('a', 'y', 1700000000)) t(USER_ID, ITEM_ID, TIMESTAMP)"
    )
    duckdb.sql(f"COPY (FROM {values}) TO '{path}' (FORMAT {kind})")
    found = workload.of_files([path], {"format": {"type": kind}})
    assert (found.interactions, found.users, found.items) == (2, 1, 2)


def test_columns_that_are_not_there(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("visitor,item,time\na,x,1\n")
    with pytest.raises(BatchrecError, match=r"events\.csv can't be read as csv.*\n.*--config"):
        workload.of_files([path], {})


def test_no_row_of_use(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("USER_ID,ITEM_ID,TIMESTAMP\n,,\n")
    with pytest.raises(BatchrecError, match="no row has a user"):
        workload.of_files([path], {})


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(BatchrecError, match="There is no file"):
        workload.of_files([tmp_path / "events.csv"], {})
    with pytest.raises(BatchrecError, match="There is no file in"):
        workload.of_files([tmp_path], {})


def test_numbers_instead() -> None:
    found = workload.of_numbers(25_000_000, 100_000, 20_000)
    assert found.bytes_of("interactions") == 1e9
    with pytest.raises(BatchrecError, match="--interactions, --users and --items"):
        workload.of_numbers(25_000_000, None, 20_000)
