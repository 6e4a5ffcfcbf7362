"""Dataset groups, schemas, datasets, and imports into them."""

from typing import Any

import pandas as pd

from batchrec.localaws import runtime
from batchrec.localaws.personalize import imports, schemas
from batchrec.localaws.personalize.exceptions import InvalidInputException
from batchrec.localaws.personalize.models.base import ResourceBackend
from batchrec.localaws.personalize.storage import Storage


class DatasetBackend(ResourceBackend):
    """Operations on datasets and what they stand in."""

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
        self._require_room("DatasetImportJob", runtime.current().quotas.dataset_import_jobs)
        storage = Storage(self.region_name, self.account_id)
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
