"""Objects of S3 as files: what reads Parquet or CSV asks for just the pieces it needs."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError

from batchrec.errors import BatchrecError

_ATTEMPTS = 4  # to read a piece whose connection breaks
_LINES_BYTES = 8 * 2**20  # that are asked for at once


@dataclass(frozen=True)
class Object:
    """One object of S3, as it is listed."""

    s3: Any  # boto3 client
    bucket: str
    key: str
    size: int  # bytes
    etag: str

    @property
    def url(self) -> str:
        """The object as s3://BUCKET/KEY."""
        return f"s3://{self.bucket}/{self.key}"

    def open(self) -> pa.PythonFile:
        """Open it for pyarrow, which may read it from several threads."""
        return pa.PythonFile(_Ranges(self), mode="r")

    def lines(self) -> Iterator[bytes]:
        """Iterate over its lines, piece by piece."""
        with io.BufferedReader(_Ranges(self), _LINES_BYTES) as opened:
            yield from opened

    def read(self, first: int, last: int) -> bytes:
        """Read bytes of the object as it was listed.

        Args:
            first: place of the first one.
            last: place of the last one.

        Raises:
            BatchrecError: it can't be read, or is another one by now.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                answer = self.s3.get_object(
                    Bucket=self.bucket,
                    Key=self.key,
                    Range=f"bytes={first}-{last}",
                    IfMatch=self.etag,
                )
                return bytes(answer["Body"].read())
            except ClientError as error:
                if error.response["Error"]["Code"] in ("PreconditionFailed", "412"):
                    raise BatchrecError(
                        f"{self.url} was replaced while it was read. Do the same again."
                    ) from error
                raise BatchrecError(f"{self.url} can't be read: {error}") from error
            except BotoCoreError as error:  # such as a body that ends too early
                if attempt == _ATTEMPTS:
                    raise BatchrecError(
                        f"{self.url} can't be read: {error}. The connection broke"
                        f" {_ATTEMPTS} times; do the same again."
                    ) from error
        raise AssertionError


def under(s3: Any, bucket: str, prefix: str, suffix: str) -> list[Object]:
    """List what lies under a prefix, by key, without empty objects and hidden files and folders.

    Hidden is what Spark passes over, too: names that begin with `_` or `.`, such as the folder
    `_temporary` with the files of a job that hasn't ended.

    Args:
        s3: boto3 client.
        bucket: name of the bucket.
        prefix: of keys.
        suffix: of keys, such as .parquet.
    """
    return [
        each
        for each in listed(s3, bucket, prefix)
        if each.size > 0
        and each.key.endswith(suffix)
        and not any(
            name.startswith(("_", ".")) for name in each.key.removeprefix(prefix).split("/")
        )
    ]


def listed(s3: Any, bucket: str, prefix: str) -> list[Object]:
    """List everything under a prefix, by key (ListObjectsV2).

    Raises:
        BatchrecError: it may not be listed.
    """
    pages = s3.get_paginator("list_objects_v2")
    try:
        return [
            Object(s3, bucket, each["Key"], each["Size"], each["ETag"])
            for page in pages.paginate(Bucket=bucket, Prefix=prefix)
            for each in page.get("Contents", [])
        ]
    except ClientError as error:
        raise BatchrecError(
            f"s3://{bucket}/{prefix} can't be listed: {error}\nAsk for s3:ListBucket on the bucket."
        ) from error


@contextmanager
def naming(url: str) -> Iterator[None]:
    """Turn what pyarrow can't read into an error that names the object.

    Args:
        url: s3://BUCKET/KEY, or a prefix of several.

    Raises:
        BatchrecError: what lies there isn't what the pipeline wrote.
    """
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise BatchrecError(
            f"{url} can't be read: {error}. It isn't as the pipeline wrote it: put back an earlier"
            " version, or run again."
        ) from error


def split(url: str) -> tuple[str, str]:
    """Return bucket and key of s3://BUCKET/KEY.

    Raises:
        BatchrecError: it names no bucket or no key.
    """
    found = re.fullmatch("s3://([^/]+)/(.+)", url)
    if found is None:
        raise BatchrecError(f"{url} is no URL of an object in S3. Write s3://BUCKET/KEY.")
    return found[1], found[2]


class _Ranges(io.RawIOBase):
    """A seekable file whose every read is a request for that range."""

    def __init__(self, read: Object) -> None:
        self._object = read
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origins = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._object.size}
        self._position = origins[whence] + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        last = min(self._position + len(buffer), self._object.size) - 1
        if last < self._position:
            return 0
        content = self._object.read(self._position, last)
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)
