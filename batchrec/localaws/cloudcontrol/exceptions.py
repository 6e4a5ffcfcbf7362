"""Errors of the Cloud Control API (API Reference)."""

from moto.core.exceptions import JsonRESTError


class CloudControlError(JsonRESTError):
    """A modelled error, HTTP 400."""

    code = 400
    name = "GeneralServiceException"

    def __init__(self, message: str) -> None:
        super().__init__(self.name, message)


class TypeNotFoundException(CloudControlError):
    """There is no such resource type here."""

    name = "TypeNotFoundException"


class ResourceNotFoundException(CloudControlError):
    """There is no resource with this identifier."""

    name = "ResourceNotFoundException"


class RequestTokenNotFoundException(CloudControlError):
    """There is no request with this token."""

    name = "RequestTokenNotFoundException"


class UnsupportedActionException(CloudControlError):
    """The type has no handler for this action."""

    name = "UnsupportedActionException"


class InvalidRequestException(CloudControlError):
    """The desired state or the patch is not valid."""

    name = "InvalidRequestException"


class ValidationException(CloudControlError):
    """The desired state doesn't fit the type's schema: recorded of AWS, but not modelled."""

    name = "ValidationException"


class NotUpdatableException(CloudControlError):
    """The patch changes what only a creation sets."""

    name = "NotUpdatableException"


class ClientTokenConflictException(CloudControlError):
    """The client token belongs to another request."""

    name = "ClientTokenConflictException"


class ThrottlingException(CloudControlError):
    """The service behind the type lets no more requests through for now."""

    name = "ThrottlingException"


class HandlerError(Exception):
    """A handler's failure; `code` is one of the HandlerErrorCode values (API Reference)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
