"""Resource requests and their progress (Cloud Control API User Guide, Resource operations)."""

import json
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend

from batchrec.localaws import runtime
from batchrec.localaws.cloudcontrol import types
from batchrec.localaws.cloudcontrol.exceptions import (
    ClientTokenConflictException,
    CloudControlError,
    HandlerError,
    InvalidRequestException,
    NotUpdatableException,
    RequestTokenNotFoundException,
    ResourceNotFoundException,
    ThrottlingException,
    UnsupportedActionException,
    ValidationException,
)
from batchrec.localaws.cloudcontrol.handlers import HANDLERS, Handler, Place

log = logging.getLogger(__name__)

_IMPORTS = "import with CreateDatasetImportJob of Personalize instead."
_ENDED = ("SUCCESS", "FAILED", "CANCEL_COMPLETE")


@dataclass
class Request:
    """One request for a resource operation."""

    event: dict[str, Any]  # a ProgressEvent

    @property
    def ended(self) -> bool:
        """Whether it needs no more work."""
        return self.event.get("OperationStatus") in _ENDED

    def update(self, **members: Any) -> None:
        """Record progress; what has ended, e.g. by cancellation, stays as it is."""
        if self.ended:
            return
        self.event |= members | {"EventTime": runtime.current().clock.time()}


