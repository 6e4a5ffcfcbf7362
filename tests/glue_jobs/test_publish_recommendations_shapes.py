"""Every shape of output becomes the table that is written down beside it.

The lines are those of the Developer Guide ("Batch inference job output examples", "Batch segment
job output examples", "Batch recommendations with themes from Content Generator") and of recorded
files of real jobs, shortened.
"""

import random
from dataclasses import dataclass
from typing import Any

import duckdb
import publish_recommendations
import pytest
from publications import Publication, answer, lines


@dataclass(frozen=True)
class Shape:
    """What is asked, the answer as its text, and the table."""

    inputs: str
    answers: str
    asked: str
    rows: list[tuple[Any, ...]]
    has_themes: bool = False


COMEDY = 'ITEMS.genres = "Comedy" AND ITEMS.genres = "Action"'
SHAPES = {
    "user_personalization": Shape(
        '{"userId":"4638"}\n{"userId":"663"}\n',
        '{"input":{"userId":"4638"},"output":{"recommendedItems":["63992","115149","110102"],'
        '"scores":[0.0152238,0.0069081,3.773E-4]},"error":null}\n'
        '{"input":{"userId":"663"},"output":{"recommendedItems":["368","377"],'
        '"scores":[0.0406197,7.17E-5]},"error":null}\n',
        "user_id",
        [
            ("4638", 1, "63992", 0.0152238),
            ("4638", 2, "115149", 0.0069081),
            ("4638", 3, "110102", 0.0003773),
            ("663", 1, "368", 0.0406197),
            ("663", 2, "377", 0.0000717),
        ],
    ),
    # The name of the reasons' key isn't documented.
    "v2_with_reasons": Shape(
        '{"userId":"7"}\n',
        '{"input":{"userId":"7"},"output":{"recommendedItems":["a","b"],"scores":[0.2,0.1],'
        '"reasons":[["Exploration"],[]]},"error":null,"metadata":{"a":[1]}}\n',
        "user_id",
        [("7", 1, "a", 0.2), ("7", 2, "b", 0.1)],
    ),
    "popularity": Shape(
        '{"userId": "12"}\n{"userId": "105"}\n',
        '{"input": {"userId": "12"}, "output": {"recommendedItems": ["105", "106", "441"]}}\n'
        '{"input": {"userId": "105"}, "output": {"recommendedItems": ["105"]}}\n',
        "user_id",
        [
            ("105", 1, "105", None),
            ("12", 1, "105", None),
            ("12", 2, "106", None),
            ("12", 3, "441", None),
        ],
    ),
    "personalized_ranking": Shape(
        '{"userId": "891", "itemList": ["27", "886", "101"]}\n'
        '{"userId": "445", "itemList": ["527", "55"], "filterValues": {"GENRE": "\\"drama\\""}}\n',
        '{"input":{"userId":"891","itemList":["27","886","101"]},"output":'
        '{"recommendedItems":["27","101","886"],"scores":[0.48421,0.28133,0.23446]}}\n'
        '{"input":{"userId":"445","itemList":["527","55"]},"output":'
        '{"recommendedItems":["55","527"],"scores":[0.9,0.1]}}\n',
        "user_id",
        [
            ("445", 1, "55", 0.9),
            ("445", 2, "527", 0.1),
            ("891", 1, "27", 0.48421),
            ("891", 2, "101", 0.28133),
            ("891", 3, "886", 0.23446),
        ],
    ),
    "similar_items": Shape(
        '{"itemId": "105"}\n{"itemId": "106"}\n',
        '{"input": {"itemId": "105"}, "output": {"recommendedItems": ["106", "107"]}}\n'
        '{"input": {"itemId": "106"}, "output": {"recommendedItems": ["105"]}}\n',
        "item_id",
        [("105", 1, "106", None), ("105", 2, "107", None), ("106", 1, "105", None)],
    ),
    "themes": Shape(
        '{"itemId": "40"}\n{"itemId": "43"}\n',
        '{"input":{"itemId":"40"},"output":{"recommendedItems":["36","50"],"theme":'
        '"Movies with a strong female lead",'
        '"itemsThemeRelevanceScores":[0.19994527,0.183059963]}}\n'
        '{"input":{"itemId":"43"},"output":{"recommendedItems":["10","5"],"theme":'
        '"The best movies of 1995","itemsThemeRelevanceScores":[0.184988,-0.188913]}}\n',
        "item_id",
        [
            ("40", 1, "36", None, "Movies with a strong female lead", 0.19994527),
            ("40", 2, "50", None, "Movies with a strong female lead", 0.183059963),
            ("43", 1, "10", None, "The best movies of 1995", 0.184988),
            ("43", 2, "5", None, "The best movies of 1995", -0.188913),
        ],
        has_themes=True,
    ),
    "themes_not_for_every_item": Shape(
        '{"itemId": "40"}\n{"itemId": "43"}\n',
        '{"input":{"itemId":"40"},"output":{"recommendedItems":["36"],"theme":"Heroines",'
        '"itemsThemeRelevanceScores":[0.2]}}\n'
        '{"input":{"itemId":"43"},"output":{"recommendedItems":["10"]}}\n',
        "item_id",
        [("40", 1, "36", None, "Heroines", 0.2), ("43", 1, "10", None, None, None)],
        has_themes=True,
    ),
    "item_affinity_as_documented": Shape(
        '{"itemId": "105"}\n',
        '{"input": {"itemId": "105"}, "output": {"recommendedUsers": ["106", "107", "49"]}}\n',
        "item_id",
        [("105", 1, "106", None), ("105", 2, "107", None), ("105", 3, "49", None)],
    ),
    "item_affinity_as_it_is": Shape(
        '{"itemId": "105"}\n',
        '{"input": {"itemId": "105"}, "output": {"usersList": ["106", "107"]}, "error": null}\n',
        "item_id",
        [("105", 1, "106", None), ("105", 2, "107", None)],
    ),
    "item_attribute_affinity_as_documented": Shape(
        lines({"itemAttributes": COMEDY}),
        '{"itemAttributes": "ITEMS.genres = \\"Comedy\\" AND ITEMS.genres = \\"Action\\"",'
        '"output": {"recommendedUsers": ["25", "78"]}}\n',
        "item_attributes",
        [(COMEDY, 1, "25", None), (COMEDY, 2, "78", None)],
    ),
    "item_attribute_affinity_as_it_is": Shape(
        lines({"itemAttributes": COMEDY, "filterValues": {"YEAR": '"1999"'}}),
        '{"input": {"itemAttributes": '
        '"ITEMS.genres = \\"Comedy\\" AND ITEMS.genres = \\"Action\\"",'
        '"filterValues": {"YEAR": "\\"1999\\""}}, '
        '"output": {"usersList": ["25"]}, "error": null}\n',
        "item_attributes",
        [(COMEDY, 1, "25", None)],
    ),
    # A filter may leave nothing to recommend.
    "nothing_to_recommend": Shape(
        '{"userId":"1"}\n{"userId":"2"}\n',
        lines(answer("1"), answer("2", "a")),
        "user_id",
        [("2", 1, "a", 0.5)],
    ),
    "odd_ids": Shape(
        lines({"userId": "ü \u2028\\ \"'"}, {"userId": " "}, {"userId": "NULL"}),
        lines(
            answer("ü \u2028\\ \"'", "é,\t\u0085"),
            answer(" ", ""),
            answer("NULL", "null"),
        ),
        "user_id",
        [(" ", 1, "", 0.5), ("NULL", 1, "null", 0.5), ("ü \u2028\\ \"'", 1, "é,\t\u0085", 0.5)],
    ),
}


