data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["glue.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.location.account_id]
    }
  }
}

resource "aws_iam_role" "this" {
  name                 = "${var.name}-${var.location.region}-prepare" # names of roles are one for all Regions of an account
  description          = "What the Glue job of the pipeline ${var.name} may do."
  path                 = var.iam_roles.path
  permissions_boundary = var.iam_roles.permissions_boundary_arn
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  tags                 = var.tags
}

resource "aws_iam_role" "publish" {
  name                 = "${var.name}-${var.location.region}-publish"
  description          = "What the Glue job that publishes the recommendations of the pipeline ${var.name} may do."
  path                 = var.iam_roles.path
  permissions_boundary = var.iam_roles.permissions_boundary_arn
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  tags                 = var.tags
}

# What every Glue job needs.
data "aws_iam_policy_document" "common" {
  statement {
    sid       = "FindTheBucket"
    actions   = ["s3:GetBucketLocation"]
    resources = [var.bucket_arn]
  }

  statement {
    sid     = "WriteLogs"
    actions = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [
      "arn:${var.location.partition}:logs:${var.location.region}:${var.location.account_id}:log-group:/aws-glue/jobs/*",
      # With a security configuration, the service may name groups after role and configuration
      # (Glue API, JobRun, LogGroupName).
      "arn:${var.location.partition}:logs:${var.location.region}:${var.location.account_id}:log-group:/aws-glue/jobs-${var.name}-*",
    ]
  }

  statement {
    sid       = "WriteMetrics"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"] # the action knows no resources

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = ["Glue"]
    }
  }

  # Of encrypted objects, and only through S3.
  dynamic "statement" {
    for_each = var.kms_key_arns.bucket[*]

    content {
      sid       = "UseTheKeyOfTheBucket"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["s3.${var.location.region}.${var.location.dns_suffix}"]
      }
    }
  }

  # Glue encrypts groups that it makes itself (Glue Developer Guide, Setting up encryption).
  dynamic "statement" {
    for_each = var.kms_key_arns.logs[*]

    content {
      sid       = "EncryptLogs"
      actions   = ["logs:AssociateKmsKey"]
      resources = ["arn:${var.location.partition}:logs:${var.location.region}:${var.location.account_id}:log-group:/aws-glue/jobs*"]
    }
  }
}

data "aws_iam_policy_document" "permissions" {
  source_policy_documents = [data.aws_iam_policy_document.common.json]

  statement {
    sid     = "ReadScriptsAndRawData"
    actions = ["s3:GetObject"]
    resources = concat(
      [for key in values(local.script_keys) : "${var.bucket_arn}/${key}"],
      [for prefix in values(local.raw_prefixes) : "${var.bucket_arn}/${prefix}*"],
    )
  }

  # Spark commits by writing, listing and deleting; its file system on Glue also marks folders with
  # empty objects named NAME_$folder$.
  statement {
    sid     = "WriteTransformedAndQuarantine"
    actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = flatten([
      for folder in ["transformed", "quarantine"] :
      ["${local.bucket_path}${folder}/*", "${local.bucket_path}${folder}_$folder$"]
    ])
  }

  statement {
    sid       = "ListItsPrefixes"
    actions   = ["s3:ListBucket"]
    resources = [var.bucket_arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = [for folder in ["glue_jobs/*", "raw/*", "transformed*", "quarantine*"] : "${var.prefix}${folder}"]
    }
  }
}

resource "aws_iam_role_policy" "this" {
  name   = "prepare-training-data"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.permissions.json
}

data "aws_iam_policy_document" "publish" {
  source_policy_documents = [data.aws_iam_policy_document.common.json]

  statement {
    sid     = "ReadScriptsAndBatchInput"
    actions = ["s3:GetObject"]
    resources = concat(
      [for key in values(local.script_keys) : "${var.bucket_arn}/${key}"],
      ["${local.bucket_path}transformed/*"],
    )
  }

  statement {
    sid       = "ReadResultsAndWriteTables"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = ["${local.bucket_path}curated/*", "${local.bucket_path}curated_$folder$"]
  }

  statement {
    sid       = "ListItsPrefixes"
    actions   = ["s3:ListBucket"]
    resources = [var.bucket_arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = [for folder in ["glue_jobs/*", "transformed*", "curated*"] : "${var.prefix}${folder}"]
    }
  }
}

resource "aws_iam_role_policy" "publish" {
  name   = "publish-recommendations"
  role   = aws_iam_role.publish.id
  policy = data.aws_iam_policy_document.publish.json
}
