locals {
  job_name   = "${var.name}-prepare-training-data"
  log_prefix = "/aws-glue/jobs/${local.job_name}"

  scripts_folder = "${path.module}/../../glue_jobs"
  script_keys    = { for file in fileset(local.scripts_folder, "*.py") : file => "glue_jobs/${file}" }
  script         = "prepare_training_data.py"
  publish_script = "publish_recommendations.py"
  script_urls    = { for file, object in aws_s3_object.script : file => "s3://${var.bucket_name}/${object.key}" }

  raw_prefixes = { for key, folder in var.folders : key => "raw/${folder}/" }

  # What is the same for every job.
  common_arguments = {
    "--extra-py-files"      = join(",", [for file, url in local.script_urls : url if !contains([local.script, local.publish_script], file)])
    "--enable-metrics"      = "true"
    "--job-bookmark-option" = "job-bookmark-disable"
    "--job-language"        = "python"
  }
}

resource "aws_s3_object" "script" {
  for_each = local.script_keys

  bucket      = var.bucket_name
  key         = each.value
  source      = "${local.scripts_folder}/${each.key}"
  source_hash = filesha256("${local.scripts_folder}/${each.key}")
}

# Glue 5.0 writes what the script prints to PREFIX/output and everything else to PREFIX/error
# (Glue Developer Guide, Logging for AWS Glue jobs).
resource "aws_cloudwatch_log_group" "this" {
  for_each = toset(["error", "output"])

  #checkov:skip=CKV_AWS_158:CloudWatch Logs encrypts with its own key; a customer-managed one is the caller's decision.
  name              = "${local.log_prefix}/${each.key}"
  retention_in_days = var.log_retention_days
}

resource "aws_glue_job" "this" {
  #checkov:skip=CKV_AWS_195:The job writes to an encrypted bucket and an encrypted log group and keeps no bookmark.
  name              = local.job_name
  description       = "Makes importable training data and batch input from raw data."
  role_arn          = aws_iam_role.this.arn
  glue_version      = var.glue.version
  execution_class   = "STANDARD"
  worker_type       = var.glue.worker_type
  number_of_workers = var.glue.number_of_workers
  timeout           = var.glue.timeout_minutes
  max_retries       = 0 # the state machine decides about retries

  command {
    name            = "glueetl"
    python_version  = "3"
    script_location = local.script_urls[local.script]
  }

  # The workflow adds those that differ from run to run.
  default_arguments = merge(local.common_arguments, {
    "--configuration"          = var.configuration
    "--raw_prefix"             = "s3://${var.bucket_name}/raw"
    "--custom-logGroup-prefix" = local.log_prefix
  })

  execution_property {
    max_concurrent_runs = 1
  }
}
