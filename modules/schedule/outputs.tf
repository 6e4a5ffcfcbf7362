output "dead_letter_queue_arn" {
  description = "ARN of the queue that receives the starts that failed."
  value       = local.dead_letter_queue_arn
}

output "dead_letter_queue_name" {
  description = "Name of the queue that receives the starts that failed."
  value       = aws_sqs_queue.dead_letters.name
}

output "dead_letter_queue_url" {
  description = "URL of the queue that receives the starts that failed."
  value       = aws_sqs_queue.dead_letters.url
}

output "new_data_role_arn" {
  description = "ARN of the role with which the rule on new data starts the state machine; null without the rule."
  value       = one(aws_cloudwatch_event_target.new_data[*].role_arn)
}

output "role_arn" {
  description = "ARN of the role with which the schedule starts the state machine."
  value       = aws_scheduler_schedule.this.target[0].role_arn
}

output "schedule_name" {
  description = "Name of the schedule, in the default group."
  value       = aws_scheduler_schedule.this.name
}
