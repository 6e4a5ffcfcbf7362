"""CKV_BATCHREC_5: a state machine logs what it did, with the data."""

from __future__ import annotations

from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck
from checkov_values import first

# FATAL alone leaves out the errors that a Catch deals with.
TELLING = {"ALL", "ERROR"}


class ExecutionLogs(BaseResourceCheck):
    """Step Functions itself forgets an execution after 90 days."""

    def __init__(self) -> None:
        super().__init__(
            name="Ensure a state machine logs its executions and their data",
            id="CKV_BATCHREC_5",
            categories=[CheckCategories.LOGGING],
            supported_resources=["aws_sfn_state_machine"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Look at the logging configuration."""
        logging = first(conf.get("logging_configuration"))
        if not isinstance(logging, dict):
            return CheckResult.FAILED
        is_telling = first(logging.get("level")) in TELLING
        has_data = first(logging.get("include_execution_data")) in (True, "true")
        has_destination = bool(first(logging.get("log_destination")))
        return (
            CheckResult.PASSED
            if is_telling and has_data and has_destination
            else CheckResult.FAILED
        )


check = ExecutionLogs()
