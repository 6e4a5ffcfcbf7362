variable "bucket_arn" {
  description = "ARN of the bucket that holds the pipeline's data."
  type        = string
  nullable    = false
}

variable "bucket_name" {
  description = "Name of the bucket that holds the pipeline's data."
  type        = string
  nullable    = false
}

variable "configuration" {
  description = "JSON document that tells the first job how the raw data looks and what is wanted of it."
  type        = string
  nullable    = false
}

variable "folders" {
  description = "Folder below raw/ that each dataset's raw files lie in, by dataset."
  type        = map(string)
  nullable    = false
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

variable "glue" {
  description = "The jobs' release, workers, time limit and further job parameters; with auto_scaling, number_of_workers is the most there may be."
  type = object({
    arguments         = optional(map(string), {})
    auto_scaling      = optional(bool, false)
    execution_class   = optional(string, "STANDARD")
    number_of_workers = optional(number, 2)
    timeout_minutes   = optional(number, 60)
    version           = optional(string, "5.0")
    worker_type       = optional(string, "G.1X")
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
  description = "ARNs of the KMS keys of the bucket and of the logs; null where AWS's own keys encrypt."
  type = object({
    bucket = optional(string)
    logs   = optional(string)
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

variable "maximum_error_share" {
  description = "Share of a batch job's inputs, from 0 to 1, that may end with an error; with more, the solution isn't published."
  type        = number
  default     = 0.01
  nullable    = false
}

variable "prefix" {
  description = "What every key of the pipeline begins with, e.g. \"recommendations/\"; empty in a bucket of its own."
  type        = string
  default     = ""
  nullable    = false
}

variable "tags" {
  description = "Tags of everything that takes some."
  type        = map(string)
  default     = {}
  nullable    = false
}
