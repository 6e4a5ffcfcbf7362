"""The statements of policies, as checkov shows them: of plans, of JSON and of policy documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from checkov_values import first, many

# Where resources keep a policy.
RESOURCE_POLICIES = {
    "aws_kms_key": "policy",
    "aws_kms_key_policy": "policy",
    "aws_s3_bucket_policy": "policy",
    "aws_sns_topic": "policy",
    "aws_sns_topic_policy": "policy",
    "aws_sqs_queue": "policy",
    "aws_sqs_queue_policy": "policy",
}
TRUST_POLICIES = {"aws_iam_role": "assume_role_policy"}
IDENTITY_POLICIES = {
    "aws_iam_group_policy": "policy",
    "aws_iam_policy": "policy",
    "aws_iam_role_policy": "policy",
    "aws_iam_user_policy": "policy",
}


def of_resource(conf: dict[str, Any], attribute: str) -> list[dict[str, Any]] | None:
    """Return a resource's statements; None if they are known at plan only, or if there are none."""
    policy = first(conf.get(attribute))
    if isinstance(policy, str):
        try:
            policy = json.loads(policy)
        except ValueError:
            return None
    if not isinstance(policy, dict):
        return None
    return [each for each in many(policy.get("Statement")) if isinstance(each, dict)]


def of_document(conf: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the statements of a data aws_iam_policy_document, in the words of a JSON policy."""
    return [_statement(block) for block in _statement_blocks(conf)]


def _statement_blocks(conf: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from _blocks(conf.get("statement"))
    for dynamic in _blocks(conf.get("dynamic")):
        for statement in _blocks(dynamic.get("statement")):
            yield from _blocks(statement.get("content"))


def _statement(block: dict[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Effect": first(block.get("effect")) or "Allow",
        "Action": many(first(block.get("actions"))),
        "Resource": many(first(block.get("resources"))),
        "Condition": {},
    }
    principals: dict[str, list[Any]] = {}
    for entry in _blocks(block.get("principals")):
        identifiers = many(first(entry.get("identifiers")))
        principals.setdefault(str(first(entry.get("type"))), []).extend(identifiers)
    if principals:
        statement["Principal"] = principals
    for entry in _blocks(block.get("condition")):
        operator = statement["Condition"].setdefault(str(first(entry.get("test"))), {})
        operator[str(first(entry.get("variable")))] = many(first(entry.get("values")))
    return statement


def _blocks(value: Any) -> Iterator[dict[str, Any]]:
    """Yield blocks from whatever lists a source or a plan wraps them in."""
    for entry in many(value):
        if isinstance(entry, dict):
            yield entry
        elif isinstance(entry, list):
            yield from _blocks(entry)
