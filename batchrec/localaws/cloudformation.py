"""CloudFormation, with the one operation moto lacks and Cloud Control's users need."""

import json

from moto.cloudformation.responses import CloudFormationResponse as MotoCloudFormationResponse
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult

from batchrec.localaws.cloudcontrol import types
from batchrec.localaws.cloudcontrol.exceptions import TypeNotFoundException


class UnknownTypeError(ServiceException):
    """TypeNotFoundException in this service's protocol, which is XML."""

    code = "TypeNotFoundException"


class CloudFormationResponse(MotoCloudFormationResponse):
    """moto's CloudFormation and DescribeType (API Reference, DescribeType)."""

    def describe_type(self) -> ActionResult:
        """Describe a resource type; its schema is the one AWS publishes."""
        name = self._get_param("TypeName")
        try:
            schema = types.schema(name, self.region)
        except TypeNotFoundException as error:
            raise UnknownTypeError(error.message) from error
        return ActionResult(
            {
                "Arn": f"arn:aws:cloudformation:{self.region}::type/resource/{name}",
                "Type": "RESOURCE",
                "TypeName": name,
                "Schema": json.dumps(schema),
                "ProvisioningType": "FULLY_MUTABLE",
                "Visibility": "PUBLIC",
            }
        )
