variable "name" {
  description = "Name of the pipeline; every resource is named after it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,33}[a-z0-9]$", var.name)) && !can(regex("--", var.name))
    error_message = "Choose a name of 3 to 35 lower-case letters, digits and single hyphens that starts and ends with a letter or digit: bucket and solution names are made from it and are limited to 63 characters."
  }
}

variable "force_destroy" {
  description = "Whether terraform destroy may delete the bucket with the data that is in it."
  type        = bool
  default     = false
  nullable    = false
}

variable "glue" {
  description = "The Glue jobs' release, workers and time limit."
  type = object({
    number_of_workers = optional(number, 2)
    timeout_minutes   = optional(number, 60)
    version           = optional(string, "5.0")
    worker_type       = optional(string, "G.1X")
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.glue.version == "5.0"
    error_message = "Set glue.version to \"5.0\": the job scripts are tested on its Spark 3.5.4 and Python 3.11."
  }

  validation {
    condition     = contains(["G.1X", "G.2X", "G.4X", "G.8X"], var.glue.worker_type)
    error_message = "Set glue.worker_type to G.1X, G.2X, G.4X or G.8X, the worker types of Spark jobs on Glue 5.0."
  }

  validation {
    condition     = var.glue.number_of_workers >= 2 && floor(var.glue.number_of_workers) == var.glue.number_of_workers
    error_message = "Set glue.number_of_workers to a whole number of at least 2: one worker is the driver."
  }

  validation {
    condition     = var.glue.timeout_minutes >= 1 && var.glue.timeout_minutes <= 2880 && floor(var.glue.timeout_minutes) == var.glue.timeout_minutes
    error_message = "Set glue.timeout_minutes to a whole number from 1 to 2880 (48 hours)."
  }
}

variable "interactions" {
  description = "The raw interactions: the folder under raw/ they lie in, and the lowest rating that counts as a liking."
  type = object({
    folder         = optional(string, "interactions")
    minimum_rating = optional(number, 3.5)
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_.=-]*(/[A-Za-z0-9][A-Za-z0-9_.=-]*)*$", var.interactions.folder))
    error_message = "Set interactions.folder to a folder below raw/, without a slash at either end, e.g. \"interactions\"."
  }
}

variable "log_retention_days" {
  description = "Days that CloudWatch keeps the logs of Glue and Step Functions."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "Set log_retention_days to a period that CloudWatch Logs offers, e.g. 30, 90 or 365."
  }
}

variable "schedule" {
  description = "When the pipeline runs: an EventBridge Scheduler expression, its time zone, and whether it is on."
  type = object({
    enabled    = optional(bool, true)
    expression = optional(string, "cron(0 3 ? * SUN *)")
    time_zone  = optional(string, "UTC")
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^(cron\\([^() ]+( [^() ]+){5}\\)|rate\\([1-9][0-9]* (minute|hour|day)s?\\)|at\\([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\))$", var.schedule.expression))
    error_message = "Set schedule.expression to cron(six fields), rate(value unit) or at(yyyy-mm-ddThh:mm:ss), e.g. \"cron(0 3 ? * SUN *)\"."
  }
}

variable "solutions" {
  description = "What is trained and asked in each run, by a short key: the recipe, its hyperparameters, and the number of recommendations for each user."
  type = map(object({
    hyperparameters   = optional(map(string), {})
    number_of_results = optional(number, 25)
    recipe            = optional(string, "aws-user-personalization")
  }))
  default = {
    user-personalization = {}
  }
  nullable = false

  validation {
    condition     = length(var.solutions) >= 1 && length(var.solutions) <= 10
    error_message = "Configure 1 to 10 solutions: a dataset group holds 10 by default."
  }

  validation {
    condition     = alltrue([for key in keys(var.solutions) : can(regex("^[a-z0-9][a-z0-9-]{0,18}[a-z0-9]$", key))])
    error_message = "Give each solution a key of 2 to 20 lower-case letters, digits and hyphens: solution names are made from it."
  }

  validation {
    condition     = alltrue([for solution in values(var.solutions) : contains(["aws-user-personalization", "aws-user-personalization-v2", "aws-popularity-count"], solution.recipe)])
    error_message = "Set each recipe to aws-user-personalization, aws-user-personalization-v2 or aws-popularity-count: recipes that recommend items for users in a batch."
  }

  validation {
    condition     = alltrue([for solution in values(var.solutions) : solution.number_of_results >= 1 && solution.number_of_results <= 500 && floor(solution.number_of_results) == solution.number_of_results])
    error_message = "Set number_of_results to a whole number from 1 to 500."
  }
}
