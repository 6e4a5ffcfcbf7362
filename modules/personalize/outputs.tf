output "dataset_group_arn" {
  description = "ARN of the dataset group."
  value       = local.dataset_group_arn

  depends_on = [aws_cloudcontrolapi_resource.dataset_group]
}

output "datasets" {
  description = "ARN of each dataset, by the folder its files lie in under transformed/RUN/."
  value       = { for key, type in local.dataset_types : key => "${local.arn_prefix}:dataset/${var.name}/${upper(type)}" }

  depends_on = [aws_cloudcontrolapi_resource.dataset]
}

output "role_arn" {
  description = "ARN of the role that Personalize assumes for imports and batch jobs."
  value       = local.role_arn

  depends_on = [aws_iam_role.this]
}
