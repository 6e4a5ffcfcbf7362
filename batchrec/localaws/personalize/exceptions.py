"""Errors of the Personalize API: all HTTP 400 with one member, `message` (API Reference)."""

from moto.core.exceptions import JsonRESTError

CONTENT_TYPE = "application/x-amz-json-1.1"


class PersonalizeError(JsonRESTError):
    """A modelled error; `code` is the name that SDKs see."""

    code = 400
    name = "InvalidInputException"

    def __init__(self, message: str) -> None:
        super().__init__(self.name, message)
        self.content_type = CONTENT_TYPE


class InvalidInputException(PersonalizeError):
    """A parameter, a role, or access to S3 is not right."""


class ResourceNotFoundException(PersonalizeError):
    """The ARN names nothing."""

    name = "ResourceNotFoundException"

    def __init__(self, arn: str) -> None:
        super().__init__(f"Resource Arn {arn} does not exist.")


class ResourceAlreadyExistsException(PersonalizeError):
    """The name is taken."""

    name = "ResourceAlreadyExistsException"

    def __init__(self, arn: str) -> None:
        super().__init__(f"Another resource with Arn {arn} already exists.")


class ResourceInUseException(PersonalizeError):
    """A dependency is not ready, or something still depends on this."""

    name = "ResourceInUseException"


class LimitExceededException(PersonalizeError):
    """A quota is used up."""

    name = "LimitExceededException"


class InvalidNextTokenException(PersonalizeError):
    """The token is not one of this service's."""

    name = "InvalidNextTokenException"


class SerializationException(PersonalizeError):
    """The request is no JSON object: AWS's error for its JSON protocols, in no service's model."""

    name = "SerializationException"


class TooManyTagsException(PersonalizeError):
    """A resource would have too many tags."""

    name = "TooManyTagsException"


class TooManyTagKeysException(PersonalizeError):
    """Too many tags are removed at once."""

    name = "TooManyTagKeysException"


class JobFailure(Exception):
    """Work that ends as CREATE FAILED; the message becomes `failureReason`."""


class UserError(Exception):
    """One line of a batch input that has no answer; the message becomes its `error`."""

    def __init__(self, message: str) -> None:
        super().__init__(f"User error: {message}")
