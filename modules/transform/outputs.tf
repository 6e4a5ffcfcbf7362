output "job_arn" {
  description = "ARN of the Glue job."
  value       = "arn:${var.location.partition}:glue:${var.location.region}:${var.location.account_id}:job/${aws_glue_job.this.name}"
}

output "job_name" {
  description = "Name of the Glue job."
  value       = aws_glue_job.this.name
}

output "source_prefix" {
  description = "Key prefix of the raw interactions."
  value       = local.source_prefix
}
