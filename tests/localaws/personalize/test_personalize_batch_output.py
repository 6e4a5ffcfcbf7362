"""The files that batch inference jobs write."""

import json
import re

import pytest
from personalize_world import (
    World,
    refusal,
    unique,
)

from batchrec.localaws.personalize.scores import score_text

pytestmark = pytest.mark.timeout(120)


def test_output_lines_are_written_as_real_jobs_write_them(world: World) -> None:
    """One line for each line of input, in order; no spaces; keys in the recorded order."""
    users = ["7", "0", "49", "7"]
    lines = world.recommend("".join(f'{{ "userId":  "{user}" }}\n' for user in users))
    assert len(lines) == len(users)
    for user, line in zip(users, lines, strict=True):
        answer = json.loads(line, parse_float=lambda text: {"number": text})
        items = ",".join(f'"{item}"' for item in answer["output"]["recommendedItems"])
        scores = [score["number"] for score in answer["output"]["scores"]]
        assert line == (
            f'{{"input":{{"userId":"{user}"}},'
            f'"output":{{"recommendedItems":[{items}],"scores":[{",".join(scores)}]}},'
            '"error":null}'
        )
        assert len(scores) == len(answer["output"]["recommendedItems"]) == 25
        assert all(re.fullmatch(r"0\.\d{1,7}|\d\.\d{1,3}E-[4-7]", score) for score in scores)
        assert [float(score) for score in scores] == sorted(map(float, scores), reverse=True)
        assert sum(map(float, scores)) < 1  # they sum to 1 over the whole catalogue
    assert lines[0] == lines[3]


@pytest.mark.parametrize(
    ("score", "text"),
    [
        # Recorded in output files of real jobs.
        (0.0003773, "3.773E-4"),
        (0.0000717, "7.17E-5"),
        # Seven decimals, trailing zeros dropped.
        (0.00037729, "3.773E-4"),
        (0.123456749, "0.1234567"),
        (0.123456751, "0.1234568"),
        (0.0120000, "0.012"),
        (0.5, "0.5"),
        # Java Platform API, Double.toString: plain from 10^-3, at least one digit after the point.
        (0.001, "0.001"),
        (0.0010001, "0.0010001"),
        (0.000999, "9.99E-4"),
        (0.00099999999, "0.001"),
        (0.0001, "1.0E-4"),
        (0.0000001, "1.0E-7"),
        (0.0, "0.0"),
        (1.0, "1.0"),
    ],
)
def test_scores_are_written_as_java_writes_them(score: float, text: str) -> None:
    assert score_text(score) == text


def test_errors_stand_in_their_lines_and_the_job_ends_well(world: World) -> None:
    """As a real job did: https://repost.aws/questions/QUeREKqg8BSiakXAEyxdUr7A."""
    given = ['{"userId": "1"}', '{"itemId": "5"}', "no JSON", '{"userId": 3}', '{"userId": "2"}']
    lines = world.recommend("\n".join(given) + "\n")
    reason = "User error: Required fields for the provided recipe are userId"
    assert lines[1] == (
        f'{{"input":{{"itemId":"5"}},"output":{{"recommendedItems":[]}},"error":"{reason}"}}'
    )
    answers = [json.loads(line) for line in lines]
    assert [answer["error"] for answer in answers] == [None, reason, reason, reason, None]
    assert [answer["input"].get("userId") for answer in answers] == ["1", None, None, 3, "2"]
    assert answers[4]["output"]["recommendedItems"]


def test_cold_users_get_popular_items(world: World) -> None:
    """Developer Guide, How new data influences batch recommendations."""
    first, second = world.recommend('{"userId": "never seen"}\n{"userId": "neither"}\n')
    assert json.loads(first)["error"] is None
    assert json.loads(first)["output"] == json.loads(second)["output"]


def test_ids_keep_their_characters(world: World) -> None:
    (line,) = world.recommend('{"userId": "caf\\u00e9 \\"x\\""}\n')
    assert line.startswith('{"input":{"userId":"café \\"x\\""},"output":')


def test_as_many_results_as_asked_for(world: World) -> None:
    (line,) = world.recommend('{"userId": "1"}\n', numResults=3)
    assert len(json.loads(line)["output"]["recommendedItems"]) == 3


def test_each_input_file_has_its_output_beside_one_check(world: World) -> None:
    """Input is a prefix (Developer Guide, Batch input), so its neighbours are read too."""
    folder = unique("batch")
    for key in ("in/a.json", "in/b.json", "in_more/c.json"):
        world.put(f"{folder}/{key}", '{"userId": "1"}\n')
    place = f"s3://{world.bucket}/{folder}"
    assert world.batch(f"{place}/in", f"{place}/out/")["status"] == "ACTIVE"
    names = {key.rpartition("/")[2] for key in world.keys(f"{folder}/out/")}
    assert names == {"a.json.out", "b.json.out", "c.json.out", "_CHECK"}
    assert world.get(f"{folder}/out/_CHECK") is not None


def test_two_jobs_into_one_folder_share_the_check(world: World) -> None:
    folder = unique("batch")
    for name in ("a", "b"):
        source = world.put(f"{folder}/{name}.json", '{"userId": "1"}\n')
        world.batch(source, f"s3://{world.bucket}/{folder}/out/")
    names = sorted(key.rpartition("/")[2] for key in world.keys(f"{folder}/out/"))
    assert names == ["_CHECK", "a.json.out", "b.json.out"]


def test_a_batch_without_input_fails(world: World) -> None:
    """Developer Guide, Error messages."""
    place = f"s3://{world.bucket}/{unique('batch')}"
    job = world.batch(f"{place}/in/", f"{place}/out/")
    assert job["status"] == "CREATE FAILED"
    assert job["failureReason"] == "Invalid S3 input path"


def test_output_differs_from_input(world: World) -> None:
    place = f"s3://{world.bucket}/{unique('batch')}/"
    message = refusal("InvalidInputException", lambda: world.start_batch(place, place))
    assert message == "Invalid S3 output path"
