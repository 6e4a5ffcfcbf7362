"""How much lies below a prefix of the bucket."""

from dataclasses import dataclass

from batchrec.pipeline import Pipeline
from batchrec.published import objects

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
    found = objects.listed(pipeline.client("s3"), pipeline.bucket, pipeline.key(path))
    return Stored({each.key: each.size for each in found})
