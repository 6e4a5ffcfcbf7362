"""Data deletion jobs."""

from functools import partial
from typing import Any

from batchrec.localaws import runtime
from batchrec.localaws.personalize import access, deletions
from batchrec.localaws.personalize.exceptions import LimitExceededException
from batchrec.localaws.personalize.models.base import ResourceBackend
from batchrec.localaws.personalize.storage import Storage


class DeletionBackend(ResourceBackend):
    """Operations on data deletion jobs."""

    def create_data_deletion_job(
        self, jobName: str, datasetGroupArn: str, dataSource: dict[str, str], **settings: Any
    ) -> dict[str, Any]:
        """API Reference, CreateDataDeletionJob; Developer Guide, Deleting users.

        Until it completes, the data is used. Other jobs don't keep it from starting; a job that is
        under way may have read the data before.
        """
        self._ready(datasetGroupArn, "DatasetGroup")
        arn = self._free_arn(f"data-deletion-job/{jobName}")
        self._require_few_pending(datasetGroupArn)
        storage = Storage(arn, settings["roleArn"])
        location = dataSource.get("dataLocation", "")
        allowed = partial(access.require, settings["roleArn"], arn, reads=[location])
        allowed()
        created = self._create(
            "DataDeletionJob",
            f"data-deletion-job/{jobName}",
            jobName=jobName,
            datasetGroupArn=datasetGroupArn,
            dataSource=dataSource,
            **settings,
        )
        users: set[str] = set()

        def work() -> None:
            access.require_still(allowed)
            users.update(deletions.users(storage, location))

        def finished() -> None:
            created.members["numDeleted"] = self._forget(datasetGroupArn, users)

        self._run(created, runtime.current().durations.data_deletion_job, work, finished)
        return {"dataDeletionJobArn": created.arn}

    def list_data_deletion_jobs(self, **wanted: Any) -> dict[str, Any]:
        """API Reference, ListDataDeletionJobs: the most recent first."""
        return self.list_page("DataDeletionJob", newest_first=True, **wanted)

    def _require_few_pending(self, group: str) -> None:
        quota = runtime.current().quotas.pending_data_deletion_jobs
        jobs = self._in_group("DataDeletionJob", group)
        if sum(1 for job in jobs if job.status == job.words.pending) >= quota:
            raise LimitExceededException(f"More than {quota} resources with PENDING status.")

    def _forget(self, group: str, users: set[str]) -> int:
        """Delete users' records from a group's datasets, and the users from later segments.

        Returns:
            how many records are deleted.
        """
        deleted = 0
        for dataset in self._in_group("Dataset", group):
            rows = self.imported.get(dataset.arn)
            if rows is None or deletions.COLUMN not in rows:
                continue
            theirs = rows[deletions.COLUMN].isin(users)
            deleted += int(theirs.sum())
            self.imported[dataset.arn] = rows[~theirs].reset_index(drop=True)
        for version in self._in_group("SolutionVersion", group):
            if trained := self.trained.get(version.arn):
                trained.forgotten.update(users)
        return deleted
