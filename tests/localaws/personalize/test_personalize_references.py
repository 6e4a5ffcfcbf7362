"""ARNs in requests: what they name must be there, and ready for what is asked of it."""

from typing import Any

import pytest
from answer_recorder import MODEL
from personalize_world import ARN, RECIPE, World, refusal, unique
from test_personalize_validation import valid
from wire import post

from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)

NOT_FOUND = "ResourceNotFoundException"
# Service Authorization Reference, Resource types defined by Amazon Personalize: their ARNs.
NOWHERE = {
    "algorithmArn": "arn:aws:personalize:::algorithm/aws-nowhere",
    "batchInferenceJobArn": f"{ARN}:batch-inference-job/nowhere",
    "batchSegmentJobArn": f"{ARN}:batch-segment-job/nowhere",
    "campaignArn": f"{ARN}:campaign/nowhere",
    "dataDeletionJobArn": f"{ARN}:data-deletion-job/nowhere",
    "datasetArn": f"{ARN}:dataset/nowhere/INTERACTIONS",
    "datasetExportJobArn": f"{ARN}:dataset-export-job/nowhere",
    "datasetGroupArn": f"{ARN}:dataset-group/nowhere",
    "datasetImportJobArn": f"{ARN}:dataset-import-job/nowhere",
    "eventTrackerArn": f"{ARN}:event-tracker/0a1b2c3d",
    "featureTransformationArn": "arn:aws:personalize:::feature-transformation/nowhere",
    "filterArn": f"{ARN}:filter/nowhere",
    "metricAttributionArn": f"{ARN}:metric-attribution/nowhere",
    "recipeArn": f"{RECIPE}/aws-nowhere",
    "recommenderArn": f"{ARN}:recommender/nowhere",
    "resourceArn": f"{ARN}:solution/nowhere",
    "schemaArn": f"{ARN}:schema/nowhere",
    "solutionArn": f"{ARN}:solution/nowhere",
    "solutionVersionArn": f"{ARN}:solution/nowhere/0a1b2c3d",
}


def looks_up(operation: str) -> bool:
    """Whether it is about one resource, of which it may say that it isn't there."""
    model = MODEL.operation_model(operation)
    return (
        NOT_FOUND in {error.name for error in model.error_shapes}
        and not operation.startswith("Create")
        and any(name in NOWHERE for name in model.input_shape.required_members)
    )


@pytest.mark.parametrize("operation", [*filter(looks_up, MODEL.operation_names)])
def test_what_is_not_there(local_aws: LocalAws, operation: str) -> None:
    """API Reference, each operation's errors; the text is moto's, AWS documents none."""
    shape = MODEL.operation_model(operation).input_shape
    request = valid(shape) | {n: NOWHERE[n] for n in shape.required_members if n in NOWHERE}
    answer = post(local_aws, operation, request)
    if answer.status == 501:
        return
    assert (answer.status, answer.members["__type"]) == (400, NOT_FOUND)
    assert answer.members["message"] in {
        f"Resource Arn {NOWHERE[name]} does not exist."
        for name in shape.required_members
        if name in NOWHERE
    }


@pytest.mark.parametrize("operation", ["describe_dataset_group", "delete_dataset_group"])
def test_an_arn_of_another_kind_names_nothing(world: World, operation: str) -> None:
    """Which error AWS gives isn't documented."""
    call = getattr(world.personalize, operation)
    refusal(NOT_FOUND, lambda: call(datasetGroupArn=world.solution))


def test_an_arn_of_another_region_names_nothing(world: World) -> None:
    elsewhere = world.aws.client("personalize", "eu-west-1")
    refusal(NOT_FOUND, lambda: elsewhere.describe_dataset_group(datasetGroupArn=world.group))
    listed = elsewhere.get_paginator("list_dataset_groups").paginate().build_full_result()
    assert world.group not in {each["datasetGroupArn"] for each in listed["datasetGroups"]}


@pytest.mark.parametrize("domain", [{}, {"domain": "ECOMMERCE"}, {"domain": "VIDEO_ON_DEMAND"}])
def test_a_dataset_group_tells_its_domain_if_it_has_one(
    personalize: Any, domain: dict[str, str]
) -> None:
    """API Reference, CreateDatasetGroup: without a domain, the group is a Custom one."""
    created = personalize.create_dataset_group(name=unique(), **domain)
    arn = created["datasetGroupArn"]
    described = personalize.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]
    for told in (created, described):
        assert {name: told[name] for name in told.keys() & {"domain"}} == domain


def test_imports_need_a_role(world: World) -> None:
    """API Reference, CreateDatasetImportJob: optional in the model, a must in its text."""
    location = f"s3://{world.bucket}/data/interactions.csv"
    create = world.personalize.create_dataset_import_job
    refusal(
        "InvalidInputException",
        lambda: create(
            jobName=unique(),
            datasetArn=world.dataset,
            dataSource={"dataLocation": location},
        ),
    )
