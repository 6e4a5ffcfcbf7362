output "alarm_arns" {
  description = "ARNs of the alarms."
  value       = local.alarm_arns
}

output "dashboard_name" {
  description = "Name of the CloudWatch dashboard; null without one."
  value       = one(aws_cloudwatch_dashboard.this[*].dashboard_name)
}

output "key_policy_json" {
  description = "What the policy of a key given as kms_key_arn must allow."
  value       = data.aws_iam_policy_document.key_use.json
}

output "kms_key_arn" {
  description = "ARN of the key that encrypts the topic; null if the topic was given."
  value       = local.makes_topic ? coalesce(var.kms_key_arn, one(aws_kms_key.this[*].arn)) : null
}

output "topic_arn" {
  description = "ARN of the SNS topic that is told how runs end."
  value       = local.topic_arn

  # Who tells it something needs the policies, too.
  depends_on = [aws_sns_topic_policy.this]
}

output "topic_policy_json" {
  description = "What the policy of a topic given as monitoring.topic_arn must allow, and refuse."
  value       = data.aws_iam_policy_document.topic.json
}
