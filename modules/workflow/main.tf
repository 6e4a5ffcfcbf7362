locals {
  arn_prefix = "arn:${var.location.partition}:personalize:${var.location.region}:${var.location.account_id}"

  # A solution can't be changed: another training configuration is another solution.
  training_configurations = {
    for key, solution in var.solutions : key => {
      recipe_arn = "arn:${var.location.partition}:personalize:::recipe/${solution.recipe}"
      solution_config = length(solution.hyperparameters) == 0 ? {} : {
        AlgorithmHyperParameters = solution.hyperparameters
      }
    }
  }
  solution_names = {
    for key, training in local.training_configurations :
    key => "${var.name}-${key}-${substr(sha256(jsonencode([var.dataset_group_arn, training])), 0, 6)}"
  }

  # Takes the place of the example in pipeline.asl.json's first state.
  configuration = {
    pipeline             = var.name
    bucket               = var.bucket_name
    glue_job_name        = var.glue_job_name
    dataset_group_arn    = var.dataset_group_arn
    personalize_role_arn = var.personalize_role_arn
    datasets             = [for folder, arn in var.datasets : { folder = folder, arn = arn }]
    solutions = [
      for key, solution in var.solutions : {
        key                = key
        name               = local.solution_names[key]
        arn                = "${local.arn_prefix}:solution/${local.solution_names[key]}"
        recipe_arn         = local.training_configurations[key].recipe_arn
        solution_config    = local.training_configurations[key].solution_config
        number_of_results  = solution.number_of_results
        batch_input_folder = "batch_${solution.batch_input}_input"
      }
    ]
  }

  # The file names the integrations in the aws partition, so that it opens as it is.
  template = jsondecode(replace(
    file("${path.module}/pipeline.asl.json"), "arn:aws:states:::", "arn:${var.location.partition}:states:::"
  ))
  definition = merge(local.template, {
    States = merge(local.template.States, {
      Configure = merge(local.template.States.Configure, {
        Assign = merge(local.template.States.Configure.Assign, { configuration = local.configuration })
      })
      PrepareTrainingData = merge(local.template.States.PrepareTrainingData, {
        TimeoutSeconds = (var.glue_timeout_minutes + 15) * 60 # the job's own limit, and its start
      })
    })
  })
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch Logs encrypts with its own key; a customer-managed one is the caller's decision.
  name              = "/aws/vendedlogs/states/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_sfn_state_machine" "this" {
  name       = var.name
  role_arn   = aws_iam_role.this.arn
  definition = jsonencode(local.definition)

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
