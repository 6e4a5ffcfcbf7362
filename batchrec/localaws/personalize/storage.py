"""Amazon S3 as Personalize reads and writes it."""

from typing import Any

from batchrec.localaws import runtime
from batchrec.localaws.personalize.locations import split

SERVICE = "personalize.amazonaws.com"


class Storage:
    """S3 as Personalize uses it for one job.

    Args:
        job_arn: the job.
        role_arn: the service role it works with.
    """

    def __init__(self, job_arn: str, role_arn: str) -> None:
        self._job_arn = job_arn
        self._role_arn = role_arn

    @property
    def _s3(self) -> Any:
        who = runtime.current().acting(SERVICE, self._job_arn, self._role_arn)
        return runtime.current().client("s3", self._job_arn.split(":")[3], who)

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
