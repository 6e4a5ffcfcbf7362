data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["personalize.amazonaws.com"]
    }

    # Against the confused deputy: only for this account's resources in this Region.
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.location.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["${local.arn_prefix}:*"]
    }
  }
}

resource "aws_iam_role" "this" {
  name                 = local.role_name
  description          = "What Personalize may do in the bucket of the pipeline ${var.name}."
  path                 = var.iam_roles.path
  permissions_boundary = var.iam_roles.permissions_boundary_arn
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  tags                 = var.tags
}

data "aws_iam_policy_document" "permissions" {
  statement {
    sid       = "ListBucket"
    actions   = ["s3:ListBucket"]
    resources = [var.bucket_arn] # as documented: which prefixes it lists isn't
  }

  statement {
    sid       = "ReadTransformed"
    actions   = ["s3:GetObject"]
    resources = ["${var.bucket_arn}/${var.prefix}transformed/*"]
  }

  statement {
    sid       = "WriteCurated"
    actions   = ["s3:PutObject"]
    resources = ["${var.bucket_arn}/${var.prefix}curated/*"]
  }

  # Personalize Developer Guide, Giving Amazon Personalize permission to use your AWS KMS key.
  dynamic "statement" {
    for_each = length(local.kms_key_arns) == 0 ? [] : [local.kms_key_arns]

    content {
      sid       = "UseTheKeys"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey", "kms:CreateGrant", "kms:ListGrants"]
      resources = statement.value
    }
  }
}

resource "aws_iam_role_policy" "this" {
  name   = "bucket"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.permissions.json
}
