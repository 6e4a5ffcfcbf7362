variable "name" {
  description = "Name of the pipeline."
  type        = string
  default     = "lake-shop"
  nullable    = false
}

variable "region" {
  description = "AWS Region with Amazon Personalize."
  type        = string
  default     = "us-east-1"
  nullable    = false
}
