"""Errors of the Step Functions API that moto doesn't have."""

from moto.core.exceptions import AWSError


class ExecutionNotRedrivable(AWSError):
    """API Reference, RedriveExecution: the execution runs, or succeeded."""

    TYPE = "ExecutionNotRedrivable"
    STATUS = 400

    def __init__(self, status: str) -> None:
        super().__init__(f"Execution is {status} and cannot be redriven")
