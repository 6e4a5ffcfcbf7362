output "bucket_arn" {
  description = "ARN of the bucket with raw/, transformed/, quarantine/ and curated/."
  value       = module.storage.bucket_arn
}

output "bucket_name" {
  description = "Name of the bucket with raw/, transformed/, quarantine/ and curated/."
  value       = module.storage.bucket_name
}

output "bucket_policy_json" {
  description = "What the bucket's policy must say: the owner of an existing bucket adds these statements to it."
  value       = module.storage.bucket_policy_json
}

output "catalog_database_name" {
  description = "Name of the Glue Data Catalog's database with a table of recommendations for each solution."
  value       = module.catalog.database_name
}

output "consumer_policy_json" {
  description = "IAM policy document for whoever reads the recommendations: curated/latest.json, the tables that it names, and the catalogue."
  value       = module.catalog.consumer_policy_json
}

output "curated_prefix" {
  description = "Key prefix of the results; the manifest latest.json lies there."
  value       = "${module.storage.prefix}curated/"
}

output "dataset_group_arn" {
  description = "ARN of the Personalize dataset group."
  value       = module.personalize.dataset_group_arn
}

output "dead_letter_queue_url" {
  description = "URL of the queue that receives the schedule's invocations that failed."
  value       = module.schedule.dead_letter_queue_url
}

output "glue_job_name" {
  description = "Name of the Glue job that prepares the training data."
  value       = module.transform.job_name
}

output "glue_publish_job_name" {
  description = "Name of the Glue job that publishes the recommendations."
  value       = module.transform.publish_job_name
}

output "raw_interactions_prefix" {
  description = "Key prefix under which the pipeline looks for raw interactions."
  value       = module.transform.raw_prefixes.interactions
}

output "raw_items_prefix" {
  description = "Key prefix under which the pipeline looks for raw items; null without them."
  value       = lookup(module.transform.raw_prefixes, "items", null)
}

output "raw_users_prefix" {
  description = "Key prefix under which the pipeline looks for raw users; null without them."
  value       = lookup(module.transform.raw_prefixes, "users", null)
}

output "schedule_name" {
  description = "Name of the EventBridge Scheduler schedule, in the default group."
  value       = module.schedule.schedule_name
}

output "start_command" {
  description = "Command of the AWS CLI that starts a run."
  value       = "aws stepfunctions start-execution --region ${local.location.region} --state-machine-arn ${module.workflow.state_machine_arn}"
}

output "state_machine_arn" {
  description = "ARN of the state machine that runs the pipeline."
  value       = module.workflow.state_machine_arn
}

output "topic_arn" {
  description = "ARN of the SNS topic that is told how runs end: subscribe to it."
  value       = module.monitoring.topic_arn
}

output "topic_policy_json" {
  description = "What the topic's policy must say: the owner of a topic given as monitoring.topic_arn adds these statements to it."
  value       = module.monitoring.topic_policy_json
}
