# The workflow itself tells the topic how a run ended. What ends it from outside, it can't tell:
# a stop, the execution's own time limit, and errors of Step Functions itself come as events.

locals {
  arn_suffix        = "${var.location.region}:${var.location.account_id}"
  state_machine_arn = "arn:${var.location.partition}:states:${local.arn_suffix}:stateMachine:${var.name}"

  console_domains = { aws-cn = "console.amazonaws.cn", aws-us-gov = "console.amazonaws-us-gov.com" }
  console_url     = "https://${var.location.region}.${lookup(local.console_domains, var.location.partition, "console.aws.amazon.com")}"

  untold_ends = {
    interrupted = { status = ["TIMED_OUT", "ABORTED"] }
    crashed     = { status = ["FAILED"], error = [{ prefix = "States." }] }
  }
  rule_names = { for key in keys(local.untold_ends) : key => "${var.name}-${key}" }
}

resource "aws_cloudwatch_event_rule" "untold_end" {
  for_each = local.untold_ends

  name        = local.rule_names[each.key]
  description = "Runs of the pipeline ${var.name} that could not tell themselves how they ended."
  tags        = var.tags

  event_pattern = jsonencode({
    source      = ["aws.states"]
    detail-type = ["Step Functions Execution Status Change"]
    detail      = merge({ stateMachineArn = [local.state_machine_arn] }, each.value)
  })
}

resource "aws_cloudwatch_event_target" "topic" {
  for_each = local.untold_ends

  rule = aws_cloudwatch_event_rule.untold_end[each.key].name
  arn  = local.topic_arn

  input_transformer {
    input_paths = {
      cause     = "$.detail.cause"
      error     = "$.detail.error"
      execution = "$.detail.executionArn"
      run       = "$.detail.name"
      started   = "$.detail.startDate"
      status    = "$.detail.status"
      stopped   = "$.detail.stopDate"
    }
    input_template = "\"Run <run> of the pipeline ${var.name} ended as <status>. Error: <error>. Cause: <cause>. Started at <started>, stopped at <stopped> (milliseconds since 1970). ${local.console_url}/states/home#/v2/executions/details/<execution>\""
  }

  depends_on = [aws_sns_topic_policy.this]
}
