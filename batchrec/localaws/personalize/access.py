"""What Personalize may do in S3, with a role and in its own name.

Developer Guide, Giving Amazon Personalize access to Amazon S3 resources, and Giving Amazon
Personalize permission to use your AWS KMS key. The text about a bucket policy is recorded from AWS;
all others are our own.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from moto.iam.models import Role
from moto.kms.models import Key
from moto.s3.exceptions import MissingBucket
from moto.s3.models import FakeBucket, FakeKey, s3_backends

from batchrec.localaws import iam_policies
from batchrec.localaws.authorization import decision, resources
from batchrec.localaws.iam_policies import Policy, Principal, Request, UnsupportedPolicyError
from batchrec.localaws.personalize.exceptions import InvalidInputException, JobFailure
from batchrec.localaws.personalize.locations import split
from batchrec.localaws.personalize.storage import SERVICE

KEY_ACTIONS = ("Decrypt", "GenerateDataKey", "DescribeKey", "CreateGrant", "ListGrants")


def require(
    role_arn: str,
    source_arn: str,
    *,
    reads: Iterable[str] = (),
    writes: Iterable[str] = (),
    keys: Iterable[str] = (),
    bulk_import: bool = False,
) -> None:
    """Check that a role exists, and that it and Personalize may read and write in S3.

    For imports AWS checks this when the job is created. Whether it does for other jobs, and which
    ARN it gives as aws:SourceArn, isn't documented: here they are checked at once too, and the ARN
    is that of the job.

    Args:
        role_arn: the service role.
        source_arn: of what is created, in whose account and Region the role and the keys are.
        reads: locations in S3 to list and read, `s3://bucket/prefix`.
        writes: folders in S3 to list and write to.
        keys: ARNs of KMS keys that the request names.
        bulk_import: an import reads a folder's first level only, and for the KMS key of its data
            the key policy's consent is enough.

    Raises:
        InvalidInputException: something is not there or not allowed.
    """
    try:
        access = _Access(_role(role_arn, source_arn), source_arn, bulk_import)
        access.require_trust()
        for location in reads:
            access.require_read(*_found(location, source_arn))
        for location in writes:
            access.require_write(*_found(location, source_arn))
        for key in keys:
            access.require_key(key)
    except UnsupportedPolicyError as error:
        raise InvalidInputException(f"{error} It may decide what {role_arn} can do.") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # The local S3 and KMS take any text as a policy, and KMS any as a Region.
        raise InvalidInputException(
            f"A policy or a key that decides what {role_arn} can do is malformed: {error!r}"
        ) from error


def require_still(allowed: Callable[[], None], prefix: str = "") -> None:
    """Check once more, when the job runs, what `require` checked when it was created.

    Raises:
        JobFailure: it isn't allowed any more; the text is the one documented for imports.
    """
    try:
        allowed()
    except InvalidInputException as lost:
        raise JobFailure(
            f"{prefix}Insufficient privileges for accessing data in Amazon S3."
        ) from lost


@dataclass(frozen=True)
class _Access:
    role: Role
    source_arn: str
    bulk_import: bool

    def require_trust(self) -> None:
        request = Request("sts:AssumeRole", self.role.arn, self._as_service())
        trust = iam_policies.parsed(self.role.assume_role_policy_document)
        if not iam_policies.allows([trust], request, Principal.service(SERVICE)):
            raise InvalidInputException(
                f"Amazon Personalize can't assume {self.role.arn}: its trust policy doesn't let"
                f" {SERVICE} do sts:AssumeRole for {self.source_arn}."
            )

    def require_read(self, bucket: FakeBucket, prefix: str) -> None:
        self._require_list(bucket, prefix)
        objects = [
            found
            for name, found in list(bucket.keys.items())
            if name.startswith(prefix)
            and isinstance(found, FakeKey)
            and not (self.bulk_import and "/" in name.removeprefix(prefix))
        ]
        for name in [found.name for found in objects] or [prefix]:
            self._require(bucket, "s3:GetObject", f"/{name}")
        for key in sorted({found.kms_key_id for found in objects if found.kms_key_id}):
            self.require_key(key)

    def require_write(self, bucket: FakeBucket, folder: str) -> None:
        self._require_list(bucket, folder)
        self._require(bucket, "s3:PutObject", f"{f'/{folder}'.rstrip('/')}/_CHECK")
        if key := resources.write_key(bucket):
            self.require_key(key)

    def require_key(self, key_id: str) -> None:
        key = self._key(key_id)
        policies = [iam_policies.parsed(key.policy)]
        role = Principal.itself(self.role.arn)
        for action in (f"kms:{name}" for name in KEY_ACTIONS):
            by_service = Request(action, key.arn, self._as_service())
            if not iam_policies.allows(policies, by_service, Principal.service(SERVICE)):
                raise InvalidInputException(
                    f"Insufficient privileges for using the AWS KMS key {key.arn}: its key policy"
                    f" doesn't let {SERVICE} do {action}."
                )
            by_role = Request(action, key.arn, self._as_role())
            admitted = iam_policies.allows(policies, by_role, Principal.role(self.role.arn))
            by_name = "Allow" in iam_policies.effects_on(policies, by_role, role)
            # A grant needs the key policy's consent only; where it admits the account as a whole,
            # the role's own policies decide (KMS Developer Guide, Default key policy).
            alone = by_name and (action == "kms:CreateGrant" or self.bulk_import)
            if not admitted or not (alone or decision.permits(self.role, by_role)):
                raise InvalidInputException(
                    f"Insufficient privileges for using the AWS KMS key {key.arn}: the key policy"
                    f" or the policies of {self.role.arn} don't let the role do {action}."
                )

    def _require_list(self, bucket: FakeBucket, prefix: str) -> None:
        self._require(bucket, "s3:ListBucket", "", **{"s3:prefix": prefix})

    def _require(self, bucket: FakeBucket, action: str, tail: str, **context: str) -> None:
        """Check the role's own policies and the bucket's, which must admit the service as well."""
        resource = f"{bucket.arn}{tail}"
        policies = _policies(bucket)
        by_role = Request(action, resource, self._as_role() | context)
        denied = iam_policies.effects_on(policies, by_role, Principal.role(self.role.arn))
        if "Deny" in denied or not decision.permits(self.role, by_role):
            whose = "bucket's policy denies" if "Deny" in denied else "role's policies don't allow"
            raise InvalidInputException(
                f"Insufficient privileges for accessing data in S3. {self.role.arn} can't do"
                f" {action} on {resource}: the {whose} it."
            )
        by_service = Request(action, resource, self._as_service() | context)
        if not iam_policies.allows(policies, by_service, Principal.service(SERVICE)):
            detail = f" It doesn't let {SERVICE} do {action} on {resource}." if policies else ""
            raise InvalidInputException(
                "Insufficient privileges for accessing data in S3. Please look at"
                " https://docs.aws.amazon.com/personalize/latest/dg/"
                "granting-personalize-s3-access.html#attach-bucket-policy"
                f" and fix bucket policy on {bucket.name}.{detail}"
            )

    def _as_service(self) -> dict[str, str]:
        account = self.source_arn.split(":")[4]
        return {
            "aws:SecureTransport": "true",
            "s3:TlsVersion": "1.3",
            "aws:SourceAccount": account,
            "aws:SourceArn": self.source_arn,
            "aws:PrincipalIsAWSService": "true",
            "aws:PrincipalServiceName": SERVICE,
        }

    def _as_role(self) -> dict[str, str]:
        return {
            "aws:SecureTransport": "true",
            "s3:TlsVersion": "1.3",
            "aws:PrincipalIsAWSService": "false",
            "aws:PrincipalArn": self.role.arn,
            "aws:PrincipalAccount": self.role.account_id,
        }

    def _key(self, key_id: str) -> Key:
        """Find a key by its ARN, or by the id or alias that a bucket's configuration has."""
        region, account = self.source_arn.split(":")[3:5]
        found = resources.key(key_id, region, account)
        if found is None:
            raise InvalidInputException(f"The AWS KMS key {key_id} does not exist.")
        return found


def _role(arn: str, source_arn: str) -> Role:
    account = source_arn.split(":")[4]
    found = decision.role(arn)
    if found is None or found.account_id != account:
        raise InvalidInputException(f"The role {arn} does not exist in {account}.")
    return found


def _found(location: str, source_arn: str) -> tuple[FakeBucket, str]:
    """Find a bucket, which must be in the job's Region.

    API Reference, BatchInferenceJobInput; of imports it isn't documented.
    """
    name, key = split(location)
    _, partition, _, region, account = source_arn.split(":")[:5]
    try:
        bucket = s3_backends[account][partition].get_bucket(name)
    except MissingBucket as error:
        raise InvalidInputException(f"The bucket {name} does not exist.") from error
    if bucket.region_name != region:
        raise InvalidInputException(
            f"The bucket {name} is in {bucket.region_name}; it must be in {region}."
        )
    return bucket, key


def _policies(bucket: FakeBucket) -> list[Policy]:
    try:
        return [iam_policies.parsed(bucket.policy)] if bucket.policy else []
    except ValueError as error:  # AWS doesn't take such a policy; the local S3 does
        raise InvalidInputException(f"The policy of {bucket.name} is not valid: {error}") from error
