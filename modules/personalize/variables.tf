variable "bucket_arn" {
  description = "ARN of the bucket that holds the pipeline's data."
  type        = string
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

variable "iam_roles" {
  description = "Path and permissions boundary of the roles."
  type = object({
    path                     = optional(string, "/")
    permissions_boundary_arn = optional(string)
  })
  default  = {}
  nullable = false
}

variable "interactions" {
  description = "What decides the fields of the interactions' schema."
  type = object({
    event_type = optional(object({}))
    event_value = optional(object({
      imported = optional(bool, true)
    }))
    metadata = optional(list(object({
      name        = string
      categorical = optional(bool, false)
      required    = optional(bool, false)
      textual     = optional(bool, false)
      type        = optional(string, "string")
    })), [])
  })
  default  = {}
  nullable = false
}

variable "items" {
  description = "What decides the fields of the items' schema; null without items."
  type = object({
    creation_timestamp = optional(object({}))
    metadata = optional(list(object({
      name        = string
      categorical = optional(bool, false)
      required    = optional(bool, false)
      textual     = optional(bool, false)
      type        = optional(string, "string")
    })), [])
  })
  default = null
}

variable "kms_key_arns" {
  description = "ARNs of the KMS keys of the bucket and of the dataset group; null where AWS's own keys encrypt."
  type = object({
    bucket        = optional(string)
    dataset_group = optional(string)
  })
  default  = {}
  nullable = false
}

variable "prefix" {
  description = "What every key of the pipeline begins with, e.g. \"recommendations/\"; empty in a bucket of its own."
  type        = string
  default     = ""
  nullable    = false
}

variable "tags" {
  description = "Tags of the role."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "users" {
  description = "What decides the fields of the users' schema; null without users."
  type = object({
    metadata = optional(list(object({
      name        = string
      categorical = optional(bool, false)
      required    = optional(bool, false)
      textual     = optional(bool, false)
      type        = optional(string, "string")
    })), [])
  })
  default = null
}
