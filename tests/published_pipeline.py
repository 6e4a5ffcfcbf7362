"""A pipeline whose runs publish tables, with little data and without Spark."""

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from deployed_pipeline import Pipeline, asl, deployed, pipeline

from batchrec.localaws.server import LocalAws

__all__ = ["asl", "pipeline", "published", "ran_twice"]

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
