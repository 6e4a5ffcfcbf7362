"""What the local Personalize may do in S3, through boto3.

Personalize Developer Guide, Giving Amazon Personalize access to Amazon S3 resources, Giving Amazon
Personalize permission to use your AWS KMS key, Cross-service confused deputy prevention.
"""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from personalize_world import ARN, LONG_ENOUGH, ROLE, SERVICE, World, csv, refusal, unique

from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)

ACCOUNT = "123456789012"
SOURCE = {
    "StringEquals": {"aws:SourceAccount": ACCOUNT},
    "ArnLike": {"aws:SourceArn": f"{ARN}:*"},
}
TRUST = {
    "Effect": "Allow",
    "Principal": SERVICE,
    "Action": "sts:AssumeRole",
    "Condition": SOURCE,
}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@dataclass(frozen=True)
class Site:
    """A bucket with data and a role, as the documentation wants them; tests change them."""

    world: World
    bucket: str
    role: str

    @property
    def name(self) -> str:
        return self.role.rpartition("/")[2]

    @property
    def data(self) -> str:
        return f"s3://{self.bucket}/data/"

    def use(self, *actions: str, **changes: Any) -> dict[str, Any]:
        resources = [f"arn:aws:s3:::{self.bucket}", f"arn:aws:s3:::{self.bucket}/*"]
        return {"Effect": "Allow", "Action": list(actions), "Resource": resources} | changes

    def admit(self, *statements: dict[str, Any]) -> None:
        s3 = self.world.aws.client("s3")
        s3.put_bucket_policy(Bucket=self.bucket, Policy=policy(*statements))

    def permit(self, *statements: dict[str, Any]) -> None:
        iam = self.world.aws.client("iam")
        iam.put_role_policy(RoleName=self.name, PolicyName="s3", PolicyDocument=policy(*statements))

    def trust(self, statement: dict[str, Any]) -> None:
        iam = self.world.aws.client("iam")
        iam.update_assume_role_policy(RoleName=self.name, PolicyDocument=policy(statement))

    def start_import(self) -> str:
        return self.world.start_import(self.data, roleArn=self.role)

    def start_batch(self, **settings: Any) -> str:
        paths = f"s3://{self.bucket}/in/", f"s3://{self.bucket}/out/"
        return self.world.start_batch(*paths, roleArn=self.role, **settings)

    def refused(self, start: Any = None) -> str:
        return refusal("InvalidInputException", start or self.start_import)


READ, ALL = ("s3:GetObject", "s3:ListBucket"), ("s3:GetObject", "s3:ListBucket", "s3:PutObject")


@pytest.fixture
def site(world: World, held: LocalAws) -> Site:
    """Jobs are created and stay pending, until the end of the test."""
    name = unique("site")
    s3, iam = held.client("s3"), held.client("iam")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="data/a.csv", Body=csv().encode())
    s3.put_object(Bucket=name, Key="in/users.json", Body=b'{"userId": "1"}\n')
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(TRUST))
    site = Site(world, name, made["Role"]["Arn"])
    site.permit(site.use(*ALL))
    site.admit(site.use(*ALL, Principal=SERVICE))
    return site


def test_the_documented_policies_are_enough(site: Site) -> None:
    site.start_import()
    site.start_batch()


# --- the role -------------------------------------------------------------------------------------


def test_a_role_that_does_not_exist(site: Site) -> None:
    site.world.aws.client("iam").delete_role_policy(RoleName=site.name, PolicyName="s3")
    site.world.aws.client("iam").delete_role(RoleName=site.name)
    for start in (site.start_import, site.start_batch):
        assert f"{site.role} does not exist" in site.refused(start)


