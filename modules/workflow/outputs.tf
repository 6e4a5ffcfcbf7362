output "log_group_name" {
  description = "Name of the state machine's log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "state_machine_arn" {
  description = "ARN of the state machine."
  value       = "arn:${var.location.partition}:states:${var.location.region}:${var.location.account_id}:stateMachine:${aws_sfn_state_machine.this.name}"
}
