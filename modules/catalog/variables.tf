variable "bucket_name" {
  description = "Name of the bucket that holds the pipeline's data."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of the pipeline."
  type        = string
  nullable    = false
}

variable "tables" {
  description = "What each solution is asked about (users, items or item_attributes) and whether its recommendations have themes, by the solution's key."
  type = map(object({
    asked      = string
    has_themes = bool
  }))
  nullable = false

  validation {
    condition     = alltrue([for table in values(var.tables) : contains(["users", "items", "item_attributes"], table.asked)])
    error_message = "Set asked of each table to users, items or item_attributes."
  }
}
