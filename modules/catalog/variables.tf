variable "bucket_name" {
  description = "Name of the bucket that holds the pipeline's data."
  type        = string
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

variable "tables" {
  description = "What each solution is asked about (users, items or item_attributes) and whether its recommendations have themes, by the solution's key."
  type = map(object({
    asked      = string
    has_themes = bool
  }))
  nullable = false

  validation {
    condition     = alltrue([for table in values(var.tables) : contains(["users", "items", "item_attributes"], table.asked)])
    error_message = "Set asked of each table to users, items or item_attributes."
  }
}

variable "kms_key_arn" {
  description = "ARN of the KMS key of the bucket; null for SSE-S3."
  type        = string
  default     = null
}

variable "prefix" {
  description = "What every key of the pipeline begins with, e.g. \"recommendations/\"; empty in a bucket of its own."
  type        = string
  default     = ""
  nullable    = false
}

variable "tags" {
  description = "Tags of the database."
  type        = map(string)
  default     = {}
  nullable    = false
}
