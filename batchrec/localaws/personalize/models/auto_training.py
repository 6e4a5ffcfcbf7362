"""Automatic training (Developer Guide, Configuring automatic training; Updating a solution)."""

from batchrec.localaws import runtime
from batchrec.localaws.personalize.exceptions import LimitExceededException
from batchrec.localaws.personalize.models.resource import ACTIVE, Resource, Schedule
from batchrec.localaws.personalize.models.versions import VersionBackend
from batchrec.localaws.personalize.solution_config import training_days

DAY = 24 * 3600.0


class AutoTrainingBackend(VersionBackend):
    """Solutions that make their versions themselves."""

    def resume_automatic_training(self) -> None:
        """Go on with the schedules of solutions that are there again, as from a saved account.

        What was due meanwhile happens now.
        """
        for solution in list(self.resources.values()):
            if solution.schedule is not None:
                self._await_training(solution, solution.schedule)

    def _train_automatically(self, solution: Resource) -> None:
        """Begin the solution's schedule, in place of an earlier one, or end it.

        The first training is due within an hour; unless a version is created by hand until then.
        Where the schedule goes on from isn't documented for a training that is left out: here, from
        when it was due.
        """
        solution.schedule = None
        if solution.members["performAutoTraining"]:
            began = runtime.current().clock.time()
            first = runtime.current().durations.first_automatic_training
            solution.schedule = Schedule(began, due=began + first)
            self._await_training(solution, solution.schedule)

    def _await_training(self, solution: Resource, schedule: Schedule) -> None:
        """Train when it is due next, and go on, while the solution is there with this schedule."""
        due = schedule.due

        def train() -> None:
            with self.lock:
                there = self.resources.get(solution.arn) is solution
                if not there or solution.schedule is not schedule or schedule.due != due:
                    return
                if not self._is_left_out(solution, schedule):
                    self._train_if_data_is_new(solution)
                days = training_days(solution.members.get("solutionConfig", {}))
                schedule.due += days * DAY
                self._await_training(solution, schedule)

        clock = runtime.current().clock
        clock.call_later(max(0, due - clock.time()), train)

    def _is_left_out(self, solution: Resource, schedule: Schedule) -> bool:
        """Whether it is the first one, and a version was created by hand before."""
        first = schedule.began + runtime.current().durations.first_automatic_training
        if schedule.due > first:
            return False
        began = round(schedule.began, 3)
        return any(version.created >= began for version in self._versions_of(solution.arn))

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
