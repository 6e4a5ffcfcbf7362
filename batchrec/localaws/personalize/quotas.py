"""Quotas of Amazon Personalize (Developer Guide, Endpoints and quotas)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Quotas:
    """Default quotas; all but those of imports and metric attributions can be raised on AWS."""

    # Per Region.
    dataset_groups: int = 5
    schemas: int = 500
    # Pending or in progress at once, per Region.
    dataset_import_jobs: int = 5
    solution_versions: int = 20
    batch_inference_jobs: int = 5
    batch_segment_jobs: int = 5
    # Per dataset group.
    solutions: int = 10
    filters: int = 30
    metric_attributions: int = 1
    pending_data_deletion_jobs: int = 5
