"""A check of policies in resources, and in the documents that they are made from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.data.base_check import BaseDataCheck
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck
from policy_statements import of_document, of_resource

Judge = Callable[[list[dict[str, Any]]], bool]


class PolicyOfResource(BaseResourceCheck):
    """Policies in resources, where they are known; `judge` says of all statements if they pass."""

    def __init__(self, name: str, check_id: str, attributes: dict[str, str], judge: Judge) -> None:
        super().__init__(
            name=name,
            id=check_id,
            categories=[CheckCategories.IAM],
            supported_resources=sorted(attributes),
        )
        self._attributes = attributes
        self._judge = judge

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Look at all statements."""
        statements = of_resource(conf, self._attributes[self.entity_type])
        if statements is None:
            return CheckResult.UNKNOWN
        return CheckResult.PASSED if self._judge(statements) else CheckResult.FAILED


class PolicyDocument(BaseDataCheck):
    """Data sources aws_iam_policy_document; `judge` says of all statements if they pass."""

    def __init__(self, name: str, check_id: str, judge: Judge) -> None:
        super().__init__(
            name=name,
            id=check_id,
            categories=[CheckCategories.IAM],
            supported_data=["aws_iam_policy_document"],
        )
        self._judge = judge

    def scan_data_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Look at all statements."""
        return CheckResult.PASSED if self._judge(of_document(conf)) else CheckResult.FAILED
