"""Batch jobs: JSON lines in S3 in, JSON lines in S3 out.

Developer Guide: Batch input and output JSON examples. Key order, rounding and the `_CHECK` object
follow recorded files of real jobs.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from batchrec.localaws import runtime
from batchrec.localaws.personalize.exceptions import InvalidInputException, JobFailure
from batchrec.recommender import Ranking, Recommender

SERVICE = "personalize.amazonaws.com"


class Storage:
    """S3 as Personalize uses it in one Region."""

    def __init__(self, region: str) -> None:
        self._s3 = runtime.current().client("s3", region)

    def require_access(self, location: str) -> None:
        """Check that the bucket exists and that its policy lets Personalize in.

        Raises:
            InvalidInputException: with the text that AWS gives at once.
        """
        bucket, _ = split(location)
        try:
            policy = json.loads(self._s3.get_bucket_policy(Bucket=bucket)["Policy"])
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchBucket":
                raise InvalidInputException(f"The bucket {bucket} does not exist.") from error
            policy = {"Statement": []}
        if not any(_lets_personalize_in(statement) for statement in policy["Statement"]):
            raise InvalidInputException(
                "Insufficient privileges for accessing data in S3. Please look at"
                " https://docs.aws.amazon.com/personalize/latest/dg/"
                "granting-personalize-s3-access.html#attach-bucket-policy"
                f" and fix bucket policy on {bucket}."
            )

    def files(self, location: str) -> list[str]:
        """List what an import reads: one object, or a folder's first level."""
        _, key = split(location)
        if not key.endswith("/"):
            return [name for name in self.prefix(location) if name == location]
        return [name for name in self.prefix(location) if "/" not in name[len(location) :]]

    def prefix(self, location: str) -> list[str]:
        """List every object whose URL starts with `location`."""
        bucket, key = split(location)
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
        return [
            f"s3://{bucket}/{found['Key']}"
            for page in pages
            for found in page.get("Contents", [])
            if not found["Key"].endswith("/")
        ]

    def read(self, url: str) -> bytes:
        """Return an object's content."""
        bucket, key = split(url)
        return bytes(self._s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    def write(self, url: str, content: bytes) -> None:
        """Write an object."""
        bucket, key = split(url)
        self._s3.put_object(Bucket=bucket, Key=key, Body=content)


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


def split(url: str) -> tuple[str, str]:
    """Split `s3://bucket/key`.

    Raises:
        InvalidInputException: it is no such URL.
    """
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise InvalidInputException(f"{url!r} is not a location in Amazon S3 (s3://bucket/key).")
    return parts.netloc, parts.path.removeprefix("/")


def _lets_personalize_in(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    services = principal.get("Service", []) if isinstance(principal, dict) else []
    return statement["Effect"] == "Allow" and SERVICE in (
        [services] if isinstance(services, str) else services
    )
