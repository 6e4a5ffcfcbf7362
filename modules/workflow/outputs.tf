output "state_machine_arn" {
  description = "ARN of the state machine."
  value       = "arn:${var.location.partition}:states:${var.location.region}:${var.location.account_id}:stateMachine:${aws_sfn_state_machine.this.name}"
}
