"""What requests to S3 need (Amazon S3 User Guide, Required permissions for S3 API operations)."""

import re
from collections.abc import Mapping
from urllib.parse import unquote

from batchrec.localaws.iam_policies import Request

_LISTING = ("prefix", "delimiter", "max-keys")
_UPLOADS = {"partNumber", "uploadId", "uploads"}
_PLAIN = {"x-id", "partNumber", "response-content-type"}


def needed(
    method: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    partition: str,
) -> list[Request]:
    """Return the actions on buckets and objects that a request needs.

    Raises:
        NotImplementedError: it is of a kind that isn't known here.
    """
    bucket, _, key = path.lstrip("/").partition("/")
    arn = f"arn:{partition}:s3:::{bucket}"
    found = (
        _of_object(method, set(query), headers, f"{arn}/{key}", partition)
        if key
        else _of_bucket(method, query, body, arn)
    )
    if not found:
        raise NotImplementedError(f"which permissions {method} {path} of S3 needs isn't known here")
    return [
        Request(each.action, each.resource, {"s3:TlsVersion": "1.3"} | dict(each.context))
        for each in found
    ]


def missing(request: Request) -> Request:
    """Return what decides whether a missing object is told to be missing: the right to list it.

    The key counts as s3:prefix: not documented, but what Ceph's maintainers found on AWS
    (ceph/ceph#68577).
    """
    bucket, _, key = request.resource.partition("/")
    return Request("s3:ListBucket", bucket, {**request.context, "s3:prefix": key})


def _of_object(
    method: str, given: set[str], headers: Mapping[str, str], arn: str, partition: str
) -> list[Request]:
    uploads = given & _UPLOADS
    others = given - _UPLOADS - _PLAIN
    if method in ("GET", "HEAD") and not uploads - {"partNumber"} and others <= {"versionId"}:
        return [Request("s3:GetObjectVersion" if others else "s3:GetObject", arn)]
    if method == "DELETE" and uploads == {"uploadId"}:
        return [Request("s3:AbortMultipartUpload", arn)]
    if method == "DELETE" and not uploads and others <= {"versionId"}:
        return [Request("s3:DeleteObjectVersion" if others else "s3:DeleteObject", arn)]
    if (method == "PUT" or (method == "POST" and uploads)) and not others:
        return [Request("s3:PutObject", arn), *_along(headers, arn, partition)]
    return []


def _along(headers: Mapping[str, str], arn: str, partition: str) -> list[Request]:
    """Return what the headers of an upload need besides."""
    found = []
    if source := headers.get("x-amz-copy-source"):
        read = f"arn:{partition}:s3:::{unquote(source).lstrip('/').partition('?')[0]}"
        found.append(Request("s3:GetObject", read))
    if "x-amz-tagging" in headers:
        found.append(Request("s3:PutObjectTagging", arn))
    if "x-amz-acl" in headers:
        found.append(Request("s3:PutObjectAcl", arn, {"s3:x-amz-acl": headers["x-amz-acl"]}))
    return found


def _of_bucket(method: str, query: Mapping[str, str], body: bytes, arn: str) -> list[Request]:
    if method == "GET" and "location" in query:
        return [Request("s3:GetBucketLocation", arn)]
    listing = {"list-type", "continuation-token", "start-after", "encoding-type", "marker", "x-id"}
    if method == "GET" and query.keys() <= listing | {*_LISTING, "fetch-owner"}:
        context = {f"s3:{name}": query[name] for name in _LISTING if name in query}
        return [Request("s3:ListBucket", arn, context)]
    if method == "HEAD":
        return [Request("s3:ListBucket", arn)]
    if method == "POST" and "delete" in query:
        keys = re.findall(r"<Key>(.*?)</Key>", body.decode(), re.DOTALL)
        return [Request("s3:DeleteObject", f"{arn}/{key}") for key in keys]
    return []
