variable "name" {
  description = "Name of the role that reads."
  type        = string
  default     = "shop-recommendations-reader"
  nullable    = false
}

variable "recommendations_state" {
  description = "Path of the other stack's state."
  type        = string
  default     = "../terraform.tfstate"
  nullable    = false
}

variable "region" {
  description = "AWS Region of the pipeline."
  type        = string
  default     = "us-east-1"
  nullable    = false
}