@pytest.mark.parametrize(
    "changes",
    [
        {"Principal": {"Service": "glue.amazonaws.com"}},
        {"Principal": {"AWS": ACCOUNT}},
        {"Action": "sts:TagSession"},
        {"Condition": {"StringEquals": {"aws:SourceAccount": "210987654321"}}},
        {"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:personalize:eu-west-1:*:*"}}},
        {"Condition": {"StringEquals": {"sts:ExternalId": "secret"}}},
        {"Effect": "Deny"},
    ],
    ids=["service", "account", "action", "source-account", "source-arn", "absent-key", "deny"],
)
def test_a_role_that_personalize_cannot_assume(site: Site, changes: dict[str, Any]) -> None:
    site.trust(TRUST | changes)
    message = site.refused()
    assert site.role in message
    assert "sts:AssumeRole" in message


def test_a_role_that_trusts_without_conditions(site: Site) -> None:
    site.trust({name: value for name, value in TRUST.items() if name != "Condition"})
    site.start_import()


@pytest.mark.parametrize("missing", READ)
def test_an_import_needs_a_role_that_can_read(site: Site, missing: str) -> None:
    site.permit(site.use(*(action for action in ALL if action != missing)))
    message = site.refused()
    assert site.role in message
    assert missing in message
    assert f"arn:aws:s3:::{site.bucket}" in message


def test_an_import_writes_nothing(site: Site) -> None:
    site.permit(site.use(*READ))
    site.admit(site.use(*READ, Principal=SERVICE))
    site.start_import()
    assert "s3:PutObject" in site.refused(site.start_batch)


@pytest.mark.parametrize("missing", ALL)
def test_a_batch_job_needs_a_role_that_can_read_and_write(site: Site, missing: str) -> None:
    site.permit(site.use(*(action for action in ALL if action != missing)))
    message = site.refused(site.start_batch)
    assert site.role in message
    assert missing in message


def test_permissions_on_other_keys_do_not_count(site: Site) -> None:
    bucket = f"arn:aws:s3:::{site.bucket}"
    site.permit(
        site.use("s3:ListBucket"),
        site.use("s3:GetObject", Resource=f"{bucket}/data/*"),
        site.use("s3:PutObject", Resource=f"{bucket}/elsewhere/*"),
    )
    site.start_import()
    assert f"{bucket}/in/users.json" in site.refused(site.start_batch)
    site.permit(
        site.use("s3:ListBucket"),
        site.use("s3:GetObject", Resource=f"{bucket}/in/*"),
        site.use("s3:PutObject", Resource=f"{bucket}/out/*"),
    )
    site.start_batch()


def test_listing_can_be_limited_to_a_prefix(site: Site) -> None:
    """S3 User Guide, Amazon S3 condition keys: s3:prefix."""
    only = {"Condition": {"StringLike": {"s3:prefix": "data/*"}}}
    site.permit(site.use("s3:ListBucket", **only), site.use("s3:GetObject", "s3:PutObject"))
    site.start_import()
    assert "s3:ListBucket" in site.refused(site.start_batch)


def test_a_role_that_is_denied(site: Site) -> None:
    site.permit(site.use("s3:*"), site.use("s3:Get*", Effect="Deny"))
    assert "s3:GetObject" in site.refused()


def test_managed_policies_count_in_their_default_version(site: Site) -> None:
    iam = site.world.aws.client("iam")
    managed = iam.create_policy(PolicyName=site.name, PolicyDocument=policy(site.use("s3:*")))
    arn = managed["Policy"]["Arn"]
    iam.delete_role_policy(RoleName=site.name, PolicyName="s3")
    assert site.role in site.refused()
    iam.attach_role_policy(RoleName=site.name, PolicyArn=arn)
    site.start_import()
    nothing = policy(site.use("s3:*", Effect="Deny"))
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=nothing, SetAsDefault=True)
    assert site.role in site.refused()


def test_a_permissions_boundary_limits_the_role(site: Site) -> None:
    """IAM User Guide, Permissions boundaries for IAM entities."""
    iam = site.world.aws.client("iam")
    limit = iam.create_policy(
        PolicyName=site.name, PolicyDocument=policy(site.use("s3:ListBucket"))
    )
    iam.put_role_permissions_boundary(
        RoleName=site.name, PermissionsBoundary=limit["Policy"]["Arn"]
    )
    assert "s3:GetObject" in site.refused()


