"""aws_cloudcontrolapi_resource on the local Cloud Control: what the provider makes of its answers.

One configuration, taken through its life: each Terraform run costs the provider's start.
"""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchrec.errors import BatchrecError
from batchrec.localaws.faults import JobFault
from batchrec.localaws.server import LocalAws
from batchrec.terraform.workspace import Workspace

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("terraform-cloudcontrol")]

ARN = "arn:aws:personalize:us-east-1:123456789012"
CONFIGURATION = """
variable "name" {
  type = string
}

variable "field" {
  type = string
}

locals {
  arn = "arn:aws:personalize:us-east-1:123456789012"
}

resource "aws_cloudcontrolapi_resource" "group" {
  type_name     = "AWS::Personalize::DatasetGroup"
  desired_state = jsonencode({ Name = var.name })
}

resource "aws_cloudcontrolapi_resource" "schema" {
  type_name = "AWS::Personalize::Schema"
  desired_state = jsonencode({
    Name = var.name
    Schema = jsonencode({
      type      = "record"
      name      = "Interactions"
      namespace = "com.amazonaws.personalize.schema"
      fields = [
        { name = "USER_ID", type = "string" },
        { name = "ITEM_ID", type = "string" },
        { name = "TIMESTAMP", type = "long" },
        { name = var.field, type = "string" },
      ]
      version = "1.0"
    })
  })
}

resource "aws_cloudcontrolapi_resource" "dataset" {
  type_name = "AWS::Personalize::Dataset"
  desired_state = jsonencode({
    Name            = var.name
    DatasetType     = "Interactions"
    DatasetGroupArn = "${local.arn}:dataset-group/${var.name}"
    SchemaArn       = "${local.arn}:schema/${var.name}"
  })

  depends_on = [aws_cloudcontrolapi_resource.group]

  lifecycle {
    replace_triggered_by = [aws_cloudcontrolapi_resource.schema]
  }
}
"""


@pytest.fixture
def workspace(local_aws: LocalAws, tmp_path: Path) -> Iterator[Workspace]:
    folder = tmp_path / "cloudcontrol"
    folder.mkdir()
    (folder / "main.tf").write_text(CONFIGURATION)
    with Workspace(tmp_path, "cloudcontrol", endpoint=local_aws.endpoint) as made:
        made.init()
        yield made


def calls(aws: LocalAws, *operations: str) -> list[str]:
    """Creations and deletions since the last time somebody asked, by their resource type."""
    found = [
        f"{call.operation.removesuffix('Resource')} {call.request['TypeName'].split(':')[-1]}"
        for call in aws.calls
        if call.service == "cloudcontrolapi" and call.operation in operations
    ]
    aws.calls.clear()
    return found


def test_the_life_of_resources(local_aws: LocalAws, workspace: Workspace) -> None:
    name = f"tf-{uuid.uuid4().hex[:8]}"
    personalize = local_aws.client("personalize")
    writes = ("CreateResource", "DeleteResource")
    dataset, schema = f"{ARN}:dataset/{name}/INTERACTIONS", f"{ARN}:schema/{name}"
    local_aws.calls.clear()

    # A creation that fails is an error with Personalize's reason, and leaves what it made.
    fault = local_aws.faults.add(JobFault("Dataset", "No such luck.", times=1))
    with pytest.raises(BatchrecError, match="CREATE FAILED"):
        workspace.apply({"name": name, "field": "EVENT_TYPE"})
    local_aws.faults.remove(fault)
    made = calls(local_aws, *writes)
    assert (sorted(made[:2]), made[2]) == (
        ["Create DatasetGroup", "Create Schema"],
        "Create Dataset",
    )

    # What was deleted by hand is made again.
    personalize.delete_dataset(datasetArn=dataset)
    local_aws.clock.sleep(3600)
    personalize.delete_schema(schemaArn=schema)
    workspace.apply()
    assert calls(local_aws, *writes) == ["Create Schema", "Create Dataset"]

    # A create-only change replaces, after what refers to it is gone.
    workspace.apply({"name": name, "field": "DEVICE"})
    assert calls(local_aws, *writes) == [
        "Delete Dataset",
        "Delete Schema",
        "Create Schema",
        "Create Dataset",
    ]
    text = personalize.describe_schema(schemaArn=schema)["schema"]["schema"]
    assert json.loads(text)["fields"][-1]["name"] == "DEVICE"

    workspace.destroy()
    assert calls(local_aws, *writes)[0] == "Delete Dataset"
    assert workspace.state_list() == []
    for call, arn in (
        (personalize.describe_dataset, {"datasetArn": dataset}),
        (personalize.describe_schema, {"schemaArn": schema}),
        (personalize.describe_dataset_group, {"datasetGroupArn": f"{ARN}:dataset-group/{name}"}),
    ):
        with pytest.raises(personalize.exceptions.ResourceNotFoundException):
            call(**arn)
