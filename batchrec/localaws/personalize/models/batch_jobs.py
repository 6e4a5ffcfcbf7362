"""Batch jobs."""

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

import pandas as pd

from batchrec.localaws import runtime
from batchrec.localaws.personalize import access, batch, families, filters, recipes
from batchrec.localaws.personalize.eligibility import Eligibility
from batchrec.localaws.personalize.exceptions import InvalidInputException, JobFailure
from batchrec.localaws.personalize.families import Family
from batchrec.localaws.personalize.filters import Filter
from batchrec.localaws.personalize.models.base import ResourceBackend
from batchrec.localaws.personalize.models.resource import FAILED, STOPPED, Resource
from batchrec.localaws.personalize.recipes import Recipe
from batchrec.localaws.personalize.storage import Storage
from batchrec.recommender import ItemRanker, Model, RelatedItems

MAXIMUM_USERS = 5_000_000  # of a segment (API Reference, CreateBatchSegmentJob)

# Developer Guide, Batch recommendations with themes from Content Generator.
THEME_REGIONS = ("us-east-1", "us-west-2", "ap-northeast-1")


class BatchJobBackend(ResourceBackend):
    """Operations on batch jobs."""

    def create_batch_inference_job(
        self, jobName: str, solutionVersionArn: str, **settings: Any
    ) -> dict[str, Any]:
        """API Reference, CreateBatchInferenceJob: numResults defaults to 25."""
        recipe = self._recipe_of(solutionVersionArn)
        if not recipe.batch_inference:
            raise InvalidInputException(f"{recipe.name} does not support batch inference jobs.")
        settings.setdefault("batchInferenceJobMode", "BATCH_INFERENCE")
        names = self._item_names(recipe, solutionVersionArn, settings)
        created = self._start(
            "BatchInferenceJob",
            f"batch-inference-job/{jobName}",
            runtime.current().quotas.batch_inference_jobs,
            runtime.current().durations.batch_inference_job,
            lambda job, model: self._inference(recipe, job, model, names),
            jobName=jobName,
            solutionVersionArn=solutionVersionArn,
            **settings,
        )
        return {"batchInferenceJobArn": created.arn}

    def create_batch_segment_job(
        self, jobName: str, solutionVersionArn: str, **settings: Any
    ) -> dict[str, Any]:
        """API Reference, CreateBatchSegmentJob: numResults defaults to 25."""
        recipe = self._recipe_of(solutionVersionArn)
        if not recipe.batch_segment:
            raise InvalidInputException(f"{recipe.name} does not support batch segment jobs.")
        if settings.get("numResults", 0) > MAXIMUM_USERS:
            raise InvalidInputException(f"numResults can be at most {MAXIMUM_USERS}.")
        created = self._start(
            "BatchSegmentJob",
            f"batch-segment-job/{jobName}",
            runtime.current().quotas.batch_segment_jobs,
            runtime.current().durations.batch_segment_job,
            lambda job, model: self._segments(recipe, job, model),
            jobName=jobName,
            solutionVersionArn=solutionVersionArn,
            **settings,
        )
        return {"batchSegmentJobArn": created.arn}

    def _start(
        self,
        kind: str,
        tail: str,
        quota: int,
        duration: float,
        family: Callable[[Resource, Model], Family[Any]],
        **members: Any,
    ) -> Resource:
        arn = self._free_arn(tail)
        self._require_room(kind, quota)
        version = self._get(members["solutionVersionArn"], "SolutionVersion")
        if version.status in (FAILED, STOPPED):
            raise InvalidInputException(f"{version.arn} is in status {version.status}.")
        self._ready(version.arn, "SolutionVersion")
        self._ready(version.members["solutionArn"], "Solution")  # not being deleted
        trained = self.trained[version.arn]
        if members.get("filterArn"):
            self._require_filter(members["filterArn"], members["solutionVersionArn"])
        source = members["jobInput"]["s3DataSource"]["path"]
        destination = members["jobOutput"]["s3DataDestination"]["path"]
        if source.rstrip("/") == destination.rstrip("/"):
            raise InvalidInputException("Invalid S3 output path")
        named = (members["jobInput"]["s3DataSource"], members["jobOutput"]["s3DataDestination"])
        allowed = partial(
            access.require,
            members["roleArn"],
            arn,
            reads=[source],
            writes=[destination],
            keys=[place["kmsKeyArn"] for place in named if place.get("kmsKeyArn")],
        )
        allowed()
        storage = Storage(arn, members["roleArn"])
        if members.setdefault("numResults", 25) < 1:
            raise InvalidInputException("numResults must be at least 1.")
        created = self._create(kind, tail, **members)

        def work() -> None:
            access.require_still(allowed)
            batch.run(storage, family(created, trained.model), source, destination)

        self._run(created, duration, work)
        return created

    def _inference(
        self, recipe: Recipe, job: Resource, model: Any, names: dict[str, str] | None
    ) -> Family[Any]:
        count, eligibility = job.members["numResults"], self._eligibility(job, model.item_ids)
        if names is not None:
            return families.ThemedRecommendations(model, count, eligibility, names)
        if isinstance(model, RelatedItems):
            return families.ItemRecommendations(model, count, eligibility)
        if isinstance(model, ItemRanker):
            return families.PersonalizedRankings(model, count, eligibility)
        # Documented examples of popular items have no scores.
        scored = recipe.name != "aws-popularity-count"
        return families.UserRecommendations(model, count, eligibility, scored=scored)

    def _segments(self, recipe: Recipe, job: Resource, model: Any) -> Family[Any]:
        forgotten = self.trained[job.members["solutionVersionArn"]].forgotten
        eligibility = self._eligibility(job, model.user_ids, forgotten)
        count = job.members["numResults"]
        family = families.AttributeSegments if recipe.needs_items else families.ItemSegments
        return family(model, count, eligibility)

    def _recipe_of(self, version_arn: str) -> Recipe:
        version = self._get(version_arn, "SolutionVersion")
        recipe = recipes.get(version.members["recipeArn"])
        assert recipe is not None  # noqa: S101 (checked when the solution was created)
        return recipe

    def _require_filter(self, filter_arn: str, version_arn: str) -> None:
        """Check that a job can have this filter; which errors AWS gives isn't documented."""
        members = self._ready(filter_arn, "Filter").members
        version = self._get(version_arn, "SolutionVersion").members
        if members["datasetGroupArn"] != version["datasetGroupArn"]:
            raise InvalidInputException(f"{filter_arn} belongs to another dataset group.")
        recipe = self._recipe_of(version_arn)
        wanted = filters.parse(members["filterExpression"])
        target = "USERID" if recipe.batch_segment else "ITEMID"
        if wanted.target != target:
            raise InvalidInputException(
                f"{filter_arn} filters {wanted.target}; {recipe.name} answers with {target}."
            )
        by_interactions = any(condition.dataset == "INTERACTIONS" for condition in wanted)
        if by_interactions and recipe.name == "aws-item-attribute-affinity":
            raise InvalidInputException(f"{recipe.name} can't be filtered by interactions.")

    def _eligibility(
        self, job: Resource, ids: pd.Index, barred: Collection[str] = ()
    ) -> Eligibility | None:
        if not job.members.get("filterArn"):
            return Eligibility(Filter("USERID", ()), {}, ids, barred) if barred else None
        members = self._get(job.members["filterArn"], "Filter").members
        wanted = filters.parse(members["filterExpression"])
        tables = self._tables(members["datasetGroupArn"])
        try:
            filters.require_fields(wanted, tables)
        except InvalidInputException as error:  # datasets may have gone since it was created
            raise JobFailure(f"{job.members['filterArn']}: {error.message}") from error
        return Eligibility(wanted, tables, ids, barred)

    def _item_names(
        self, recipe: Recipe, version_arn: str, settings: dict[str, Any]
    ) -> dict[str, str] | None:
        """Return the items' names for themes, None for a job without them."""
        config = settings.get("themeGenerationConfig")
        if settings["batchInferenceJobMode"] != "THEME_GENERATION":
            if config:
                raise InvalidInputException(
                    "themeGenerationConfig needs batchInferenceJobMode THEME_GENERATION."
                )
            return None
        if not recipe.themes:
            raise InvalidInputException(f"{recipe.name} does not support THEME_GENERATION.")
        if self.region_name not in THEME_REGIONS:
            raise InvalidInputException(f"THEME_GENERATION is not available in {self.region_name}.")
        if not config:
            raise InvalidInputException("THEME_GENERATION needs themeGenerationConfig.")
        version = self._get(version_arn, "SolutionVersion").members
        items = self._tables(version["datasetGroupArn"]).get("ITEMS")
        column = config["fieldsForThemeGeneration"]["itemName"]
        field = items.field(column) if items else None
        if items is None or field is None or field.type != "string":
            raise InvalidInputException(f"The Items dataset has no text column {column}.")
        if not any(field.textual for field in items.fields):
            raise InvalidInputException(
                "The Items dataset has no textual column to find themes in."
            )
        rows = items.latest("ITEM_ID")
        return dict(zip(rows["ITEM_ID"], rows[field.name], strict=True))
