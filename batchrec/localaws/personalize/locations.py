"""Locations in S3, as requests give them."""

from urllib.parse import urlsplit

from batchrec.localaws.personalize.exceptions import InvalidInputException


def split(url: str) -> tuple[str, str]:
    """Split `s3://bucket/key`.

    Raises:
        InvalidInputException: it is no such URL.
    """
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise InvalidInputException(f"{url!r} is not a location in Amazon S3 (s3://bucket/key).")
    return parts.netloc, parts.path.removeprefix("/")
