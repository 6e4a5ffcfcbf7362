locals {
  widgets = concat(
    [
      {
        type = "alarm"
        properties = {
          title  = "Alarms"
          alarms = local.alarm_arns
        }
      },
      {
        type = "metric"
        properties = {
          title  = "Runs"
          region = var.location.region
          view   = "timeSeries"
          stat   = "Sum"
          period = 3600
          metrics = [
            for metric in concat(["ExecutionsStarted", "ExecutionsSucceeded"], values(local.ends)) :
            ["AWS/States", metric, "StateMachineArn", local.state_machine_arn]
          ]
        }
      },
      {
        type = "metric"
        properties = {
          title   = "Duration of runs in milliseconds"
          region  = var.location.region
          view    = "timeSeries"
          stat    = "Maximum"
          period  = 3600
          metrics = [["AWS/States", "ExecutionTime", "StateMachineArn", local.state_machine_arn]]
          annotations = {
            horizontal = [{ label = "alarm", value = var.monitoring.maximum_duration_hours * 3600 * 1000 }]
          }
        }
      },
    ],
    length(var.glue_job_names) == 0 ? [] : [
      {
        type = "metric"
        properties = {
          title  = "Glue jobs: milliseconds, and tasks that failed"
          region = var.location.region
          view   = "timeSeries"
          stat   = "Sum"
          period = 3600
          metrics = [
            for pair in setproduct(var.glue_job_names, ["elapsedTime", "numFailedTasks"]) :
            ["Glue", "glue.driver.aggregate.${pair[1]}", "JobName", pair[0], "JobRunId", "ALL", "Type", "count"]
          ]
        }
      },
    ],
    [
      for queue in var.dead_letter_queue_name[*] : {
        type = "metric"
        properties = {
          title   = "Starts that failed for good"
          region  = var.location.region
          view    = "timeSeries"
          stat    = "Maximum"
          period  = 300
          metrics = [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue]]
        }
      }
    ],
    [
      for group in var.log_group_name[*] : {
        type = "log"
        properties = {
          title  = "Failures in the workflow"
          region = var.location.region
          view   = "table"
          query  = "SOURCE '${group}' | fields @timestamp, type, details.name, details.error, details.cause, execution_arn | filter type like /(Failed|TimedOut|Aborted)$/ | sort @timestamp desc | limit 50"
        }
      }
    ],
  )
}

resource "aws_cloudwatch_dashboard" "this" {
  count = var.monitoring.enabled ? 1 : 0

  dashboard_name = "${var.name}-${var.location.region}" # one name for all Regions of an account
  # Two in a row: CloudWatch's grid is 24 units wide.
  dashboard_body = jsonencode({
    widgets = [
      for index, widget in local.widgets :
      merge(widget, { x = index % 2 * 12, y = floor(index / 2) * 6, width = 12, height = 6 })
    ]
  })
}
