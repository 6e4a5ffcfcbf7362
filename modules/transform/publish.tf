locals {
  publish_job_name   = "${var.name}-publish-recommendations"
  publish_log_prefix = "/aws-glue/jobs/${local.publish_job_name}"
}

resource "aws_cloudwatch_log_group" "publish" {
  for_each = toset(["error", "output"])

  #checkov:skip=CKV_AWS_158:CloudWatch Logs encrypts with its own key; a customer-managed one is the caller's decision.
  name              = "${local.publish_log_prefix}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arns.logs
  tags              = var.tags
}

resource "aws_glue_job" "publish" {
  name                   = local.publish_job_name
  description            = "Makes tables of what Personalize answered, and publishes what is complete."
  role_arn               = aws_iam_role.publish.arn
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
    script_location = local.script_urls[local.publish_script]
  }

  # The workflow adds those that differ from run to run.
  default_arguments = merge(local.common_arguments, {
    "--maximum_error_share"    = tostring(var.maximum_error_share)
    "--custom-logGroup-prefix" = local.publish_log_prefix
  })

  # Two at a time would write the manifest over each other.
  execution_property {
    max_concurrent_runs = 1
  }
}