def test_an_import_that_loses_its_access_fails(site: Site) -> None:
    """Developer Guide, Error messages."""
    job = site.start_import()
    site.world.aws.client("s3").delete_bucket_policy(Bucket=site.bucket)
    site.world.aws.clock.advance(LONG_ENOUGH)
    describe = site.world.personalize.describe_dataset_import_job
    ended = describe(datasetImportJobArn=job)["datasetImportJob"]
    assert ended["status"] == "CREATE FAILED"
    reason = ended["failureReason"]
    assert reason.startswith("Failed to create a data import job for INTERACTIONS dataset.")
    assert reason.endswith("Insufficient privileges for accessing data in Amazon S3.")


# --- the bucket -----------------------------------------------------------------------------------

FIX_THE_POLICY = (
    "Insufficient privileges for accessing data in S3. Please look at"
    " https://docs.aws.amazon.com/personalize/latest/dg/granting-personalize-s3-access.html"
    "#attach-bucket-policy and fix bucket policy on {}."
)


def test_without_a_bucket_policy_jobs_are_refused_at_once(site: Site) -> None:
    site.world.aws.client("s3").delete_bucket_policy(Bucket=site.bucket)
    assert site.refused() == FIX_THE_POLICY.format(site.bucket)
    assert site.refused(site.start_batch) == FIX_THE_POLICY.format(site.bucket)


@pytest.mark.parametrize(
    "changes",
    [
        {"Principal": "*"},
        {"Principal": {"Service": "glue.amazonaws.com"}},
        {"Principal": {"AWS": ACCOUNT}},
        {"Effect": "Deny"},
        {"Action": "s3:GetObject"},
        {"Action": "s3:ListBucket"},
        {"Resource": "arn:aws:s3:::another-bucket/*"},
        {"Condition": {"StringEquals": {"aws:SourceAccount": "210987654321"}}},
        {"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:personalize:eu-west-1:*:*"}}},
        {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
    ],
    ids=[
        "everybody",
        "another-service",
        "account",
        "deny",
        "no-list",
        "no-get",
        "another-bucket",
        "source-account",
        "source-arn",
        "over-http",
    ],
)
def test_a_bucket_policy_that_does_not_admit_personalize(
    site: Site, changes: dict[str, Any]
) -> None:
    site.admit(site.use(*READ, Principal=SERVICE) | changes)
    message = site.refused()
    assert site.bucket in message


@pytest.mark.parametrize(
    "changes",
    [
        {"Condition": SOURCE},
        {"Principal": {"Service": ["glue.amazonaws.com", "personalize.amazonaws.com"]}},
        {"Action": "s3:*"},
        {"Resource": "*"},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    ],
    ids=["source", "two-services", "any-action", "any-resource", "over-https"],
)
def test_a_bucket_policy_that_admits_personalize(site: Site, changes: dict[str, Any]) -> None:
    site.admit(site.use(*READ, Principal=SERVICE) | changes)
    site.start_import()


