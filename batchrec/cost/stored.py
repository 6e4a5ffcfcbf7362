"""How much lies below a prefix of the bucket."""

from dataclasses import dataclass

from botocore.exceptions import ClientError

from batchrec.errors import BatchrecError
from batchrec.pipeline import Pipeline

GB = 1000**3
GIB = 1024**3  # what S3 bills as a GB


@dataclass(frozen=True)
class Stored:
    """The objects below a prefix."""

    sizes: dict[str, int]  # bytes by key

    @property
    def bytes(self) -> int:
        """All together."""
        return sum(self.sizes.values())

    @property
    def gigabytes(self) -> float:
        """All together, in 10⁹ bytes."""
        return self.bytes / GB


def stored(pipeline: Pipeline, path: str) -> Stored:
    """List what lies below a path such as transformed/RUN/interactions/ (ListObjectsV2).

    Raises:
        BatchrecError: it may not be listed.
    """
    prefix = pipeline.key(path)
    pages = pipeline.client("s3").get_paginator("list_objects_v2")
    try:
        found = [
            each
            for page in pages.paginate(Bucket=pipeline.bucket, Prefix=prefix)
            for each in page.get("Contents", [])
        ]
    except ClientError as error:
        raise BatchrecError(
            f"s3://{pipeline.bucket}/{prefix} can't be listed: {error}\nAsk for s3:ListBucket on"
            " the bucket."
        ) from error
    return Stored({each["Key"]: each["Size"] for each in found})
