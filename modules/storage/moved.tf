# 0.1.0 always made the bucket.

moved {
  from = aws_s3_bucket.this
  to   = aws_s3_bucket.this["bucket"]
}

moved {
  from = aws_s3_bucket_public_access_block.this
  to   = aws_s3_bucket_public_access_block.this["bucket"]
}

moved {
  from = aws_s3_bucket_ownership_controls.this
  to   = aws_s3_bucket_ownership_controls.this["bucket"]
}

moved {
  from = aws_s3_bucket_versioning.this
  to   = aws_s3_bucket_versioning.this["bucket"]
}

moved {
  from = aws_s3_bucket_server_side_encryption_configuration.this
  to   = aws_s3_bucket_server_side_encryption_configuration.this["bucket"]
}

moved {
  from = aws_s3_bucket_lifecycle_configuration.this
  to   = aws_s3_bucket_lifecycle_configuration.this["bucket"]
}

moved {
  from = aws_s3_bucket_policy.this
  to   = aws_s3_bucket_policy.this["bucket"]
}