@pytest.mark.parametrize(
    ("deny", "refused"),
    [
        ({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}, False),
        ({"Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}}, False),
        # Personalize can't use buckets that allow access from a VPC only.
        ({"Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}}, True),
        ({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}, True),
        ({"NotPrincipal": SERVICE}, True),
    ],
    ids=["http", "old-tls", "vpc-only", "the-role", "all-but-the-service"],
)
def test_what_a_bucket_policy_denies(site: Site, deny: dict[str, Any], refused: bool) -> None:
    everybody = {} if "NotPrincipal" in deny else {"Principal": "*"}
    denied = site.use("s3:*", Effect="Deny") | everybody | deny
    site.admit(site.use(*READ, Principal=SERVICE), denied)
    if refused:
        assert site.bucket in site.refused()
    else:
        site.start_import()


def test_batch_jobs_need_the_consent_of_both_buckets(site: Site) -> None:
    closed = unique("closed")
    site.world.aws.client("s3").create_bucket(Bucket=closed)
    site.permit(site.use(*ALL, Resource="*"))
    here, there = f"s3://{site.bucket}/in/", f"s3://{closed}/out/"
    for paths in ((here, there), (there, here)):
        start = site.world.start_batch
        message = site.refused(lambda: start(*paths, roleArn=site.role))  # noqa: B023
        assert message == FIX_THE_POLICY.format(closed)


def test_a_bucket_that_does_not_exist(world: World) -> None:
    bucket = unique("nowhere")
    start = world.start_import
    message = refusal("InvalidInputException", lambda: start(f"s3://{bucket}/interactions.csv"))
    assert bucket in message


def test_a_bucket_in_another_region(site: Site) -> None:
    """API Reference, BatchInferenceJobInput."""
    bucket = unique("far")
    s3 = site.world.aws.client("s3", "eu-west-1")
    where = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    message = site.refused(lambda: site.world.start_import(f"s3://{bucket}/", roleArn=site.role))
    assert "eu-west-1" in message


def test_a_condition_that_is_not_emulated_is_named(site: Site) -> None:
    since = {"Condition": {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}}
    site.permit(site.use(*ALL, **since))
    assert "DateGreaterThan" in site.refused()


def test_the_bucket_itself_can_be_the_output(site: Site) -> None:
    check = f"arn:aws:s3:::{site.bucket}/_CHECK"
    site.permit(site.use(*READ), site.use("s3:PutObject", Resource=check))
    start = site.world.start_batch
    start(f"s3://{site.bucket}/in/", f"s3://{site.bucket}/", roleArn=site.role)


def test_keys_may_have_any_character(site: Site) -> None:
    s3 = site.world.aws.client("s3")
    s3.put_object(Bucket=site.bucket, Key="odd #1?/a.csv", Body=csv().encode())
    odd = f"arn:aws:s3:::{site.bucket}/odd #1?/*"
    site.permit(site.use("s3:ListBucket"), site.use("s3:GetObject", Resource=odd))
    site.world.start_import(f"s3://{site.bucket}/odd #1?/", roleArn=site.role)


# --- keys -----------------------------------------------------------------------------------------

KEY_ACTIONS = ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey", "kms:ListGrants"]
OWNER = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "kms:*",
    "Resource": "*",
}


def key_use(role: str, **changes: Any) -> dict[str, Any]:
    """The documented statement of a key policy."""
    return {
        "Effect": "Allow",
        "Principal": {"AWS": role} | SERVICE,
        "Action": [*KEY_ACTIONS, "kms:CreateGrant"],
        "Resource": "*",
    } | changes


@dataclass(frozen=True)
class Vault:
    """A site whose bucket is encrypted with a key of its own."""

    site: Site
    key: str

    def set(self, *statements: dict[str, Any]) -> None:
        kms = self.site.world.aws.client("kms")
        document = policy(OWNER, *statements)
        kms.put_key_policy(KeyId=self.key, PolicyName="default", Policy=document)

    def let_the_role_use_the_key(self) -> None:
        use = {"Effect": "Allow", "Action": KEY_ACTIONS, "Resource": "*"}
        self.site.permit(self.site.use(*ALL), use)


@pytest.fixture
def vault(site: Site) -> Vault:
    key = site.world.aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    s3 = site.world.aws.client("s3")
    s3.put_bucket_encryption(
        Bucket=site.bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": default}]
        },
    )
    for name in ("data/a.csv", "in/users.json"):
        content = s3.get_object(Bucket=site.bucket, Key=name)["Body"].read()
        s3.put_object(Bucket=site.bucket, Key=name, Body=content)
    return Vault(site, key)


def test_an_encrypted_bucket_needs_the_consent_of_its_key(vault: Vault) -> None:
    """A key's default policy admits the account and no service."""
    vault.let_the_role_use_the_key()
    for start in (vault.site.start_import, vault.site.start_batch):
        assert vault.key in vault.site.refused(start)
    vault.set(key_use(vault.site.role))
    vault.site.start_import()
    vault.site.start_batch()


@pytest.mark.parametrize("missing", [*KEY_ACTIONS, "kms:CreateGrant"])
def test_the_key_policy_needs_all_documented_actions(vault: Vault, missing: str) -> None:
    vault.let_the_role_use_the_key()
    actions = [action for action in [*KEY_ACTIONS, "kms:CreateGrant"] if action != missing]
    vault.set(key_use(vault.site.role, Action=actions))
    assert missing in vault.site.refused()


def test_for_imports_the_key_policy_is_enough(vault: Vault) -> None:
    vault.set(key_use(vault.site.role))
    vault.site.start_import()
    assert vault.site.role in vault.site.refused(vault.site.start_batch)


def test_the_key_policy_must_admit_the_role_too(vault: Vault) -> None:
    vault.set(key_use(vault.site.role, Principal=SERVICE))
    assert vault.site.role in vault.site.refused()


def test_conditions_of_the_key_policy_count(vault: Vault) -> None:
    vault.let_the_role_use_the_key()
    by_service = key_use(vault.site.role, Principal=SERVICE)
    by_role = key_use(vault.site.role, Principal={"AWS": vault.site.role})
    vault.set(by_role, by_service | {"Condition": SOURCE})
    vault.site.start_batch()
    other = {"StringEquals": {"aws:SourceAccount": "210987654321"}}
    vault.set(by_role, by_service | {"Condition": other})
    assert vault.key in vault.site.refused(vault.site.start_batch)


def test_a_key_that_a_job_names_is_checked(site: Site) -> None:
    key = site.world.aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    destination = {"path": f"s3://{site.bucket}/out/", "kmsKeyArn": key}
    output = {"jobOutput": {"s3DataDestination": destination}}
    assert key in site.refused(lambda: site.start_batch(**output))
    destination["kmsKeyArn"] = f"{key[:-12]}000000000000"
    assert "does not exist" in site.refused(lambda: site.start_batch(**output))


def test_the_shared_role_is_a_real_one(world: World) -> None:
    """So that the other tests of Personalize go through these checks."""
    assert world.aws.client("iam").get_role(RoleName="personalize")["Role"]["Arn"] == ROLE


@pytest.mark.parametrize(
    "malformed",
    [
        "5",
        '{"Statement": ["all"]}',
        '{"Statement": [{"Principal": "personalize.amazonaws.com", "Effect": "Allow"}]}',
        '{"Statement": [{"Principal": {"Service": "personalize.amazonaws.com"}}]}',
    ],
)
def test_a_malformed_bucket_policy_admits_nobody(site: Site, malformed: str) -> None:
    s3 = site.world.aws.client("s3")
    s3.put_bucket_policy(Bucket=site.bucket, Policy=malformed)
    refusal(
        "InvalidInputException",
        lambda: site.world.start_import(site.data, roleArn=site.role),
    )


def test_a_batch_job_that_loses_access_fails(site: Site, held: LocalAws) -> None:
    """Developer Guide, Error messages: that access can be lost before a job runs."""
    world = site.world
    source = f"s3://{site.bucket}/data/"
    world.aws.client("s3").put_object(
        Bucket=site.bucket, Key="data/users.json", Body=b'{"userId": "1"}\n'
    )
    job = world.start_batch(source, f"s3://{site.bucket}/out/", roleArn=site.role)
    world.aws.client("s3").delete_bucket_policy(Bucket=site.bucket)
    held.clock.advance(LONG_ENOUGH)
    described = world.personalize.describe_batch_inference_job(batchInferenceJobArn=job)
    ended = described["batchInferenceJob"]
    assert ended["status"] == "CREATE FAILED"
    assert "Insufficient privileges for accessing data in Amazon S3." in ended["failureReason"]


def test_a_key_of_no_region_is_refused(site: Site) -> None:
    place = {
        "path": f"s3://{site.bucket}/out/",
        "kmsKeyArn": f"arn:aws:kms:nowhere:{ACCOUNT}:key/0a1b",
    }
    refusal(
        "InvalidInputException",
        lambda: site.world.start_batch(
            site.data, "", roleArn=site.role, jobOutput={"s3DataDestination": place}
        ),
    )
