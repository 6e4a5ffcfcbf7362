"""Metric attributions.

They are kept and checked, and report nothing. Developer Guide, Guidelines and requirements for a
metric attribution; Managing a metric attribution.
"""

from collections.abc import Mapping
from typing import Any

from batchrec.localaws import runtime
from batchrec.localaws.personalize import access, metric_expressions
from batchrec.localaws.personalize.exceptions import (
    InvalidInputException,
    ResourceAlreadyExistsException,
)
from batchrec.localaws.personalize.models.base import ResourceBackend
from batchrec.localaws.personalize.models.resource import now
from batchrec.localaws.personalize.schemas import Field

MAXIMUM_METRICS = 10

Metrics = list[dict[str, str]]


class AttributionBackend(ResourceBackend):
    """Operations on metric attributions."""

    def create_metric_attribution(
        self,
        name: str,
        datasetGroupArn: str,
        metrics: Metrics,
        metricsOutputConfig: dict[str, Any],
    ) -> dict[str, Any]:
        """API Reference, CreateMetricAttribution: one for a dataset group."""
        self._ready(datasetGroupArn, "DatasetGroup")
        arn = self._free_arn(f"metric-attribution/{name}")
        self._require_metrics(metrics, datasetGroupArn)
        self._require_room_in_group(
            "MetricAttribution", runtime.current().quotas.metric_attributions, datasetGroupArn
        )
        _require_access(metricsOutputConfig, arn)
        created = self._create(
            "MetricAttribution",
            f"metric-attribution/{name}",
            name=name,
            datasetGroupArn=datasetGroupArn,
            metrics=metrics,
            metricsOutputConfig=metricsOutputConfig,
        )
        self._run(created, runtime.current().durations.metric_attribution)
        return {"metricAttributionArn": created.arn}

    def update_metric_attribution(
        self,
        metricAttributionArn: str = "",
        addMetrics: Metrics | None = None,
        removeMetrics: list[str] | None = None,
        metricsOutputConfig: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """API Reference, UpdateMetricAttribution.

        AWS documents no statuses of an update: it is done at once, and the attribution stays
        ACTIVE.
        """
        attribution = self._ready(metricAttributionArn, "MetricAttribution")
        metrics = {metric["metricName"]: metric for metric in attribution.members["metrics"]}
        for name in removeMetrics or []:
            if metrics.pop(name, None) is None:
                raise InvalidInputException(f"{metricAttributionArn} has no metric {name}.")
        for metric in addMetrics or []:
            if metric["metricName"] in metrics:
                raise ResourceAlreadyExistsException(
                    f"{metricAttributionArn}, metric {metric['metricName']}"
                )
            metrics[metric["metricName"]] = metric
        self._require_metrics(list(metrics.values()), attribution.members["datasetGroupArn"])
        if metricsOutputConfig is not None:
            _require_access(metricsOutputConfig, metricAttributionArn)
            attribution.members["metricsOutputConfig"] = metricsOutputConfig
        attribution.members |= {"metrics": list(metrics.values()), "lastUpdatedDateTime": now()}
        return {"metricAttributionArn": metricAttributionArn}

    def list_metric_attribution_metrics(
        self, metricAttributionArn: str = "", **page: Any
    ) -> dict[str, Any]:
        """API Reference, ListMetricAttributionMetrics, which has no ResourceNotFoundException."""
        attribution = self.resources.get(metricAttributionArn)
        if attribution is None or attribution.kind != "MetricAttribution":
            raise InvalidInputException(f"There is no metric attribution {metricAttributionArn!r}.")
        metrics = attribution.members["metrics"]
        return self._paged("ListMetricAttributionMetrics", metrics, **page)

    def _require_metrics(self, metrics: Metrics, group: str) -> None:
        if not 1 <= len(metrics) <= MAXIMUM_METRICS:
            raise InvalidInputException(
                f"A metric attribution has 1 to {MAXIMUM_METRICS} metrics, not {len(metrics)}."
            )
        if len({metric["metricName"] for metric in metrics}) < len(metrics):
            raise InvalidInputException("Each metric needs a name of its own.")
        datasets: Mapping[str, list[Field]] = self._columns(group)
        if not any(column.name == "EVENT_TYPE" for column in datasets.get("INTERACTIONS", ())):
            raise InvalidInputException(
                "A metric attribution needs an Interactions dataset with the column EVENT_TYPE."
            )
        for metric in metrics:
            metric_expressions.require(metric["expression"], datasets)


def _require_access(config: dict[str, Any], arn: str) -> None:
    place = config.get("s3DataDestination", {})
    writes = [place["path"]] if place else []
    keys = [place["kmsKeyArn"]] if place.get("kmsKeyArn") else []
    access.require(config["roleArn"], arn, writes=writes, keys=keys)