@pytest.fixture(scope="module")
def published(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Publication:
    """All of them in one run."""
    publish = Publication(tmp_path_factory.mktemp("shapes"))
    for key, shape in SHAPES.items():
        publish.ask(key, shape.inputs, shape.answers)
    return publish()


@pytest.mark.parametrize("key", SHAPES)
def test_a_shape_becomes_its_table(published: Publication, key: str) -> None:
    shape = SHAPES[key]
    assert key not in published.refused
    assert published.rows(key) == shape.rows
    themes = [("theme", "VARCHAR"), ("theme_relevance_score", "DOUBLE")]
    assert published.columns(key) == [
        (shape.asked, "VARCHAR"),
        ("rank", "INTEGER"),
        ("recommended_id", "VARCHAR"),
        ("score", "DOUBLE"),
        *(themes if shape.has_themes else []),
    ]
    asked = shape.inputs.count("\n")
    assert published.publication["published"][key] == {
        "inputs": asked,
        "answered": asked,
        "errors": 0,
        "recommendations": len(shape.rows),
    }


def test_the_tables_are_what_duckdb_makes_of_the_same_lines(
    publish: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several files, answers in another order than the inputs, some with errors."""
    draw = random.Random(5)
    users = [str(number) for number in range(2_000)]
    items = [f"i{number}" for number in range(300)]
    texts = []
    for user in users:
        scores = sorted((draw.random() / 10 ** draw.randint(0, 6) for _ in range(9)), reverse=True)
        shown = ",".join(f"{score:.4E}" if score < 1e-3 else f"{score:.7f}" for score in scores)
        chosen = '","'.join(draw.sample(items, 9))
        output = f'"recommendedItems":["{chosen}"],"scores":[{shown}]'
        error = "null"
        if draw.random() < 0.01:
            output, error = '"recommendedItems":[]', '"throttled"'
        texts.append(f'{{"input":{{"userId":"{user}"}},"output":{{{output}}},"error":{error}}}')
    draw.shuffle(texts)
    publish.ask("users", lines(*({"userId": user} for user in users[:900])), None)
    publish.put_input(
        "batch_users_input", "part-1.json", lines(*({"userId": u} for u in users[900:]))
    )
    publish.put_answers("users", "part-0.json.out", lines(*texts[:1_200]))
    publish.put_answers("users", "part-1.json.out", lines(*texts[1_200:]))
    publish.put_answers("users", "_CHECK", "")
    monkeypatch.setattr(publish_recommendations, "BYTES_PER_FILE", 150_000)
    publish(maximum_error_share=0.05)

    found = duckdb.sql(
        f"""WITH answers AS (
            SELECT input.userId AS user, output.recommendedItems AS ids, output.scores AS scores
            FROM read_json('{publish.results}/users/*.out', format='newline_delimited', columns={{
                input: 'STRUCT(userId VARCHAR)', error: 'VARCHAR',
                output: 'STRUCT(recommendedItems VARCHAR[], scores DOUBLE[])'}})
            WHERE error IS NULL)
        SELECT user, generate_subscripts(ids, 1)::INTEGER AS rank, unnest(ids), unnest(scores)
        FROM answers ORDER BY ALL"""
    ).fetchall()
    assert publish.rows("users") == found
    errors = sum('"throttled"' in text for text in texts)
    assert errors > 0
    assert publish.publication["published"]["users"] == {
        "inputs": 2_000,
        "answered": 2_000 - errors,
        "errors": errors,
        "recommendations": len(found),
    }
    assert len(found) == 9 * (2_000 - errors)
    # Neither one giant nor many tiny ones, and nothing beside them.
    assert 2 <= len(publish.table_files("users")) <= 4
    assert {path.suffix for path in publish.table_files("users")} == {".parquet"}
