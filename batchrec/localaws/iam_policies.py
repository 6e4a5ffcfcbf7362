"""What IAM policies say about one request (IAM User Guide, JSON policy element reference).

moto evaluates policies too, but knows no service principals, and of conditions only StringEquals.
"""

import functools
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any, TypeAlias

Policy: TypeAlias = dict[str, Any]


@functools.lru_cache(maxsize=256)
def parsed(document: str | bytes) -> Policy:
    """Parse a policy once, however often it is asked."""
    return dict(json.loads(document))


class UnsupportedPolicyError(Exception):
    """A policy has something that is not evaluated here."""


@dataclass(frozen=True)
class Principal:
    """Who makes a request.

    Args:
        kind: "Service" or "AWS", as in a policy's Principal.
        names: what a policy may call it: a service's name; or a role's ARN, its account and the
            account's root.
    """

    kind: str
    names: frozenset[str]

    @classmethod
    def service(cls, name: str) -> "Principal":
        """A service that acts in its own name."""
        return cls("Service", frozenset({name}))

    @classmethod
    def itself(cls, arn: str) -> "Principal":
        """A role without what its account may do."""
        return cls("AWS", frozenset({arn}))

    @classmethod
    def role(cls, arn: str) -> "Principal":
        """A role; a policy may also admit its account as a whole."""
        partition, account = arn.split(":")[1], arn.split(":")[4]
        return cls("AWS", frozenset({arn, account, f"arn:{partition}:iam::{account}:root"}))


@dataclass(frozen=True)
class Request:
    """What is to be done to what.

    Args:
        action: e.g. "s3:GetObject".
        resource: an ARN.
        context: values of condition keys, each a single one; a key without an entry is absent.
    """

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)

    @functools.cached_property
    def keys(self) -> dict[str, str]:
        """The context by key in lower case: case doesn't matter in names of keys."""
        return {key.lower(): value for key, value in self.context.items()}


def allows(
    policies: Iterable[Policy], request: Request, principal: Principal | None = None
) -> bool:
    """Say whether a statement allows the request and none denies it.

    Args:
        policies: documents, parsed.
        request: what is to be done.
        principal: by whom, for the policies of resources; those of identities name none.

    Raises:
        UnsupportedPolicyError: a statement that may matter has an unknown condition operator.
    """
    effects = effects_on(policies, request, principal)
    return "Allow" in effects and "Deny" not in effects


def effects_on(
    policies: Iterable[Policy], request: Request, principal: Principal | None = None
) -> set[str]:
    """Collect the effects of the statements that apply, "Allow" and "Deny"; else as `allows`."""
    return {
        statement["Effect"]
        for policy in policies
        for statement in _listed(policy.get("Statement", []))
        if _applies(statement, request, principal)
    }


def _applies(statement: dict[str, Any], request: Request, principal: Principal | None) -> bool:
    return (
        _names(statement, "Action", lambda p: _like(p.lower(), request.action.lower()))
        and _names(statement, "Resource", lambda p: _like(_filled_in(p, request), request.resource))
        and (principal is None or _is_meant(statement, principal))
        and all(
            _holds(operator, key, _listed(expected), request)
            for operator, keys in statement.get("Condition", {}).items()
            for key, expected in keys.items()
        )
    )


def _names(statement: dict[str, Any], element: str, matches: Callable[[str], bool]) -> bool:
    """Apply Action or NotAction, Resource or NotResource; trust policies have no resource."""
    if f"Not{element}" in statement:
        return not any(map(matches, _listed(statement[f"Not{element}"])))
    return element not in statement or any(map(matches, _listed(statement[element])))


def _is_meant(statement: dict[str, Any], principal: Principal) -> bool:
    if "NotPrincipal" in statement:
        return not _is_among(statement["NotPrincipal"], principal)
    wanted = statement.get("Principal", {})
    everybody = wanted == "*" or "*" in _listed(wanted.get("AWS", []))
    # That everybody is denied includes a service. That everybody is allowed may not: where AWS
    # documents how to let a service in, it says to name it.
    if everybody and (principal.kind == "AWS" or statement["Effect"] == "Deny"):
        return True
    return _is_among(wanted, principal)


def _is_among(wanted: Any, principal: Principal) -> bool:
    named = _listed(wanted.get(principal.kind, [])) if isinstance(wanted, dict) else []
    return not principal.names.isdisjoint(named)


# --- conditions (IAM JSON policy elements: Condition operators) -----------------------------------


def _arn_like(pattern: str, value: str) -> bool:
    """Compare each of an ARN's six parts."""
    patterns, values = pattern.split(":", 5), value.split(":", 5)
    return len(patterns) == len(values) == 6 and all(map(_like, patterns, values))


def _number(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    return lambda expected, value: compare(float(value), float(expected))


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda expected, value: value == expected,
    "StringEqualsIgnoreCase": lambda expected, value: value.lower() == expected.lower(),
    "StringLike": lambda expected, value: _like(expected, value),
    "ArnEquals": _arn_like,  # the same as ArnLike
    "ArnLike": _arn_like,
    "Bool": lambda expected, value: value.lower() == expected.lower(),
    "IpAddress": lambda expected, value: ip_address(value) in ip_network(expected, strict=False),
    "NumericEquals": _number(lambda value, expected: value == expected),
    "NumericLessThan": _number(lambda value, expected: value < expected),
    "NumericLessThanEquals": _number(lambda value, expected: value <= expected),
    "NumericGreaterThan": _number(lambda value, expected: value > expected),
    "NumericGreaterThanEquals": _number(lambda value, expected: value >= expected),
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
}


def _holds(operator: str, key: str, expected: list[Any], request: Request) -> bool:
    """Apply one operator to one key: of several values, one must match; negated, none may."""
    texts = [_text(value) for value in expected]
    value = request.keys.get(key.lower())
    if operator == "Null":
        return (_text(value is None)) in texts
    quantifier, _, name = operator.rpartition(":")
    name, if_exists = name.removesuffix("IfExists"), name.endswith("IfExists")
    negated = name in _NEGATED
    matches = _OPERATORS.get(_NEGATED.get(name, name))
    if matches is None or quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise UnsupportedPolicyError(f"The condition operator {operator} is not emulated.")
    if value is None:
        return if_exists or quantifier == "ForAllValues" or (negated and not quantifier)
    found = any(matches(_filled_in(text, request), value) for text in texts)
    return found != negated


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _filled_in(pattern: str, request: Request) -> str:
    """Put the values of policy variables such as `${aws:PrincipalAccount}` in their places."""
    return re.sub(
        r"\$\{([^}]+)\}", lambda found: request.keys.get(found[1].lower(), found[0]), pattern
    )


@functools.lru_cache(maxsize=1024)
def _pattern(pattern: str) -> re.Pattern[str]:
    wildcards = {"*": ".*", "?": "."}
    return re.compile("".join(wildcards.get(c, re.escape(c)) for c in pattern), re.DOTALL)


def _like(pattern: str, value: str) -> bool:
    """Match `*` and `?`, the wildcards of policies."""
    return _pattern(pattern).fullmatch(value) is not None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
