"""Batch jobs."""

from typing import Any

from batchrec.localaws import runtime
from batchrec.localaws.personalize import batch, recipes
from batchrec.localaws.personalize.exceptions import InvalidInputException
from batchrec.localaws.personalize.models.resources import ResourceBackend
from batchrec.localaws.personalize.storage import Storage


class BatchJobBackend(ResourceBackend):
    """Operations on batch jobs."""

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
        self._require_room("BatchInferenceJob", runtime.current().quotas.batch_inference_jobs)
        source = jobInput["s3DataSource"]["path"]
        destination = jobOutput["s3DataDestination"]["path"]
        if source == destination:
            raise InvalidInputException("Invalid S3 output path")
        storage = Storage(self.region_name)
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
