# Each alarm's description says what it means and what to do first; docs/operations.md says more.

locals {
  ends = { failed = "ExecutionsFailed", timed_out = "ExecutionsTimedOut", aborted = "ExecutionsAborted" }

  alarm_names = {
    dead_letters = "${var.name}-dead-letters"
    failures     = "${var.name}-failures"
    no_success   = "${var.name}-no-success"
    slow         = "${var.name}-slow"
  }
  has_alarm = {
    dead_letters = var.monitoring.enabled && var.dead_letter_queue_name != null
    failures     = var.monitoring.enabled
    no_success   = var.monitoring.enabled && var.monitoring.maximum_days_without_success != null
    slow         = var.monitoring.enabled
  }
  alarm_arns = [
    for key, name in local.alarm_names :
    "arn:${var.location.partition}:cloudwatch:${local.arn_suffix}:alarm:${name}" if local.has_alarm[key]
  ]
}

resource "aws_cloudwatch_metric_alarm" "failures" {
  count = local.has_alarm.failures ? 1 : 0

  alarm_name          = local.alarm_names.failures
  alarm_description   = "A run of the pipeline ${var.name} failed, timed out or was stopped; curated/latest.json still names the results of the run before. First read the topic's message, which has the error and a link to the execution; mend the cause and redrive the execution."
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.topic_arn]
  tags                = var.tags

  metric_query {
    id          = "ended_badly"
    expression  = join(" + ", [for id in keys(local.ends) : "FILL(${id}, 0)"])
    label       = "Runs that ended badly"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.ends

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/States"
        metric_name = metric_query.value
        dimensions  = { StateMachineArn = local.state_machine_arn }
        period      = 300
        stat        = "Sum"
      }
    }
  }

  depends_on = [aws_sns_topic_policy.this]
}

resource "aws_cloudwatch_metric_alarm" "no_success" {
  count = local.has_alarm.no_success ? 1 : 0

  alarm_name          = local.alarm_names.no_success
  alarm_description   = "No run of the pipeline ${var.name} has succeeded for ${coalesce(var.monitoring.maximum_days_without_success, 1)} days: what consumers read grows old. First look whether runs were started at all: is the schedule enabled, and is something in the dead-letter queue? If they were, see why they failed."
  namespace           = "AWS/States"
  metric_name         = "ExecutionsSucceeded"
  dimensions          = { StateMachineArn = local.state_machine_arn }
  statistic           = "Sum"
  period              = 86400
  evaluation_periods  = var.monitoring.maximum_days_without_success
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching" # Step Functions counts nothing on a day without a run
  alarm_actions       = [local.topic_arn]
  ok_actions          = [local.topic_arn]
  tags                = var.tags

  depends_on = [aws_sns_topic_policy.this]
}

resource "aws_cloudwatch_metric_alarm" "slow" {
  count = local.has_alarm.slow ? 1 : 0

  alarm_name          = local.alarm_names.slow
  alarm_description   = "A run of the pipeline ${var.name} took longer than ${var.monitoring.maximum_duration_hours} hours; it has ended by now, for Step Functions measures a run at its end. First find the longest step in the execution's graph: a wait for room in Personalize's quotas, a training on much more data, or a Glue job with too few workers."
  namespace           = "AWS/States"
  metric_name         = "ExecutionTime"
  dimensions          = { StateMachineArn = local.state_machine_arn }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.monitoring.maximum_duration_hours * 3600 * 1000 # milliseconds
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.topic_arn]
  tags                = var.tags

  depends_on = [aws_sns_topic_policy.this]
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  count = local.has_alarm.dead_letters ? 1 : 0

  alarm_name          = local.alarm_names.dead_letters
  alarm_description   = "A start of the pipeline ${var.name} failed for good and lies in the queue ${coalesce(var.dead_letter_queue_name, "of dead letters")}: that run never began. First read the message's attributes ERROR_CODE and ERROR_MESSAGE, mend the cause, start the state machine by hand, and delete the message."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = var.dead_letter_queue_name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching" # SQS measures no queue that is unused
  alarm_actions       = [local.topic_arn]
  tags                = var.tags

  depends_on = [aws_sns_topic_policy.this]
}
