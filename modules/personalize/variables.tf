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
