locals {
  job_name   = "${var.name}-prepare-training-data"
  log_prefix = "/aws-glue/jobs/${local.job_name}"

  bucket_path = "${var.bucket_arn}/${var.prefix}"
  bucket_url  = "s3://${var.bucket_name}/${var.prefix}"

  scripts_folder = "${path.module}/../../glue_jobs"
  script_keys    = { for file in fileset(local.scripts_folder, "*.py") : file => "${var.prefix}glue_jobs/${file}" }
  script         = "prepare_training_data.py"
  publish_script = "publish_recommendations.py"
  script_urls    = { for file, object in aws_s3_object.script : file => "s3://${var.bucket_name}/${object.key}" }

  raw_prefixes = { for key, folder in var.folders : key => "${var.prefix}raw/${folder}/" }

  # What is the same for every job.
  common_arguments = merge(var.glue.auto_scaling ? { "--enable-auto-scaling" = "true" } : {}, var.glue.arguments, {
    "--extra-py-files"      = join(",", [for file, url in local.script_urls : url if !contains([local.script, local.publish_script], file)])
    "--enable-metrics"      = "true"
    "--job-bookmark-option" = "job-bookmark-disable"
    "--job-language"        = "python"
  })
}

resource "aws_s3_object" "script" {
  for_each = local.script_keys

  bucket      = var.bucket_name
  key         = each.value
  source      = "${local.scripts_folder}/${each.key}"
  source_hash = filesha256("${local.scripts_folder}/${each.key}")
  tags        = var.tags
}

# Glue 5.0 writes what the script prints to PREFIX/output and everything else to PREFIX/error
# (Glue Developer Guide, Logging for AWS Glue jobs).
resource "aws_cloudwatch_log_group" "this" {
  for_each = toset(["error", "output"])

  #checkov:skip=CKV_AWS_158:CloudWatch Logs encrypts with its own key; a customer-managed one is the caller's decision.
  name              = "${local.log_prefix}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arns.logs
  tags              = var.tags
}

resource "aws_glue_security_configuration" "this" {
  #checkov:skip=CKV_AWS_99:Bookmarks are off, and what AWS encrypts with its own keys needs no other unless the caller gives one.
  name = var.name

  encryption_configuration {
    cloudwatch_encryption {
      cloudwatch_encryption_mode = var.kms_key_arns.logs == null ? "DISABLED" : "SSE-KMS"
      kms_key_arn                = var.kms_key_arns.logs
    }

    job_bookmarks_encryption {
      job_bookmarks_encryption_mode = "DISABLED" # no job keeps bookmarks
    }

    s3_encryption {
      s3_encryption_mode = var.kms_key_arns.bucket == null ? "SSE-S3" : "SSE-KMS"
      kms_key_arn        = var.kms_key_arns.bucket
    }
  }
}

resource "aws_glue_job" "this" {
  name                   = local.job_name
  description            = "Makes importable training data and batch input from raw data."
  role_arn               = aws_iam_role.this.arn
  glue_version           = var.glue.version
  execution_class        = var.glue.execution_class
  worker_type            = var.glue.worker_type
  number_of_workers      = var.glue.number_of_workers
  timeout                = var.glue.timeout_minutes
  max_retries            = 0 # the state machine decides about retries
  security_configuration = aws_glue_security_configuration.this.name
  tags                   = var.tags

  command {
    name            = "glueetl"
    python_version  = "3"
    script_location = local.script_urls[local.script]
  }

  # The workflow adds those that differ from run to run.
  default_arguments = merge(local.common_arguments, {
    "--configuration"          = var.configuration
    "--raw_prefix"             = "${local.bucket_url}raw"
    "--custom-logGroup-prefix" = local.log_prefix
  })

  execution_property {
    max_concurrent_runs = 1
  }
}
