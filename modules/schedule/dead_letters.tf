# Starts that AWS gave up: of the schedule and of the rule on new data.

locals {
  queue_arn_prefix = "arn:${var.location.partition}:sqs:${local.arn_suffix}"
  queue_name       = "${var.name}-schedule-dead-letters"

  # Of the queue that is there.
  dead_letter_queue_arn = "${local.queue_arn_prefix}:${aws_sqs_queue.dead_letters.name}"
}

resource "aws_sqs_queue" "dead_letters" {
  name                      = local.queue_name
  message_retention_seconds = 1209600 # 14 days, the longest
  kms_master_key_id         = var.kms_key_arn
  sqs_managed_sse_enabled   = var.kms_key_arn == null ? true : null
  policy                    = data.aws_iam_policy_document.dead_letters.json # a resource of its own would be waited for, too
  tags                      = var.tags
}

data "aws_iam_policy_document" "dead_letters" {
  statement {
    sid       = "DenyInsecureTransport"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = ["${local.queue_arn_prefix}:${local.queue_name}"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  # The schedule sends with its role, a rule in its own name.
  dynamic "statement" {
    for_each = var.start_on_new_data[*]

    content {
      sid       = "KeepFailedInvocationsOfTheRule"
      actions   = ["sqs:SendMessage"]
      resources = ["${local.queue_arn_prefix}:${local.queue_name}"]

      principals {
        type        = "Service"
        identifiers = ["events.amazonaws.com"]
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:SourceArn"
        values   = [local.new_data_rule_arn]
      }
    }
  }
}
