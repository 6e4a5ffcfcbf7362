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

variable "existing_bucket" {
  description = "A bucket to use instead of making one, and what every key of the pipeline begins with there; nothing of the bucket itself is changed."
  type = object({
    name   = string
    prefix = optional(string, "")
  })
  default = null
}

variable "force_destroy" {
  description = "Whether terraform destroy may delete the bucket with the data that is in it."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that objects are encrypted with; null for SSE-S3."
  type        = string
  default     = null
}

variable "notify_eventbridge" {
  description = "Whether EventBridge is told of new objects. The owner of an existing bucket switches this on there."
  type        = bool
  default     = false
  nullable    = false
}

variable "tags" {
  description = "Tags of the bucket."
  type        = map(string)
  default     = {}
  nullable    = false
}
