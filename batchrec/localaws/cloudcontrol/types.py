"""The resource types' schemas, as AWS publishes them; cfn-lint carries them."""

import functools
from typing import Any

from cfnlint.jsonschema import StandardValidator
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


def violations(type_name: str, region: str, properties: dict[str, Any]) -> list[str]:
    """List what in a desired state doesn't fit the type's schema, in the words of AWS.

    Only those for required and extraneous properties are recorded of AWS, the form of the others
    follows them.
    """
    form = schema(type_name, region)
    missing = sorted(set(form.get("required", [])) - properties.keys())
    unknown = sorted(properties.keys() - form["properties"].keys())
    broken = sorted(
        f"#/{'/'.join(map(str, error.path))}: failed validation constraint for keyword"
        f" [{error.validator}]"
        for error in StandardValidator(form).iter_errors(properties)
        if error.path and error.path[0] not in unknown
    )
    return [
        *(f"#: required key [{name}] not found" for name in missing),
        *(f"#: extraneous key [{name}] is not permitted" for name in unknown),
        *broken,
    ]
