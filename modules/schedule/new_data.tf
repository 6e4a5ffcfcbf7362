# A start when new data has arrived: an object of a certain name says that the upload is complete.
# Its bucket must send its events to EventBridge (aws_s3_bucket_notification, eventbridge = true).

locals {
  new_data_rule     = "${var.name}-new-data"
  new_data_rule_arn = "arn:${var.location.partition}:events:${local.arn_suffix}:rule/${local.new_data_rule}"
}

resource "aws_cloudwatch_event_rule" "new_data" {
  count = length(var.start_on_new_data[*])

  name        = local.new_data_rule
  description = "New data of the pipeline ${var.name} is complete."
  tags        = var.tags

  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail = {
      bucket = { name = [var.start_on_new_data.bucket_name] }
      object = {
        key = [
          "${var.start_on_new_data.prefix}raw/${var.start_on_new_data.marker}",
          { wildcard = "${var.start_on_new_data.prefix}raw/*/${var.start_on_new_data.marker}" },
        ]
      }
    }
  })
}

data "aws_iam_policy_document" "new_data_trust" {
  count = length(var.start_on_new_data[*])

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.location.account_id]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [local.new_data_rule_arn]
    }
  }
}

resource "aws_iam_role" "new_data" {
  count = length(var.start_on_new_data[*])

  name                 = "${var.name}-${var.location.region}-new-data"
  path                 = var.iam_roles.path
  description          = "What the rule on new data of the pipeline ${var.name} may do."
  assume_role_policy   = data.aws_iam_policy_document.new_data_trust[0].json
  permissions_boundary = var.iam_roles.permissions_boundary_arn
  tags                 = var.tags
}

data "aws_iam_policy_document" "new_data" {
  count = length(var.start_on_new_data[*])

  statement {
    sid       = "StartPipeline"
    actions   = ["states:StartExecution"]
    resources = [var.state_machine_arn]
  }
}

resource "aws_iam_role_policy" "new_data" {
  count = length(var.start_on_new_data[*])

  name   = "start-pipeline"
  role   = aws_iam_role.new_data[0].id
  policy = data.aws_iam_policy_document.new_data[0].json
}

resource "aws_cloudwatch_event_target" "new_data" {
  count = length(var.start_on_new_data[*])

  rule     = aws_cloudwatch_event_rule.new_data[0].name
  arn      = var.state_machine_arn
  role_arn = "arn:${var.location.partition}:iam::${var.location.account_id}:role${var.iam_roles.path}${aws_iam_role.new_data[0].name}"
  input    = jsonencode({})

  dead_letter_config {
    arn = local.dead_letter_queue_arn
  }

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 10
  }

  depends_on = [aws_iam_role_policy.new_data]
}
