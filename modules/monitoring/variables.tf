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

variable "dead_letter_queue_name" {
  description = "Name of the SQS queue with starts that failed; null: none is watched."
  type        = string
  default     = null
}

variable "glue_job_names" {
  description = "Names of the Glue jobs that the dashboard shows."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the topic; null: the module makes one. The output key_policy_json says what its policy must allow."
  type        = string
  default     = null
}

variable "log_group_name" {
  description = "Name of the state machine's log group, for the dashboard; null: none is queried."
  type        = string
  default     = null
}

variable "monitoring" {
  description = "Who is told: e-mail addresses, or an SNS topic of your own instead of one for this pipeline; and the alarms, with a dashboard: on or off, the longest a run may take, and the longest, 1 to 7 days, without a success (CloudWatch looks back no further; null: no such alarm)."
  type = object({
    email_addresses              = optional(list(string), [])
    enabled                      = optional(bool, true)
    maximum_days_without_success = optional(number)
    maximum_duration_hours       = optional(number, 24)
    topic_arn                    = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for address in var.monitoring.email_addresses : can(regex("^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z]{2,63}$", address))])
    error_message = "Set each of monitoring.email_addresses to an address such as \"team@example.com\"."
  }

  validation {
    condition     = length(var.monitoring.email_addresses) == 0 || var.monitoring.topic_arn == null
    error_message = "Leave monitoring.email_addresses out if topic_arn is set: the owner of that topic decides who reads it."
  }

  validation {
    condition     = alltrue([for days in var.monitoring.maximum_days_without_success[*] : days >= 1 && days <= 7 && floor(days) == days])
    error_message = "Set monitoring.maximum_days_without_success to a whole number from 1 to 7, as far as CloudWatch looks back, or leave it out."
  }

  validation {
    condition     = var.monitoring.maximum_duration_hours > 0
    error_message = "Set monitoring.maximum_duration_hours to a number of hours above 0, e.g. 24."
  }

  validation {
    condition     = alltrue([for arn in var.monitoring.topic_arn[*] : can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", arn))])
    error_message = "Set monitoring.topic_arn to the ARN of a standard SNS topic, e.g. \"arn:aws:sns:eu-central-1:123456789012:alerts\"."
  }
}

variable "tags" {
  description = "Tags of all resources that can have some; a dashboard can't."
  type        = map(string)
  default     = {}
  nullable    = false
}
