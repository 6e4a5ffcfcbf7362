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

variable "glue" {
  description = "The jobs' release, workers and time limit."
  type = object({
    number_of_workers = optional(number, 2)
    timeout_minutes   = optional(number, 60)
    version           = optional(string, "5.0")
    worker_type       = optional(string, "G.1X")
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
