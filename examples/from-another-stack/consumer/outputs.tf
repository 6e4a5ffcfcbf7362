output "manifest_url" {
  description = "Where the manifest lies, which leads to the newest recommendations."
  value       = "s3://${local.recommendations.bucket_name}/${local.recommendations.curated_prefix}latest.json"
}

output "role_arn" {
  description = "ARN of the role that may read the recommendations."
  value       = aws_iam_role.reader.arn

  depends_on = [aws_iam_role_policy.recommendations] # whoever uses it can read at once
}
