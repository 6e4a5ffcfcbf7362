locals {
  job_name      = "${var.name}-prepare-training-data"
  script_path   = "${path.module}/../../glue_jobs/prepare_training_data.py"
  script_key    = "glue_jobs/prepare_training_data.py"
  source_prefix = "raw/${var.interactions.folder}/"
  log_prefix    = "/aws-glue/jobs/${local.job_name}"
}

resource "aws_s3_object" "script" {
  bucket      = var.bucket_name
  key         = local.script_key
  source      = local.script_path
  source_hash = filesha256(local.script_path)
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
  description       = "Makes importable training data and batch input from raw interactions."
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
    script_location = "s3://${var.bucket_name}/${aws_s3_object.script.key}"
  }

  # The workflow adds those that differ from run to run.
  default_arguments = {
    "--source"                 = "s3://${var.bucket_name}/${local.source_prefix}"
    "--minimum_rating"         = tostring(var.interactions.minimum_rating)
    "--custom-logGroup-prefix" = local.log_prefix
    "--enable-metrics"         = "true"
    "--job-bookmark-option"    = "job-bookmark-disable"
    "--job-language"           = "python"
  }

  execution_property {
    max_concurrent_runs = 1
  }
}
