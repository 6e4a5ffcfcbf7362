locals {
  makes_topic = var.monitoring.topic_arn == null
  topic_arn   = coalesce(var.monitoring.topic_arn, "arn:${var.location.partition}:sns:${local.arn_suffix}:${var.name}")
}

resource "aws_sns_topic" "this" {
  count = local.makes_topic ? 1 : 0

  name              = var.name
  kms_master_key_id = coalesce(var.kms_key_arn, one(aws_kms_key.this[*].arn))
  tags              = var.tags
}

data "aws_iam_policy_document" "topic" {
  statement {
    sid       = "DenyInsecureTransport"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [local.topic_arn]

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

  statement {
    sid       = "LetRulesPublish"
    actions   = ["sns:Publish"]
    resources = [local.topic_arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [for name in values(local.rule_names) : "arn:${var.location.partition}:events:${local.arn_suffix}:rule/${name}"]
    }
  }

  dynamic "statement" {
    for_each = var.monitoring.enabled ? [local.alarm_arns] : []

    content {
      sid       = "LetAlarmsPublish"
      actions   = ["sns:Publish"]
      resources = [local.topic_arn]

      principals {
        type        = "Service"
        identifiers = ["cloudwatch.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [var.location.account_id]
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:SourceArn"
        values   = statement.value
      }
    }
  }
}

resource "aws_sns_topic_policy" "this" {
  count = local.makes_topic ? 1 : 0

  arn    = aws_sns_topic.this[0].arn
  policy = data.aws_iam_policy_document.topic.json
}

resource "aws_sns_topic_subscription" "email" {
  for_each = toset(var.monitoring.email_addresses)

  topic_arn = aws_sns_topic.this[0].arn
  protocol  = "email"
  endpoint  = each.key
}
