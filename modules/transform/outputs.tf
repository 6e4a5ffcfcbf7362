output "job_arn" {
  description = "ARN of the Glue job."
  value       = "arn:${var.location.partition}:glue:${var.location.region}:${var.location.account_id}:job/${aws_glue_job.this.name}"
}

output "job_name" {
  description = "Name of the Glue job."
  value       = aws_glue_job.this.name
}

output "raw_prefixes" {
  description = "Key prefix of each dataset's raw files, by dataset."
  value       = local.raw_prefixes
}
