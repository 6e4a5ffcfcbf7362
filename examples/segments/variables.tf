variable "minimum_rating" {
  description = "Lowest rating, from 0.5 to 5, that counts as a liking."
  type        = number
  default     = 3.5
  nullable    = false
}

variable "name" {
  description = "Name of the pipeline."
  type        = string
  default     = "segments"
  nullable    = false
}

variable "region" {
  description = "AWS Region with Amazon Personalize."
  type        = string
  default     = "us-east-1"
  nullable    = false
}
