"""CloudFormation, with the one operation moto lacks and Cloud Control's users need."""

import json

from moto.cloudformation.responses import CloudFormationResponse as MotoCloudFormationResponse
from moto.core.responses import ActionResult

from batchrec.localaws.cloudcontrol import types


class CloudFormationResponse(MotoCloudFormationResponse):
    """moto's CloudFormation and DescribeType (API Reference, DescribeType)."""

    def describe_type(self) -> ActionResult:
        """Describe a resource type; its schema is the one AWS publishes."""
        name = self._get_param("TypeName")
        schema = types.schema(name, self.region)
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
