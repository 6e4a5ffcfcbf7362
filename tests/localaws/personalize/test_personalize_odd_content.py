"""Odd content: whatever stands in a request or in S3, it is refused or fails for a reason.

Hypothesis makes the content, the same each time.
"""

import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, example, given, settings
from personalize_world import INTERACTIONS, RECIPE, USERS, Shop, World, avro, csv, unique
from wire import post

pytestmark = pytest.mark.timeout(120)

SOME = settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
fields = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["USER_ID", "A", "A_"]) | anything,
        "type": st.sampled_from(["string", "long", ["null", "int"], ["null"]]) | anything,
        "categorical": anything,
        "textual": anything,
    },
)


@SOME
@given(
    schema=st.text()
    | anything.map(json.dumps)
    | st.lists(fields | anything, max_size=3).map(lambda more: avro(*INTERACTIONS, *more))
    | anything.map(lambda odd: json.dumps(json.loads(avro()) | {"fields": odd}))
    | anything.map(lambda odd: json.dumps(json.loads(avro(*INTERACTIONS)) | {"name": odd}))
)
@example(schema="[" * 10_000)
def test_schemas(world: World, schema: str) -> None:
    answer = post(world.aws, "CreateSchema", {"name": unique(), "schema": schema})
    assert answer.status in (200, 400), answer
    if answer.status == 400:
        assert answer.members["__type"] == "InvalidInputException"


WORDS = ["INCLUDE", "EXCLUDE", "ItemID", "UserID", "WHERE", "Items", "Interactions", ".", "PRICE"]
WORDS += ["EVENT_TYPE", "IN", "NOT", "(", ")", '"a"', '"*"', "$A", ",", "=", "<", "AND", "OR", "|"]
WORDS += ["1", "-", '"', "GENRES", 'Items.GENRES IN ("a")', "Items.PRICE > 1"]


@SOME
@given(
    expression=st.text(min_size=1)
    | st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)
    | st.lists(st.sampled_from(WORDS), max_size=4).map(
        lambda words: " ".join(["EXCLUDE ItemID WHERE Items.PRICE > 1", *words])
    )
)
@example(expression="(" * 2500)
@example(expression="EXCLUDE ItemID WHERE " + "NOT " * 600)
def test_filter_expressions(world: World, shop: Shop, expression: str) -> None:
    request = {"name": unique(), "datasetGroupArn": shop.group, "filterExpression": expression}
    answer = post(world.aws, "CreateFilter", request)
    assert answer.status in (200, 400), answer
    if answer.status == 200:
        world.settle()
        delete = {"filterArn": answer.members["filterArn"]}
        assert post(world.aws, "DeleteFilter", delete).status == 200
        world.settle()
    else:
        assert answer.members["__type"] == "InvalidInputException"


HEADER = "USER_ID,ITEM_ID,TIMESTAMP"
cells = st.text(max_size=5) | st.sampled_from(["1", '"', '"a', '"a,b"', "\\", "1e400", "-1", "\0"])
rows = st.lists(cells, max_size=4).map(",".join)


@SOME
@given(
    content=st.binary(max_size=50)
    | st.lists(rows, max_size=4).map(lambda more: (csv(1000) + "\n".join(more)).encode())
    | st.binary(max_size=20).map(lambda more: csv(1000).encode() + more)
    | st.lists(cells, min_size=1, max_size=4).map(lambda names: f"{','.join(names)}\n1,2".encode())
)
@example(content=csv(1000).encode("utf-16"))
@example(content=f"\ufeff{csv(1000)}".encode())
def test_imports(world: World, content: bytes) -> None:
    job = world.import_job(world.put(f"{unique()}/a.csv", content))
    assert job["status"] in ("ACTIVE", "CREATE FAILED")
    assert "Internal" not in job.get("failureReason", ""), job


users = st.sampled_from([str(user) for user in range(USERS)]) | st.text(min_size=1, max_size=5)


