"""Parse Personalize requests, check them against botocore's model, answer in JSON."""

import json
import re
from typing import Any

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import BaseResponse
from moto.core.utils import camelcase_to_underscores

from batchrec.localaws.personalize.exceptions import InvalidInputException
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
        return personalize_backends[self.current_account][self.region]

    def call_action(self) -> TYPE_RESPONSE:
        """Check the request, run the operation, shape the answer."""
        operation = operation_model("personalize", self._get_action())
        if not emulated(operation.name):
            raise NotImplementedError(
                f"{operation.name} of Amazon Personalize (docs/personalize-coverage.md)"
            )
        given = json.loads(self.body or "{}")
        shape = operation.input_shape
        assert shape is not None  # noqa: S101 (every operation of Personalize has one)
        # Unknown members mean nothing to AWS.
        request = {name: given[name] for name in shape.members if given.get(name) is not None}
        found = violations(shape, request)
        if found:
            raise InvalidInputException("; ".join(found))
        with self.backend.lock:
            answer = self._answer(operation.name, request)
        if operation.output_shape is not None:
            answer = only_members(operation.output_shape, answer)
        return 200, self.response_headers, json.dumps(answer)

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
