"""CKV_BATCHREC_3: actions that take a resource are allowed on named ones."""

from __future__ import annotations

import fnmatch
from functools import cache
from typing import Any

from checkov_values import many
from policy_checks import PolicyDocument, PolicyOfResource
from policy_sentry.querying.actions import (
    get_actions_for_service,
    get_actions_that_support_wildcard_arns_only,
)
from policy_sentry.querying.all import get_all_service_prefixes
from policy_statements import IDENTITY_POLICIES

NAME = "Ensure actions that take a resource are not allowed on all resources"
ID = "CKV_BATCHREC_3"


def _passes(statements: list[dict[str, Any]]) -> bool:
    return not any(map(_is_too_wide, statements))


def _is_too_wide(statement: dict[str, Any]) -> bool:
    # With a principal it is a resource's own policy: there, * is the resource.
    if statement.get("Effect") != "Allow" or "Principal" in statement:
        return False
    if "NotAction" in statement or "NotResource" in statement:
        return True
    if "*" not in many(statement.get("Resource")):
        return False
    return any(_takes_resource(str(action)) for action in many(statement.get("Action")))


def _takes_resource(action: str) -> bool:
    service, _, operation = action.lower().partition(":")
    if not operation and service != "*":
        return False  # an expression, known at plan only
    if service not in get_all_service_prefixes():
        return True
    taken, without = _actions(service)
    meant = set(fnmatch.filter(taken, f"{service}:{operation}"))
    # What the Service Authorization Reference, as policy_sentry has it, doesn't list may take one.
    return not meant or bool(meant - without)


@cache
def _actions(service: str) -> tuple[frozenset[str], frozenset[str]]:
    everything = get_actions_for_service(service)
    without = get_actions_that_support_wildcard_arns_only(service)
    return frozenset(map(str.lower, everything)), frozenset(map(str.lower, without))


check = PolicyOfResource(NAME, ID, IDENTITY_POLICIES, _passes)
document_check = PolicyDocument(NAME, ID, _passes)
