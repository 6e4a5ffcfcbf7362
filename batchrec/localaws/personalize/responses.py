"""Parse Personalize requests, check them against botocore's model, answer in JSON."""

import json
import re
from typing import Any

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import BaseResponse
from moto.core.utils import camelcase_to_underscores

from batchrec.localaws.personalize.exceptions import (
    CONTENT_TYPE,
    InvalidInputException,
    SerializationException,
)
from batchrec.localaws.personalize.models import PersonalizeBackend, personalize_backends
from batchrec.localaws.service_model import only_members, operation_model, violations

_DESCRIBE_OR_DELETE = re.compile(r"(Describe|Delete)(\w+)")
_LIST = re.compile(r"List(\w+)s")
_KINDS = {
    "BatchInferenceJob",
    "BatchSegmentJob",
    "DataDeletionJob",
    "Dataset",
    "DatasetGroup",
    "DatasetImportJob",
    "Filter",
    "MetricAttribution",
    "Schema",
    "Solution",
    "SolutionVersion",
}


def emulated(operation: str) -> bool:
    """Whether the local Personalize has an operation; all others answer with HTTP 501."""
    generic = _DESCRIBE_OR_DELETE.fullmatch(operation) or _LIST.fullmatch(operation)
    return hasattr(PersonalizeBackend, camelcase_to_underscores(operation)) or (
        generic is not None and generic[generic.lastindex or 0] in _KINDS
    )


class PersonalizeResponse(BaseResponse):
    """JSON 1.1, target `AmazonPersonalize.<Operation>`."""

    def __init__(self) -> None:
        super().__init__(service_name="personalize")

    @property
    def backend(self) -> PersonalizeBackend:
        """The backend of the request's account and Region."""
        try:
            return personalize_backends[self.current_account][self.region]
        except KeyError as error:
            # There, AWS has no endpoint that could answer.
            raise InvalidInputException(
                f"Amazon Personalize is not available in the Region {self.region}."
            ) from error

    def setup_class(self, *args: Any, **kwargs: Any) -> None:
        """Read the request."""
        try:
            super().setup_class(*args, **kwargs)
        except UnicodeDecodeError as error:
            raise SerializationException(f"The request is not UTF-8: {error}") from error

    def call_action(self) -> TYPE_RESPONSE:
        """Check the request, run the operation, shape the answer."""
        operation = operation_model("personalize", self._get_action())
        if not emulated(operation.name):
            raise NotImplementedError(
                f"{operation.name} of Amazon Personalize (docs/personalize-coverage.md)"
            )
        shape = operation.input_shape
        assert shape is not None  # noqa: S101 (as in botocore's model)
        request = self._members()
        found = violations(shape, request)
        if found:
            raise InvalidInputException("; ".join(found))
        request = only_members(shape, request)  # AWS ignores what it doesn't know
        with self.backend.lock:
            answer = self._answer(operation.name, request)
        headers = self.response_headers | {"Content-Type": CONTENT_TYPE}
        if operation.output_shape is None:
            return 200, headers, ""  # API Reference, e.g. DeleteSchema
        return 200, headers, json.dumps(only_members(operation.output_shape, answer))

    def _members(self) -> dict[str, Any]:
        try:
            members = json.loads(self.body or "{}")
        except (ValueError, RecursionError) as error:
            raise SerializationException(f"The request is not valid JSON: {error}") from error
        if not isinstance(members, dict):
            raise SerializationException("The request is not a JSON object.")
        return members

    def _answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        own = getattr(self.backend, camelcase_to_underscores(operation), None)
        if own is not None:
            return dict(own(**request))
        if match := _LIST.fullmatch(operation):
            return self.backend.list_page(match[1], **request)
        verb, kind = _DESCRIBE_OR_DELETE.fullmatch(operation).groups()  # type: ignore[union-attr]
        (arn,) = request.values()
        if verb == "Describe":
            return self.backend.describe(kind, arn)
        self.backend.delete(kind, arn)
        return {}
