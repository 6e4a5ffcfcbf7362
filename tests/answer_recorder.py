"""Every answer of the local Personalize, checked against botocore's model of the service."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from botocore.awsrequest import HeadersDict
from botocore.loaders import Loader
from botocore.model import (
    ListShape,
    MapShape,
    OperationModel,
    OperationNotFoundError,
    ServiceModel,
    Shape,
    StructureShape,
)
from botocore.parsers import create_parser

from batchrec.localaws.router import Application, Environ, signed_service

MODEL = ServiceModel(Loader().load_service_model("personalize", "service-2"))
KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "double": (int, float),
    "float": (int, float),
    "timestamp": (int, float),
}
# Classes of Java's regular expressions that Python's lack, in the only patterns that have them.
CLASSES = {r"\p{ASCII}": r"[\x00-\x7f]", r"\p{L}\p{Z}\p{N}": r"\w\s"}


class Recorder:
    """What was wrong with the answers of a server, until somebody takes it."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def take(self) -> list[str]:
        found, self._found = self._found, []
        return found

    def around(self, application: Application) -> Application:
        """The same WSGI application, whose answers in the name of Personalize are checked."""

        def recorded(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
            if signed_service(environ) != "personalize":
                return application(environ, start_response)
            begun: list[Any] = []

            def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
                begun[:] = [int(status.split()[0]), dict(headers)]
                return start_response(status, headers, *rest)

            operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
            try:
                body = b"".join(application(environ, start))
            except Exception as error:
                self._found.append(f"{operation}: {error!r}")
                raise
            found = faults(operation, *begun, body)
            self._found.extend(found)
            return [body]

        return recorded


def faults(operation: str, status: int, headers: dict[str, str], body: bytes) -> list[str]:
    """What in an answer is not as the model of its operation says, an error included."""
    try:
        model = MODEL.operation_model(operation)
    except OperationNotFoundError:
        return [] if status == 501 else [f"{operation} is no operation: {status}"]
    try:
        raw = json.loads(body or b"{}")
    except ValueError:
        return [f"{operation}: no JSON: {body[:200]!r}"]
    found = list(_of_answer(model, raw) if status == 200 else _of_error(model, status, raw))
    parsed = create_parser("json").parse(
        {"status_code": status, "headers": HeadersDict(headers), "body": body}, model.output_shape
    )
    if parsed["ResponseMetadata"].get("RequestId") is None:
        found.append(f"{operation}: no request id")
    return found


def _of_answer(model: OperationModel, raw: Any) -> list[str]:
    if model.output_shape is None:
        return [] if raw == {} else [f"{model.name}: should be empty: {raw}"]
    return mismatches(model.output_shape, raw, model.name)


def _of_error(model: OperationModel, status: int, raw: Any) -> list[str]:
    """API Reference, each operation's errors: all have HTTP 400 and one member, `message`."""
    if status == 501:
        return []
    if status != 400 or raw.keys() != {"__type", "message"} or not raw["message"]:
        return [f"{model.name}: no error of Personalize: {status} {raw}"]
    # ListDatasetGroups and ListSchemas don't name it; what they say of a wrong input isn't
    # documented.
    names = {error.name for error in model.error_shapes}
    names |= {"InvalidInputException", "SerializationException"}
    if raw["__type"] not in names:
        return [f"{model.name}: {raw['__type']} is none of its errors: {raw['message']}"]
    return []


def mismatches(shape: Shape, value: Any, path: str) -> list[str]:
    """What in a raw answer is not as the model says: members, types, limits, or null."""
    if value is None:
        return [f"{path} is null: AWS leaves out what is unset"]
    if isinstance(shape, StructureShape):
        if not isinstance(value, dict):
            return [f"{path} is no structure: {value!r}"]
        found = [f"{path}.{name} is no member" for name in value.keys() - shape.members.keys()]
        found += [f"{path}.{name} is missing" for name in set(shape.required_members) - set(value)]
        for name, member in value.items():
            if name in shape.members:
                found += mismatches(shape.members[name], member, f"{path}.{name}")
        return found
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            return [f"{path} is no list: {value!r}"]
        return _beyond(shape, len(value), path) + [
            p
            for n, item in enumerate(value)
            for p in mismatches(shape.member, item, f"{path}[{n}]")
        ]
    if isinstance(shape, MapShape):
        if not isinstance(value, dict):
            return [f"{path} is no map: {value!r}"]
        return _beyond(shape, len(value), path) + [
            p
            for key, item in value.items()
            for p in mismatches(shape.value, item, f"{path}[{key}]")
        ]
    kind = KINDS[shape.type_name]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        return [f"{path} is no {shape.type_name}: {value!r}"]
    if not isinstance(value, str):
        return [] if isinstance(value, bool) else _beyond(shape, value, path)
    found = _beyond(shape, len(value), path)
    enum = shape.metadata.get("enum")
    if enum and value not in enum:
        found.append(f"{path} is not among {enum}: {value!r}")
    # The model gives some roles in answers the pattern of Personalize's own ARNs, an oversight.
    pattern = "" if path.endswith(".roleArn") else shape.metadata.get("pattern", "")
    for java, python in CLASSES.items():
        pattern = pattern.replace(java, python)
    if not re.match(pattern, value):
        found.append(f"{path} does not match {pattern}: {value!r}")
    return found


def _beyond(shape: Shape, size: float, path: str) -> list[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if (low is not None and size < low) or (high is not None and size > high):
        return [f"{path} is not within {low} and {high}: {size}"]
    return []
