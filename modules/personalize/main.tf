# hashicorp/aws has no Personalize resources: the Cloud Control API manages them.
#
# Every ARN in a desired_state is built from names. With one that is unknown at plan, a replacement
# would not be shown and the change would fail at apply: these types can't be updated.

locals {
  arn_prefix        = "arn:${var.location.partition}:personalize:${var.location.region}:${var.location.account_id}"
  dataset_group_arn = "${local.arn_prefix}:dataset-group/${var.name}"

  # Field order is the column order of the CSV files.
  datasets = {
    interactions = {
      type = "Interactions"
      fields = [
        { name = "USER_ID", type = "string" },
        { name = "ITEM_ID", type = "string" },
        { name = "TIMESTAMP", type = "long" },
      ]
    }
  }

  schemas = {
    for key, dataset in local.datasets : key => jsonencode({
      type      = "record"
      name      = dataset.type
      namespace = "com.amazonaws.personalize.schema"
      fields    = dataset.fields
      version   = "1.0"
    })
  }

  # A schema can't be changed: another content is another schema, under another name.
  schema_names = {
    for key, schema in local.schemas : key => "${var.name}-${key}-${substr(sha256(schema), 0, 8)}"
  }
}

resource "aws_cloudcontrolapi_resource" "dataset_group" {
  type_name = "AWS::Personalize::DatasetGroup"

  desired_state = jsonencode({
    Name = var.name
  })
}

resource "aws_cloudcontrolapi_resource" "schema" {
  for_each = local.schemas

  type_name = "AWS::Personalize::Schema"

  desired_state = jsonencode({
    Name   = local.schema_names[each.key]
    Schema = each.value
  })
}

resource "aws_cloudcontrolapi_resource" "dataset" {
  for_each = local.datasets

  type_name = "AWS::Personalize::Dataset"

  desired_state = jsonencode({
    Name            = "${var.name}-${each.key}"
    DatasetType     = each.value.type
    DatasetGroupArn = local.dataset_group_arn
    SchemaArn       = "${local.arn_prefix}:schema/${local.schema_names[each.key]}"
  })

  depends_on = [
    aws_cloudcontrolapi_resource.dataset_group,
    aws_cloudcontrolapi_resource.schema,
  ]
}
