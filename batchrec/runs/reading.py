"""Read a run as it is now."""

import json
from dataclasses import replace

from botocore.exceptions import ClientError

from batchrec.errors import BatchrecError
from batchrec.execution import Histories
from batchrec.pipeline import Pipeline, passes
from batchrec.runs.finding import find
from batchrec.runs.histories import interpret
from batchrec.runs.run import Run


def read(pipeline: Pipeline, run: str | None = None, *, only_runs: bool = False) -> Run:
    """Read a run; arguments and errors as for `find`."""
    return Reader(pipeline, find(pipeline, run, only_runs=only_runs)).read()


class Reader:
    """Reads one run, again and again if it is still under way: only what is new is fetched."""

    def __init__(self, pipeline: Pipeline, execution_arn: str) -> None:
        self._stepfunctions = pipeline.client("stepfunctions")
        self._arn = execution_arn
        self._histories = Histories(self._stepfunctions, execution_arn)

    def read(self) -> Run:
        """Read the run as it is now.

        Raises:
            BatchrecError: it can't be read; Step Functions keeps a history for 90 days.
            BotoCoreError, ClientError: AWS can't be reached, or is overloaded: this may pass, and
                nothing that was read is lost.
        """
        try:
            described = self._stepfunctions.describe_execution(executionArn=self._arn)
            self._histories.news()
        except ClientError as error:
            if passes(error):
                raise
            raise BatchrecError(
                f"The execution {self._arn} can't be read: {error}\nStep Functions keeps"
                " executions for 90 days after their end."
            ) from error
        return interpret(described, self._histories.events, self._stepfunctions)


def as_it_was(pipeline: Pipeline, run: Run) -> Pipeline:
    """Return the pipeline with the definition that the run had, which may have changed since."""
    try:
        described = pipeline.client("stepfunctions").describe_state_machine_for_execution(
            executionArn=run.execution_arn
        )
    except ClientError:
        return pipeline
    return replace(pipeline, definition=json.loads(described["definition"]))
