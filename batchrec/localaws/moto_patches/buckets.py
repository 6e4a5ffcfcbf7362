"""Buckets of S3: their policies, and what is in them."""

import json
from collections.abc import Iterator
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket
from moto.s3.utils import _VersionedKeyStore

from batchrec.localaws.moto_patches.patching import patch


def pass_over_conditional_bucket_policy_statements() -> None:
    """moto applies conditional statements of bucket policies whatever their conditions say.

    So a bucket that refuses plain HTTP refuses everybody. The local AWS, which has no TLS, stands
    for one that is called over TLS.
    """

    def get_permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
        if bucket.policy is None:
            return PermissionResult.NEUTRAL
        policy = json.loads(bucket.policy)
        policy["Statement"] = [s for s in policy["Statement"] if "Condition" not in s]
        return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)

    patch(FakeBucket, "get_permission", get_permission)


def list_objects_while_some_are_deleted() -> None:
    """moto looks objects up while it lists them: a listing fails with those that are gone by then.

    `terraform destroy` deletes objects side by side, and lists each one's versions before.
    """

    def lists(store: _VersionedKeyStore) -> Iterator[tuple[str, list[Any]]]:
        return ((key, list(versions)) for key, versions in store._self_iterable().items())

    def items(store: _VersionedKeyStore) -> Iterator[tuple[str, Any]]:
        return ((key, versions[-1]) for key, versions in lists(store) if versions)

    def values(store: _VersionedKeyStore) -> Iterator[Any]:
        return (newest for _, newest in items(store))

    for listing in (lists, items, values):
        patch(_VersionedKeyStore, listing.__name__, listing)
        patch(_VersionedKeyStore, f"iter{listing.__name__}", listing)
