"""What a script reads and writes of S3, as local files."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError


class UnreadableError(Exception):
    """A script, or what it is to read, isn't there."""

    def __init__(self, url: str, why: str = "there is no such bucket or object") -> None:
        super().__init__(f"{url} can't be read: {why}.")


@dataclass
class LocalCopy:
    """A local copy of the S3 prefixes that a script is given.

    PyPI has no S3A file system for Spark, so the script gets local paths in place of its `s3://`
    arguments, and what it changed there goes back to S3 afterwards.
    """

    root: Path
    s3: Any
    refused: list[str] = field(default_factory=list)  # what the job's role may not read, and why
    _seen: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def local(self, url: str) -> str:
        """Copy what is under `url` and return the local path that stands for it.

        What the job's role may not read isn't there for the script, which need not read it all.

        Raises:
            UnreadableError: there is no such bucket, or of a folder's objects only some may be
                read.
        """
        bucket, _, key = url.removeprefix("s3://").partition("/")
        found = self._listed(url, bucket, f"{key.rstrip('/')}/" if key else "")
        if not found and key and not key.endswith("/"):
            self._download(url, bucket, key)
        unread = [name for name in found if not self._download(url, bucket, name)]
        folders = {name.rpartition("/")[0] for name in found if name not in unread}
        for name in unread:
            if name.rpartition("/")[0] in folders:
                raise UnreadableError(f"s3://{bucket}/{name}", self.refused[-1])
        return f"{self.root}/{bucket}/{key}"

    def file(self, url: str) -> str:
        """As `local`, for an object that has to be there.

        Raises:
            UnreadableError: it isn't, or the job's role may not read it.
        """
        path = self.local(url)
        if not Path(path).is_file():
            raise UnreadableError(url, *self.refused[:1])
        return path

    def synchronise(self) -> None:
        """Delete what is deleted, and upload what is new or changed in the order of the changes."""
        for path in self._seen:
            if not path.exists():
                bucket, key = self._place(path)
                self.s3.delete_object(Bucket=bucket, Key=key)
        for path in sorted(self._files(), key=_age):
            if self._seen.get(path) != _fingerprint(path):
                bucket, key = self._place(path)
                if path.suffix == ".json" and self._names_root(path):
                    path.write_text(self.as_urls(path.read_text()))
                self.s3.upload_file(str(path), bucket, key)

    def as_urls(self, text: str) -> str:
        """Replace local paths in a message by the `s3://` URLs they stand for."""
        return re.sub(rf"(file:/*)?{re.escape(str(self.root))}/", "s3://", text)

    def _listed(self, url: str, bucket: str, prefix: str) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        try:
            return [
                found["Key"]
                for page in pages
                for found in page.get("Contents", [])
                if not found["Key"].endswith("/")
            ]
        except ClientError as error:
            self._note(url, error)
            return []

    def _names_root(self, path: Path) -> bool:
        """Whether a script wrote its local paths into a file, e.g. as the source of a report."""
        return str(self.root).encode() in path.read_bytes()

    def _download(self, url: str, bucket: str, key: str) -> bool:
        """Copy an object if it is there; say whether the role may read it."""
        path = self.root / bucket / key
        if path in self._seen:
            return True
        try:
            body = self.s3.get_object(Bucket=bucket, Key=key)["Body"]
        except ClientError as error:
            return self._note(url, error)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.open("wb") as file:
            shutil.copyfileobj(body, file)
        self._seen[path] = _fingerprint(path)
        return True

    def _note(self, url: str, error: ClientError) -> bool:
        """Keep a refusal for the one who looks for why the script failed; False for one."""
        code = error.response["Error"]["Code"]
        if code == "NoSuchKey":
            return True
        if code != "AccessDenied":
            raise UnreadableError(url) from error
        if str(error) not in self.refused:
            self.refused.append(str(error))
        return False

    def _place(self, path: Path) -> tuple[str, str]:
        bucket, _, key = str(path.relative_to(self.root)).partition("/")
        return bucket, key

    def _files(self) -> Iterator[Path]:
        return (path for path in self.root.rglob("*") if path.is_file())


def _age(path: Path) -> tuple[int, int, str]:
    # File systems' clocks are coarse: of one instant, a manifest lies above what it names.
    return path.stat().st_mtime_ns, -len(path.parts), str(path)


def _fingerprint(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size
