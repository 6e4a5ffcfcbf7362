# EventBridge and CloudWatch can't publish to a topic under SNS's own key, alias/aws/sns.

resource "aws_kms_key" "this" {
  count = local.makes_topic && var.kms_key_arn == null ? 1 : 0

  description             = "Encrypts what the topic of the pipeline ${var.name} is told."
  deletion_window_in_days = 7 # a topic keeps no messages that would be lost
  enable_key_rotation     = true
  policy                  = data.aws_iam_policy_document.key.json
  tags                    = var.tags
}

resource "aws_kms_alias" "this" {
  count = length(aws_kms_key.this)

  name          = "alias/${var.name}-topic"
  target_key_id = aws_kms_key.this[0].key_id
}

# In a key's own policy, "*" as the resource is that key (KMS Developer Guide, Key policies).
data "aws_iam_policy_document" "key" {
  #checkov:skip=CKV_AWS_109:A key without an administrator can't be managed by anybody; its account is that.
  #checkov:skip=CKV_AWS_111:The resource of a key policy is the key itself.
  #checkov:skip=CKV_AWS_356:The resource of a key policy is the key itself.
  source_policy_documents = [data.aws_iam_policy_document.key_use.json]

  statement {
    sid       = "LetTheAccountManageIt"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${var.location.partition}:iam::${var.location.account_id}:root"]
    }
  }
}

# What a given key's owner must allow, too.
data "aws_iam_policy_document" "key_use" {
  #checkov:skip=CKV_AWS_111:The resource of a key policy is the key itself.
  #checkov:skip=CKV_AWS_356:The resource of a key policy is the key itself.

  # Of EventBridge, SNS supports no condition on the source (SNS Developer Guide, Enable
  # compatibility between event sources from AWS services and encrypted topics): the topic's policy
  # says which rules may publish, and this which topic's data keys they get.
  statement {
    sid       = "LetRulesUseIt"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:aws:sns:topicArn"
      values   = [local.topic_arn]
    }
  }

  statement {
    sid       = "LetAlarmsUseIt"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.location.account_id]
    }
  }

  # As AWS's own keys do: who may publish to the topic, and the workflow may, uses the key through it.
  statement {
    sid       = "LetPublishersUseIt"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:CallerAccount"
      values   = [var.location.account_id]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:aws:sns:topicArn"
      values   = [local.topic_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["sns.${var.location.region}.${var.location.dns_suffix}"]
    }
  }
}
