"""Create, read, delete and list handlers of the Personalize types.

They call Personalize as AWS's handlers do (the permissions in each type's schema name the calls),
and wait until a resource is there, or gone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from batchrec.localaws import runtime
from batchrec.localaws.cloudcontrol.exceptions import HandlerError

_POLL_SECONDS = 5
_CODES = {
    "AccessDeniedException": "AccessDenied",
    "InternalServerError": "ServiceInternalError",
    "InvalidInputException": "InvalidRequest",
    "LimitExceededException": "ServiceLimitExceeded",
    "ResourceAlreadyExistsException": "AlreadyExists",
    "ResourceInUseException": "ResourceConflict",
    "ResourceNotFoundException": "NotFound",
    "ThrottlingException": "Throttling",
}


class Place(NamedTuple):
    """Where a resource is."""

    account: str
    region: str


@dataclass(frozen=True)
class Handler:
    """One type's handlers; `noun` is the resource's name in the Personalize API."""

    noun: str

    @property
    def identifier(self) -> str:
        """The property that is the type's primary identifier, its ARN."""
        return f"{self.noun[0].upper()}{self.noun[1:]}Arn"

    def create(self, place: Place, properties: dict[str, Any]) -> str:
        """Create the resource and wait until it is active; return its ARN."""
        tags = [
            {"tagKey": tag["Key"], "tagValue": tag["Value"]} for tag in properties.pop("Tags", [])
        ]
        request = {_wire(name): value for name, value in properties.items()}
        arn = str(_call(self._operation("create", place), **request)[f"{self.noun}Arn"])
        if tags:
            _call(_personalize(place).tag_resource, resourceArn=arn, tags=tags)
        while True:
            described = self._describe(place, arn)
            status = described.get("status", "ACTIVE")
            if status == "ACTIVE":
                return arn
            if "FAILED" in status:
                reason = described.get("failureReason", status)
                raise HandlerError("GeneralServiceException", reason)
            runtime.current().clock.sleep(_POLL_SECONDS)

    def read(self, place: Place, arn: str) -> dict[str, Any]:
        """Return the resource's properties."""
        described = self._describe(place, arn)
        properties = {_property(name): value for name, value in described.items()}
        tags = _call(_personalize(place).list_tags_for_resource, resourceArn=arn)["tags"]
        if tags:
            properties["Tags"] = [{"Key": tag["tagKey"], "Value": tag["tagValue"]} for tag in tags]
        return properties

    def delete(self, place: Place, arn: str) -> None:
        """Delete the resource and wait until it is gone."""
        _call(self._operation("delete", place), **{f"{self.noun}Arn": arn})
        while True:
            try:
                self._describe(place, arn)
            except HandlerError as error:
                if error.code == "NotFound":
                    return
                raise
            runtime.current().clock.sleep(_POLL_SECONDS)

    def list(self, place: Place) -> list[str]:
        """Return the ARNs of all resources of the type."""
        pages = _personalize(place).get_paginator(f"list_{self._snake}s").paginate()
        found = _call(pages.build_full_result)[f"{self.noun}s"]
        return [str(summary[f"{self.noun}Arn"]) for summary in found]

    def _describe(self, place: Place, arn: str) -> dict[str, Any]:
        answer = _call(self._operation("describe", place), **{f"{self.noun}Arn": arn})
        return dict(answer[self.noun])

    @property
    def _snake(self) -> str:
        return {"datasetGroup": "dataset_group"}.get(self.noun, self.noun)

    def _operation(self, verb: str, place: Place) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(_personalize(place), f"{verb}_{self._snake}")
        return method


HANDLERS = {
    "AWS::Personalize::DatasetGroup": Handler("datasetGroup"),
    "AWS::Personalize::Schema": Handler("schema"),
    "AWS::Personalize::Dataset": Handler("dataset"),
}


def _personalize(place: Place) -> Any:
    return runtime.current().client("personalize", place.region, place.account)


def _call(operation: Callable[..., Any], **request: Any) -> Any:
    try:
        return operation(**request)
    except ClientError as error:
        code = _CODES.get(error.response["Error"]["Code"], "GeneralServiceException")
        raise HandlerError(code, error.response["Error"]["Message"]) from error


def _wire(name: str) -> str:
    return name[0].lower() + name[1:]


def _property(name: str) -> str:
    return name[0].upper() + name[1:]
