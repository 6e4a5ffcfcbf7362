"""Bucket policies of S3."""

import json

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket

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
