"""What of an account is saved, and taken over again: Amazon S3 and Amazon Personalize.

The rest is quickly made anew, as Terraform does by itself when its state says that something was
there. Of S3 these are the buckets with their policies, versioning, encryption and tags, and the
current version of each object.
"""

import base64
from datetime import datetime
from typing import Any

from moto.s3.models import FakeBucket, FakeKey, S3Backend, s3_backends

from batchrec.localaws.personalize import saved as personalize
from batchrec.localaws.personalize.models import personalize_backends
from batchrec.localaws.state_file import Index, Parts

# moto's, as they are.
_BUCKET_ATTRIBUTES = ("encryption", "versioning_status")
_OBJECT_ATTRIBUTES = (
    "bucket_key_enabled",
    "checksum_algorithm",
    "checksum_type",
    "checksum_value",
    "encryption",
    "kms_key_id",
)


def give(time: float, attachments: dict[str, bytes], parts: Parts) -> Index:
    """Write everything; return the index.

    Args:
        time: the virtual time.
        attachments: files that users of the account keep with it, by name.
        parts: receives what is too large for the index.
    """
    return {
        "time": time,
        "attachments": {name: parts.add(content) for name, content in attachments.items()},
        "buckets": [
            _bucket(backend, bucket, parts)
            for by_partition in list(s3_backends.values())
            for backend in list(by_partition.values())
            for bucket in list(backend.buckets.values())
        ],
        "personalize": [
            {"account": account, "region": region} | personalize.give(backend, parts)
            for account, by_region in list(personalize_backends.items())
            for region, backend in list(by_region.items())
        ],
    }


def take(index: Index, parts: Parts) -> dict[str, bytes]:
    """Put everything into the empty account; return the attachments."""
    for bucket in index["buckets"]:
        _put_bucket(s3_backends[bucket["account"]][bucket["partition"]], bucket, parts)
    for each in index["personalize"]:
        personalize.take(personalize_backends[each["account"]][each["region"]], each, parts)
    return {name: parts.read(part) for name, part in index["attachments"].items()}


def _bucket(backend: S3Backend, bucket: FakeBucket, parts: Parts) -> dict[str, Any]:
    return {
        "account": bucket.account_id,
        "partition": bucket.partition,
        "region": bucket.region_name,
        "name": bucket.name,
        "created": bucket.creation_date.isoformat(),
        "attributes": {name: getattr(bucket, name) for name in _BUCKET_ATTRIBUTES},
        "policy": base64.b64encode(bucket.policy or b"").decode(),
        "tags": backend.tagger.get_tag_dict_for_resource(bucket.arn),
        "objects": [
            _object(backend, key, parts)
            for key in bucket.keys.values()
            if isinstance(key, FakeKey)  # and no delete marker
        ],
    }


def _object(backend: S3Backend, key: FakeKey, parts: Parts) -> dict[str, Any]:
    return {
        "key": key.name,
        "content": parts.add(key.value),
        "etag": key.etag.strip('"'),  # of a multipart upload, no digest of the content
        "version": key.version_id,
        "modified": key.last_modified.isoformat(),
        "storage_class": key.storage_class,
        "attributes": {name: getattr(key, name) for name in _OBJECT_ATTRIBUTES},
        "metadata": dict(key.metadata),
        "tags": backend.tagger.get_tag_dict_for_resource(key.arn),
    }


def _put_bucket(backend: S3Backend, saved: dict[str, Any], parts: Parts) -> None:
    bucket = backend.create_bucket(saved["name"], saved["region"])
    bucket.creation_date = datetime.fromisoformat(saved["created"])
    _set(bucket, saved["attributes"], _BUCKET_ATTRIBUTES)
    bucket.policy = base64.b64decode(saved["policy"]) or None
    _tag(backend, bucket.arn, saved["tags"])
    for each in saved["objects"]:
        key = backend.put_object(
            bucket.name,
            each["key"],
            parts.read(each["content"]),
            storage=each["storage_class"],
            etag=each["etag"],
            disable_notification=True,
        )
        key._version_id = each["version"]
        key.last_modified = datetime.fromisoformat(each["modified"])
        _set(key, each["attributes"], _OBJECT_ATTRIBUTES)
        key.set_metadata(each["metadata"])
        _tag(backend, key.arn, each["tags"])


def _set(owner: object, saved: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        setattr(owner, name, saved[name])


def _tag(backend: S3Backend, arn: str, tags: dict[str, str]) -> None:
    backend.tagger.tag_resource(arn, backend.tagger.convert_dict_to_tags_input(tags))
