locals {
  # Bucket names are global: account and Region keep them apart.
  own_bucket_name = "${var.name}-${var.location.account_id}-${var.location.region}"
  bucket_name     = var.existing_bucket == null ? local.own_bucket_name : var.existing_bucket.name
  bucket_arn      = "arn:${var.location.partition}:s3:::${local.bucket_name}"
  prefix          = var.existing_bucket == null ? "" : var.existing_bucket.prefix

  # What there is of the pipeline's own bucket: of an existing one, nothing is changed.
  own = toset(var.existing_bucket == null ? ["bucket"] : [])
}

resource "aws_s3_bucket" "this" {
  for_each = local.own

  #checkov:skip=CKV_AWS_144:The data can be made again from its source; copies in another Region are the caller's decision.
  #checkov:skip=CKV_AWS_145:Objects are encrypted with SSE-S3, or with the key that the caller gives and opens to Personalize.
  #checkov:skip=CKV_AWS_18:Access logging needs a second bucket, which belongs to the account, not to one pipeline.
  #checkov:skip=CKV2_AWS_62:EventBridge is told of new objects where they are to start a run; by default the schedule does.
  bucket        = local.own_bucket_name
  force_destroy = var.force_destroy
  tags          = var.tags
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.own

  bucket = aws_s3_bucket.this[each.key].id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.own

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.own

  bucket = aws_s3_bucket.this[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.own

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    bucket_key_enabled = var.kms_key_arn != null # fewer calls of KMS

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.own

  bucket = aws_s3_bucket.this[each.key].id

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
      AllowPersonalizeToRead  = { action = "s3:GetObject", resource = "${local.bucket_arn}/${local.prefix}transformed/*" }
      AllowPersonalizeToWrite = { action = "s3:PutObject", resource = "${local.bucket_arn}/${local.prefix}curated/*" }
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
  for_each = local.own

  bucket = aws_s3_bucket.this[each.key].id
  policy = data.aws_iam_policy_document.bucket.json

  # Both change the bucket's policy settings; at the same time they conflict.
  depends_on = [aws_s3_bucket_public_access_block.this]
}

# EventBridge starts a run when a marker object arrives (modules/schedule/new_data.tf).
resource "aws_s3_bucket_notification" "this" {
  for_each = var.notify_eventbridge ? local.own : []

  bucket      = aws_s3_bucket.this[each.key].id
  eventbridge = true
}
