"""Quotas of Amazon Personalize (Developer Guide, Endpoints and quotas)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Quotas:
    """Default quotas; all but that of imports can be raised on AWS.

    The quotas on dataset groups (5) and schemas (500) are not applied.
    """

    # Pending or in progress at once, per Region.
    dataset_import_jobs: int = 5
    solution_versions: int = 20
    batch_inference_jobs: int = 5
    batch_segment_jobs: int = 5
    # Per dataset group.
    solutions: int = 10
    filters: int = 30
