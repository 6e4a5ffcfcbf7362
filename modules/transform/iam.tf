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
  name               = local.job_name
  description        = "What the Glue job of the pipeline ${var.name} may do."
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role" "publish" {
  name               = local.publish_job_name
  description        = "What the Glue job that publishes the recommendations of the pipeline ${var.name} may do."
  assume_role_policy = data.aws_iam_policy_document.trust.json
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
      for prefix in ["transformed", "quarantine"] :
      ["${var.bucket_arn}/${prefix}/*", "${var.bucket_arn}/${prefix}_$folder$"]
    ])
  }

  statement {
    sid       = "ListItsPrefixes"
    actions   = ["s3:ListBucket"]
    resources = [var.bucket_arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["glue_jobs/*", "raw/*", "transformed*", "quarantine*"]
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
      ["${var.bucket_arn}/transformed/*"],
    )
  }

  statement {
    sid       = "ReadResultsAndWriteTables"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = ["${var.bucket_arn}/curated/*", "${var.bucket_arn}/curated_$folder$"]
  }

  statement {
    sid       = "ListItsPrefixes"
    actions   = ["s3:ListBucket"]
    resources = [var.bucket_arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["glue_jobs/*", "transformed*", "curated*"]
    }
  }
}

resource "aws_iam_role_policy" "publish" {
  name   = "publish-recommendations"
  role   = aws_iam_role.publish.id
  policy = data.aws_iam_policy_document.publish.json
}
