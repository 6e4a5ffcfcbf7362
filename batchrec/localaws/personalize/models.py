"""State and rules of the local Amazon Personalize.

Every rule cites the Personalize API Reference or Developer Guide; what AWS doesn't document is
marked as ours and takes the side that is safe for a pipeline.
"""

import base64
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from botocore.model import ListShape
from moto.core.base_backend import BackendDict, BaseBackend
from moto.utilities.utils import get_partition

from batchrec.localaws import runtime
from batchrec.localaws.personalize import batch, imports, recipes, schemas, training
from batchrec.localaws.personalize.exceptions import (
    InvalidInputException,
    InvalidNextTokenException,
    JobFailure,
    LimitExceededException,
    ResourceAlreadyExistsException,
    ResourceInUseException,
    ResourceNotFoundException,
)
from batchrec.localaws.service_model import only_members, service_model

log = logging.getLogger(__name__)

PENDING = "CREATE PENDING"
IN_PROGRESS = "CREATE IN_PROGRESS"
ACTIVE = "ACTIVE"
FAILED = "CREATE FAILED"
DELETING = "DELETE PENDING"

# Pending or in progress at once, per Region (Developer Guide, Endpoints and quotas).
QUOTAS = {"DatasetImportJob": 5, "BatchInferenceJob": 5, "SolutionVersion": 20}


@dataclass
class Resource:
    """Anything with an ARN: its members are those of the Describe operation, absent when unset."""

    kind: str  # as in the operations' names, e.g. "DatasetGroup"
    members: dict[str, Any]
    tags: list[dict[str, str]] = field(default_factory=list)

    @property
    def arn(self) -> str:
        """The resource's ARN."""
        return str(self.members[_arn_member(self.kind)])

    @property
    def status(self) -> str:
        """The status; a schema, which has none, counts as active."""
        return str(self.members.get("status", ACTIVE))

    @property
    def busy(self) -> bool:
        """Whether it is pending or in progress."""
        return self.status not in (ACTIVE, FAILED)


