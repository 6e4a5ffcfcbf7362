"""Parse Cloud Control requests, answer in JSON."""

import json

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import BaseResponse
from moto.core.utils import camelcase_to_underscores

from batchrec.localaws.cloudcontrol.exceptions import InvalidRequestException
from batchrec.localaws.cloudcontrol.models import CloudControlBackend, cloudcontrol_backends
from batchrec.localaws.service_model import only_members, operation_model, violations


class CloudControlResponse(BaseResponse):
    """JSON 1.0, target `CloudApiService.<Operation>`."""

    def __init__(self) -> None:
        super().__init__(service_name="cloudcontrol")

    @property
    def backend(self) -> CloudControlBackend:
        """The backend of the request's account and Region."""
        return cloudcontrol_backends[self.current_account][self.region]

    def call_action(self) -> TYPE_RESPONSE:
        """Check the request, run the operation, shape the answer."""
        operation = operation_model("cloudcontrol", self._get_action())
        request = json.loads(self.body or "{}")
        found = violations(operation.input_shape, request) if operation.input_shape else []
        if found:
            raise InvalidRequestException("; ".join(found))
        method = getattr(self.backend, camelcase_to_underscores(operation.name))
        answer = method(**request)
        if operation.output_shape is not None:
            answer = only_members(operation.output_shape, answer)
        return 200, self.response_headers, json.dumps(answer)
