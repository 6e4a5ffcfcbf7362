output "bucket_arn" {
  description = "ARN of the bucket."
  value       = local.bucket_arn

  depends_on = [aws_s3_bucket.this]
}

output "bucket_name" {
  description = "Name of the bucket; whoever uses it waits until its policy admits Personalize."
  value       = local.bucket_name

  depends_on = [aws_s3_bucket.this, aws_s3_bucket_policy.this, aws_s3_bucket_server_side_encryption_configuration.this]
}

output "bucket_policy_json" {
  description = "What the bucket's policy says; the owner of an existing bucket adds these statements to it."
  value       = data.aws_iam_policy_document.bucket.json
}

output "prefix" {
  description = "What every key of the pipeline begins with; empty in a bucket of its own."
  value       = local.prefix
}
