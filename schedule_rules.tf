# What var.schedule is held to (EventBridge Scheduler User Guide, Schedule types). modules/schedule,
# which may be used alone, has this file too: a test keeps the two equal.

locals {
  time_zones = jsondecode(file("${path.module}/modules/schedule/time_zones.json"))

  cron_values = {
    minutes  = "[0-5]?[0-9]"
    hours    = "[01]?[0-9]|2[0-3]"
    days     = "0?[1-9]|[12][0-9]|3[01]"
    months   = "0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
    weekdays = "[1-7]|SUN|MON|TUE|WED|THU|FRI|SAT"
    years    = "19[7-9][0-9]|2[01][0-9]{2}"
  }

  # One entry of a field: a value or a range of them, with a step where the guide has one.
  cron_entries = merge(
    { for field, value in local.cron_values : field => "(\\*|(${value})(-(${value}))?)(/[1-9][0-9]*)?" },
    {
      days     = "(\\*|(${local.cron_values.days})(-(${local.cron_values.days}))?)(/[1-9][0-9]*)?|LW?|(${local.cron_values.days})W"
      weekdays = "\\*|(${local.cron_values.weekdays})(-(${local.cron_values.weekdays})|L|#[1-5])?|L"
    },
  )
  cron = { for field, entry in local.cron_entries : field => "(${entry})(,(${entry}))*" }

  schedule_expressions = [
    "^cron\\(${local.cron.minutes} ${local.cron.hours} (${local.cron.days} ${local.cron.months} \\?|\\? ${local.cron.months} ${local.cron.weekdays}) ${local.cron.years}\\)$",
    "^rate\\((1 (minute|hour|day)|([2-9]|[1-9][0-9]+) (minutes|hours|days))\\)$",
    "^at\\([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\)$",
  ]
}
