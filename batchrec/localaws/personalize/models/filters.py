"""Filters."""

from typing import Any

from batchrec.localaws import runtime
from batchrec.localaws.personalize import filters
from batchrec.localaws.personalize.exceptions import InvalidInputException
from batchrec.localaws.personalize.models.base import ResourceBackend
from batchrec.localaws.personalize.models.resource import ACTIVE

MAXIMUM_FIELDS = 20  # distinct ones in all filters of a dataset group (Developer Guide, Filters)


class FilterBackend(ResourceBackend):
    """Operations on filters."""

    def create_filter(
        self, name: str, datasetGroupArn: str, filterExpression: str, **settings: Any
    ) -> dict[str, Any]:
        """API Reference, CreateFilter.

        It has no ResourceInUseException, so the error for a dataset group that isn't active yet is
        ours, as is that all faults of an expression come at once.
        """
        group = self._get(datasetGroupArn, "DatasetGroup")
        if group.status != ACTIVE:
            raise InvalidInputException(
                f"{datasetGroupArn} is in status {group.status}, not ACTIVE."
            )
        self._free_arn(f"filter/{name}")  # so that a taken name isn't reported as a full group
        wanted = filters.parse(filterExpression)
        filters.require_fields(wanted, self._tables(datasetGroupArn))
        self._require_room_in_group("Filter", runtime.current().quotas.filters, datasetGroupArn)
        self._require_few_fields(datasetGroupArn, wanted)
        created = self._create(
            "Filter",
            f"filter/{name}",
            name=name,
            datasetGroupArn=datasetGroupArn,
            filterExpression=filterExpression,
            **settings,
        )
        self._run(created, runtime.current().durations.filter)
        return {"filterArn": created.arn}

    def _require_few_fields(self, group: str, wanted: filters.Filter) -> None:
        fields = set(wanted.fields)
        for other in self._in_group("Filter", group):
            fields |= filters.parse(other.members["filterExpression"]).fields
        if len(fields) > MAXIMUM_FIELDS:
            raise InvalidInputException(
                f"The filters of {group} would have more than {MAXIMUM_FIELDS} distinct fields."
            )
