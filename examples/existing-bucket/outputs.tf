output "bucket_arn" {
  description = "ARN of the bucket with raw/, transformed/, quarantine/ and curated/."
  value       = module.recommendations.bucket_arn
}

output "bucket_name" {
  description = "Name of the bucket with raw/, transformed/, quarantine/ and curated/."
  value       = module.recommendations.bucket_name
}

output "catalog_database_name" {
  description = "Name of the Glue Data Catalog's database with a table of recommendations for each solution."
  value       = module.recommendations.catalog_database_name
}

output "curated_prefix" {
  description = "Key prefix of the results; the manifest latest.json lies there."
  value       = module.recommendations.curated_prefix
}

output "dataset_group_arn" {
  description = "ARN of the Personalize dataset group."
  value       = module.recommendations.dataset_group_arn
}

output "dead_letter_queue_url" {
  description = "URL of the queue that receives the schedule's invocations that failed."
  value       = module.recommendations.dead_letter_queue_url
}

output "glue_job_name" {
  description = "Name of the Glue job that prepares the training data."
  value       = module.recommendations.glue_job_name
}

output "glue_publish_job_name" {
  description = "Name of the Glue job that publishes the recommendations."
  value       = module.recommendations.glue_publish_job_name
}

output "raw_interactions_prefix" {
  description = "Key prefix under which the pipeline looks for raw interactions."
  value       = module.recommendations.raw_interactions_prefix
}

output "schedule_name" {
  description = "Name of the EventBridge Scheduler schedule, in the default group."
  value       = module.recommendations.schedule_name
}

output "state_machine_arn" {
  description = "ARN of the state machine that runs the pipeline."
  value       = module.recommendations.state_machine_arn
}

output "topic_arn" {
  description = "ARN of the SNS topic that is told how runs end: subscribe to it."
  value       = module.recommendations.topic_arn
}
