"""Amazon S3 as Personalize uses it (Developer Guide, Giving Personalize access to S3 resources)."""

import json
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from batchrec.localaws import runtime
from batchrec.localaws.personalize.exceptions import InvalidInputException

SERVICE = "personalize.amazonaws.com"


class Storage:
    """S3 as Personalize uses it in one account and Region."""

    def __init__(self, region: str, account: str) -> None:
        self._s3 = runtime.current().client("s3", region, account)

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
