"""Requests checked, and answers shaped, by botocore's own model of a service."""

import functools
import re
from typing import Any

from botocore.loaders import Loader
from botocore.model import (
    ListShape,
    MapShape,
    OperationModel,
    OperationNotFoundError,
    ServiceModel,
    Shape,
    StringShape,
    StructureShape,
)

_PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "string": str,
}

_CLASSES = {r"\p{ASCII}": r"[\x00-\x7f]", r"\p{L}": r"\w", r"\p{N}": r"\w", r"\p{Z}": r"\s"}


@functools.cache
def service_model(service: str) -> ServiceModel:
    """Return botocore's model of a service, e.g. "personalize"."""
    return ServiceModel(Loader().load_service_model(service, "service-2"))


def operation_model(service: str, operation: str) -> OperationModel:
    """Return botocore's model of an operation.

    Raises:
        NotImplementedError: the service has no such operation, as far as botocore knows.
    """
    try:
        return service_model(service).operation_model(operation)
    except OperationNotFoundError as error:
        raise NotImplementedError(f"{operation} is unknown to botocore") from error


def violations(shape: Shape, value: Any, path: str = "") -> list[str]:
    """List what is wrong with `value`, in the words AWS services use for such errors.

    Checks type, required members, enumerations, patterns, lengths and ranges: botocore's client
    leaves patterns, enumerations and maxima to the service.
    """
    here = path or "input"
    if isinstance(shape, StructureShape):
        if not isinstance(value, dict):
            return [_failed(here, value, "Member must be a structure")]
        found = [
            _failed(_join(path, name), None, "Member must not be null")
            for name in shape.required_members
            if value.get(name) is None
        ]
        for name, member in value.items():
            if name in shape.members and member is not None:
                found += violations(shape.members[name], member, _join(path, name))
        return found
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            return [_failed(here, value, "Member must be a list")]
        found = _size(shape, len(value), here, value)
        for index, member in enumerate(value):
            found += violations(shape.member, member, f"{here}.{index + 1}.member")
        return found
    if isinstance(shape, MapShape):
        if not isinstance(value, dict):
            return [_failed(here, value, "Member must be a map")]
        found = _size(shape, len(value), here, value)
        for key, member in value.items():
            found += violations(shape.key, key, f"{here}.key")
            found += violations(shape.value, member, f"{here}.{key}")
        return found
    return _scalar(shape, value, here)


def _scalar(shape: Shape, value: Any, path: str) -> list[str]:
    expected = _PYTHON_TYPES.get(shape.type_name)
    wrong_kind = isinstance(value, bool) and expected is not bool
    if expected is not None and (not isinstance(value, expected) or wrong_kind):
        return [_failed(path, value, f"Member must be of type {shape.type_name}")]
    if not isinstance(shape, StringShape):
        return _size(shape, value, path, value) if not isinstance(value, bool) else []
    found = _size(shape, len(value), path, value)
    if shape.enum and value not in shape.enum:
        allowed = ", ".join(shape.enum)
        found.append(_failed(path, value, f"Member must satisfy enum value set: [{allowed}]"))
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(_python_pattern(pattern), value):
        found.append(
            _failed(path, value, f"Member must satisfy regular expression pattern: {pattern}")
        )
    return found


def _python_pattern(java: str) -> str:
    r"""Translate the classes that Python's `re` lacks; letters and numbers become `\w`."""
    for theirs, ours in _CLASSES.items():
        java = java.replace(theirs, ours)
    return java


def _size(shape: Shape, size: float, path: str, value: Any) -> list[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    what = "value" if isinstance(value, int | float) else "length"
    if low is not None and size < low:
        rule = f"Member must have {what} greater than or equal to {low}"
        return [_failed(path, value, rule)]
    if high is not None and size > high:
        return [_failed(path, value, f"Member must have {what} less than or equal to {high}")]
    return []


def _failed(path: str, value: Any, rule: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {rule}"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def only_members(shape: Shape, values: dict[str, Any]) -> dict[str, Any]:
    """Keep what the shape has, and leave out what is unset: AWS omits, it never sends null."""
    assert isinstance(shape, StructureShape)  # noqa: S101
    return {
        name: _shaped(member, values[name])
        for name, member in shape.members.items()
        if values.get(name) is not None
    }


def _shaped(shape: Shape, value: Any) -> Any:
    if isinstance(shape, StructureShape):
        return only_members(shape, value)
    if isinstance(shape, ListShape):
        return [_shaped(shape.member, member) for member in value]
    return value
