output "bucket_name" {
  description = "Name of the bucket with raw/, transformed/, quarantine/ and curated/."
  value       = module.recommendations.bucket_name
}

output "catalog_database_name" {
  description = "Name of the Glue Data Catalog's database with a table of recommendations for each solution."
  value       = module.recommendations.catalog_database_name
}

output "consumer_policy_json" {
  description = "IAM policy document for whoever reads the recommendations."
  value       = module.recommendations.consumer_policy_json
}

output "curated_prefix" {
  description = "Key prefix of the results; the manifest latest.json lies there."
  value       = module.recommendations.curated_prefix
}

output "raw_interactions_prefix" {
  description = "Key prefix under which the pipeline looks for raw interactions."
  value       = module.recommendations.raw_interactions_prefix
}

output "start_command" {
  description = "Command of the AWS CLI that starts a run."
  value       = module.recommendations.start_command
}

output "state_machine_arn" {
  description = "ARN of the state machine that runs the pipeline."
  value       = module.recommendations.state_machine_arn
}
