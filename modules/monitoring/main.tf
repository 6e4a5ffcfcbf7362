# The workflow itself tells the topic how a run ended. What ends it from outside, it can't tell:
# a stop, the execution's own time limit, and errors of Step Functions itself come as events.

locals {
  topic_arn         = "arn:${var.location.partition}:sns:${var.location.region}:${var.location.account_id}:${var.name}"
  state_machine_arn = "arn:${var.location.partition}:states:${var.location.region}:${var.location.account_id}:stateMachine:${var.name}"

  console_domains = { aws-cn = "console.amazonaws.cn", aws-us-gov = "console.amazonaws-us-gov.com" }
  console_url     = "https://${var.location.region}.${lookup(local.console_domains, var.location.partition, "console.aws.amazon.com")}"

  untold_ends = {
    interrupted = { status = ["TIMED_OUT", "ABORTED"] }
    crashed     = { status = ["FAILED"], error = [{ prefix = "States." }] }
  }
}

resource "aws_sns_topic" "this" {
  #checkov:skip=CKV_AWS_26:EventBridge can't publish to a topic under AWS's own key; a customer-managed one is the caller's decision.
  name = var.name
}

data "aws_iam_policy_document" "topic" {
  statement {
    sid       = "LetEventBridgePublish"
    actions   = ["sns:Publish"]
    resources = [local.topic_arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${var.location.partition}:events:${var.location.region}:${var.location.account_id}:rule/${var.name}-*"]
    }
  }
}

resource "aws_sns_topic_policy" "this" {
  arn    = aws_sns_topic.this.arn
  policy = data.aws_iam_policy_document.topic.json
}

resource "aws_cloudwatch_event_rule" "untold_end" {
  for_each = local.untold_ends

  name        = "${var.name}-${each.key}"
  description = "Runs of the pipeline ${var.name} that could not tell themselves how they ended."

  event_pattern = jsonencode({
    source      = ["aws.states"]
    detail-type = ["Step Functions Execution Status Change"]
    detail      = merge({ stateMachineArn = [local.state_machine_arn] }, each.value)
  })
}

resource "aws_cloudwatch_event_target" "topic" {
  for_each = local.untold_ends

  rule = aws_cloudwatch_event_rule.untold_end[each.key].name
  arn  = aws_sns_topic.this.arn

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
}
