"""Solutions and their versions."""

import secrets
from typing import Any

from batchrec.localaws import runtime
from batchrec.localaws.personalize import recipes, training
from batchrec.localaws.personalize.exceptions import InvalidInputException
from batchrec.localaws.personalize.models.resources import ResourceBackend, tail_of


class SolutionBackend(ResourceBackend):
    """Operations on solutions and solution versions."""

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
            f"{tail_of(solutionArn)}/{identifier}",
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
