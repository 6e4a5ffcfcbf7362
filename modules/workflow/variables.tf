variable "bucket_name" {
  description = "Name of the bucket that holds the pipeline's data."
  type        = string
  nullable    = false
}

variable "dataset_group_arn" {
  description = "ARN of the Personalize dataset group."
  type        = string
  nullable    = false
}

variable "datasets" {
  description = "ARN of each dataset to import, by the folder its files lie in under transformed/RUN/."
  type        = map(string)
  nullable    = false
}

variable "glue_jobs" {
  description = "The Glue jobs that prepare the training data and publish the recommendations: name, ARN and time limit in minutes of each."
  type = object({
    prepare = object({ name = string, arn = string, timeout_minutes = number })
    publish = object({ name = string, arn = string, timeout_minutes = number })
  })
  nullable = false
}

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

variable "personalize_role_arn" {
  description = "ARN of the role that Personalize assumes for imports and batch jobs."
  type        = string
  nullable    = false
}

variable "solutions" {
  description = "What is trained and asked in each run, by a short key."
  type = map(object({
    batch_input_folder    = string # below transformed/RUN/
    event_type            = optional(string)
    event_value_threshold = optional(number)
    filter                = optional(string)
    hyperparameters       = optional(map(string), {})
    job                   = optional(string, "inference") # or "segment"
    number_of_results     = optional(number)              # null: as many as are asked about
    quality_gate = optional(object({
      maximum_drop = optional(map(number), {})
      minimum      = optional(map(number), {})
    }), {})
    recipe           = string
    themes_item_name = optional(string)
    training = optional(object({
      mode            = optional(string, "FULL")
      reuse_days      = optional(number, 0)
      reuse_unchanged = optional(bool, true)
    }), {})
  }))
  nullable = false
}

variable "topic_arn" {
  description = "ARN of the SNS topic that is told how runs end."
  type        = string
  nullable    = false
}

variable "deadlines" {
  description = "Hours after which an import, a training and a batch job count as failed, the wait for room included."
  type = object({
    batch_hours    = optional(number, 24)
    import_hours   = optional(number, 6)
    training_hours = optional(number, 24)
  })
  default  = {}
  nullable = false
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

variable "kms_key_arns" {
  description = "ARNs of the KMS keys of the bucket, of the logs and of the topic; null where AWS's own keys encrypt."
  type = object({
    bucket   = optional(string)
    logs     = optional(string)
    messages = optional(string)
  })
  default  = {}
  nullable = false
}

variable "log_retention_days" {
  description = "Days that CloudWatch keeps the logs."
  type        = number
  default     = 365
  nullable    = false
}

variable "prefix" {
  description = "What every key of the pipeline begins with, e.g. \"recommendations/\"; empty in a bucket of its own."
  type        = string
  default     = ""
  nullable    = false
}

variable "tags" {
  description = "Tags of everything that takes some, also of what the state machine creates in Personalize."
  type        = map(string)
  default     = {}
  nullable    = false
}
