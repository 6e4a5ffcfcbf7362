# One key for all that the pipeline encrypts. docs/security.md says which statement is for what.

data "aws_iam_policy_document" "key" {
  #checkov:skip=CKV_BATCHREC_2:Personalize documents its statement without conditions; it is not said which keys it would send.
  #checkov:skip=CKV_AWS_109:A key without an administrator can't be managed by anybody; its account is that.
  #checkov:skip=CKV_AWS_111:The resource of a key policy is the key itself.
  #checkov:skip=CKV_AWS_356:The resource of a key policy is the key itself.

  # With it, the policies of roles count.
  statement {
    sid       = "LetTheAccountManageIt"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account_id}:root"]
    }
  }

  # As documented, without conditions (Personalize Developer Guide, Giving Amazon Personalize
  # permission to use your AWS KMS key).
  statement {
    sid       = "LetPersonalizeUseIt"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey", "kms:CreateGrant", "kms:ListGrants"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["personalize.amazonaws.com"]
    }
  }

  statement {
    sid       = "LetLogsUseIt"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${var.region}.${data.aws_partition.current.dns_suffix}"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values = [
        for group in ["/aws-glue/jobs*", "/aws/vendedlogs/states/${var.name}"] :
        "arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:${group}"
      ]
    }
  }

  # Who tells the topic, and for the topic only.
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
      values   = [local.account_id]
    }
  }
}

resource "aws_kms_key" "this" {
  #checkov:skip=CKV_BATCHREC_2:Personalize documents its statement without conditions; it is not said which keys it would send.
  description             = "Encrypts what the pipeline ${var.name} stores."
  deletion_window_in_days = 7
  enable_key_rotation     = true
  policy                  = data.aws_iam_policy_document.key.json
}
