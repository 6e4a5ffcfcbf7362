"""Objects of S3 as files: what reads Parquet or CSV asks for just the pieces it needs."""

import io
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa


@dataclass(frozen=True)
class Object:
    """One object of S3, as it is listed."""

    s3: Any  # boto3 client
    bucket: str
    key: str
    size: int  # bytes

    def open(self) -> pa.PythonFile:
        """Open it for pyarrow, which may read it from several threads."""
        return pa.PythonFile(_Ranges(self), mode="r")

    def lines(self) -> Any:
        """Iterate over its lines, as bytes, in one request."""
        return self.s3.get_object(Bucket=self.bucket, Key=self.key)["Body"].iter_lines()


def under(s3: Any, bucket: str, prefix: str, suffix: str) -> list[Object]:
    """List what lies under a prefix, by key, without empty and hidden objects.

    Args:
        s3: boto3 client.
        bucket: name of the bucket.
        prefix: of keys.
        suffix: of keys, such as .parquet.
    """
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    found = (each for page in pages for each in page.get("Contents", []))
    return [
        Object(s3, bucket, each["Key"], each["Size"])
        for each in found
        if each["Size"] > 0
        and each["Key"].endswith(suffix)
        and not each["Key"].rsplit("/", 1)[-1].startswith(("_", "."))
    ]


def split(url: str) -> tuple[str, str]:
    """Return bucket and key of s3://BUCKET/KEY."""
    parts = urlsplit(url)
    return parts.netloc, url.split(parts.netloc, 1)[-1].removeprefix("/")


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
        answer = self._object.s3.get_object(
            Bucket=self._object.bucket,
            Key=self._object.key,
            Range=f"bytes={self._position}-{last}",
        )
        content = answer["Body"].read()
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)
