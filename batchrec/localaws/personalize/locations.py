"""Locations in S3, as requests give them."""

from batchrec.localaws.personalize.exceptions import InvalidInputException


def split(url: str) -> tuple[str, str]:
    """Split `s3://bucket/key`.

    Raises:
        InvalidInputException: it is no such URL.
    """
    scheme, _, path = url.partition("://")
    bucket, _, key = path.partition("/")
    if scheme != "s3" or not bucket:
        raise InvalidInputException(f"{url!r} is not a location in Amazon S3 (s3://bucket/key).")
    return bucket, key
