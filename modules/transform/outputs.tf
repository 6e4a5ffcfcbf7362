output "job_arn" {
  description = "ARN of the Glue job that prepares the training data."
  value       = "arn:${var.location.partition}:glue:${var.location.region}:${var.location.account_id}:job/${aws_glue_job.this.name}"
}

output "job_name" {
  description = "Name of the Glue job that prepares the training data."
  value       = aws_glue_job.this.name
}

output "publish_job_arn" {
  description = "ARN of the Glue job that publishes the recommendations."
  value       = "arn:${var.location.partition}:glue:${var.location.region}:${var.location.account_id}:job/${aws_glue_job.publish.name}"
}

output "publish_job_name" {
  description = "Name of the Glue job that publishes the recommendations."
  value       = aws_glue_job.publish.name
}

output "raw_prefixes" {
  description = "Key prefix of each dataset's raw files, by dataset."
  value       = local.raw_prefixes
}
