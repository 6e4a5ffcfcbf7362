"""Dataset groups, schemas, datasets, and imports into them."""

from functools import partial
from typing import Any

import pandas as pd

from batchrec.localaws import runtime
from batchrec.localaws.personalize import access, imports, schemas
from batchrec.localaws.personalize.exceptions import (
    InvalidInputException,
    ResourceInUseException,
)
from batchrec.localaws.personalize.models.base import ResourceBackend
from batchrec.localaws.personalize.models.resource import PENDING, Resource, now
from batchrec.localaws.personalize.storage import Storage


class DatasetBackend(ResourceBackend):
    """Operations on datasets and what they stand in."""

    def create_dataset_group(self, name: str, **settings: Any) -> dict[str, Any]:
        """API Reference, CreateDatasetGroup."""
        if settings.get("roleArn") and not settings.get("kmsKeyArn"):
            raise InvalidInputException("roleArn is only used together with kmsKeyArn.")
        self._free_arn(f"dataset-group/{name}")  # a taken name isn't reported as a full Region
        self._require_room_in_region("DatasetGroup", runtime.current().quotas.dataset_groups)
        created = self._create("DatasetGroup", f"dataset-group/{name}", name=name, **settings)
        self._run(created, runtime.current().durations.dataset_group)
        return {"datasetGroupArn": created.arn, "domain": settings.get("domain")}

    def create_schema(self, name: str, schema: str, **settings: Any) -> dict[str, Any]:
        """API Reference, CreateSchema."""
        schemas.validate(schema, settings.get("domain"))
        self._free_arn(f"schema/{name}")
        self._require_room_in_region("Schema", runtime.current().quotas.schemas)
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
        if schema.members.get("domain") != group.members.get("domain"):
            raise InvalidInputException(f"{schemaArn} and {datasetGroupArn} differ in domain.")
        kind = schemas.canonical(datasetType)
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

    def update_dataset(self, datasetArn: str, schemaArn: str) -> dict[str, Any]:
        """API Reference, UpdateDataset; Developer Guide, Replacing a dataset's schema.

        The earlier schema holds until the update ends. An import that is under way keeps the
        dataset from being updated, which isn't documented.
        """
        dataset = self._ready(datasetArn, "Dataset")
        schema = self._get(schemaArn, "Schema").members["schema"]
        if dataset.updating:
            raise ResourceInUseException(f"{datasetArn} is being updated already.")
        self._require_no_import(datasetArn)
        schemas.require_type(schema, dataset.members["datasetType"])
        earlier = self._get(dataset.members["schemaArn"], "Schema").members["schema"]
        schemas.require_successor(earlier, schema)
        started = now()
        update = Resource(
            "DatasetUpdate",
            {
                "schemaArn": schemaArn,
                "status": PENDING,
                "creationDateTime": started,
                "lastUpdatedDateTime": started,
            },
        )
        dataset.members["latestDatasetUpdate"] = update.members

        def finished() -> None:
            dataset.members |= {"schemaArn": schemaArn, "lastUpdatedDateTime": now()}

        self._run(update, runtime.current().durations.dataset_update, finished=finished)
        return {"datasetArn": datasetArn}

    def create_dataset_import_job(
        self, jobName: str, datasetArn: str, dataSource: dict[str, str], **settings: Any
    ) -> dict[str, Any]:
        """API Reference, CreateDatasetImportJob; access to S3 is checked at once.

        During an update of the dataset it is refused: data must align with the new schema
        (Developer Guide, Replacing a dataset's schema).
        """
        dataset = self._ready(datasetArn, "Dataset")
        if dataset.updating:
            raise ResourceInUseException(f"{datasetArn} is being updated.")
        if not settings.get("roleArn"):
            raise InvalidInputException("roleArn must be specified to import from Amazon S3.")
        mode = settings.setdefault("importMode", "FULL")
        if mode == "INCREMENTAL" and datasetArn not in self.imported:
            raise InvalidInputException(
                "The first bulk import of a dataset must have importMode FULL."
            )
        arn = self._free_arn(f"dataset-import-job/{jobName}")
        self._require_room("DatasetImportJob", runtime.current().quotas.dataset_import_jobs)
        storage = Storage(arn, settings["roleArn"])
        location = dataSource.get("dataLocation", "")
        allowed = partial(
            access.require, settings["roleArn"], arn, reads=[location], bulk_import=True
        )
        allowed()
        created = self._create(
            "DatasetImportJob",
            f"dataset-import-job/{jobName}",
            jobName=jobName,
            datasetArn=datasetArn,
            dataSource=dataSource,
            **settings,
        )
        schema = self._get(dataset.members["schemaArn"], "Schema").members
        kind, is_increment = dataset.members["datasetType"], mode == "INCREMENTAL"
        read: list[pd.DataFrame] = []

        def work() -> None:
            access.require_still(allowed, f"Failed to create a data import job for {kind} dataset.")
            text, domain = schema["schema"], schema.get("domain")
            rows = imports.read(storage, location, text, kind, domain, is_increment=is_increment)
            read.append(rows)
            result()  # together with what is there it may break a limit

        def result() -> pd.DataFrame:
            (rows,) = read
            if not is_increment:
                return rows
            return imports.merged(self.imported[datasetArn], rows, schema["schema"], kind)

        def finished() -> None:
            self.imported[datasetArn] = result()

        self._run(created, runtime.current().durations.dataset_import_job, work, finished)
        return {"datasetImportJobArn": created.arn}

    def _require_no_import(self, dataset_arn: str) -> None:
        for job in self.resources.values():
            if job.kind != "DatasetImportJob" or job.members["datasetArn"] != dataset_arn:
                continue
            if job.busy:
                raise ResourceInUseException(f"{dataset_arn} is used by {job.arn}.")
