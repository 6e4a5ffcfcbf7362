output "dead_letter_queue_url" {
  description = "URL of the queue that receives the invocations that failed."
  value       = aws_sqs_queue.dead_letters.url
}

output "schedule_name" {
  description = "Name of the schedule, in the default group."
  value       = aws_scheduler_schedule.this.name
}
