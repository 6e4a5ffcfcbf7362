variable "location" {
  description = "Partition, Region and account of the pipeline, and the partition's DNS suffix."
  type = object({
    partition  = string
    region     = string
    account_id = string
    dns_suffix = optional(string, "amazonaws.com")
  })
  nullable = false
}

variable "name" {
  description = "Name of the pipeline."
  type        = string
  nullable    = false
}

variable "state_machine_arn" {
  description = "ARN of the state machine to start."
  type        = string
  nullable    = false
}

variable "iam_roles" {
  description = "Path and permissions boundary of the roles."
  type = object({
    path                     = optional(string, "/")
    permissions_boundary_arn = optional(string)
  })
  default  = {}
  nullable = false
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the dead-letter queue; null: a key of SQS's own. Its policy must let events.amazonaws.com call kms:GenerateDataKey and kms:Decrypt, for the start on new data."
  type        = string
  default     = null
}

variable "schedule" {
  description = "When to start it: an EventBridge Scheduler expression and its time zone, minutes of a flexible window, the first and the last moment, and whether it is on."
  type = object({
    enabled                 = optional(bool, true)
    end_date                = optional(string) # e.g. "2030-12-31T00:00:00Z"; null: no end
    expression              = optional(string, "cron(0 3 ? * SUN *)")
    flexible_window_minutes = optional(number) # null: on time
    start_date              = optional(string)
    time_zone               = optional(string, "UTC")
  })
  default  = {}
  nullable = false

  validation {
    condition = (
      anytrue([for pattern in local.schedule_expressions : can(regex(pattern, var.schedule.expression))]) &&
      (!startswith(var.schedule.expression, "at(") || can(timeadd("${substr(var.schedule.expression, 3, 19)}Z", "0s")))
    )
    error_message = "Set schedule.expression to cron(minutes hours day-of-month month day-of-week year) with ? as exactly one of the two days, to rate(1 day) or rate(2 days), or to at(yyyy-mm-ddThh:mm:ss), e.g. \"cron(0 3 ? * SUN *)\"."
  }

  validation {
    condition     = contains(local.time_zones, var.schedule.time_zone)
    error_message = "Set schedule.time_zone to a name of the IANA time zone database, e.g. \"UTC\" or \"Europe/Berlin\"."
  }

  validation {
    condition     = alltrue([for minutes in var.schedule.flexible_window_minutes[*] : minutes >= 1 && minutes <= 1440 && floor(minutes) == minutes])
    error_message = "Set schedule.flexible_window_minutes to a whole number from 1 to 1440, or leave it out to start on time."
  }

  validation {
    condition     = alltrue([for date in [var.schedule.start_date, var.schedule.end_date] : can(regex("^.{19}Z$", date)) && can(timeadd(date, "0s")) if date != null])
    error_message = "Set schedule.start_date and end_date to moments in UTC such as \"2030-01-31T00:00:00Z\"."
  }

  validation {
    condition     = try(timecmp(var.schedule.start_date, var.schedule.end_date) < 0, true)
    error_message = "Set schedule.end_date to a later moment than schedule.start_date."
  }

  validation {
    condition     = !startswith(var.schedule.expression, "at(") || (var.schedule.start_date == null && var.schedule.end_date == null)
    error_message = "Leave start_date and end_date out of a schedule that is at one moment: EventBridge Scheduler ignores them."
  }
}

variable "start_on_new_data" {
  description = "Start the pipeline, too, whenever an object raw/**/MARKER is created below the prefix of this bucket, which must send its events to EventBridge; null: don't."
  type = object({
    bucket_name = string
    marker      = optional(string, "_READY")
    prefix      = optional(string, "") # or e.g. "shop/"
  })
  default = null

  validation {
    condition     = alltrue([for start in var.start_on_new_data[*] : can(regex("^[_.][A-Za-z0-9_.-]{1,99}$", start.marker))])
    error_message = "Set start_on_new_data.marker to a file name of 2 to 100 letters, digits, underscores, full stops and hyphens, with an underscore or a full stop first, e.g. \"_READY\": other files are read as data."
  }
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
  default     = {}
  nullable    = false
}
