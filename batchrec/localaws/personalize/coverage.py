"""The page that tells which operations of Amazon Personalize are emulated, and how they differ.

`python -m batchrec.localaws.personalize.coverage FILE` writes it.
"""

import sys
from pathlib import Path

from batchrec.localaws.personalize.responses import emulated
from batchrec.localaws.service_model import service_model

_ROLE = "S3 access is checked at once; AWS documents that for imports only."
_DATES = "Dates, and descriptions where there are some, are left out: AWS documents none."
_FILTERS_GO = "Filters and metric attributions of the group go with it."
_ORDER = "AWS documents no order: here by creation, the oldest first."

# What differs from AWS or isn't documented by it, beyond error messages, which are mostly our own.
DIFFERENCES = {
    "CreateBatchInferenceJob": (
        "Exploration and rankingInfluence are kept and have no effect; themes come from items'"
        f" names. {_ROLE}"
    ),
    "CreateBatchSegmentJob": f"Lines have usersList, as recorded of real jobs. {_ROLE}",
    "CreateDataDeletionJob": (
        "Versions trained before leave deleted users out of segments, but still answer batch"
        " inference for them. KMS keys of the bucket are not refused."
    ),
    "CreateDataset": "No event trackers: an Action_Interactions dataset has no trackingId.",
    "CreateDatasetGroup": "KMS keys encrypt nothing.",
    "CreateDatasetImportJob": (
        "publishAttributionMetricsToS3 is kept and publishes nothing. Refused during an update of"
        " the dataset, which isn't documented."
    ),
    "CreateFilter": "IF, CurrentUser, CurrentItem and actions are refused.",
    "CreateMetricAttribution": "Checked and kept; no metrics are reported.",
    "CreateSolution": (
        "performAutoML is refused; performHPO tunes nothing, and optimizationObjective has no"
        " effect. trainingDataConfig has one on aws-item-attribute-affinity only, as no other local"
        " model uses metadata. All faults of the configuration come at once; AWS doesn't document"
        " when."
    ),
    "CreateSolutionVersion": (
        "Trains other models than AWS; aws-trending-now, aws-next-best-action,"
        " aws-semantic-similarity and aws-hrnn* always fail. UPDATE trains like FULL. The solution"
        " must be ACTIVE, which AWS was seen not to enforce."
    ),
    "DeleteDataset": "A data deletion job that is under way blocks it too.",
    "DeleteDatasetGroup": f"{_FILTERS_GO} A data deletion job that is under way blocks it.",
    "DeleteFilter": "Blocked while a batch job that uses it is under way.",
    "DeleteSchema": "Also blocked by a dataset's update to it that is under way.",
    "DeleteSolution": "Blocked while a batch job of one of its versions is under way.",
    "DescribeAlgorithm": f"Hyperparameters and their ranges only. {_DATES}",
    "DescribeFeatureTransformation": _DATES,
    "DescribeRecipe": f"{_DATES} Of domain use cases, algorithm and recipeType are left out too.",
    "GetSolutionMetrics": (
        "Documented keys and split, of the local model; average_rewards_at_k is missing, and the"
        " metric with event weights looks at 25 items."
    ),
    "ListMetricAttributionMetrics": "An unknown ARN is an InvalidInputException.",
    "ListRecipes": _DATES,
    "StopSolutionVersionCreation": (
        "Of a version that is neither pending nor in progress: ResourceInUseException."
    ),
    "TagResource": "Takes schemas and metric attributions as well.",
    "UntagResource": "More than 50 keys at once are too many; AWS documents no number.",
    "UpdateDataset": (
        "Blocked while an import into the dataset is under way. Solutions that exist train on the"
        " columns it adds; AWS leaves them out."
    ),
    "UpdateMetricAttribution": "Done at once: AWS documents no statuses of it.",
    "UpdateSolution": "As for CreateSolution.",
}


def page() -> str:
    """Return the page, in Markdown: a row for each operation that botocore knows."""
    operations = sorted(service_model("personalize").operation_names)
    count = sum(map(emulated, operations))
    rows = [f"| {name} | {_state(name)} | {_difference(name)} |" for name in operations]
    return "\n".join(
        [
            "# What the local Amazon Personalize covers",
            "",
            "Written by `make personalize-coverage` from the code and botocore's service model.",
            f"{count} of {len(operations)} operations are emulated; the others answer at once with"
            " HTTP 501 and their",
            "name. Time, durations, quotas and what is trained: [local-aws.md](local-aws.md).",
            "",
            "| operation | emulated | what differs from AWS, or isn't documented by it |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _state(operation: str) -> str:
    return "yes" if emulated(operation) else "no"


def _difference(operation: str) -> str:
    difference = DIFFERENCES.get(operation, "")
    if not difference and operation.startswith("List") and emulated(operation):
        return "" if operation in ("ListTagsForResource", "ListDataDeletionJobs") else _ORDER
    return difference


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
