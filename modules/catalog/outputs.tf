output "consumer_policy_json" {
  description = "IAM policy document for whoever reads the recommendations: the manifest, its tables, and the catalogue."
  value       = data.aws_iam_policy_document.consumer.json
}

output "database_name" {
  description = "Name of the database in the Glue Data Catalog."
  value       = aws_glue_catalog_database.this.name
}

output "table_names" {
  description = "Name of each solution's table, by the solution's key."
  value       = { for key, table in aws_glue_catalog_table.this : key => table.name }
}
