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

variable "force_destroy" {
  description = "Whether terraform destroy may delete the bucket with the data that is in it."
  type        = bool
  default     = false
  nullable    = false
}
