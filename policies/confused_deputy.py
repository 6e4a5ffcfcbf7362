"""CKV_BATCHREC_2: a service is let in only for what it does on one's own behalf."""

from __future__ import annotations

from typing import Any

from checkov_values import many
from policy_checks import PolicyDocument, PolicyOfResource
from policy_statements import RESOURCE_POLICIES, TRUST_POLICIES

NAME = "Ensure services are let in for one's own account or resources only"
ID = "CKV_BATCHREC_2"

# IAM User Guide, The confused deputy problem.
KEYS = ("aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths")
# KMS is told by some services, CloudWatch Logs among them, whose data it is in this way instead.
KEY_PREFIX = "kms:encryptioncontext:"
# Instances take a role for themselves: there is no other caller to name.
WITHOUT_CALLER = {"ec2.amazonaws.com", "ec2.amazonaws.com.cn"}
OPERATORS = {"stringequals", "stringlike", "arnequals", "arnlike", "stringequalsignorecase"}


def _passes(statements: list[dict[str, Any]]) -> bool:
    deputies = [each for each in statements if each.get("Effect") == "Allow" and _services(each)]
    return all(map(_is_bound, deputies))


def _services(statement: dict[str, Any]) -> set[str]:
    principal = statement.get("Principal")
    services = many(principal.get("Service")) if isinstance(principal, dict) else []
    return {str(service) for service in services} - WITHOUT_CALLER


def _is_bound(statement: dict[str, Any]) -> bool:
    for operator, conditions in (statement.get("Condition") or {}).items():
        # One with IfExists holds where the service names nobody, too.
        if operator.lower().split(":")[-1] not in OPERATORS:
            continue
        for key, values in conditions.items():
            names_caller = key.lower() in KEYS or key.lower().startswith(KEY_PREFIX)
            if names_caller and "*" not in many(values):
                return True
    return False


check = PolicyOfResource(NAME, ID, RESOURCE_POLICIES | TRUST_POLICIES, _passes)
document_check = PolicyDocument(NAME, ID, _passes)
