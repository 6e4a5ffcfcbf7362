"""A pipeline whose runs publish tables, with little data and without Spark."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deployed_pipeline import Pipeline, asl, deployed, pipeline

from batchrec.localaws.server import LocalAws

__all__ = ["asl", "made", "pipeline", "published", "ran_twice"]

# 60 users with 10 to 69 events each, of 200 items that are the rarer the higher their number. SEED
# is replaced: another one is another day's data.
PREPARE = r"""
import argparse, hashlib, json, pathlib, random
parser = argparse.ArgumentParser()
parser.add_argument("--transformed_prefix")
arguments, _ = parser.parse_known_args()
transformed = pathlib.Path(arguments.transformed_prefix)
def write(folder, name, lines):
    (transformed / folder).mkdir(parents=True, exist_ok=True)
    (transformed / folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
random.seed(SEED)
rows = [
    (user, int(200 * random.random() ** 3), 1_600_000_000 + random.randrange(150) * 86_400)
    for user in range(60)
    for _ in range(10 + user)
]
rows = sorted(set(rows))
lines = [f"{user},{item},{time},{'view' if item % 3 else 'buy'}" for user, item, time in rows]
header = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE"
half = len(lines) // 2
write("interactions", "part-0.csv", [header, *lines[:half]])
write("interactions", "part-1.csv", [header, *lines[half:]])
write("items", "part-0.csv", ["ITEM_ID,TITLE", *(
    f'{item},"The \\"{item}\\", [bold]part 2[/]"' for item in range(0, 200, 2)
)])
users = [f'{{"userId":"{user}"}}' for user in [*range(5, 60), "newcomer"]]
write("batch_users_input", "users.json", users)
write("batch_items_input", "items.json", [f'{{"itemId":"{item}"}}' for item in range(20)])
report = {
    "fingerprint": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
    "datasets": {
        "interactions": {
            "source": "raw/interactions",
            "rows": {
                "read": len(lines) + 70, "written": len(lines), "filtered": 40,
                "duplicate": 20, "quarantined": 10,
            },
            "quarantined_by_reason": {"invalid_timestamp": 7, "missing_user_id": 3},
        }
    },
    "interactions": {"users": 60, "items": len({item for _, item, _ in rows})},
    "batch_inputs": {"users": 56, "items": 20},
    "warnings": [],
    "configuration": {"batch_inputs": {
        "users": {"kind": "users", "active_days": 90}, "items": {"kind": "items"},
    }},
}
(transformed / "report.json").write_text(json.dumps(report))
"""

PUBLISH = """
import argparse, json, pathlib
import pyarrow, pyarrow.parquet
parser = argparse.ArgumentParser()
for name in ("run", "solutions", "transformed_prefix", "results_prefix", "manifest"):
    parser.add_argument(f"--{name}", required=True)
arguments, _ = parser.parse_known_args()
results, manifest = pathlib.Path(arguments.results_prefix), pathlib.Path(arguments.manifest)
solutions = json.loads(arguments.solutions)
earlier = json.loads(manifest.read_text())["solutions"] if manifest.exists() else {}
entries = {key: earlier[key] for key in solutions["configured"] if key in earlier}
columns = {"userId": "user_id", "itemId": "item_id"}
published, refused = {}, {}
for each in solutions["recommended"]:
    key = each["solution"]
    if key in REFUSED:
        refused[key] = "3 of 56 inputs ended with an error."
        continue
    rows = []
    for path in sorted((results / key).glob("*.out")):
        for line in map(json.loads, path.read_text().splitlines()):
            if line["error"]:
                continue
            ((member, asked),) = ((n, line["input"][n]) for n in columns if n in line["input"])
            output = line["output"]
            ids = output.get("recommendedItems") or output.get("usersList")
            scores = output.get("scores") or [None] * len(ids)
            rows += [
                {columns[member]: asked, "rank": rank, "recommended_id": id_, "score": score}
                for rank, (id_, score) in enumerate(zip(ids, scores), 1)
            ]
    table = results / "tables" / key
    table.mkdir(parents=True)
    kinds = {"rank": pyarrow.int32(), "score": pyarrow.float64()}
    schema = pyarrow.schema([(n, kinds.get(n, pyarrow.string())) for n in rows[0]])
    for part in range(2):
        some = pyarrow.Table.from_pylist(rows[part::2], schema=schema)
        pyarrow.parquet.write_table(some, table / f"part-{part}.parquet", row_group_size=100)
    asked = len({next(iter(row.values())) for row in rows})
    counts = {"inputs": asked, "answered": asked, "errors": 0, "recommendations": len(rows)}
    published[key] = counts
    entries[key] = {
        "run": arguments.run, **each["manifest"], "counts": counts,
        "results_prefix": f"{results / key}/",
        "table_prefix": f"{results / 'tables' / key}/",
    }
publication = {"run": arguments.run, "published": published, "refused": refused}
(results / "publication.json").write_text(json.dumps(publication))
if published:
    manifest.write_text(json.dumps({"run": arguments.run, "solutions": entries}))
"""


def set_scripts(pipeline: Pipeline, seed: int = 1, refused: tuple[str, ...] = ()) -> None:
    """Choose what the next run imports and refuses."""
    scripts = {
        "prepare": PREPARE.replace("SEED", str(seed)),
        "publish": PUBLISH.replace("REFUSED", repr(refused)),
    }
    for name, script in scripts.items():
        pipeline.aws.client("s3").put_object(
            Bucket=pipeline.bucket, Key=f"glue_jobs/{name}.py", Body=script.encode()
        )


@pytest.fixture
def published(pipeline: Pipeline) -> Pipeline:
    """Nothing has run yet."""
    configure(pipeline)
    return pipeline


@pytest.fixture(scope="module")
def ran_twice(
    local_aws: LocalAws, asl: str, personalize_role: Callable[[str], str]
) -> Iterator[Pipeline]:
    """After the runs `first` and `second`, which has other data and doesn't publish `for-you`."""
    with deployed(local_aws, asl, personalize_role) as pipeline:
        configure(pipeline)
        pipeline.run("first")
        set_scripts(pipeline, seed=2, refused=("for-you",))
        pipeline.run("second")
        yield pipeline


def configure(pipeline: Pipeline) -> None:
    """Ask users for items, items for similar ones and items for users."""
    pipeline.solve(
        pipeline.solution("for-you", number_of_results=5),
        pipeline.solution(
            "similar",
            recipe="aws-similar-items",
            batch_input_folder="batch_items_input",
            number_of_results=5,
        ),
        pipeline.solution(
            "fans",
            recipe="aws-item-affinity",
            job="segment",
            batch_input_folder="batch_items_input",
            number_of_results=7,
        ),
    )
    set_scripts(pipeline)


def loaded(pipeline: Pipeline, run: str, folder: Path) -> duckdb.DuckDBPyConnection:
    """The same files in DuckDB: `events`, `asked_users`, `asked_items`, and each table by its key.

    Args:
        pipeline: whose run.
        run: its name.
        folder: where copies may lie.
    """
    s3 = pipeline.aws.client("s3")
    for top in ("transformed", "curated"):
        listed = s3.list_objects_v2(Bucket=pipeline.bucket, Prefix=f"{top}/{run}/")
        for each in listed.get("Contents", []):
            path = folder / run / each["Key"]
            path.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(pipeline.bucket, each["Key"], str(path))
    base, connection = folder / run, duckdb.connect()
    connection.execute(
        "create table events as select USER_ID as user, ITEM_ID as item,"
        " cast(TIMESTAMP as bigint) as time, EVENT_TYPE as type from read_csv("
        f"'{base}/transformed/{run}/interactions/*.csv', all_varchar = true, header = true)"
    )
    for kind, member in (("users", "userId"), ("items", "itemId")):
        connection.execute(
            f"create table asked_{kind} as select {member} as id from"
            f" '{base}/transformed/{run}/batch_{kind}_input/*.json'"
        )
    for table in sorted((base / "curated" / run / "tables").glob("*")):
        connection.execute(f"create table \"{table.name}\" as select * from '{table}/*.parquet'")
    return connection


ODD = ["007", "NA", "a,b", 'q"x', "b\\s", "é with spaces"]  # ids that are no plain words
EXPRESSION = 'Items.GENRES = "é, b"'
COUNTS = {"inputs": 7, "answered": 7, "errors": 0, "recommendations": 14}


@pytest.fixture(scope="module")
def made(
    local_aws: LocalAws, asl: str, personalize_role: Callable[[str], str]
) -> Iterator[Pipeline]:
    """Nothing has run, and `make_up` has put the files of a run `made` there."""
    with deployed(local_aws, asl, personalize_role) as pipeline:
        inputs = {"batch_input_folder": "batch_items_input"}
        pipeline.solve(
            pipeline.solution("for-you"),
            pipeline.solution("themed", recipe="aws-similar-items", **inputs),
            pipeline.solution(
                "genre",
                recipe="aws-item-attribute-affinity",
                job="segment",
                batch_input_folder="batch_genres_input",
            ),
        )
        pipeline.deploy()
        make_up(pipeline, "made")
        yield pipeline


def make_up(pipeline: Pipeline, run: str) -> None:
    """Put files as the jobs write them, with odd ids; each odd user had the next odd item.

    Every odd user, and one without events, is recommended the first odd item and one that nobody
    had. Every odd item has two themes. The first two odd users are those of an expression.
    """
    events = ["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE"]
    events += [
        f"{_quoted(user)},{_quoted(item)},{1_600_000_000 + number},view"
        for number, (user, item) in enumerate(zip(ODD, ODD[1:] + ODD[:1], strict=True))
    ]
    items = ["ITEM_ID,TITLE", *(f"{_quoted(id_)},{_quoted(f'The {id_}')}" for id_ in ODD)]
    put(pipeline, f"transformed/{run}/interactions/part-0.csv", "\n".join(events) + "\n")
    put(pipeline, f"transformed/{run}/items/part-0.csv", "\n".join(items) + "\n")
    for name, member, ids in (
        ("users", "userId", [*ODD, "new"]),
        ("items", "itemId", ODD),
        ("genres", "itemAttributes", [EXPRESSION]),
    ):
        lines = [json.dumps({member: id_}, ensure_ascii=False) for id_ in ids]
        put(pipeline, f"transformed/{run}/batch_{name}_input/part-0.json", "\n".join(lines) + "\n")
    put(pipeline, f"transformed/{run}/report.json", json.dumps({"datasets": {}}))
    for_you = [
        {"user_id": user, "rank": rank, "recommended_id": item, "score": 1 / rank}
        for user in [*ODD, "new"]
        for rank, item in enumerate((ODD[0], "unseen"), 1)
    ]
    themed = [
        {"item_id": item, "rank": 1, "recommended_id": other, "score": 0.5}
        | {"theme": theme, "theme_relevance_score": 0.25}
        for item in ODD
        for theme, other in (("Odd, [b]all[/]", ODD[2]), ("Even", ODD[3]))
    ]
    genre = [
        {"item_attributes": EXPRESSION, "rank": rank, "recommended_id": user, "score": None}
        for rank, user in enumerate(ODD[:2], 1)
    ]
    for key, rows in (("for-you", for_you), ("themed", themed), ("genre", genre)):
        put_table(pipeline, f"curated/{run}/tables/{key}/part-0.parquet", rows)
    publication = {"run": run, "published": dict.fromkeys(("for-you", "themed", "genre"), COUNTS)}
    put(pipeline, f"curated/{run}/publication.json", json.dumps(publication | {"refused": {}}))


def put(pipeline: Pipeline, key: str, content: str | bytes) -> None:
    """Put one object into the pipeline's bucket."""
    body = content.encode() if isinstance(content, str) else content
    pipeline.aws.client("s3").put_object(Bucket=pipeline.bucket, Key=key, Body=body)


def put_table(pipeline: Pipeline, key: str, rows: list[dict[str, Any]]) -> None:
    """Put a file of a table of recommendations."""
    kinds = {"rank": pa.int32(), "score": pa.float64(), "theme_relevance_score": pa.float64()}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in rows[0]])
    content = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), content)
    put(pipeline, key, content.getvalue())


def delete(pipeline: Pipeline, prefix: str) -> None:
    """Delete what lies under a prefix of the pipeline's bucket."""
    s3 = pipeline.aws.client("s3")
    for each in s3.list_objects_v2(Bucket=pipeline.bucket, Prefix=prefix)["Contents"]:
        s3.delete_object(Bucket=pipeline.bucket, Key=each["Key"])


def _quoted(text: str) -> str:
    r"""Quote as Personalize reads it: `\` before `"` and `\`."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
