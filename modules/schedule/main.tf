locals {
  arn_suffix = "${var.location.region}:${var.location.account_id}"
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.location.account_id]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = ["arn:${var.location.partition}:scheduler:${local.arn_suffix}:schedule-group/default"]
    }
  }
}

resource "aws_iam_role" "this" {
  name                 = "${var.name}-${var.location.region}-schedule" # names of roles are one for all Regions of an account
  path                 = var.iam_roles.path
  description          = "What the schedule of the pipeline ${var.name} may do."
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.iam_roles.permissions_boundary_arn
  tags                 = var.tags
}

data "aws_iam_policy_document" "permissions" {
  statement {
    sid       = "StartPipeline"
    actions   = ["states:StartExecution"]
    resources = [var.state_machine_arn]
  }

  statement {
    sid       = "KeepFailedInvocations"
    actions   = ["sqs:SendMessage"]
    resources = [local.dead_letter_queue_arn]
  }

  dynamic "statement" {
    for_each = var.kms_key_arn[*]

    content {
      sid       = "EncryptFailedInvocations"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["sqs.${var.location.region}.${var.location.dns_suffix}"]
      }
    }
  }
}

resource "aws_iam_role_policy" "this" {
  name   = "start-pipeline"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.permissions.json
}

resource "aws_scheduler_schedule" "this" {
  #checkov:skip=CKV_AWS_297:The schedule holds no data; EventBridge Scheduler encrypts it with a key of its own.
  name                         = var.name
  description                  = "Starts the pipeline ${var.name}."
  state                        = var.schedule.enabled ? "ENABLED" : "DISABLED"
  schedule_expression          = var.schedule.expression
  schedule_expression_timezone = var.schedule.time_zone
  start_date                   = var.schedule.start_date
  end_date                     = var.schedule.end_date

  flexible_time_window {
    mode                      = var.schedule.flexible_window_minutes == null ? "OFF" : "FLEXIBLE"
    maximum_window_in_minutes = var.schedule.flexible_window_minutes
  }

  target {
    arn      = var.state_machine_arn
    role_arn = "arn:${var.location.partition}:iam::${var.location.account_id}:role${var.iam_roles.path}${aws_iam_role.this.name}"
    input    = jsonencode({})

    dead_letter_config {
      arn = local.dead_letter_queue_arn
    }

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 10
    }
  }

  # So that the first start is allowed, and the last one while it is taken down.
  depends_on = [aws_iam_role_policy.this]
}
