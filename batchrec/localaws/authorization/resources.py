"""What resources have that bears on who may use them: their policies, and the keys they use."""

from typing import Any

from moto.kms.models import Key, kms_backends
from moto.s3.models import FakeBucket, FakeKey, s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from batchrec.localaws.iam_policies import Policy, parsed


def policies(arn: str) -> list[Policy]:
    """Return a resource's own policy, if it has one that is known here."""
    _, partition, service, region, account, tail = (arn.split(":", 5) + [""] * 6)[:6]
    found: Any = None
    if service == "s3":
        found = bucket(partition, tail.partition("/")[0])
    elif service == "sns":
        found = sns_backends[account][region].topics.get(arn)
    elif service == "sqs":
        found = sqs_backends[account][region].queues.get(tail)
    elif service == "kms":
        found = key(tail, region, account)
    text = getattr(found, "policy", None)
    return [parsed(text)] if text else []


def bucket(partition: str, name: str) -> FakeBucket | None:
    """Find a bucket: their names are global in a partition."""
    for backends in list(s3_backends.values()):
        if partition in backends and name in backends[partition].buckets:
            return backends[partition].buckets[name]
    return None


def read_key(of: FakeBucket, name: str) -> str | None:
    """Return the KMS key that an object is encrypted with; None for one of AWS's own."""
    found = of.keys.get(name)
    return found.kms_key_id if isinstance(found, FakeKey) else None


def write_key(of: FakeBucket) -> str | None:
    """Return the KMS key that a bucket encrypts new objects with; None for one of AWS's own."""
    rule = (of.encryption or {}).get("Rule", {})
    found: str | None = rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID")
    return found


def topic_key(arn: str) -> str | None:
    """Return the KMS key of an SNS topic."""
    region, account = arn.split(":")[3:5]
    found = sns_backends[account][region].topics.get(arn)
    return found.kms_master_key_id if found else None


def queue_key(arn: str) -> str | None:
    """Return the KMS key of an SQS queue."""
    region, account, name = arn.split(":")[3:6]
    found = sqs_backends[account][region].queues.get(name)
    key_id: str | None = getattr(found, "kms_master_key_id", None)  # only if it was given one
    return key_id


def key(key_id: str, region: str, account: str) -> Key | None:
    """Find a KMS key by ARN, id or alias."""
    if key_id.startswith("arn:"):
        region, account = key_id.split(":")[3:5]
    alias = key_id.rpartition(":")[2]
    for found in kms_backends[account][region].keys.values():
        if found.id == key_id.rpartition("/")[2] or alias in found.aliases:
            return found
    return None
