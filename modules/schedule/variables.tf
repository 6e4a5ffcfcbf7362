variable "location" {
  description = "Partition, Region and account of the pipeline."
  type = object({
    partition  = string
    region     = string
    account_id = string
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

variable "schedule" {
  description = "When to start it: an EventBridge Scheduler expression, its time zone, and whether it is on."
  type = object({
    enabled    = optional(bool, true)
    expression = optional(string, "cron(0 3 ? * SUN *)")
    time_zone  = optional(string, "UTC")
  })
  default  = {}
  nullable = false
}
