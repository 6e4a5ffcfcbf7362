output "topic_arn" {
  description = "ARN of the SNS topic that is told how runs end."
  value       = local.topic_arn
}
