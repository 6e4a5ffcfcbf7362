"""Automatic training (Developer Guide, Configuring automatic training; Updating a solution)."""

import itertools

from batchrec.localaws import runtime
from batchrec.localaws.personalize.exceptions import LimitExceededException
from batchrec.localaws.personalize.models.resource import ACTIVE, Resource, now
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
        self._end_schedule(solution)
        if not solution.members["performAutoTraining"]:
            return
        clock, ended = runtime.current().clock, solution.stop
        began = now() if since is None else since
        first = began + runtime.current().durations.first_automatic_training
        days = training_days(solution.members.get("solutionConfig", {}))

        def schedule() -> None:
            for due in itertools.count(first, days * DAY):
                left = due - clock.time()
                if left < 0:  # it was due while nothing ran
                    continue
                if ended.wait(left, background=True):
                    return
                with self.lock:
                    if due > first or not self._created_since(solution, began):
                        self._train_if_data_is_new(solution)

        clock.thread(schedule).start()

    def _end_schedule(self, solution: Resource) -> None:
        solution.stop.set()
        solution.stop = runtime.current().clock.event()

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
