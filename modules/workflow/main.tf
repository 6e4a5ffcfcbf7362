locals {
  arn_prefix = "arn:${var.location.partition}:personalize:${var.location.region}:${var.location.account_id}"

  # A solution can't be changed: another training configuration is another solution.
  training_configurations = {
    for key, solution in var.solutions : key => {
      recipe_arn = "arn:${var.location.partition}:personalize:::recipe/${solution.recipe}"
      event_type = solution.event_type == null ? "" : solution.event_type
      solution_config = merge(
        length(solution.hyperparameters) == 0 ? {} : { AlgorithmHyperParameters = solution.hyperparameters },
        solution.event_value_threshold == null ? {} : { EventValueThreshold = tostring(solution.event_value_threshold) },
      )
    }
  }
  solution_names = {
    for key, training in local.training_configurations :
    key => "${var.name}-${key}-${substr(sha256(jsonencode([var.dataset_group_arn, training])), 0, 6)}"
  }

  # Nor can a filter.
  filter_names = {
    for key, solution in var.solutions :
    key => solution.filter == null ? "" : "${var.name}-${key}-${substr(sha256(jsonencode([var.dataset_group_arn, solution.filter])), 0, 6)}"
  }

  limit_seconds = {
    import   = var.deadlines.import_hours * 3600
    training = var.deadlines.training_hours * 3600
    batch    = var.deadlines.batch_hours * 3600
  }
  # Of each Glue job, its own limit and its start.
  glue_seconds = { for key, job in var.glue_jobs : key => (job.timeout_minutes + 15) * 60 }

  # Takes the place of the example in pipeline.asl.json's first state.
  configuration = {
    pipeline             = var.name
    bucket               = var.bucket_name
    prefix               = var.prefix
    tags                 = [for key, value in var.tags : { TagKey = key, TagValue = value }]
    console_url          = "https://${var.location.region}.${lookup(local.console_domains, var.location.partition, "console.aws.amazon.com")}"
    topic_arn            = var.topic_arn
    prepare_job_name     = var.glue_jobs.prepare.name
    publish_job_name     = var.glue_jobs.publish.name
    dataset_group_arn    = var.dataset_group_arn
    personalize_role_arn = var.personalize_role_arn
    limit_seconds        = local.limit_seconds
    datasets             = [for folder, arn in var.datasets : { folder = folder, arn = arn }]
    solutions = [
      for key, solution in var.solutions : {
        key                = key
        name               = local.solution_names[key]
        arn                = "${local.arn_prefix}:solution/${local.solution_names[key]}"
        recipe             = solution.recipe
        recipe_arn         = local.training_configurations[key].recipe_arn
        event_type         = local.training_configurations[key].event_type
        solution_config    = local.training_configurations[key].solution_config
        training           = solution.training
        quality_gate       = solution.quality_gate
        job                = solution.job
        number_of_results  = solution.number_of_results
        batch_input_folder = solution.batch_input_folder
        filter_name        = local.filter_names[key]
        filter_arn         = solution.filter == null ? "" : "${local.arn_prefix}:filter/${local.filter_names[key]}"
        filter_expression  = solution.filter == null ? "" : solution.filter
        themes_item_name   = solution.themes_item_name == null ? "" : solution.themes_item_name
      }
    ]
  }
  console_domains = { aws-cn = "console.amazonaws.cn", aws-us-gov = "console.amazonaws-us-gov.com" }

  # The file names the integrations in the aws partition, so that it opens as it is.
  template = jsondecode(replace(
    file("${path.module}/pipeline.asl.json"), "arn:aws:states:::", "arn:${var.location.partition}:states:::"
  ))
  definition = merge(local.template, {
    TimeoutSeconds = sum(concat(values(local.limit_seconds), values(local.glue_seconds), [2 * 3600]))
    States = merge(local.template.States, {
      Configure = merge(local.template.States.Configure, {
        Assign = merge(local.template.States.Configure.Assign, { configuration = local.configuration })
      })
      PrepareTrainingData    = merge(local.template.States.PrepareTrainingData, { TimeoutSeconds = local.glue_seconds.prepare })
      PublishRecommendations = merge(local.template.States.PublishRecommendations, { TimeoutSeconds = local.glue_seconds.publish })
    })
  })
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch Logs encrypts with its own key; a customer-managed one is the caller's decision.
  name              = "/aws/vendedlogs/states/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arns.logs
  tags              = var.tags
}

resource "aws_sfn_state_machine" "this" {
  name       = var.name
  role_arn   = aws_iam_role.this.arn
  definition = jsonencode(local.definition)
  tags       = var.tags

  logging_configuration {
    include_execution_data = true
    level                  = "ALL"
    log_destination        = "${aws_cloudwatch_log_group.this.arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  # Step Functions checks at creation that the role may write the logs.
  depends_on = [aws_iam_role_policy.this]
}
