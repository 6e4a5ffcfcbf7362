"""Solutions."""

from typing import Any

from batchrec.localaws import runtime
from batchrec.localaws.personalize import recipes, solution_config
from batchrec.localaws.personalize.exceptions import InvalidInputException, ResourceInUseException
from batchrec.localaws.personalize.models.auto_training import AutoTrainingBackend
from batchrec.localaws.personalize.models.resource import PENDING, Resource, now
from batchrec.localaws.personalize.recipes import Recipe


class SolutionBackend(AutoTrainingBackend):
    """Operations on solutions."""

    def create_solution(self, name: str, datasetGroupArn: str, **settings: Any) -> dict[str, Any]:
        """API Reference, CreateSolution: performAutoTraining defaults to true."""
        self._ready(datasetGroupArn, "DatasetGroup")
        recipe = _recipe(settings)
        solution_config.require(recipe, settings, self._columns(datasetGroupArn))
        self._free_arn(f"solution/{name}")  # so that a taken name isn't reported as a full group
        self._require_room_in_group("Solution", runtime.current().quotas.solutions, datasetGroupArn)
        created = self._create(
            "Solution",
            f"solution/{name}",
            name=name,
            datasetGroupArn=datasetGroupArn,
            **{"performAutoTraining": True, "performHPO": False, "performAutoML": False} | settings,
        )
        self._run(
            created,
            runtime.current().durations.solution,
            finished=lambda: self._train_automatically(created),
        )
        return {"solutionArn": created.arn}

    def update_solution(self, solutionArn: str, **changes: Any) -> dict[str, Any]:
        """API Reference, UpdateSolution: the earlier configuration holds until the update ends."""
        solution = self._ready(solutionArn, "Solution")
        if solution.updating:
            raise ResourceInUseException(f"{solutionArn} is being updated already.")
        config = changes.get("solutionUpdateConfig") or {}
        solution_config.require(
            _recipe(solution.members),
            changes | {"solutionConfig": config},
            self._columns(solution.members["datasetGroupArn"]),
        )
        started = now()
        update = Resource(
            "SolutionUpdate",
            changes
            | {"status": PENDING, "creationDateTime": started, "lastUpdatedDateTime": started},
        )
        solution.members["latestSolutionUpdate"] = update.members

        def finished() -> None:
            before = _schedule(solution)
            changed = {name: v for name, v in changes.items() if name != "solutionUpdateConfig"}
            solution.members |= changed | {"lastUpdatedDateTime": now()}
            if config:
                earlier = solution.members.get("solutionConfig", {})
                solution.members["solutionConfig"] = earlier | config
            if _schedule(solution) != before:
                self._train_automatically(solution)

        self._run(update, runtime.current().durations.solution_update, finished=finished)
        return {"solutionArn": solutionArn}


def _schedule(solution: Resource) -> tuple[bool, int]:
    """Return whether and how often a solution trains itself; a change begins the schedule anew."""
    days = solution_config.training_days(solution.members.get("solutionConfig", {}))
    return solution.members["performAutoTraining"], days


def _recipe(settings: dict[str, Any]) -> Recipe:
    arn = settings.get("recipeArn")
    if settings.get("performAutoML"):
        raise InvalidInputException(
            "The local Personalize does not perform AutoML, which AWS doesn't recommend: choose a"
            " recipe (recipeArn)."
        )
    recipe = recipes.get(arn)
    if recipe is None:
        raise InvalidInputException(f"There is no recipe with the ARN {arn}.")
    if recipe.domain:
        raise InvalidInputException(
            f"{arn} is a use case of the domain {recipe.domain}: it takes a recommender, not a"
            " solution."
        )
    return recipe
