"""The resource types' schemas, as AWS publishes them; cfn-lint carries them."""

import functools
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError

from batchrec.localaws.cloudcontrol.exceptions import TypeNotFoundException

TYPES = (
    "AWS::Personalize::DatasetGroup",
    "AWS::Personalize::Schema",
    "AWS::Personalize::Dataset",
)


@functools.cache
def schema(type_name: str, region: str) -> dict[str, Any]:
    """Return a type's CloudFormation schema.

    Raises:
        TypeNotFoundException: the local AWS has no such type in this Region.
    """
    if type_name not in TYPES:
        raise TypeNotFoundException(
            f"The local AWS has no type {type_name}; it has {', '.join(TYPES)}."
        )
    try:
        return dict(PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, type_name).schema)
    except ResourceNotFoundError as error:
        raise TypeNotFoundException(f"{type_name} is not available in {region}.") from error
