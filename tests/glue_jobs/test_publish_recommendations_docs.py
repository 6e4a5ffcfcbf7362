"""docs/publishing.md says what the job does."""

import json
import re
from pathlib import Path

import answers
import duckdb
from publications import Publication, answer, lines

DOCS = (Path(__file__).parents[2] / "docs" / "publishing.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOCS, re.M | re.S)


def test_the_manifest_and_the_query_are_as_documented(publish: Publication) -> None:
    (example,) = map(json.loads, blocks("json"))
    (key, entry), *_ = example["solutions"].items()
    publish.run = example["run"]
    users = ("4638", "663")
    publish.ask(
        key, lines(*({"userId": u} for u in users)), lines(*(answer(u, u, "a") for u in users))
    )
    publish(manifests={key: {"solution_version_arn": entry["solution_version_arn"]}})
    found = publish.manifest
    assert found.keys() == example.keys()
    assert list(found["solutions"][key]) == list(entry)
    assert list(found["solutions"][key]["counts"]) == list(entry["counts"])
    for member in ("published_at", "run"):
        assert len(found[member]) == len(example[member])

    query, _ = blocks("sql")
    bucket = publish.latest.parents[1]
    assert "s3://BUCKET/curated/latest.json" in query
    database = duckdb.connect()
    rows = database.execute(query.replace("s3://BUCKET", str(bucket))).fetchall()
    assert rows == [(1, "4638", 0.5), (2, "a", 0.25)]


def test_every_column_is_documented() -> None:
    rows = re.search(r"^\| column \|.*?\n\n", DOCS, re.M | re.S)
    assert rows
    names = re.findall(
        r"`(\w+)`", "".join(line.split("|")[1] for line in rows[0].strip().splitlines())
    )
    ranked = ["rank", "recommended_id", "score", "theme", "theme_relevance_score"]
    assert names == [*answers.ASKED_COLUMNS.values(), *ranked]