class PersonalizeBackend(BaseBackend):
    """Personalize in one account and Region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.resources: dict[str, Resource] = {}
        self.imported: dict[str, pd.DataFrame] = {}  # dataset ARN → rows, columns as in the schema
        self.trained: dict[str, training.Trained] = {}  # solution version ARN → model

    # --- dataset groups, schemas, datasets ----------------------------------------------------

    def create_dataset_group(self, name: str, **settings: Any) -> dict[str, Any]:
        """API Reference, CreateDatasetGroup."""
        if settings.get("roleArn") and not settings.get("kmsKeyArn"):
            raise InvalidInputException("roleArn is only used together with kmsKeyArn.")
        created = self._create("DatasetGroup", f"dataset-group/{name}", name=name, **settings)
        self._run(created, runtime.current().durations.dataset_group)
        return {"datasetGroupArn": created.arn, "domain": settings.get("domain")}

    def create_schema(self, name: str, schema: str, **settings: Any) -> dict[str, Any]:
        """API Reference, CreateSchema."""
        schemas.validate(schema)
        created = self._create("Schema", f"schema/{name}", name=name, schema=schema, **settings)
        del created.members["status"]
        return {"schemaArn": created.arn}

    def create_dataset(
        self, name: str, schemaArn: str, datasetGroupArn: str, datasetType: str, **settings: Any
    ) -> dict[str, Any]:
        """API Reference, CreateDataset: one dataset of each type in a dataset group."""
        group = self._ready(datasetGroupArn, "DatasetGroup")
        schema = self._get(schemaArn, "Schema")
        schemas.require_type(schema.members["schema"], datasetType)
        kind = datasetType.upper()
        created = self._create(
            "Dataset",
            f"dataset/{group.members['name']}/{kind}",
            name=name,
            schemaArn=schemaArn,
            datasetGroupArn=datasetGroupArn,
            datasetType=kind,
            **settings,
        )
        self._run(created, runtime.current().durations.dataset)
        return {"datasetArn": created.arn}

    def create_dataset_import_job(
        self, jobName: str, datasetArn: str, dataSource: dict[str, str], **settings: Any
    ) -> dict[str, Any]:
        """API Reference, CreateDatasetImportJob; access to S3 is checked at once."""
        dataset = self._ready(datasetArn, "Dataset")
        if not settings.get("roleArn"):
            raise InvalidInputException("roleArn must be specified to import from Amazon S3.")
        mode = settings.setdefault("importMode", "FULL")
        if mode == "INCREMENTAL" and datasetArn not in self.imported:
            raise InvalidInputException(
                "The first bulk import of a dataset must have importMode FULL."
            )
        self._require_room("DatasetImportJob")
        storage = batch.Storage(self.region_name)
        location = dataSource.get("dataLocation", "")
        storage.require_access(location)
        created = self._create(
            "DatasetImportJob",
            f"dataset-import-job/{jobName}",
            jobName=jobName,
            datasetArn=datasetArn,
            dataSource=dataSource,
            **settings,
        )
        schema = self._get(dataset.members["schemaArn"], "Schema").members["schema"]

        def work() -> None:
            rows = imports.read(storage, location, schema, dataset.members["datasetType"])
            earlier = self.imported.get(datasetArn)
            if mode == "INCREMENTAL" and earlier is not None:
                rows = pd.concat([earlier, rows], ignore_index=True)
            self.imported[datasetArn] = rows

        self._run(created, runtime.current().durations.dataset_import_job, work)
        return {"datasetImportJobArn": created.arn}

    # --- solutions ------------------------------------------------------------------------------

    def create_solution(self, name: str, datasetGroupArn: str, **settings: Any) -> dict[str, Any]:
        """API Reference, CreateSolution: performAutoTraining defaults to true."""
        self._ready(datasetGroupArn, "DatasetGroup")
        recipe = recipes.get(settings.get("recipeArn"))
        if recipe is None:
            raise InvalidInputException(f"No recipe has the ARN {settings.get('recipeArn')}.")
        created = self._create(
            "Solution",
            f"solution/{name}",
            name=name,
            datasetGroupArn=datasetGroupArn,
            **{"performAutoTraining": True, "performHPO": False, "performAutoML": False} | settings,
        )
        self._run(created, runtime.current().durations.solution)
        return {"solutionArn": created.arn}

    def create_solution_version(self, solutionArn: str, **settings: Any) -> dict[str, Any]:
        """API Reference, CreateSolutionVersion; too little data fails the version, not the call."""
        solution = self._ready(solutionArn, "Solution")
        self._require_room("SolutionVersion")
        mode = settings.pop("trainingMode", "FULL")
        if mode != "FULL":
            raise InvalidInputException(f"trainingMode {mode} is not emulated; use FULL.")
        identifier = secrets.token_hex(4)
        inherited = {
            name: solution.members.get(name)
            for name in ("recipeArn", "eventType", "datasetGroupArn", "solutionConfig")
        }
        created = self._create(
            "SolutionVersion",
            f"{_tail(solutionArn)}/{identifier}",
            **{"name": f"{solution.members['name']}/{identifier}"} | settings,
            solutionArn=solutionArn,
            trainingMode=mode,
            trainingType="MANUAL",
            performHPO=solution.members["performHPO"],
            performAutoML=solution.members["performAutoML"],
            **inherited,
        )
        solution.members["latestSolutionVersion"] = created.members

        def work() -> None:
            interactions = self._dataset_of(solution.members["datasetGroupArn"], "INTERACTIONS")
            rows = self.imported.get(interactions.arn) if interactions else None
            self.trained[created.arn] = training.train(solution.members, rows)

        def finished() -> None:
            hours = runtime.current().durations.solution_version / 3600
            created.members["trainingHours"] = round(hours, 3)

        duration = runtime.current().durations.solution_version
        self._run(created, duration, work, finished)
        return {"solutionVersionArn": created.arn}

    def get_solution_metrics(self, solutionVersionArn: str) -> dict[str, Any]:
        """API Reference, GetSolutionMetrics."""
        version = self._ready(solutionVersionArn, "SolutionVersion")
        return {
            "solutionVersionArn": version.arn,
            "metrics": self.trained[version.arn].offline_metrics,
        }

    # --- batch inference ------------------------------------------------------------------------

    def create_batch_inference_job(
        self,
        jobName: str,
        solutionVersionArn: str,
        jobInput: dict[str, Any],
        jobOutput: dict[str, Any],
        **settings: Any,
    ) -> dict[str, Any]:
        """API Reference, CreateBatchInferenceJob: numResults defaults to 25."""
        version = self._ready(solutionVersionArn, "SolutionVersion")
        recipe = recipes.get(version.members["recipeArn"])
        if recipe is None or not recipe.batch_inference:
            raise InvalidInputException("The solution's recipe does not support batch inference.")
        for name in ("filterArn", "themeGenerationConfig"):
            if settings.get(name):
                raise NotImplementedError(f"{name} of CreateBatchInferenceJob")
        self._require_room("BatchInferenceJob")
        source = jobInput["s3DataSource"]["path"]
        destination = jobOutput["s3DataDestination"]["path"]
        if source == destination:
            raise InvalidInputException("Invalid S3 output path")
        storage = batch.Storage(self.region_name)
        storage.require_access(source)
        storage.require_access(destination)
        count = settings.setdefault("numResults", 25)
        settings.setdefault("batchInferenceJobMode", "BATCH_INFERENCE")
        created = self._create(
            "BatchInferenceJob",
            f"batch-inference-job/{jobName}",
            jobName=jobName,
            solutionVersionArn=solutionVersionArn,
            jobInput=jobInput,
            jobOutput=jobOutput,
            **settings,
        )
        model = self.trained[version.arn].model

        def work() -> None:
            batch.infer(storage, model, source, destination, count)

        self._run(created, runtime.current().durations.batch_inference_job, work)
        return {"batchInferenceJobArn": created.arn}

    # --- every kind -----------------------------------------------------------------------------

    def describe(self, kind: str, arn: str) -> dict[str, Any]:
        """Answer Describe<kind>."""
        output = service_model("personalize").operation_model(f"Describe{kind}").output_shape
        member = _member(kind)
        shape = output.members[member]  # type: ignore[union-attr]
        return {member: only_members(shape, self._get(arn, kind).members)}

    def list_page(self, kind: str, **wanted: Any) -> dict[str, Any]:
        """Answer List<kind>s: filtered by the parent's ARN, in pages of maxResults."""
        output = service_model("personalize").operation_model(f"List{kind}s").output_shape
        member, shape = next(
            (name, shape)
            for name, shape in output.members.items()  # type: ignore[union-attr]
            if isinstance(shape, ListShape)
        )
        size = wanted.pop("maxResults", 100)
        start = _offset(wanted.pop("nextToken", None))
        matching = [
            resource
            for resource in self.resources.values()
            if resource.kind == kind
            and all(resource.members.get(name) == value for name, value in wanted.items())
        ]
        page = matching[start : start + size]
        answer: dict[str, Any] = {
            member: [only_members(shape.member, resource.members) for resource in page]
        }
        if start + size < len(matching):
            answer["nextToken"] = base64.b64encode(str(start + size).encode()).decode()
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
        self._set_status(doomed, DELETING)

        def vanish() -> None:
            clock = runtime.current().clock
            clock.sleep(runtime.current().durations.delete)
            for gone in [r for r in self.resources if r == arn or r.startswith(f"{arn}/")]:
                del self.resources[gone]
                self.imported.pop(gone, None)
                self.trained.pop(gone, None)

        runtime.current().clock.thread(vanish).start()

    def tag_resource(self, resourceArn: str, tags: list[dict[str, str]]) -> dict[str, Any]:
        """API Reference, TagResource."""
        resource = self._any(resourceArn)
        keys = {tag["tagKey"] for tag in tags}
        resource.tags = [tag for tag in resource.tags if tag["tagKey"] not in keys] + tags
        return {}

    def untag_resource(self, resourceArn: str, tagKeys: list[str]) -> dict[str, Any]:
        """API Reference, UntagResource."""
        resource = self._any(resourceArn)
        resource.tags = [tag for tag in resource.tags if tag["tagKey"] not in tagKeys]
        return {}

    def list_tags_for_resource(self, resourceArn: str) -> dict[str, Any]:
        """API Reference, ListTagsForResource."""
        return {"tags": self._any(resourceArn).tags}

    # --- rules that many operations share ---------------------------------------------------------

    def _create(self, kind: str, tail: str, **members: Any) -> Resource:
        partition = get_partition(self.region_name)
        arn = f"arn:{partition}:personalize:{self.region_name}:{self.account_id}:{tail}"
        if arn in self.resources:
            raise ResourceAlreadyExistsException(arn)
        now = _now()
        tags = members.pop("tags", None) or []
        created = Resource(
            kind,
            members
            | {
                _arn_member(kind): arn,
                "status": PENDING,
                "creationDateTime": now,
                "lastUpdatedDateTime": now,
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
        """Take a new resource through its statuses: the work is real, its duration virtual."""
        clock = runtime.current().clock

        def process() -> None:
            clock.sleep(duration * 0.1)
            self._set_status(resource, IN_PROGRESS)
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
                log.exception("%s failed inside the local Personalize", resource.arn)
                failure = f"Internal error of the local Personalize: {error!r}"
            clock.sleep(duration * 0.9)
            if failure is None:
                finished()
                self._set_status(resource, ACTIVE)
            else:
                resource.members["failureReason"] = failure
                self._set_status(resource, FAILED)

        clock.thread(process).start()

    def _set_status(self, resource: Resource, status: str) -> None:
        resource.members |= {"status": status, "lastUpdatedDateTime": _now()}

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

    def _require_room(self, kind: str) -> None:
        busy = sum(1 for r in self.resources.values() if r.kind == kind and r.busy)
        if busy >= QUOTAS[kind]:
            raise LimitExceededException(QUOTAS[kind])

    def _require_unused(self, doomed: Resource) -> None:
        """Developer Guide, Clean up resources; API Reference, each Delete operation."""
        always = {"Schema": {"Dataset"}, "DatasetGroup": {"Dataset", "Solution"}}
        while_busy = {"Dataset": {"DatasetImportJob"}, "Solution": {"SolutionVersion"}}
        for other in self.resources.values():
            if other is doomed or other.members.get(_arn_member(doomed.kind)) != doomed.arn:
                continue
            if other.kind in always.get(doomed.kind, ()) or (
                other.busy and other.kind in while_busy.get(doomed.kind, ())
            ):
                raise ResourceInUseException(f"{doomed.arn} is used by {other.arn}.")

    def _dataset_of(self, group: str, kind: str) -> Resource | None:
        matching = (
            resource
            for resource in self.resources.values()
            if resource.kind == "Dataset"
            and resource.members["datasetGroupArn"] == group
            and resource.members["datasetType"] == kind
        )
        return next(matching, None)


def _now() -> float:
    return round(runtime.current().clock.time(), 3)


def _member(kind: str) -> str:
    return kind[0].lower() + kind[1:]


def _arn_member(kind: str) -> str:
    return f"{_member(kind)}Arn"


def _tail(arn: str) -> str:
    return arn.split(":", 5)[5]


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.b64decode(token, validate=True))
    except ValueError as error:
        raise InvalidNextTokenException(f"Invalid next token: {token}") from error


personalize_backends = BackendDict(PersonalizeBackend, "personalize")