@SOME
@given(
    content=st.binary(max_size=50)
    | st.lists(anything.map(json.dumps) | st.text(max_size=10), max_size=3).map(
        lambda lines: "\n".join(lines).encode("utf-8", "surrogatepass")
    )
    | anything.map(lambda odd: json.dumps({"userId": odd}).encode())
    | anything.map(lambda odd: json.dumps({"userId": "1", "filterValues": odd}).encode())
)
@example(content=b'{"userId": "\\ud800"}')
@example(content=b"[" * 100_000)
@example(content='{"userId": "1"}'.encode("utf-16"))
def test_batch_input(world: World, content: bytes) -> None:
    folder = unique("batch")
    source = world.put(f"{folder}/input.json", content)
    job = world.batch(source, f"s3://{world.bucket}/{folder}-out/")
    assert job["status"] in ("ACTIVE", "CREATE FAILED")
    assert "Internal" not in job.get("failureReason", ""), job
    if job["status"] == "ACTIVE":
        lines = [line for line in content.split(b"\n") if line.strip()]
        answers = world.get(f"{folder}-out/input.json.out").decode().split("\n")
        assert len(answers) == len(lines) + 1, "one answer for each line, and a last end of line"


@SOME
@given(names=st.lists(users, min_size=1, max_size=3))
@example(names=["a\u2028b", "a\x85b", "a\x0bb"])
def test_ids_in_batch_input(world: World, names: list[str]) -> None:
    """Only a line feed ends a line of JSON Lines, whatever Unicode calls a line."""
    given = [json.dumps({"userId": name}, ensure_ascii=False) for name in names]
    try:
        text = "\n".join(given).encode()
    except UnicodeEncodeError:  # a lone surrogate
        return
    folder = unique("batch")
    source = world.put(f"{folder}/input.json", text)
    assert world.batch(source, f"s3://{world.bucket}/{folder}-out/")["status"] == "ACTIVE"
    answers: list[Any] = [
        json.loads(line)
        for line in world.get(f"{folder}-out/input.json.out").decode().split("\n")[:-1]
    ]
    assert [answer["input"] for answer in answers] == [{"userId": name} for name in names]
    assert all(answer["error"] is None for answer in answers)


@pytest.fixture(scope="module")
def filtered(world: World, shop: Shop) -> dict[str, str]:
    """A solution version, and a filter with placeholders, both of the shop."""
    version = world.version_of(shop.group, f"{RECIPE}/aws-popularity-count")
    created = world.personalize.create_filter(
        name=unique(),
        datasetGroupArn=shop.group,
        filterExpression="EXCLUDE ItemID WHERE Items.GENRES IN ($G) | "
        "INCLUDE ItemID WHERE Items.PRICE > $P",
    )
    world.settle()
    return {
        "solutionVersionArn": version["solutionVersionArn"],
        "filterArn": created["filterArn"],
    }


odd_values = anything | st.sampled_from(['"Drama"', '"Drama', '"a","b"', "1", "1e999", "nan", '""'])


@SOME
@given(
    values=st.fixed_dictionaries({}, optional={"G": odd_values, "P": odd_values, "g": odd_values})
    | anything
)
def test_filter_values(world: World, filtered: dict[str, str], values: Any) -> None:
    (line,) = world.recommend(json.dumps({"userId": "1", "filterValues": values}), **filtered)
    answer = json.loads(line)
    assert isinstance(answer["output"]["recommendedItems"], list)
    assert answer["error"] is None or answer["error"].startswith("User error: ")


@pytest.fixture(scope="module")
def by_attributes(world: World, shop: Shop) -> str:
    version = world.version_of(shop.group, f"{RECIPE}/aws-item-attribute-affinity")
    return str(version["solutionVersionArn"])


ATTRIBUTES = ["ITEMS.GENRES", "items.price", "ITEMS.WONDER", "=", '"Comedy"', "1.5", "AND", "OR"]


@SOME
@given(
    attributes=anything
    | st.lists(st.sampled_from(ATTRIBUTES), max_size=7).map(" ".join)
    | st.text(max_size=10).map(lambda text: f'ITEMS.GENRES = "{text}"')
)
@example(attributes="(" * 10_000)
def test_item_attributes(world: World, by_attributes: str, attributes: Any) -> None:
    given = json.dumps({"itemAttributes": attributes})
    (line,) = world.segment(given, solutionVersionArn=by_attributes)
    answer = json.loads(line)
    assert isinstance(answer["output"]["usersList"], list)
    assert answer["error"] is None or answer["error"].startswith("User error: ")


def test_input_files_of_one_name(world: World) -> None:
    """Their output would have one name too: better no answers than those of one file only."""
    folder = unique("batch")
    for part in ("a", "b"):
        world.put(f"{folder}/{part}/input.json", '{"userId": "1"}\n')
    place = f"s3://{world.bucket}/{folder}"
    job = world.batch(f"{place}/", f"{place}-out/")
    assert job["status"] == "CREATE FAILED"
    assert "input.json" in job["failureReason"]
