"""Errors of the Step Functions API that moto doesn't have."""

from moto.core.exceptions import AWSError


class ExecutionNotRedrivable(AWSError):
    """API Reference, RedriveExecution."""

    TYPE = "ExecutionNotRedrivable"
    STATUS = 400
