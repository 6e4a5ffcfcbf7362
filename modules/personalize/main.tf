# hashicorp/aws has no Personalize resources: the Cloud Control API manages them.
#
# Every ARN in a desired_state is built from names. With one that is unknown at plan, a replacement
# would not be shown and the change would fail at apply: these types can't be updated.

locals {
  arn_prefix        = "arn:${var.location.partition}:personalize:${var.location.region}:${var.location.account_id}"
  dataset_group_arn = "${local.arn_prefix}:dataset-group/${var.name}"

  # Names of roles are one for all Regions of an account.
  role_name  = "${var.name}-${var.location.region}-personalize"
  role_arn   = "arn:${var.location.partition}:iam::${var.location.account_id}:role${var.iam_roles.path}${local.role_name}"
  encryption = var.kms_key_arns.dataset_group == null ? {} : { KmsKeyArn = var.kms_key_arns.dataset_group, RoleArn = local.role_arn }

  kms_key_arns = distinct([for key in [var.kms_key_arns.bucket, var.kms_key_arns.dataset_group] : key if key != null])

  configured = {
    for key, dataset in { interactions = var.interactions, users = var.users, items = var.items } :
    key => dataset if dataset != null
  }

  # An Avro type is a string or a list; a conditional would need both of one type, an index doesn't.
  metadata = {
    for key, dataset in local.configured : key => [
      for column in dataset.metadata : merge(
        { name = column.name, type = { true = column.type, false = ["null", column.type] }[column.required] },
        { for attribute in ["categorical", "textual"] : attribute => true if column[attribute] },
      )
    ]
  }

  # Field order is the column order of the CSV files.
  fields = {
    interactions = concat(
      [
        { name = "USER_ID", type = "string" },
        { name = "ITEM_ID", type = "string" },
        { name = "TIMESTAMP", type = "long" },
      ],
      [for event_type in var.interactions.event_type[*] : { name = "EVENT_TYPE", type = "string" }],
      [for event_value in var.interactions.event_value[*] : { name = "EVENT_VALUE", type = ["float", "null"] } if event_value.imported],
    )
    users = [
      { name = "USER_ID", type = "string" },
    ]
    items = concat(
      [{ name = "ITEM_ID", type = "string" }],
      [for timestamp in try(var.items.creation_timestamp, null)[*] : { name = "CREATION_TIMESTAMP", type = "long" }],
    )
  }

  dataset_types = { for key in keys(local.configured) : key => title(key) }

  schemas = {
    for key, type in local.dataset_types : key => jsonencode({
      type      = "record"
      name      = type
      namespace = "com.amazonaws.personalize.schema"
      fields    = concat(local.fields[key], local.metadata[key])
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

  # No tags here: Cloud Control can't change them but by replacing the group with all its data.
  desired_state = jsonencode(merge({ Name = var.name }, local.encryption))

  # With a key, Personalize tries the role at once.
  depends_on = [aws_iam_role_policy.this]
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
  for_each = local.dataset_types

  type_name = "AWS::Personalize::Dataset"

  desired_state = jsonencode({
    Name            = "${var.name}-${each.key}"
    DatasetType     = each.value
    DatasetGroupArn = local.dataset_group_arn
    SchemaArn       = "${local.arn_prefix}:schema/${local.schema_names[each.key]}"
  })

  depends_on = [
    aws_cloudcontrolapi_resource.dataset_group,
    aws_cloudcontrolapi_resource.schema,
  ]
}
