"""Answers in the shapes of the Developer Guide and of real batch jobs."""

import json
from pathlib import Path

import pytest

from batchrec.published.results import Published, read_published

COUNTS = {"inputs": 2, "answered": 1, "errors": 1, "recommendations": 2}


def published(folder: Path, *lines: str) -> Published:
    results = folder / "curated" / "run" / "best"
    results.mkdir(parents=True)
    (results / "input.json.out").write_text("".join(f"{line}\n" for line in lines))
    entry = {"counts": COUNTS, "results_prefix": "s3://bucket/curated/run/best/"}
    manifest = {"run": "run", "solutions": {"best": entry}}
    (folder / "curated" / "latest.json").write_text(json.dumps(manifest))
    return read_published(folder)["best"]


# The shapes are those of "Batch inference job output examples" and "Batch segment job output
# examples", and those with usersList are of real files.
@pytest.mark.parametrize(
    ("line", "asked", "about", "answered"),
    [
        (
            '{"input":{"userId":"4638"},"output":{"recommendedItems":["b","a"],'
            '"scores":[0.5,0.1]},"error":null}',
            *("users", "4638", "items"),
        ),
        (
            '{"input":{"userId":"891","itemList":["a","b"]},"output":{"recommendedItems":["b","a"],'
            '"scores":[0.9,0.1]}}',
            *("users", "891", "items"),
        ),
        (
            '{"input": {"itemId": "105"}, "output": {"recommendedItems": ["b", "a"]}}',
            *("items", "105", "items"),
        ),
        (
            '{"input":{"itemId":"105"},"output":{"usersList":["b","a"]},"error":null}',
            *("items", "105", "users"),
        ),
        (
            '{"input": {"itemId": "105"}, "output": {"recommendedUsers": ["b", "a"]}}',
            *("items", "105", "users"),
        ),
        (
            '{"itemAttributes": "ITEMS.genres = \\"Comedy\\"",'
            ' "output": {"recommendedUsers": ["b", "a"]}}',
            *("item attributes", 'ITEMS.genres = "Comedy"', "users"),
        ),
        (
            '{"input":{"itemAttributes":"ITEMS.genres = \\"Comedy\\""},'
            '"output":{"usersList":["b","a"]},"error":null}',
            *("item attributes", 'ITEMS.genres = "Comedy"', "users"),
        ),
    ],
)
def test_every_shape_is_read(
    tmp_path: Path, line: str, asked: str, about: str, answered: str
) -> None:
    found = published(tmp_path, line)
    assert found == Published(COUNTS, asked, answered, {about: ["b", "a"]})


def test_errors_are_left_out(tmp_path: Path) -> None:
    found = published(
        tmp_path,
        '{"input":{"userId":"1"},"output":{"recommendedItems":["a"]},"error":null}',
        '{"input":{"userId":"2"},"output":{"recommendedItems":[]},"error":"User error: none"}',
    )
    assert found.answers == {"1": ["a"]}


def test_the_lists_of_themes_follow_one_another(tmp_path: Path) -> None:
    found = published(
        tmp_path,
        '{"input":{"itemId":"1"},"output":{"recommendedItems":["a"],"theme":"Old"}}',
        '{"input":{"itemId":"1"},"output":{"recommendedItems":["b"],"theme":"New"}}',
    )
    assert found.answers == {"1": ["a", "b"]}
