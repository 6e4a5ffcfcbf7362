"""Imports into the local Personalize, through boto3.

Personalize Developer Guide, Preparing training data (Bulk data format guidelines), Importing bulk
data, Endpoints and quotas, Common error messages.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from personalize_world import (
    INTERACTIONS,
    LONG_ENOUGH,
    World,
    avro,
    csv,
    refusal,
    unique,
)

from batchrec.localaws import runtime
from batchrec.localaws.personalize import imports
from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)

HEADER = "USER_ID,ITEM_ID,TIMESTAMP"
MISSING = (
    "Failed to create a data import job INTERACTIONS dataset.Input CSV is missing the following"
)
TOO_LONG = (
    "Length cannot be more than {} characters for {}. If no values exceed the character limit, make"
    " sure your data follows the formatting guidelines listed in"
    " https://docs.aws.amazon.com/personalize/latest/dg/data-prep-formatting.html."
)

Files = dict[str, str | bytes]


def imported(world: World, files: Files, dataset: str | None = None, **settings: Any) -> Any:
    folder = unique("data")
    for name, content in files.items():
        world.put(f"{folder}/{name}", content)
    return world.import_job(f"s3://{world.bucket}/{folder}/", dataset, **settings)


def failure(world: World, files: Files, dataset: str | None = None, **settings: Any) -> str:
    job = imported(world, files, dataset, **settings)
    assert job["status"] == "CREATE FAILED"
    return str(job["failureReason"])


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("files", [{}, {"below/a.csv": csv()}], ids=["nothing", "only-below"])
def test_without_files(world: World, files: Files) -> None:
    assert failure(world, files) == "Invalid Data location."


def test_files_that_are_no_csv(world: World) -> None:
    assert "_SUCCESS" in failure(world, {"a.csv": csv(), "_SUCCESS": ""})


def test_an_import_reads_a_folders_first_level_or_one_object(world: World) -> None:
    folder = unique("data")
    world.put(f"{folder}/a.csv", csv(600))
    world.put(f"{folder}/b.csv", csv(600))
    world.put(f"{folder}/below/broken.csv", "no,interactions\n")
    assert world.import_job(f"s3://{world.bucket}/{folder}/")["status"] == "ACTIVE"
    assert world.import_job(f"s3://{world.bucket}/{folder}")["status"] == "CREATE FAILED"
    assert world.import_job(f"s3://{world.bucket}/{folder}/a.csv")["status"] == "CREATE FAILED"
    whole = world.put(f"{folder}/whole.csv", csv())
    assert world.import_job(whole)["status"] == "ACTIVE"


# --- headers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        (csv(header="USER_ID,ITEM,TIME"), "ITEM_ID, TIMESTAMP"),
        (csv(header="user_id,item_id,timestamp"), "USER_ID, ITEM_ID, TIMESTAMP"),
        (csv(header="USER_ID,ITEM_ID"), "TIMESTAMP"),
        (csv(header="USER_ID;ITEM_ID;TIMESTAMP"), "USER_ID, ITEM_ID, TIMESTAMP"),
        ("", "USER_ID, ITEM_ID, TIMESTAMP"),
    ],
    ids=["names", "case", "fewer", "delimiter", "empty"],
)
def test_columns_that_are_missing(world: World, content: str, columns: str) -> None:
    assert failure(world, {"a.csv": content}) == f"{MISSING} columns:[{columns}]."


def test_headers_in_quotation_marks(world: World) -> None:
    quoted = csv(header='"USER_ID","ITEM_ID","TIMESTAMP"')
    reason = failure(world, {"a.csv": quoted})
    assert reason.startswith(f"{MISSING} columns:[USER_ID, ITEM_ID, TIMESTAMP].")
    assert "quotation marks" in reason


def test_a_byte_order_mark(world: World) -> None:
    """It is no part of a name."""
    reason = failure(world, {"a.csv": csv().encode("utf-8-sig")})
    assert reason.startswith(f"{MISSING} columns:[USER_ID].")
    assert "byte order mark" in reason


@pytest.mark.parametrize("header", ["ITEM_ID,USER_ID,TIMESTAMP", "USER_ID,ITEM_ID,TIMESTAMP,EXTRA"])
def test_columns_are_those_of_the_schema_in_its_order(world: World, header: str) -> None:
    """Developer Guide, Schema formatting requirements."""
    extra = csv(header=header).replace("\n", ",x\n") if "EXTRA" in header else csv(header=header)
    reason = failure(world, {"a.csv": extra.replace("EXTRA,x", "EXTRA")})
    assert header.replace(",", ", ") in reason


def test_every_file_has_the_header(world: World) -> None:
    reason = failure(world, {"a.csv": csv(), "b.csv": csv(header="USER_ID,ITEM_ID,WHEN")})
    assert reason == f"{MISSING} columns:[TIMESTAMP]."


def test_windows_line_ends(world: World) -> None:
    assert imported(world, {"a.csv": csv().replace("\n", "\r\n")})["status"] == "ACTIVE"


# --- records --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (",1,1600000000", r"USER_ID is empty in 1 rows"),
        ("1,1,", r"TIMESTAMP is empty in 1 rows"),
        ("1,1", r"TIMESTAMP is empty in 1 rows"),
        ("1,1,yesterday", r"TIMESTAMP must be of type long; found 'yesterday'"),
        ("1,1,1600000000.5", r"TIMESTAMP must be of type long; found '1600000000\.5'"),
        ("1,1,9223372036854775808", r"TIMESTAMP must be of type long; found '9223372036854775808'"),
        ("1,1,1600000000000", r"TIMESTAMP must be in seconds; found 1600000000000"),
        ("1,1,1600000000,1", r"Expected 3 fields"),
        ('"1\n2",1,1600000000', r"USER_ID must be of type string; found '1\n2'"),
        ('"1,1,1600000000', r"not a valid CSV"),
        (HEADER, r"TIMESTAMP must be of type long; found 'TIMESTAMP'"),
    ],
    ids=[
        "id-missing",
        "time-missing",
        "short",
        "no-number",
        "no-whole-number",
        "no-long",
        "milliseconds",
        "long",
        "two-lines",
        "open-quote",
        "header-again",
    ],
)
def test_records_that_are_wrong(world: World, rows: str, reason: str) -> None:
    assert re.search(reason, failure(world, {"a.csv": f"{csv()}{rows}\n"}))


def test_records_with_more_values_than_the_header(world: World) -> None:
    content = csv().replace("\n", ",1\n").replace("TIMESTAMP,1", "TIMESTAMP")
    assert "more values" in failure(world, {"a.csv": content})


def test_other_encodings(world: World) -> None:
    assert "UTF-8" in failure(
        world, {"a.csv": csv().encode() + "ü,1,1600000000\n".encode("cp1252")}
    )
    assert imported(world, {"a.csv": f"{csv()}ü,1,1600000000\n"})["status"] == "ACTIVE"


@pytest.mark.parametrize("column", ["USER_ID", "ITEM_ID"])
def test_ids_have_at_most_256_characters(world: World, column: str) -> None:
    for length, fits in ((256, True), (257, False)):
        long = "ü" * length
        ids = f"{long},1" if column == "USER_ID" else f"1,{long}"
        job = imported(world, {"a.csv": f"{csv()}{ids},1600000000\n"})
        assert job.get("failureReason") == (None if fits else TOO_LONG.format(256, column))


# --- types ----------------------------------------------------------------------------------------

ITEMS = avro(
    {"name": "ITEM_ID", "type": "string"},
    {"name": "WHOLE", "type": ["null", "int"]},
    {"name": "NUMBER", "type": ["null", "float"]},
    {"name": "FLAG", "type": ["null", "boolean"]},
    {"name": "GENRES", "type": ["null", "string"], "categorical": True},
    {"name": "BRAND_ID", "type": ["null", "string"]},
    {"name": "PLOT", "type": ["null", "string"], "textual": True},
    {"name": "CREATION_TIMESTAMP", "type": "long"},
    name="Items",
)
ITEM_COLUMNS = ["ITEM_ID", "WHOLE", "NUMBER", "FLAG", "GENRES", "BRAND_ID", "PLOT"]


@pytest.fixture(scope="module")
def items(world: World) -> Callable[..., Any]:
    """Import one item with a value in one column, or a whole line; the job."""
    _, dataset = world.new_dataset(ITEMS, "Items")

    def run(**values: str) -> Any:
        given = {"ITEM_ID": "1", "CREATION_TIMESTAMP": "1600000000"} | values
        columns = [*ITEM_COLUMNS, "CREATION_TIMESTAMP"]
        line = ",".join(given.get(column, "") for column in columns)
        return imported(world, {"a.csv": f"{','.join(columns)}\n{line}\n"}, dataset)

    return run


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("WHOLE", "2147483647"),
        ("WHOLE", "-2147483648"),
        ("NUMBER", "1"),
        ("NUMBER", "-0.5"),
        ("NUMBER", "1.0E-4"),  # as Java, and so Spark, writes it
        ("FLAG", "true"),
        ("FLAG", "False"),
        ("GENRES", "Action|Crime|Biopic"),
        ("GENRES", "x" * 1000),
        ("BRAND_ID", "x" * 1000),  # an id of the customer's is no USER_ID, ITEM_ID or ACTION_ID
        ("PLOT", f'"{"x" * 30_000}"'),  # too long a text is cut, and fails nothing
        ("PLOT", '"An \\"apt\\" plot, with commas"'),
        ("ITEM_ID", "01"),
    ],
)
def test_values_that_fit(items: Callable[..., Any], column: str, value: str) -> None:
    assert items(**{column: value})["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("WHOLE", "2147483648", "WHOLE must be of type int"),
        ("WHOLE", "1.0", "WHOLE must be of type int"),
        ("WHOLE", "1_000", "WHOLE must be of type int"),
        ("NUMBER", "NaN", "NUMBER must be of type float"),
        ("NUMBER", '"1,5"', "NUMBER must be of type float"),
        ("FLAG", "yes", "FLAG must be of type boolean"),
        ("FLAG", "1", "FLAG must be of type boolean"),
        ("CREATION_TIMESTAMP", "", "CREATION_TIMESTAMP is empty"),
        ("CREATION_TIMESTAMP", "1600000000000", "CREATION_TIMESTAMP must be in seconds"),
        ("PLOT", '"two\nlines"', "PLOT must be of type string"),
        ("GENRES", "CREATION_TIMESTAMP", "reserved keyword CREATION_TIMESTAMP"),
        ("GENRES", "ab|" * 334, "Length cannot be more than 1000 characters for GENRES"),
        ("BRAND_ID", "x" * 1001, "Length cannot be more than 1000 characters for BRAND_ID"),
    ],
)
def test_values_that_do_not_fit(
    items: Callable[..., Any], column: str, value: str, reason: str
) -> None:
    """Whole numbers of Avro: int has 32 bits, long 64 (Apache Avro specification, Primitive types).

    Booleans aren't used in training; Spark writes them as true and false.
    """
    assert reason in items(**{column: value})["failureReason"]


def test_impressions_have_at_most_1000_characters(world: World) -> None:
    """Developer Guide, Impressions data: with the vertical bars."""
    schema = avro(*INTERACTIONS, {"name": "IMPRESSION", "type": ["null", "string"]})
    _, dataset = world.new_dataset(schema)
    rows = csv().replace("\n", ",\n").replace(f"{HEADER},", f"{HEADER},IMPRESSION")
    fits = f"{rows}1,1,1600000000,{'1|' * 500}\n"
    assert imported(world, {"a.csv": fits}, dataset)["status"] == "ACTIVE"
    reason = failure(world, {"a.csv": f"{rows}1,1,1600000000,{'1|' * 500}1\n"}, dataset)
    assert reason == TOO_LONG.format(1000, "IMPRESSION")


# --- how much -------------------------------------------------------------------------------------


@pytest.mark.parametrize("files", [[999], [500, 499]])
def test_an_import_has_a_thousand_interactions(world: World, files: list[int]) -> None:
    parts: Files = {f"{n}.csv": csv(rows) for n, rows in enumerate(files)}
    assert re.search(r"\b999\b.*\b1000\b", failure(world, parts))
    assert imported(world, {"a.csv": csv(1000)})["status"] == "ACTIVE"


def test_an_incremental_import_has_a_thousand_interactions(world: World) -> None:
    _, dataset = world.new_dataset(avro(*INTERACTIONS))
    assert imported(world, {"a.csv": csv()}, dataset)["status"] == "ACTIVE"
    reason = failure(world, {"a.csv": csv(999)}, dataset, importMode="INCREMENTAL")
    assert re.search(r"\b999\b.*\b1000\b", reason)


def test_users_need_no_thousand_rows(world: World) -> None:
    schema = avro(
        {"name": "USER_ID", "type": "string"},
        {"name": "AGE", "type": ["null", "int"]},
        name="Users",
    )
    _, dataset = world.new_dataset(schema, "Users")
    assert imported(world, {"a.csv": "USER_ID,AGE\n1,30\n2,\n"}, dataset)["status"] == "ACTIVE"


def test_an_incremental_import_has_at_most_a_gigabyte(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, dataset = world.new_dataset(avro(*INTERACTIONS))
    monkeypatch.setattr(imports, "MAXIMUM_INCREMENT", len(csv()) + 10)
    two: Files = {"a.csv": csv(), "b.csv": csv()}
    assert imported(world, two, dataset)["status"] == "ACTIVE"
    assert "1 GB" in failure(world, two, dataset, importMode="INCREMENTAL")


def test_event_types_and_optional_columns_are_ten_together(world: World) -> None:
    """Developer Guide, Item interactions dataset schema requirements.

    EVENT_TYPE, EVENT_VALUE and one more column leave room for seven event types.
    """
    optional = [
        {"name": "EVENT_TYPE", "type": "string"},
        {"name": "EVENT_VALUE", "type": ["null", "float"]},
        {"name": "DEVICE", "type": ["null", "string"], "categorical": True},
        {"name": "IMPRESSION", "type": ["null", "string"]},
    ]
    _, dataset = world.new_dataset(avro(*INTERACTIONS, *optional))
    header = ",".join([HEADER, *(column["name"] for column in optional)])

    def with_types(*kinds: str) -> Files:
        rows = csv().splitlines()[1:]
        lines = [f"{row},{kinds[n % len(kinds)]},,," for n, row in enumerate(rows)]
        return {"a.csv": "\n".join([header, *lines]) + "\n"}

    seven = with_types(*"abcdefg")
    assert imported(world, seven, dataset)["status"] == "ACTIVE"
    reason = failure(world, with_types(*"abcdefgh"), dataset)
    assert "8 event types" in reason
    # Those that are already there count in an incremental import.
    assert "8 event types" in failure(world, with_types("h"), dataset, importMode="INCREMENTAL")
    assert imported(world, with_types("h"), dataset)["status"] == "ACTIVE"


# --- modes and duplicates -------------------------------------------------------------------------


def test_the_first_import_of_a_dataset_is_full(world: World) -> None:
    """API Reference, CreateDatasetImportJob."""
    _, dataset = world.new_dataset(avro(*INTERACTIONS))
    location = world.put(f"{unique()}/a.csv", csv())
    refusal(
        "InvalidInputException",
        lambda: world.start_import(location, dataset, importMode="INCREMENTAL"),
    )
    assert world.import_job(location, dataset)["importMode"] == "FULL"
    job = world.import_job(location, dataset, importMode="INCREMENTAL")
    assert (job["importMode"], job["status"]) == ("INCREMENTAL", "ACTIVE")


def trained(world: World, group: str) -> str:
    return str(world.version_of(group)["status"])


def test_the_same_interaction_twice_counts_once(world: World) -> None:
    """Developer Guide, Importing bulk data; a training needs 1,000 unique ones (quotas)."""
    group, dataset = world.new_dataset(avro(*INTERACTIONS))
    same = {"a.csv": csv(999), "b.csv": csv(999)}
    assert imported(world, same, dataset)["status"] == "ACTIVE"
    assert trained(world, group) == "CREATE FAILED"
    another = csv(999) + "1,1,1700000000\n"
    assert imported(world, {"a.csv": another}, dataset)["status"] == "ACTIVE"
    assert trained(world, group) == "ACTIVE"


def test_an_incremental_import_adds_and_a_full_one_replaces(world: World) -> None:
    group, dataset = world.new_dataset(avro(*INTERACTIONS))
    assert imported(world, {"a.csv": csv(1000)}, dataset)["status"] == "ACTIVE"
    few = "".join(f"{n},{n},1600000000\n" for n in range(1000))  # one interaction a user
    users = {"a.csv": f"{HEADER}\n{few}"}
    assert imported(world, users, dataset, importMode="INCREMENTAL")["status"] == "ACTIVE"
    assert trained(world, group) == "ACTIVE"
    assert imported(world, users, dataset)["status"] == "ACTIVE"
    assert trained(world, group) == "CREATE FAILED"


@pytest.fixture
def empty(world: World) -> tuple[str, str]:
    """A dataset without data, and a solution for it."""
    group, dataset = world.new_dataset(avro(*INTERACTIONS))
    return dataset, world.new_solution(group)


def test_data_counts_once_its_import_is_active(
    world: World, empty: tuple[str, str], held: LocalAws
) -> None:
    """API Reference, CreateDatasetImportJob: wait for ACTIVE before training."""
    clock, (dataset, solution) = held.clock, empty
    location = world.put(f"{unique()}/a.csv", csv())
    world.start_import(location, dataset)
    durations = runtime.current().durations
    # The files are read by then, and the training begins before the import has ended.
    read = 0.2 * durations.dataset_import_job
    assert read + 0.1 * durations.solution_version < durations.dataset_import_job
    clock.advance(read)
    refusal(
        "InvalidInputException",
        lambda: world.start_import(location, dataset, importMode="INCREMENTAL"),
    )
    early = world.start_version(solution)
    clock.advance(LONG_ENOUGH)
    late = world.start_version(solution)
    clock.advance(LONG_ENOUGH)
    assert world.version_described(early)["status"] == "CREATE FAILED"
    assert world.version_described(late)["status"] == "ACTIVE"


def test_ids_are_text(world: World) -> None:
    """1 and 01 are two items; the popular one is recommended under its own name."""
    group, dataset = world.new_dataset(avro(*INTERACTIONS))
    rows = [f"{n % 50},{'01' if n % 3 else '1'},{1_600_000_000 + n}" for n in range(1200)]
    content = "\n".join([HEADER, *rows]) + "\n"
    assert imported(world, {"a.csv": content}, dataset)["status"] == "ACTIVE"
    popularity = "arn:aws:personalize:::recipe/aws-popularity-count"
    version = world.version_of(group, popularity)["solutionVersionArn"]
    (line,) = world.recommend('{"userId": "new"}\n', solutionVersionArn=version)
    assert json.loads(line)["output"]["recommendedItems"] == ["01", "1"]


def test_the_last_record_of_an_id_counts(world: World) -> None:
    """Developer Guide, Importing bulk data; seen in what a filter lets through."""
    group, dataset = world.new_dataset(avro(*INTERACTIONS))
    assert imported(world, {"a.csv": csv()}, dataset)["status"] == "ACTIVE"
    # An item may have a column USER_ID, which is no id of it.
    fields = [{"name": name, "type": "string"} for name in ("USER_ID", "ITEM_ID")]
    schema = avro(*fields, {"name": "PRICE", "type": "int"}, name="Items")
    header = "USER_ID,ITEM_ID,PRICE\n"
    items = world.add_dataset(group, schema, "Items", f"{header}u,0,5\nu,1,1\nu,0,1\n")

    def cheap(price: int) -> set[str]:
        p, name = world.personalize, unique()
        expression = f"INCLUDE ItemID WHERE Items.PRICE = {price}"
        created = p.create_filter(name=name, datasetGroupArn=group, filterExpression=expression)
        world.settle()
        version = world.version_of(group)["solutionVersionArn"]
        (line,) = world.recommend(
            '{"userId": "0"}\n', solutionVersionArn=version, filterArn=created["filterArn"]
        )
        return set(json.loads(line)["output"]["recommendedItems"])

    assert (cheap(1), cheap(5)) == ({"0", "1"}, set())
    more = {"a.csv": f"{header}u,1,5\n"}
    assert imported(world, more, items, importMode="INCREMENTAL")["status"] == "ACTIVE"
    assert (cheap(1), cheap(5)) == ({"0"}, {"1"})
