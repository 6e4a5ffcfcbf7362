"""What a role's policies say about a request (IAM User Guide, Policy evaluation logic)."""

from collections.abc import Iterable
from typing import Any

from moto.iam.exceptions import NotFoundException
from moto.iam.models import Role, iam_backends

from batchrec.localaws import iam_policies
from batchrec.localaws.authorization import resources
from batchrec.localaws.authorization.session import Session
from batchrec.localaws.iam_policies import (
    Policy,
    Principal,
    Request,
    UnsupportedPolicyError,
    parsed,
)


def role(arn: str) -> Role | None:
    """Find a role in the account that its ARN names; None if it isn't there."""
    try:
        return iam_backends[arn.split(":")[4]][arn.split(":")[1]].get_role_by_arn(arn)
    except (NotFoundException, IndexError, KeyError):
        return None


def role_arn(name: str, partition: str, account: str) -> str:
    """Return the ARN of a role that is given by its ARN or by its name, which has no path."""
    if name.startswith("arn:"):
        return name
    named = (
        found.arn for found in iam_backends[account][partition].get_roles() if found.name == name
    )
    return next(named, f"arn:{partition}:iam::{account}:role/{name}")


def identity_policies(of: Role) -> list[Policy]:
    """Return a role's inline and attached policies."""
    own = [parsed(document) for document in of.policies.values()]
    return own + [_default_version(policy) for policy in of.managed_policies.values()]


def boundary(of: Role) -> list[Policy] | None:
    """Return a role's permissions boundary; None without one; nothing where it is missing."""
    arn = of.permissions_boundary_arn
    if not arn:
        return None
    managed = iam_backends[of.account_id][of.partition].managed_policies
    return [_default_version(managed[arn])] if arn in managed else []


def permits(of: Role, request: Request) -> bool:
    """Say whether a role's policies, within its boundary, allow a request."""
    limit = boundary(of)
    within = limit is None or iam_policies.allows(limit, request)
    return within and iam_policies.allows(identity_policies(of), request)


def refusal(session: Session, needed: Iterable[Request]) -> str | None:
    """Say, in AWS's words, what of a session's requests isn't allowed; None if all are.

    Raises:
        NotImplementedError: a policy can't be evaluated.

    Source of the words: IAM User Guide, Troubleshoot access denied error messages.
    """
    for request in needed:
        try:
            reason = reason_against(session.role_arn, request)
        except (UnsupportedPolicyError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise NotImplementedError(
                f"a policy that decides whether {session.role_arn} may do {request.action} on"
                f" {request.resource} can't be evaluated: {error!r}"
            ) from error
        if reason:
            return (
                f"User: {session.arn} is not authorized to perform: {request.action} on resource:"
                f" {request.resource} {reason}"
            )
    return None


def reason_against(role_arn: str, request: Request) -> str | None:
    """Say why a role can't do something in its account; None if it can.

    That a resource's policy allows it isn't enough. A KMS key's policy has to, and is enough where
    it admits the role and not just its account (KMS Developer Guide, Key policies).
    """
    own = resources.policies(request.resource)
    on_resource = iam_policies.effects_on(own, request, Principal.role(role_arn))
    if "Deny" in on_resource:
        return "with an explicit deny in a resource-based policy"
    is_enough = False
    if request.action.startswith("kms:"):
        if "Allow" not in on_resource:
            return f"because no resource-based policy allows the {request.action} action"
        is_enough = "Allow" in iam_policies.effects_on(own, request, Principal.itself(role_arn))
    found = role(role_arn)
    effects = set() if found is None else iam_policies.effects_on(identity_policies(found), request)
    if "Deny" in effects:
        return "with an explicit deny in an identity-based policy"
    if "Allow" not in effects and not is_enough:
        return f"because no identity-based policy allows the {request.action} action"
    limit = None if found is None else boundary(found)
    if limit is not None and not iam_policies.allows(limit, request):
        return f"because no permissions boundary allows the {request.action} action"
    return None


def _default_version(policy: Any) -> Policy:
    """Return the default version of a managed policy."""
    version = next(version for version in policy.versions if version.is_default)
    return parsed(version.document)
