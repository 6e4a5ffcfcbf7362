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
