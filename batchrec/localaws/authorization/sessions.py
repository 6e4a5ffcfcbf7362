"""Roles at work: what a service or a person assumed, by the access key that stands for it."""

from botocore.exceptions import ClientError
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from batchrec.localaws import iam_policies
from batchrec.localaws.authorization import decision
from batchrec.localaws.authorization.session import Session
from batchrec.localaws.iam_policies import Principal, Request


class Sessions:
    """The sessions of one local AWS."""

    def __init__(self) -> None:
        self._by_service: dict[tuple[str, str], Session] = {}
        self._by_key: dict[str, Session] = {}

    def assume(self, role_arn: str, service: str, source_arn: str) -> Session | None:
        """Let a service take on a role, as its trust policy permits.

        Args:
            role_arn: the role.
            service: principal of the service, e.g. "states.amazonaws.com".
            source_arn: the resource for which the service does it: aws:SourceArn.

        Returns:
            None where IAM has no such role: the local AWS then works without one.

        Raises:
            ClientError: AccessDenied, as the trust policy doesn't permit it.
        """
        role = decision.role(role_arn)
        if role is None:
            return None
        source = {"aws:SourceArn": source_arn, "aws:SourceAccount": source_arn.split(":")[4]}
        wanted = Request("sts:AssumeRole", role_arn, source)
        trust = iam_policies.parsed(role.assume_role_policy_document)
        if not iam_policies.allows([trust], wanted, Principal.service(service)):
            raise _untrusted(role_arn, service, source_arn)
        made = self._by_service.get((role_arn, service))
        if made is None:
            made = self._by_service[role_arn, service] = self._new(role_arn, service)
        return made

    def of(self, access_key: str) -> Session | None:
        """Return the session that an access key stands for; None for anyone without a role.

        A person who assumes a role that IAM doesn't have is nobody's role here either.
        """
        found = self._by_key.get(access_key) or self._of_person(access_key)
        return found if found and (found.service or decision.role(found.role_arn)) else None

    def _new(self, role_arn: str, service: str) -> Session:
        account, partition = role_arn.split(":")[4], role_arn.split(":")[1]
        name = service.partition(".")[0]
        given = sts_backends[account][partition].assume_role(
            region_name="", role_session_name=name, role_arn=role_arn,
            policy="", duration=3600, external_id="",
        )  # fmt: skip
        session = Session(
            role_arn, name, service, given.access_key_id, given.secret_access_key,
            given.session_token,
        )  # fmt: skip
        self._by_key[session.access_key] = session
        return session

    def _of_person(self, access_key: str) -> Session | None:
        for account, partitions in list(iam_backends.items()):
            for partition, iam in list(partitions.items()):
                if access_key not in iam.access_keys:
                    continue
                given = sts_backends[account][partition].get_assumed_role_from_access_key(
                    access_key
                )
                if given is None:
                    return None
                self._by_key[access_key] = Session(
                    given.role_arn, given.session_name, "", access_key, given.secret_access_key,
                    given.session_token,
                )  # fmt: skip
                return self._by_key[access_key]
        return None


def _untrusted(role_arn: str, service: str, source_arn: str) -> ClientError:
    message = (
        f"{service} is not authorized to perform: sts:AssumeRole on resource: {role_arn} because"
        f" its trust policy doesn't allow it for {source_arn}"
    )
    return ClientError(
        {
            "Error": {"Code": "AccessDenied", "Message": message},
            "ResponseMetadata": {  # type: ignore[typeddict-item]
                "HTTPStatusCode": 403,
                "RequestId": "local",
            },
        },
        "AssumeRole",
    )
