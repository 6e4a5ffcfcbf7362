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
