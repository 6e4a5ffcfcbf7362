"""CKV_BATCHREC_1: solutions are made without automatic training."""

from __future__ import annotations

import json
import re
from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck
from checkov_values import first
from state_machine_definition import definition_of, tasks

MAKES = re.compile(r":aws-sdk:personalize:createSolution$")
CHANGES = re.compile(r":aws-sdk:personalize:updateSolution$")
SWITCH = re.compile(r"""["']PerformAutoTraining(?:\.\$)?["']\s*:\s*([^\s,}]+)""")


class AutomaticTraining(BaseResourceCheck):
    """Left to its default, a solution trains, and bills, every seven days (CreateSolution).

    A solution made through CloudFormation's type, which has no such property, always does.
    """

    def __init__(self) -> None:
        super().__init__(
            name="Ensure Personalize solutions don't train by themselves",
            id="CKV_BATCHREC_1",
            categories=[CheckCategories.GENERAL_SECURITY],
            supported_resources=["aws_cloudcontrolapi_resource", "aws_sfn_state_machine"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Look at all tasks that make or change a solution."""
        if self.entity_type == "aws_cloudcontrolapi_resource":
            makes_solution = first(conf.get("type_name")) == "AWS::Personalize::Solution"
            return CheckResult.FAILED if makes_solution else CheckResult.PASSED
        definition = definition_of(conf)
        if definition is None:
            return CheckResult.UNKNOWN
        for task in tasks(definition):
            resource = str(task.get("Resource"))
            switches = _switches(task)
            if MAKES.search(resource) and not switches:
                return CheckResult.FAILED
            if (MAKES.search(resource) or CHANGES.search(resource)) and set(switches) - {"false"}:
                return CheckResult.FAILED
        return CheckResult.PASSED


def _switches(task: dict[str, Any]) -> list[str]:
    arguments = task.get("Arguments", task.get("Parameters", {}))
    # An expression is looked at as text: it can only be evaluated in a run.
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return [found.lower() for found in SWITCH.findall(text)]


check = AutomaticTraining()
