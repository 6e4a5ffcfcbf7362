"""What requests need of the KMS keys with which others encrypt: of a customer, that is.

S3 User Guide, Using server-side encryption with AWS KMS keys; SNS and SQS Developer Guides, Key
management. AWS's own keys (alias/aws/…) are for everybody in the account.
"""

from collections.abc import Callable, Iterable

from batchrec.localaws.authorization import resources
from batchrec.localaws.iam_policies import Request


def needed(requests: Iterable[Request], region: str, partition: str, caller: str) -> list[Request]:
    """Return what requests of an account, the caller, to S3, SNS and SQS need of keys."""
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    found = []
    for each in requests:
        key_id, actions = _use(each, partition)
        if not key_id or ":alias/aws/" in f":{key_id}":
            continue
        service = each.action.partition(":")[0]
        _, _, _, own_region, account, _ = each.resource.split(":", 5)
        key = resources.key(key_id, own_region or region, account or _account(each, partition))
        arn = key.arn if key else key_id
        context = {"kms:ViaService": f"{service}.{region}.{suffix}", "kms:CallerAccount": caller}
        if service == "s3":
            context["kms:EncryptionContext:aws:s3:arn"] = each.resource
        if service == "sns":
            context["kms:EncryptionContext:aws:sns:topicArn"] = each.resource
        found += [Request(f"kms:{action}", arn, context) for action in actions]
    return found


def _use(request: Request, partition: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the key that a request uses, and how."""
    queue: dict[str, Callable[[str], str | None]] = {
        "sns:Publish": resources.topic_key,
        "sqs:SendMessage": resources.queue_key,
    }
    if request.action in queue:
        return queue[request.action](request.resource), ("GenerateDataKey", "Decrypt")
    name, _, key = request.resource.rpartition(":")[2].partition("/")
    bucket = resources.bucket(partition, name)
    if bucket is not None and request.action == "s3:GetObject":
        return resources.read_key(bucket, key), ("Decrypt",)
    if bucket is not None and request.action == "s3:PutObject":
        return resources.write_key(bucket), ("GenerateDataKey",)
    return None, ()


def _account(request: Request, partition: str) -> str:
    """Return the account of a bucket, which its ARN doesn't name."""
    bucket = resources.bucket(partition, request.resource.rpartition(":")[2].partition("/")[0])
    return bucket.account_id if bucket else ""
