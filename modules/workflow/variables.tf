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

variable "glue_job_arn" {
  description = "ARN of the Glue job that prepares the training data."
  type        = string
  nullable    = false
}

variable "glue_job_name" {
  description = "Name of the Glue job that prepares the training data."
  type        = string
  nullable    = false
}

variable "glue_timeout_minutes" {
  description = "Time limit of that job, in minutes."
  type        = number
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

variable "personalize_role_arn" {
  description = "ARN of the role that Personalize assumes for imports and batch jobs."
  type        = string
  nullable    = false
}

variable "solutions" {
  description = "What is trained and asked in each run, by a short key."
  type = map(object({
    batch_input       = optional(string, "users")
    hyperparameters   = optional(map(string), {})
    number_of_results = optional(number, 25)
    recipe            = optional(string, "aws-user-personalization")
  }))
  nullable = false
}

variable "log_retention_days" {
  description = "Days that CloudWatch keeps the logs."
  type        = number
  default     = 365
  nullable    = false
}
