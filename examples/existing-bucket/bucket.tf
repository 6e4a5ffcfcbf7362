# A bucket of the data platform, in which each user has a prefix. The pipeline changes nothing of it:
# its owner adds what the pipeline's bucket_policy_json says.

resource "aws_s3_bucket" "lake" {
  #checkov:skip=CKV_AWS_144:An example keeps no copy in another Region.
  #checkov:skip=CKV_AWS_18:An example has no second bucket for access logs.
  #checkov:skip=CKV2_AWS_61:What is kept how long is the platform's decision.
  #checkov:skip=CKV2_AWS_62:Nothing starts on new objects in this example.
  bucket        = "${var.name}-lake-${local.account_id}-${var.region}"
  force_destroy = true # an example leaves nothing behind
}

resource "aws_s3_bucket_public_access_block" "lake" {
  bucket = aws_s3_bucket.lake.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "lake" {
  bucket = aws_s3_bucket.lake.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "lake" {
  bucket = aws_s3_bucket.lake.bucket

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.this.arn
    }
  }
}

data "aws_iam_policy_document" "lake" {
  source_policy_documents = [module.recommendations.bucket_policy_json] # and those of others
}

resource "aws_s3_bucket_policy" "lake" {
  bucket = aws_s3_bucket.lake.id
  policy = data.aws_iam_policy_document.lake.json

  # Both change the bucket's policy settings; at the same time they conflict.
  depends_on = [aws_s3_bucket_public_access_block.lake]
}
