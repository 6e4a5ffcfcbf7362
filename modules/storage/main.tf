locals {
  # Bucket names are global: account and Region keep them apart.
  bucket_name = "${var.name}-${var.location.account_id}-${var.location.region}"
  bucket_arn  = "arn:${var.location.partition}:s3:::${aws_s3_bucket.this.bucket}"
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_144:The data can be made again from its source; copies in another Region are the caller's decision.
  #checkov:skip=CKV_AWS_145:Objects are encrypted with SSE-S3; a customer-managed key must also be opened to Personalize.
  #checkov:skip=CKV_AWS_18:Access logging needs a second bucket, which belongs to the account, not to one pipeline.
  #checkov:skip=CKV2_AWS_62:Nothing starts on new objects: the schedule starts the pipeline.
  bucket        = local.bucket_name
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket = aws_s3_bucket.this.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "remove-what-nobody-reads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    noncurrent_version_expiration {
      noncurrent_days = 30
    }
  }

  # Rules on noncurrent versions need versioning first.
  depends_on = [aws_s3_bucket_versioning.this]
}

data "aws_iam_policy_document" "bucket" {
  statement {
    sid       = "DenyInsecureTransport"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [local.bucket_arn, "${local.bucket_arn}/*"]

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

  # Personalize needs the bucket's consent besides its role's permissions
  # (Personalize Developer Guide, Giving Amazon Personalize access to Amazon S3 resources).
  dynamic "statement" {
    for_each = {
      AllowPersonalizeToList  = { action = "s3:ListBucket", resource = local.bucket_arn }
      AllowPersonalizeToRead  = { action = "s3:GetObject", resource = "${local.bucket_arn}/transformed/*" }
      AllowPersonalizeToWrite = { action = "s3:PutObject", resource = "${local.bucket_arn}/curated/*" }
    }

    content {
      sid       = statement.key
      actions   = [statement.value.action]
      resources = [statement.value.resource]

      principals {
        type        = "Service"
        identifiers = ["personalize.amazonaws.com"]
      }

      # Against the confused deputy: Personalize may come here only for this account's resources.
      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [var.location.account_id]
      }

      condition {
        test     = "ArnLike"
        variable = "aws:SourceArn"
        values   = ["arn:${var.location.partition}:personalize:${var.location.region}:${var.location.account_id}:*"]
      }
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = data.aws_iam_policy_document.bucket.json

  # Both change the bucket's policy settings; at the same time they conflict.
  depends_on = [aws_s3_bucket_public_access_block.this]
}
