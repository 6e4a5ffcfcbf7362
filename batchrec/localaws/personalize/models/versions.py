"""Solution versions."""

import secrets
from typing import Any

from batchrec.localaws import runtime
from batchrec.localaws.personalize import recipes, training
from batchrec.localaws.personalize.exceptions import (
    InvalidInputException,
    ResourceAlreadyExistsException,
    ResourceInUseException,
)
from batchrec.localaws.personalize.models.base import ResourceBackend
from batchrec.localaws.personalize.models.resource import (
    ACTIVE,
    IN_PROGRESS,
    PENDING,
    STOPPED,
    STOPPING,
    Resource,
    tail_of,
)


class VersionBackend(ResourceBackend):
    """Operations on solution versions."""

    def create_solution_version(self, solutionArn: str, **settings: Any) -> dict[str, Any]:
        """API Reference, CreateSolutionVersion; too little data fails the version, not the call."""
        solution = self._ready(solutionArn, "Solution")
        mode = settings.setdefault("trainingMode", "FULL")
        if mode != "FULL":
            self._require_updatable(solution, mode)
        self._require_free_version_name(solutionArn, settings.get("name"))
        created = self._create_version(solution, trainingType="MANUAL", **settings)
        return {"solutionVersionArn": created.arn}

    def list_solution_versions(self, **wanted: Any) -> dict[str, Any]:
        """API Reference, ListSolutionVersions: of all lists, it alone knows missing parents."""
        if "solutionArn" in wanted:
            self._get(wanted["solutionArn"], "Solution")
        return self.list_page("SolutionVersion", **wanted)

    def stop_solution_version_creation(self, solutionVersionArn: str) -> dict[str, Any]:
        """API Reference, StopSolutionVersionCreation.

        The error for a version that isn't pending or in progress is not documented; this one is
        ours.
        """
        version = self._get(solutionVersionArn, "SolutionVersion")
        if version.status not in (PENDING, IN_PROGRESS):
            raise ResourceInUseException(
                f"{solutionVersionArn} is in status {version.status}: there is nothing to stop."
            )
        self._set_status(version, STOPPED if version.status == PENDING else STOPPING)
        version.stop.set()
        return {}

    def get_solution_metrics(self, solutionVersionArn: str) -> dict[str, Any]:
        """API Reference, GetSolutionMetrics."""
        version = self._ready(solutionVersionArn, "SolutionVersion")
        return {
            "solutionVersionArn": version.arn,
            "metrics": self.trained[version.arn].offline_metrics,
        }

    def _create_version(self, solution: Resource, **settings: Any) -> Resource:
        self._require_room("SolutionVersion", runtime.current().quotas.solution_versions)
        # Not verified: whether the ARN of a version with a name ends in the name.
        identifier = secrets.token_hex(4)
        inherited = {
            name: solution.members[name]
            for name in (
                "recipeArn",
                "eventType",
                "datasetGroupArn",
                "performHPO",
                "performAutoML",
                "performIncrementalUpdate",
                "solutionConfig",
            )
            if name in solution.members
        }
        created = self._create(
            "SolutionVersion",
            f"{tail_of(solution.arn)}/{identifier}",
            **{"name": f"{solution.members['name']}/{identifier}"} | settings,
            solutionArn=solution.arn,
            **inherited,
        )
        solution.members["latestSolutionVersion"] = created.members

        def work() -> None:
            tables = self._tables(created.members["datasetGroupArn"])
            self.trained[created.arn] = training.train(created.members, tables)

        def finished() -> None:
            hours = runtime.current().durations.solution_version / 3600
            created.members["trainingHours"] = round(hours, 3)

        duration = runtime.current().durations.solution_version
        self._run(created, duration, work, finished)
        return created

    def _require_updatable(self, solution: Resource, mode: str) -> None:
        """API Reference, CreateSolutionVersion, trainingMode."""
        recipe = recipes.get(solution.members["recipeArn"])
        if mode != "UPDATE" or recipe is None or not recipe.update_mode:
            raise InvalidInputException(
                f"trainingMode {mode} is not supported with {solution.members['recipeArn']}."
            )
        if not any(
            version.status == ACTIVE and version.members["trainingMode"] == "FULL"
            for version in self._versions_of(solution.arn)
        ):
            raise InvalidInputException(
                "trainingMode UPDATE needs an active solution version with trainingMode FULL."
            )

    def _require_free_version_name(self, solution_arn: str, name: str | None) -> None:
        for version in self._versions_of(solution_arn):
            if version.members["name"] == name:
                raise ResourceAlreadyExistsException(version.arn)

    def _versions_of(self, solution_arn: str) -> list[Resource]:
        return [
            resource
            for resource in self.resources.values()
            if resource.kind == "SolutionVersion"
            and resource.members["solutionArn"] == solution_arn
        ]
