"""Automatic training (Developer Guide, Configuring automatic training; Updating a solution)."""

import itertools
from collections.abc import Callable, Iterator

from batchrec.localaws import runtime
from batchrec.localaws.personalize.exceptions import LimitExceededException
from batchrec.localaws.personalize.models.resource import ACTIVE, Resource
from batchrec.localaws.personalize.models.versions import VersionBackend
from batchrec.localaws.personalize.solution_config import training_days

DAY = 24 * 3600.0


class AutoTrainingBackend(VersionBackend):
    """Solutions that make their versions themselves."""

    def resume_automatic_training(self) -> None:
        """Go on with the schedules of solutions that are there again, as from a saved account."""
        for solution in list(self.resources.values()):
            if solution.kind == "Solution" and solution.status == ACTIVE:
                self._train_automatically(solution, since=solution.updated)

    def _train_automatically(self, solution: Resource, since: float | None = None) -> None:
        """Begin the solution's schedule, in place of an earlier one.

        The first training is due within an hour; unless a version is created by hand until then.
        Where the schedule goes on from isn't documented for a training that is left out: here, from
        when it was due.

        Args:
            solution: trains itself, or no more.
            since: when the schedule began, in virtual epoch seconds; now by default.
        """
        began = runtime.current().clock.time() if since is None else since
        first = began + runtime.current().durations.first_automatic_training
        days = training_days(solution.members.get("solutionConfig", {}))
        schedule = solution.schedule = itertools.count(first, days * DAY)

        def is_left_out(due: float) -> bool:
            return due == first and self._created_since(solution, round(began, 3))

        if solution.members["performAutoTraining"]:
            self._await_training(solution, schedule, is_left_out)

    def _await_training(
        self, solution: Resource, schedule: Iterator[float], is_left_out: Callable[[float], bool]
    ) -> None:
        """Train when it is due next, and go on, while the solution is there with this schedule."""
        clock = runtime.current().clock
        due = next(due for due in schedule if due >= clock.time())

        def train() -> None:
            with self.lock:
                there = self.resources.get(solution.arn) is solution
                if not there or solution.schedule is not schedule:
                    return
                if not is_left_out(due):
                    self._train_if_data_is_new(solution)
                self._await_training(solution, schedule, is_left_out)

        clock.call_later(due - clock.time(), train)

    def _train_if_data_is_new(self, solution: Resource) -> None:
        """Create a version, if interactions were imported since the last one was created.

        A version that failed counts as well, and a quota that is used up leaves a training out;
        neither is documented.
        """
        if solution.status != ACTIVE:
            return
        latest = max((v.created for v in self._versions_of(solution.arn)), default=0.0)
        if not any(job.updated > latest for job in self._interactions_imports(solution)):
            return
        try:
            self._create_version(solution, trainingMode="FULL", trainingType="AUTOMATIC")
        except LimitExceededException:
            return

    def _interactions_imports(self, solution: Resource) -> list[Resource]:
        datasets = {
            dataset.arn
            for dataset in self._in_group("Dataset", solution.members["datasetGroupArn"])
            if dataset.members["datasetType"] == "INTERACTIONS"
        }
        return [
            job
            for job in self.resources.values()
            if job.kind == "DatasetImportJob"
            and job.status == ACTIVE
            and job.members["datasetArn"] in datasets
        ]

    def _created_since(self, solution: Resource, started: float) -> bool:
        return any(version.created >= started for version in self._versions_of(solution.arn))
