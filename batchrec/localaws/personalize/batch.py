"""Batch jobs: JSON lines in S3 in, JSON lines in S3 out.

Developer Guide: Batch input and output JSON examples. Key order, rounding and the `_CHECK` object
follow recorded files of real jobs.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from batchrec.localaws.personalize.exceptions import JobFailure
from batchrec.localaws.personalize.storage import Storage
from batchrec.recommender import Ranking, Recommender


def infer(storage: Storage, model: Recommender, source: str, destination: str, count: int) -> None:
    """Answer every line of every input file under `source`.

    Raises:
        JobFailure: there is no input.
    """
    files = storage.prefix(source)
    if not files:
        raise JobFailure("Invalid S3 input path")
    for file in files:
        lines = storage.read(file).decode().splitlines()
        answers = "".join(f"{line}\n" for line in _answers(model, lines, count))
        name = file.rpartition("/")[2]
        storage.write(f"{destination.rstrip('/')}/{name}.out", answers.encode())
    storage.write(f"{destination.rstrip('/')}/_CHECK", b"")


def _answers(model: Recommender, lines: list[str], count: int) -> Iterator[str]:
    inputs = [_parsed(line) for line in lines if line.strip()]
    users = [given["userId"] for given in inputs if _usable(given)]
    rankings = iter(model.recommend(users, count))
    for given in inputs:
        echoed = json.dumps(given, separators=(",", ":"), ensure_ascii=False)
        if _usable(given):
            yield f'{{"input":{echoed},"output":{_output(next(rankings))},"error":null}}'
        else:
            error = "User error: Required fields for the provided recipe are userId"
            yield (
                f'{{"input":{echoed},"output":{{"recommendedItems":[]}},'
                f'"error":{json.dumps(error)}}}'
            )


def _parsed(line: str) -> dict[str, Any]:
    try:
        given = json.loads(line)
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _usable(given: dict[str, Any]) -> bool:
    return isinstance(given.get("userId"), str) and bool(given["userId"])


def _output(ranking: Ranking) -> str:
    items = json.dumps(ranking.items, separators=(",", ":"), ensure_ascii=False)
    scores = ",".join(score_text(score) for score in ranking.scores)
    return f'{{"recommendedItems":{items},"scores":[{scores}]}}'


def score_text(score: float) -> str:
    """Write a score as recorded files do: 7 decimals, and Java's notation below 0.001."""
    rounded = round(Decimal(score), 7)
    if rounded == 0:
        return "0.0"
    if abs(rounded) >= Decimal("0.001"):
        text = f"{rounded:f}".rstrip("0")
        return f"{text}0" if text.endswith(".") else text
    mantissa, _, exponent = f"{rounded.normalize():E}".partition("E")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(exponent)}"