class CloudControlBackend(BaseBackend):
    """Cloud Control in one account and Region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.requests: dict[str, Request] = {}
        # client token → request token, and what was asked for with it
        self.client_tokens: dict[str, tuple[str, tuple[str | None, ...]]] = {}

    def create_resource(
        self, TypeName: str, DesiredState: str, ClientToken: str | None = None, **_: Any
    ) -> dict[str, Any]:
        """API Reference, CreateResource."""
        handler = self._handler(TypeName)
        given = _json_object(DesiredState, "DesiredState")
        desired = {name: value for name, value in given.items() if value is not None}
        self._validate(TypeName, desired)

        def work(request: Request) -> None:
            request.update(Identifier=handler.create(self._place, desired))

        return self._start("CREATE", TypeName, None, ClientToken, DesiredState, work)

    def get_resource(self, TypeName: str, Identifier: str, **_: Any) -> dict[str, Any]:
        """API Reference, GetResource."""
        properties = self._read(TypeName, Identifier)
        return {
            "TypeName": TypeName,
            "ResourceDescription": {
                "Identifier": Identifier,
                "Properties": json.dumps(properties),
            },
        }

    def update_resource(
        self,
        TypeName: str,
        Identifier: str,
        PatchDocument: str,
        ClientToken: str | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        """API Reference, UpdateResource: create-only properties can't change."""
        self._read(TypeName, Identifier)
        schema = types.schema(TypeName, self.region_name)
        if "update" not in schema.get("handlers", {}):
            raise UnsupportedActionException(
                f"Resource type {TypeName} does not support UPDATE action"
            )
        changed = sorted(_patched_paths(PatchDocument))
        fixed = [
            f"/properties{path}"
            for path in changed
            if "/properties/" + path.split("/")[1] in schema["createOnlyProperties"]
        ]
        if fixed:
            raise NotUpdatableException(
                f"Invalid patch update: createOnlyProperties [{', '.join(fixed)}] cannot be updated"
            )

        if any(path.split("/")[1] == "DatasetImportJob" for path in changed):
            raise NotImplementedError(f"DatasetImportJob of {TypeName}: {_IMPORTS}")

        def work(_: Request) -> None:
            raise HandlerError("InvalidRequest", f"{changed} are no properties of {TypeName}")

        return self._start("UPDATE", TypeName, Identifier, ClientToken, PatchDocument, work)

    def delete_resource(
        self, TypeName: str, Identifier: str, ClientToken: str | None = None, **_: Any
    ) -> dict[str, Any]:
        """API Reference, DeleteResource."""
        handler = self._handler(TypeName)

        def work(_: Request) -> None:
            handler.delete(self._place, Identifier)

        return self._start("DELETE", TypeName, Identifier, ClientToken, "", work)

    def list_resources(self, TypeName: str, **_: Any) -> dict[str, Any]:
        """API Reference, ListResources."""
        handler = self._handler(TypeName)
        return {
            "TypeName": TypeName,
            "ResourceDescriptions": [
                {
                    "Identifier": arn,
                    "Properties": json.dumps({handler.identifier: arn}),
                }
                for arn in handler.list(self._place)
            ],
        }

    def get_resource_request_status(self, RequestToken: str) -> dict[str, Any]:
        """API Reference, GetResourceRequestStatus."""
        return {"ProgressEvent": self._request(RequestToken).event}

    def cancel_resource_request(self, RequestToken: str) -> dict[str, Any]:
        """API Reference, CancelResourceRequest; a handler that already works is not undone."""
        request = self._request(RequestToken)
        request.update(OperationStatus="CANCEL_COMPLETE")
        return {"ProgressEvent": request.event}

    def list_resource_requests(
        self, ResourceRequestStatusFilter: dict[str, Any] | None = None, **_: Any
    ) -> dict[str, Any]:
        """API Reference, ListResourceRequests."""
        wanted = ResourceRequestStatusFilter or {}
        operations = wanted.get("Operations")
        statuses = wanted.get("OperationStatuses")
        return {
            "ResourceRequestStatusSummaries": [
                request.event
                for request in self.requests.values()
                if (not operations or request.event["Operation"] in operations)
                and (not statuses or request.event["OperationStatus"] in statuses)
            ]
        }

    def _start(
        self,
        operation: str,
        type_name: str,
        identifier: str | None,
        client_token: str | None,
        content: str,
        work: Callable[[Request], None],
    ) -> dict[str, Any]:
        """Run a handler beside the caller; the same client token gives the same request."""
        asked = (operation, type_name, identifier, content)
        if client_token in self.client_tokens:
            token, earlier = self.client_tokens[client_token]
            if earlier != asked:
                raise ClientTokenConflictException(
                    f"Client token {client_token} has already been used in another request"
                )
            return {"ProgressEvent": self.requests[token].event}
        token = str(uuid.uuid4())
        request = Request(
            {
                "TypeName": type_name,
                "Identifier": identifier,
                "RequestToken": token,
                "Operation": operation,
            }
        )
        request.update(OperationStatus="IN_PROGRESS")
        self.requests[token] = request
        if client_token is not None:
            self.client_tokens[client_token] = token, asked

        clock = runtime.current().clock

        def handle() -> None:
            try:
                work(request)
            except HandlerError as error:
                request.update(
                    OperationStatus="FAILED", ErrorCode=error.code, StatusMessage=str(error)
                )
            except Exception as error:
                if clock.closed:
                    return
                log.exception("A handler of %s failed inside the local Cloud Control", type_name)
                request.update(
                    OperationStatus="FAILED", ErrorCode="InternalFailure", StatusMessage=repr(error)
                )
            else:
                request.update(OperationStatus="SUCCESS")

        clock.thread(handle).start()
        return {"ProgressEvent": dict(request.event)}

    def _read(self, type_name: str, identifier: str) -> dict[str, Any]:
        handler = self._handler(type_name)
        known = types.schema(type_name, self.region_name)["properties"]
        try:
            properties = handler.read(self._place, identifier)
        except HandlerError as error:
            # Whoever reads a resource that isn't there forgets it: other errors must be told apart.
            if error.code == "NotFound":
                raise ResourceNotFoundException(
                    f"Resource of type '{type_name}' with identifier '{identifier}' was not found."
                ) from error
            if error.code == "Throttling":
                raise ThrottlingException(str(error)) from error
            raise CloudControlError(str(error)) from error
        return {name: value for name, value in properties.items() if name in known}

    @property
    def _place(self) -> Place:
        return Place(self.account_id, self.region_name)

    def _handler(self, type_name: str) -> Handler:
        types.schema(type_name, self.region_name)
        return HANDLERS[type_name]

    def _validate(self, type_name: str, desired: dict[str, Any]) -> None:
        problems = types.violations(type_name, self.region_name, desired)
        if problems:
            raise ValidationException(f"Model validation failed ({chr(10).join(problems)})")
        fixed = types.schema(type_name, self.region_name)["readOnlyProperties"]
        given = [path for path in fixed if path.rpartition("/")[2] in desired]
        if given:  # the text is ours
            raise InvalidRequestException(f"Read-only properties can't be set: {given}")
        if "DatasetImportJob" in desired:
            raise NotImplementedError(f"DatasetImportJob of {type_name}: {_IMPORTS}")

    def _request(self, token: str) -> Request:
        if token not in self.requests:
            raise RequestTokenNotFoundException(f"Request with token {token} was not found")
        return self.requests[token]


def _patched_paths(document: str) -> set[str]:
    """Return the properties that a JSON Patch (RFC 6902) changes."""
    try:
        paths = {str(change["path"]) for change in json.loads(document)}
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidRequestException(f"PatchDocument is not a JSON Patch: {error}") from error
    if wrong := sorted(path for path in paths if not path.startswith("/")):
        raise InvalidRequestException(f"PatchDocument has paths to no property: {wrong}")
    return paths


def _json_object(text: str, name: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InvalidRequestException(f"{name} is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidRequestException(f"{name} is not a JSON object")
    return value


cloudcontrol_backends = BackendDict(CloudControlBackend, "cloudcontrol")
