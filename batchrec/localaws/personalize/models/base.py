"""The rules that many operations share."""

import base64
import logging
import threading
from collections.abc import Callable
from typing import Any

import pandas as pd
from botocore.model import ListShape
from moto.core.base_backend import BaseBackend
from moto.utilities.utils import get_partition

from batchrec.clock import Turn
from batchrec.localaws import runtime
from batchrec.localaws.personalize import schemas, tagging, training
from batchrec.localaws.personalize.exceptions import (
    InvalidNextTokenException,
    JobFailure,
    LimitExceededException,
    ResourceAlreadyExistsException,
    ResourceInUseException,
    ResourceNotFoundException,
)
from batchrec.localaws.personalize.models.resource import (
    ACTIVE,
    DELETE_IN_PROGRESS,
    DELETE_PENDING,
    STOPPED,
    WORDS,
    Resource,
    Words,
    arn_member,
    member,
    now,
)
from batchrec.localaws.personalize.schemas import Field
from batchrec.localaws.personalize.tables import Table, conformed
from batchrec.localaws.service_model import only_members, service_model

log = logging.getLogger(__name__)


class ResourceBackend(BaseBackend):
    """What an account has in one Region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.lock = threading.RLock()  # held by each operation: branches of a workflow are parallel
        self.resources: dict[str, Resource] = {}
        self.imported: dict[str, pd.DataFrame] = {}  # dataset ARN → rows, columns as in the schema
        self.trained: dict[str, training.Trained] = {}  # solution version ARN → model

    def describe(self, kind: str, arn: str) -> dict[str, Any]:
        """Answer Describe<kind>."""
        output = service_model("personalize").operation_model(f"Describe{kind}").output_shape
        name = member(kind)
        shape = output.members[name]  # type: ignore[union-attr]
        return {name: only_members(shape, self._get(arn, kind).members)}

    def list_page(self, kind: str, *, newest_first: bool = False, **wanted: Any) -> dict[str, Any]:
        """Answer List<kind>s: filtered by the parent's ARN, in pages of maxResults."""
        page = {name: wanted.pop(name) for name in ("maxResults", "nextToken") if name in wanted}
        matching = [
            resource.members
            for resource in self.resources.values()
            if resource.kind == kind
            and all(resource.members.get(name) == value for name, value in wanted.items())
        ]
        return self._paged(f"List{kind}s", matching[:: -1 if newest_first else 1], **page)

    def _paged(
        self,
        operation: str,
        found: list[dict[str, Any]],
        maxResults: int = 100,
        nextToken: str | None = None,
    ) -> dict[str, Any]:
        """Answer a List operation with one page of what was found."""
        output = service_model("personalize").operation_model(operation).output_shape
        key, shape = next(
            (name, shape)
            for name, shape in output.members.items()  # type: ignore[union-attr]
            if isinstance(shape, ListShape)
        )
        start = _offset(operation, nextToken)
        end = start + maxResults
        answer: dict[str, Any] = {
            key: [only_members(shape.member, members) for members in found[start:end]]
        }
        if end < len(found):
            answer["nextToken"] = _token(operation, end)
        return answer

    def delete(self, kind: str, arn: str) -> None:
        """Answer Delete<kind>: at once for schemas, after a while for everything else."""
        doomed = self._get(arn, kind)
        if doomed.busy:
            raise ResourceInUseException(f"{arn} is in status {doomed.status}.")
        self._require_unused(doomed)
        if kind == "Schema":
            del self.resources[arn]
            return
        self._set_status(doomed, DELETE_PENDING)

        def vanish() -> None:
            clock, duration = runtime.current().clock, runtime.current().durations.delete
            clock.sleep(duration / 2, Turn.JOBS)
            if kind != "DatasetGroup":  # whose status stays (API Reference, DatasetGroup)
                self._set_status(doomed, DELETE_IN_PROGRESS)
            clock.sleep(duration / 2, Turn.JOBS)
            with self.lock:
                if self.resources.get(arn) is not doomed:
                    return  # gone with its parent, whose name may have been used again
                for gone in self._with_what_goes_along(arn):
                    del self.resources[gone]
                    self.imported.pop(gone, None)
                    self.trained.pop(gone, None)

        runtime.current().clock.thread(vanish).start()

    # --- rules that many operations share ---------------------------------------------------------

    def _free_arn(self, tail: str) -> str:
        """Return the ARN with this resource part, which nothing may have yet."""
        partition = get_partition(self.region_name)
        arn = f"arn:{partition}:personalize:{self.region_name}:{self.account_id}:{tail}"
        if arn in self.resources:
            raise ResourceAlreadyExistsException(arn)
        return arn

    def _create(self, kind: str, tail: str, **members: Any) -> Resource:
        arn = self._free_arn(tail)
        created_at = now()
        tags = members.pop("tags", None) or []
        tagging.require([], tags)
        created = Resource(
            kind,
            members
            | {
                arn_member(kind): arn,
                "status": WORDS.get(kind, Words()).pending,
                "creationDateTime": created_at,
                "lastUpdatedDateTime": created_at,
            },
            tags,
        )
        self.resources[arn] = created
        return created

    def _run(
        self,
        resource: Resource,
        duration: float,
        work: Callable[[], None] = lambda: None,
        finished: Callable[[], None] = lambda: None,
    ) -> None:
        """Take a new resource through its statuses: the work is real, its duration virtual.

        Args:
            resource: pending so far.
            duration: from pending to the end, virtual seconds.
            work: what it takes, in a thread of its own; a JobFailure ends it as failed.
            finished: what becomes true when it ends well; the backend is locked meanwhile.
        """
        clock = runtime.current().clock

        def process() -> None:
            resource.stop.wait(duration * 0.1)
            with self.lock:  # a stop comes before or after, never in between
                if resource.stop.is_set():
                    return
                self._set_status(resource, resource.words.in_progress)
            fault = runtime.current().faults.of_job(resource.kind, resource.members)
            if fault is not None and fault.stuck:
                return
            failure = None if fault is None else fault.reason
            try:
                if failure is None:
                    work()
            except JobFailure as reason:
                failure = str(reason)
            except Exception as error:
                if clock.closed:
                    return
                log.exception("A %s failed inside the local Personalize", resource.kind)
                failure = f"Internal error of the local Personalize: {error!r}"
            resource.stop.wait(duration * 0.9)
            with self.lock:
                if not resource.stop.is_set():
                    end(failure)
                    return
            clock.sleep(runtime.current().durations.solution_version_stop, Turn.JOBS)
            self._set_status(resource, STOPPED)

        def end(failure: str | None) -> None:
            if failure is None:
                finished()
                self._set_status(resource, resource.words.done)
            else:
                resource.members["failureReason"] = failure
                self._set_status(resource, resource.words.failed)

        clock.thread(process).start()

    def _set_status(self, resource: Resource, status: str) -> None:
        resource.members |= {"status": status, "lastUpdatedDateTime": now()}

    def _any(self, arn: str) -> Resource:
        if arn not in self.resources:
            raise ResourceNotFoundException(arn)
        return self.resources[arn]

    def _get(self, arn: str, kind: str) -> Resource:
        resource = self._any(arn)
        if resource.kind != kind:
            raise ResourceNotFoundException(arn)
        return resource

    def _ready(self, arn: str, kind: str) -> Resource:
        """Return what must be ACTIVE before the caller's operation."""
        resource = self._get(arn, kind)
        if resource.status != ACTIVE:
            raise ResourceInUseException(f"{arn} is in status {resource.status}, not ACTIVE.")
        return resource

    def _require_room(self, kind: str, quota: int) -> None:
        busy = sum(1 for r in self.resources.values() if r.kind == kind and r.busy)
        if busy >= quota:
            raise LimitExceededException(
                f"More than {quota} resources with PENDING or IN_PROGRESS status."
            )

    def _require_room_in_region(self, kind: str, quota: int) -> None:
        if sum(1 for resource in self.resources.values() if resource.kind == kind) >= quota:
            raise LimitExceededException(
                f"Cannot create a {kind}. More than {quota} resources in {self.region_name}."
                " Please delete some and try again."
            )

    def _require_room_in_group(self, kind: str, quota: int, group: str) -> None:
        if len(self._in_group(kind, group)) >= quota:
            # In the form that is recorded for campaigns.
            raise LimitExceededException(
                f"Cannot create a {kind.lower()}. More than {quota} resources in {group}."
                " Please delete some and try again."
            )

    def _require_unused(self, doomed: Resource) -> None:
        """Developer Guide, Clean up resources; API Reference, each Delete operation."""
        always = {"Schema": {"Dataset"}, "DatasetGroup": {"Dataset", "Solution"}}
        while_busy = {
            "Dataset": {"DatasetImportJob"},
            "Solution": {"SolutionVersion"},
            # Not documented; the safe side.
            "DatasetGroup": {"DataDeletionJob"},
            "Filter": {"BatchInferenceJob", "BatchSegmentJob"},
        }
        for other in self.resources.values():
            if other is doomed or not other.refers_to(doomed):
                continue
            if other.kind in always.get(doomed.kind, ()) or (
                other.busy and other.kind in while_busy.get(doomed.kind, ())
            ):
                raise ResourceInUseException(f"{doomed.arn} is used by {other.arn}.")
        for other in self._at_work_with(doomed):
            raise ResourceInUseException(f"{doomed.arn} is used by {other.arn}.")
        if doomed.updating:
            raise ResourceInUseException(f"{doomed.arn} is being updated.")

    def _at_work_with(self, doomed: Resource) -> list[Resource]:
        """List what is busy with a resource that it doesn't name itself.

        API Reference, DeleteDataset: solution versions that are being trained. That data deletion
        jobs keep their dataset and batch jobs their solution isn't documented; the safe side.
        """
        if doomed.kind == "Dataset":
            group = doomed.members["datasetGroupArn"]
            working = [
                other
                for kind in ("SolutionVersion", "DataDeletionJob")
                for other in self._in_group(kind, group)
            ]
        elif doomed.kind == "Solution":
            working = [
                other
                for other in self.resources.values()
                if other.kind in ("BatchInferenceJob", "BatchSegmentJob")
                and other.members["solutionVersionArn"].startswith(f"{doomed.arn}/")
            ]
        else:
            working = []
        return [other for other in working if other.busy]

    def _with_what_goes_along(self, arn: str) -> list[str]:
        """Return the ARNs of a doomed resource, what is below it, and a dataset group's filters.

        The API Reference doesn't count filters and metric attributions among what keeps a dataset
        group from being deleted; what becomes of them isn't documented.
        """
        return [
            other.arn
            for other in self.resources.values()
            if other.arn == arn
            or other.arn.startswith(f"{arn}/")
            or (
                other.kind in ("Filter", "MetricAttribution")
                and other.members["datasetGroupArn"] == arn
            )
        ]

    def _in_group(self, kind: str, group: str) -> list[Resource]:
        return [
            resource
            for resource in list(self.resources.values())  # jobs call this without the lock
            if resource.kind == kind and resource.members["datasetGroupArn"] == group
        ]

    def _columns(self, group: str) -> dict[str, list[Field]]:
        """Return the columns of a dataset group's datasets, by their type in capitals."""
        return {
            dataset.members["datasetType"]: self._fields(dataset)
            for dataset in self._in_group("Dataset", group)
        }

    def _fields(self, dataset: Resource) -> list[Field]:
        schema = self._get(dataset.members["schemaArn"], "Schema")
        return schemas.fields(schema.members["schema"])

    def _tables(self, group: str) -> dict[str, Table]:
        """Return the content of a dataset group's datasets, by their type in capitals."""
        tables = {}
        for dataset in self._in_group("Dataset", group):
            fields = self._fields(dataset)
            empty = pd.DataFrame({field.name: pd.Series(dtype="str") for field in fields})
            rows = self.imported.get(dataset.arn, empty)
            kind = dataset.members["datasetType"]
            tables[kind] = Table(fields, conformed(rows, fields))
        return tables


def _token(operation: str, offset: int) -> str:
    return base64.b64encode(f"{operation} {offset}".encode()).decode()


def _offset(operation: str, token: str | None) -> int:
    if token is None:
        return 0
    try:
        made_by, _, offset = base64.b64decode(token, validate=True).decode().partition(" ")
    except ValueError as error:
        raise InvalidNextTokenException(f"Invalid next token: {token}") from error
    if made_by != operation or not offset.isdecimal():
        raise InvalidNextTokenException(f"Invalid next token: {token}")
    return int(offset)
