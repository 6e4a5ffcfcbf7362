variable "name" {
  description = "Name of the pipeline; every resource is named after it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,33}[a-z0-9]$", var.name)) && !can(regex("--", var.name))
    error_message = "Choose a name of 3 to 35 lower-case letters, digits and single hyphens that starts and ends with a letter or digit: bucket and solution names are made from it and are limited to 63 characters."
  }
}

variable "batch_inputs" {
  description = "What batch jobs are asked, by a key that solutions name: of which users or items, and about what."
  type = map(object({
    active_days     = optional(number)
    active_since    = optional(string)
    filter_values   = optional(map(list(string)), {})
    ids             = optional(list(string))
    item_attributes = optional(list(string))
    item_list       = optional(list(string))
    kind            = optional(string, "users")
    most_frequent   = optional(number)
  }))
  default = {
    users = {}
  }
  nullable = false

  validation {
    condition     = alltrue([for key in keys(var.batch_inputs) : can(regex("^[a-z0-9][a-z0-9_]{0,29}$", key))])
    error_message = "Give each batch input a key of 1 to 30 lower-case letters, digits and underscores, not with an underscore first."
  }

  validation {
    condition     = alltrue([for input in values(var.batch_inputs) : contains(["users", "items", "item_attributes"], input.kind)])
    error_message = "Set the kind of each batch input to users, items or item_attributes."
  }

  validation {
    condition = alltrue(flatten([for input in values(var.batch_inputs) : [
      input.kind == "users" || (input.active_days == null && input.active_since == null && input.item_list == null),
      input.kind != "item_attributes" || (input.ids == null && input.most_frequent == null),
      input.kind == "item_attributes" || input.item_attributes == null,
    ]]))
    error_message = "Give a batch input only what its kind takes: ids and most_frequent are for users and items, active_days, active_since and item_list for users, and item_attributes for item_attributes."
  }

  validation {
    condition     = alltrue([for input in values(var.batch_inputs) : length([for choice in [input.ids, input.active_days, input.active_since, input.most_frequent] : true if choice != null]) <= 1])
    error_message = "Choose whom or what a batch input asks about with one of ids, active_days, active_since and most_frequent, or with none of them for all."
  }

  validation {
    condition     = alltrue(flatten([for input in values(var.batch_inputs) : [for ids in [input.ids, input.item_list] : length(ids) >= 1 if ids != null]]))
    error_message = "Leave ids and item_list of a batch input out, or name at least one id: an empty list asks nothing."
  }

  validation {
    condition     = alltrue([for input in values(var.batch_inputs) : try(length(input.item_attributes) >= 1 && length(input.item_attributes) <= 10, false) if input.kind == "item_attributes"])
    error_message = "Set item_attributes of each batch input of that kind to 1 to 10 expressions."
  }

  validation {
    condition     = alltrue(flatten([for input in values(var.batch_inputs) : [for number in [input.active_days, input.most_frequent] : number >= 1 && floor(number) == number if number != null]]))
    error_message = "Set active_days and most_frequent of a batch input to whole numbers of at least 1."
  }

  validation {
    condition     = alltrue([for input in values(var.batch_inputs) : can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?)?$", input.active_since)) if input.active_since != null])
    error_message = "Set active_since of a batch input to a date such as 2024-01-31 or 2024-01-31T00:00:00Z."
  }
}

variable "deadlines" {
  description = "Hours after which an import, a training and a batch job count as failed, the wait for room in the Region's quotas included."
  type = object({
    batch_hours    = optional(number, 24)
    import_hours   = optional(number, 6)
    training_hours = optional(number, 24)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for hours in values(var.deadlines) : hours >= 1 && hours <= 24])
    error_message = "Set each of deadlines to 1 to 24 hours: with more, the polling of one solution could fill the event history of an execution."
  }
}

variable "existing_bucket" {
  description = "A bucket to use instead of making one, and what every key of the pipeline begins with there. Its owner adds the output bucket_policy_json to its policy and, for start_on_new_data, lets it send events to EventBridge."
  type = object({
    name   = string
    prefix = optional(string, "")
  })
  default = null

  validation {
    condition     = alltrue([for bucket in var.existing_bucket[*] : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", bucket.name))])
    error_message = "Set existing_bucket.name to the name of a bucket, without s3:// and without an ARN's beginning."
  }

  validation {
    condition     = alltrue([for bucket in var.existing_bucket[*] : can(regex("^([A-Za-z0-9][A-Za-z0-9_.=-]*/)*$", bucket.prefix))])
    error_message = "Leave existing_bucket.prefix out, or set it to folders with a slash after each, e.g. \"recommendations/shop/\"."
  }
}

variable "force_destroy" {
  description = "Whether terraform destroy may delete the bucket with the data that is in it."
  type        = bool
  default     = false
  nullable    = false
}

variable "glue" {
  description = "The Glue jobs' release, workers, time limit and further job parameters. With auto_scaling, number_of_workers is the most there may be; with the execution class FLEX, jobs are cheaper and may wait for room."
  type = object({
    arguments         = optional(map(string), {})
    auto_scaling      = optional(bool, false)
    execution_class   = optional(string, "STANDARD")
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
    condition     = contains(["G.1X", "G.2X", "G.4X", "G.8X", "G.12X", "G.16X", "R.1X", "R.2X", "R.4X", "R.8X"], var.glue.worker_type)
    error_message = "Set glue.worker_type to G.1X, G.2X, G.4X, G.8X, G.12X, G.16X, R.1X, R.2X, R.4X or R.8X, the worker types of Spark jobs on Glue 5.0."
  }

  validation {
    condition     = contains(["STANDARD", "FLEX"], var.glue.execution_class) && (var.glue.execution_class == "STANDARD" || contains(["G.1X", "G.2X"], var.glue.worker_type))
    error_message = "Set glue.execution_class to STANDARD, or to FLEX with the worker type G.1X or G.2X, the only ones that it offers."
  }

  validation {
    condition     = var.glue.number_of_workers >= 2 && floor(var.glue.number_of_workers) == var.glue.number_of_workers
    error_message = "Set glue.number_of_workers to a whole number of at least 2: one worker is the driver."
  }

  validation {
    condition     = var.glue.timeout_minutes >= 1 && var.glue.timeout_minutes <= 2880 && floor(var.glue.timeout_minutes) == var.glue.timeout_minutes
    error_message = "Set glue.timeout_minutes to a whole number from 1 to 2880 (48 hours)."
  }

  validation {
    condition = alltrue([for name in keys(var.glue.arguments) : can(regex("^--[A-Za-z][A-Za-z0-9_-]*$", name)) && !contains([
      "--configuration", "--custom-logGroup-prefix", "--enable-auto-scaling", "--enable-metrics", "--extra-py-files", "--job-bookmark-option", "--job-language",
      "--manifest", "--maximum_error_share", "--quarantine_prefix", "--raw_prefix", "--results_prefix", "--run", "--solutions", "--transformed_prefix",
    ], name)])
    error_message = "Give in glue.arguments job parameters that begin with two hyphens, e.g. \"--conf\", and none that the module sets itself."
  }
}

variable "iam_roles" {
  description = "Path of the module's roles, and the permissions boundary that they get."
  type = object({
    path                     = optional(string, "/")
    permissions_boundary_arn = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^/([A-Za-z0-9_+=,.@-]+/)*$", var.iam_roles.path)) && length(var.iam_roles.path) <= 512
    error_message = "Set iam_roles.path to a path that begins and ends with a slash, e.g. \"/platform/\"."
  }

  validation {
    condition     = alltrue([for arn in var.iam_roles.permissions_boundary_arn[*] : can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", arn))])
    error_message = "Set iam_roles.permissions_boundary_arn to the ARN of a managed policy, e.g. \"arn:aws:iam::123456789012:policy/boundary\"."
  }
}

variable "interactions" {
  description = "The raw interactions: the folder below raw/ they lie in, their format, their columns, and which are wanted."
  type = object({
    event_type = optional(object({
      column  = string
      allowed = optional(list(string))
    }))
    event_value = optional(object({
      column   = string
      imported = optional(bool, true)
      minimum  = optional(number)
    }))
    folder = optional(string, "interactions")
    format = optional(object({
      column_names = optional(list(string))
      delimiter    = optional(string, ",")
      encoding     = optional(string, "UTF-8")
      escape       = optional(string, "\"")
      multiline    = optional(bool, false)
      quote        = optional(string, "\"") # "": a quotation mark has no meaning
      type         = optional(string, "csv")
    }), {})
    item_id = optional(string, "ITEM_ID")
    metadata = optional(list(object({
      name        = string
      categorical = optional(bool, false)
      column      = optional(string, "") # "": the name
      required    = optional(bool, false)
      separator   = optional(string, "|")
      textual     = optional(bool, false)
      type        = optional(string, "string")
    })), [])
    timestamp = optional(object({
      before     = optional(string)
      column     = optional(string, "TIMESTAMP")
      not_before = optional(string)
      pattern    = optional(string)
      time_zone  = optional(string, "UTC")
      unit       = optional(string, "auto")
    }), {})
    user_id = optional(string, "USER_ID")
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_.=-]*(/[A-Za-z0-9][A-Za-z0-9_.=-]*)*$", var.interactions.folder))
    error_message = "Set interactions.folder to a folder below raw/, without a slash at either end, e.g. \"interactions\"."
  }

  validation {
    condition = alltrue([
      contains(["csv", "json", "parquet"], var.interactions.format.type),
      contains(["UTF-8", "ISO-8859-1"], var.interactions.format.encoding),
    ])
    error_message = "Set interactions.format.type to csv, json or parquet, and interactions.format.encoding to UTF-8 or ISO-8859-1."
  }

  validation {
    condition     = var.interactions.format.type == "csv" || [var.interactions.format.column_names == null, var.interactions.format.delimiter, var.interactions.format.escape, var.interactions.format.multiline, var.interactions.format.quote] == [true, ",", "\"", false, "\""]
    error_message = "Leave column_names, delimiter, escape, multiline and quote out of interactions.format, or set its type to csv: they are for csv only."
  }

  validation {
    condition = alltrue([
      can(regex("^[^\\r\\n]$", var.interactions.format.delimiter)),
      can(regex("^(?s:.)$", var.interactions.format.escape)),
      can(regex("^(?s:.)?$", var.interactions.format.quote)),
      !contains([var.interactions.format.escape, var.interactions.format.quote], var.interactions.format.delimiter),
      var.interactions.format.quote != "" || !var.interactions.format.multiline,
    ])
    error_message = "Set interactions.format.delimiter and escape to one character each, and quote to one or to none without multiline; the delimiter must be no line break and differ from both."
  }

  validation {
    condition     = alltrue([for names in [var.interactions.format.column_names] : length(names) >= 1 && length(distinct(names)) == length(names) if names != null])
    error_message = "Name every column of the files once in interactions.format.column_names, or leave it out if each file's first line names them."
  }

  validation {
    condition = alltrue([
      contains(["auto", "seconds", "milliseconds", "microseconds", "iso8601"], var.interactions.timestamp.unit),
      var.interactions.timestamp.pattern == null || var.interactions.timestamp.unit == "auto",
    ])
    error_message = "Set interactions.timestamp.unit to auto, seconds, milliseconds, microseconds or iso8601, or leave it out and set a pattern."
  }

  validation {
    condition     = alltrue([for date in [var.interactions.timestamp.not_before, var.interactions.timestamp.before] : can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?)?$", date)) if date != null])
    error_message = "Set interactions.timestamp.not_before and before to dates such as 2024-01-31 or 2024-01-31T00:00:00Z."
  }

  validation {
    condition = alltrue([
      alltrue([for column in var.interactions.metadata : can(regex("^[A-Za-z_][A-Za-z0-9_]{0,149}$", column.name))]),
      length(distinct(concat(["USERID", "ITEMID", "TIMESTAMP", "EVENTTYPE", "EVENTVALUE", "CREATIONTIMESTAMP"], [for column in var.interactions.metadata : upper(replace(column.name, "_", ""))]))) == 6 + length(var.interactions.metadata),
    ])
    error_message = "Name each of interactions.metadata with 1 to 150 letters, digits and underscores, not with a digit first, and in a way of its own: Personalize ignores underscores, and USER_ID, ITEM_ID, TIMESTAMP, EVENT_TYPE, EVENT_VALUE and CREATION_TIMESTAMP are taken."
  }

  validation {
    condition = alltrue([
      alltrue([for column in var.interactions.metadata : contains(["string", "int", "long", "float", "double", "boolean"], column.type) && column.separator != ""]),
      alltrue([for column in var.interactions.metadata : !column.textual && (!column.categorical || column.type == "string")]),
      alltrue([for column in var.interactions.metadata : column.type == "string" && !column.categorical if contains(["IMPRESSION", "RECOMMENDATION_ID", "EVENT_ATTRIBUTION_SOURCE"], column.name)]),
    ])
    error_message = "Give each of interactions.metadata the type string, int, long, float, double or boolean and a separator that is not empty; only a string can be categorical, none textual, and IMPRESSION, RECOMMENDATION_ID and EVENT_ATTRIBUTION_SOURCE must be strings that are not categorical."
  }

  validation {
    condition = alltrue([
      length([for column in var.interactions.metadata : column if !contains(["IMPRESSION", "RECOMMENDATION_ID", "EVENT_ATTRIBUTION_SOURCE"], column.name)]) <= 5,
      # Personalize counts the columns EVENT_TYPE and EVENT_VALUE too.
      try(length(distinct(var.interactions.event_type.allowed)) + 1 + (try(var.interactions.event_value.imported, false) ? 1 : 0), 0) + length([for column in var.interactions.metadata : column if !contains(["IMPRESSION", "RECOMMENDATION_ID", "EVENT_ATTRIBUTION_SOURCE"], column.name)]) <= 10,
    ])
    error_message = "Configure at most 5 columns in interactions.metadata, not counting IMPRESSION, RECOMMENDATION_ID and EVENT_ATTRIBUTION_SOURCE; and at most 10 together with event_type.allowed, EVENT_TYPE and, where it is imported, EVENT_VALUE."
  }
}

variable "items" {
  description = "The raw items, if there are files about them: the folder below raw/ they lie in, their format and their columns."
  type = object({
    creation_timestamp = optional(object({
      before     = optional(string)
      column     = optional(string, "TIMESTAMP")
      not_before = optional(string)
      pattern    = optional(string)
      time_zone  = optional(string, "UTC")
      unit       = optional(string, "auto")
    }))
    folder = optional(string, "items")
    format = optional(object({
      column_names = optional(list(string))
      delimiter    = optional(string, ",")
      encoding     = optional(string, "UTF-8")
      escape       = optional(string, "\"")
      multiline    = optional(bool, false)
      quote        = optional(string, "\"") # "": a quotation mark has no meaning
      type         = optional(string, "csv")
    }), {})
    item_id = optional(string, "ITEM_ID")
    metadata = optional(list(object({
      name        = string
      categorical = optional(bool, false)
      column      = optional(string, "") # "": the name
      required    = optional(bool, false)
      separator   = optional(string, "|")
      textual     = optional(bool, false)
      type        = optional(string, "string")
    })), [])
  })
  default = null

  validation {
    condition     = alltrue([for items in var.items[*] : can(regex("^[A-Za-z0-9][A-Za-z0-9_.=-]*(/[A-Za-z0-9][A-Za-z0-9_.=-]*)*$", items.folder))])
    error_message = "Set items.folder to a folder below raw/, without a slash at either end, e.g. \"items\"."
  }

  validation {
    condition     = alltrue([for pair in setproduct(var.items[*].folder, concat([var.interactions.folder], var.users[*].folder)) : !startswith("${pair[0]}/", "${pair[1]}/") && !startswith("${pair[1]}/", "${pair[0]}/")])
    error_message = "Give items.folder a folder of its own: it must not be, hold or lie in that of interactions or users."
  }

  validation {
    condition = alltrue(flatten([for items in var.items[*] : [
      contains(["csv", "json", "parquet"], items.format.type),
      contains(["UTF-8", "ISO-8859-1"], items.format.encoding),
    ]]))
    error_message = "Set items.format.type to csv, json or parquet, and items.format.encoding to UTF-8 or ISO-8859-1."
  }

  validation {
    condition     = alltrue([for items in var.items[*] : items.format.type == "csv" || [items.format.column_names == null, items.format.delimiter, items.format.escape, items.format.multiline, items.format.quote] == [true, ",", "\"", false, "\""]])
    error_message = "Leave column_names, delimiter, escape, multiline and quote out of items.format, or set its type to csv: they are for csv only."
  }

  validation {
    condition = alltrue(flatten([for items in var.items[*] : [
      can(regex("^[^\\r\\n]$", items.format.delimiter)),
      can(regex("^(?s:.)$", items.format.escape)),
      can(regex("^(?s:.)?$", items.format.quote)),
      !contains([items.format.escape, items.format.quote], items.format.delimiter),
      items.format.quote != "" || !items.format.multiline,
    ]]))
    error_message = "Set items.format.delimiter and escape to one character each, and quote to one or to none without multiline; the delimiter must be no line break and differ from both."
  }

  validation {
    condition     = alltrue([for items in var.items[*] : alltrue([for names in [items.format.column_names] : length(names) >= 1 && length(distinct(names)) == length(names) if names != null])])
    error_message = "Name every column of the files once in items.format.column_names, or leave it out if each file's first line names them."
  }

  validation {
    condition = alltrue(flatten([for timestamp in try(var.items.creation_timestamp, null)[*] : [
      contains(["auto", "seconds", "milliseconds", "microseconds", "iso8601"], timestamp.unit),
      timestamp.pattern == null || timestamp.unit == "auto",
    ]]))
    error_message = "Set items.creation_timestamp.unit to auto, seconds, milliseconds, microseconds or iso8601, or leave it out and set a pattern."
  }

  validation {
    condition     = alltrue([for timestamp in try(var.items.creation_timestamp, null)[*] : timestamp.not_before == null && timestamp.before == null])
    error_message = "Leave not_before and before out of items.creation_timestamp: items are not filtered."
  }

  validation {
    condition = alltrue(flatten([for items in var.items[*] : [
      alltrue([for column in items.metadata : can(regex("^[A-Za-z_][A-Za-z0-9_]{0,149}$", column.name))]),
      alltrue([for column in items.metadata : !contains(["IMPRESSION", "RECOMMENDATION_ID", "EVENT_ATTRIBUTION_SOURCE"], column.name)]),
      length(distinct(concat(["USERID", "ITEMID", "TIMESTAMP", "EVENTTYPE", "EVENTVALUE", "CREATIONTIMESTAMP"], [for column in items.metadata : upper(replace(column.name, "_", ""))]))) == 6 + length(items.metadata),
    ]]))
    error_message = "Name each of items.metadata with 1 to 150 letters, digits and underscores, not with a digit first, and in a way of its own: Personalize ignores underscores, and USER_ID, ITEM_ID, TIMESTAMP, EVENT_TYPE, EVENT_VALUE and CREATION_TIMESTAMP are taken, and so are IMPRESSION, RECOMMENDATION_ID and EVENT_ATTRIBUTION_SOURCE."
  }

  validation {
    condition = alltrue(flatten([for items in var.items[*] : [
      alltrue([for column in items.metadata : contains(["string", "int", "long", "float", "double", "boolean"], column.type) && column.separator != ""]),
      alltrue([for column in items.metadata : !(column.categorical && column.textual)]),
      alltrue([for column in items.metadata : column.type == "string" || !(column.categorical || column.textual)]),
    ]]))
    error_message = "Give each of items.metadata the type string, int, long, float, double or boolean and a separator that is not empty; only a string can be categorical or textual, and not both."
  }

  validation {
    condition = alltrue(flatten([for items in var.items[*] : [
      length(items.metadata) >= 1 && length(items.metadata) <= 100,
      length([for column in items.metadata : column if column.textual]) <= 1,
    ]]))
    error_message = "Configure 1 to 100 columns in items.metadata, at most one of them textual: Personalize takes no dataset of ids alone."
  }

  validation {
    condition     = alltrue([for items in var.items[*] : length(items.metadata) == 0 || anytrue([for column in items.metadata : column.categorical || column.textual || contains(["int", "long", "float", "double"], column.type)])])
    error_message = "Configure at least one column in items.metadata that is categorical, textual or a number: Personalize learns nothing from other strings and booleans, and refuses a schema without."
  }
}

variable "kms_key_arns" {
  description = "ARNs of KMS keys to encrypt with: of the bucket's objects, of the dataset group, of logs, and of messages in the topic and the dead-letter queues. Where one is left out, AWS's own keys encrypt, and the topic a key that the module makes. docs/security.md says what their policies must allow."
  type = object({
    bucket        = optional(string)
    dataset_group = optional(string)
    logs          = optional(string)
    messages      = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for arn in values(var.kms_key_arns) : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", arn)) if arn != null])
    error_message = "Set each of kms_key_arns to the ARN of a key, e.g. \"arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab\": an alias can't stand in a policy."
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

variable "maximum_error_share" {
  description = "Share of a batch job's inputs, from 0 to 1, that may end with an error; with more, the solution isn't published."
  type        = number
  default     = 0.01
  nullable    = false

  validation {
    condition     = var.maximum_error_share >= 0 && var.maximum_error_share <= 1
    error_message = "Set maximum_error_share to a number from 0 to 1, e.g. 0.01 for one input in a hundred."
  }
}

variable "maximum_quarantined_share" {
  description = "Share of the raw rows, from 0 to 1, that may be unusable; with more, a run fails."
  type        = number
  default     = 0.01
  nullable    = false

  validation {
    condition     = var.maximum_quarantined_share >= 0 && var.maximum_quarantined_share <= 1
    error_message = "Set maximum_quarantined_share to a number from 0 to 1, e.g. 0.01 for one row in a hundred."
  }
}

variable "monitoring" {
  description = "Who is told: e-mail addresses, or an SNS topic of your own instead of one for this pipeline; and the alarms, with a dashboard: on or off, the longest a run may take, and the longest, 1 to 7 days, without a success (CloudWatch looks back no further; null: no such alarm)."
  type = object({
    email_addresses              = optional(list(string), [])
    enabled                      = optional(bool, true)
    maximum_days_without_success = optional(number)
    maximum_duration_hours       = optional(number, 24)
    topic_arn                    = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for address in var.monitoring.email_addresses : can(regex("^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z]{2,63}$", address))])
    error_message = "Set each of monitoring.email_addresses to an address such as \"team@example.com\"."
  }

  validation {
    condition     = length(var.monitoring.email_addresses) == 0 || var.monitoring.topic_arn == null
    error_message = "Leave monitoring.email_addresses out if topic_arn is set: the owner of that topic decides who reads it."
  }

  validation {
    condition     = alltrue([for days in var.monitoring.maximum_days_without_success[*] : days >= 1 && days <= 7 && floor(days) == days])
    error_message = "Set monitoring.maximum_days_without_success to a whole number from 1 to 7, as far as CloudWatch looks back, or leave it out."
  }

  validation {
    condition     = var.monitoring.maximum_duration_hours > 0
    error_message = "Set monitoring.maximum_duration_hours to a number of hours above 0, e.g. 24."
  }

  validation {
    condition     = alltrue([for arn in var.monitoring.topic_arn[*] : can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", arn))])
    error_message = "Set monitoring.topic_arn to the ARN of a standard SNS topic, e.g. \"arn:aws:sns:eu-central-1:123456789012:alerts\"."
  }
}

variable "schedule" {
  description = "When the pipeline runs: an EventBridge Scheduler expression and its time zone, minutes of a flexible window, the first and the last moment, and whether it is on."
  type = object({
    enabled                 = optional(bool, true)
    end_date                = optional(string) # e.g. "2030-12-31T00:00:00Z"; null: no end
    expression              = optional(string, "cron(0 3 ? * SUN *)")
    flexible_window_minutes = optional(number) # null: on time
    start_date              = optional(string)
    time_zone               = optional(string, "UTC")
  })
  default  = {}
  nullable = false

  validation {
    condition = (
      anytrue([for pattern in local.schedule_expressions : can(regex(pattern, var.schedule.expression))]) &&
      (!startswith(var.schedule.expression, "at(") || can(timeadd("${substr(var.schedule.expression, 3, 19)}Z", "0s")))
    )
    error_message = "Set schedule.expression to cron(minutes hours day-of-month month day-of-week year) with ? as exactly one of the two days, to rate(1 day) or rate(2 days), or to at(yyyy-mm-ddThh:mm:ss), e.g. \"cron(0 3 ? * SUN *)\"."
  }

  validation {
    condition     = contains(local.time_zones, var.schedule.time_zone)
    error_message = "Set schedule.time_zone to a name of the IANA time zone database, e.g. \"UTC\" or \"Europe/Berlin\"."
  }

  validation {
    condition     = alltrue([for minutes in var.schedule.flexible_window_minutes[*] : minutes >= 1 && minutes <= 1440 && floor(minutes) == minutes])
    error_message = "Set schedule.flexible_window_minutes to a whole number from 1 to 1440, or leave it out to start on time."
  }

  validation {
    condition     = alltrue([for date in [var.schedule.start_date, var.schedule.end_date] : can(regex("^.{19}Z$", date)) && can(timeadd(date, "0s")) if date != null])
    error_message = "Set schedule.start_date and end_date to moments in UTC such as \"2030-01-31T00:00:00Z\"."
  }

  validation {
    condition     = try(timecmp(var.schedule.start_date, var.schedule.end_date) < 0, true)
    error_message = "Set schedule.end_date to a later moment than schedule.start_date."
  }

  validation {
    condition     = !startswith(var.schedule.expression, "at(") || (var.schedule.start_date == null && var.schedule.end_date == null)
    error_message = "Leave start_date and end_date out of a schedule that is at one moment: EventBridge Scheduler ignores them."
  }
}

variable "solutions" {
  description = "What is trained and asked in each run, by a short key: the recipe and its training configuration, when a version is trained anew, what it must reach, the key of its batch input, the number of results for each input, and a filter. docs/solutions.md describes each."
  type = map(object({
    batch_input           = optional(string, "users")
    event_type            = optional(string)
    event_value_threshold = optional(number)
    filter                = optional(string)
    hyperparameters       = optional(map(string), {})
    number_of_results     = optional(number, 25)
    quality_gate = optional(object({
      maximum_drop = optional(map(number), {})
      minimum      = optional(map(number), {})
    }), {})
    recipe           = optional(string, "aws-user-personalization")
    themes_item_name = optional(string)
    training = optional(object({
      mode            = optional(string, "FULL")
      reuse_days      = optional(number, 0)
      reuse_unchanged = optional(bool, true)
    }), {})
  }))
  default = {
    user-personalization = {}
  }
  nullable = false

  validation {
    condition     = length(var.solutions) >= 1 && length(var.solutions) <= 20
    error_message = "Configure 1 to 20 solutions. A dataset group holds 10 by default: for more, raise the quota L-D9DD83B7 first."
  }

  validation {
    condition     = alltrue([for key in keys(var.solutions) : can(regex("^[a-z0-9][a-z0-9-]{0,18}[a-z0-9]$", key))])
    error_message = "Give each solution a key of 2 to 20 lower-case letters, digits and hyphens: solution names are made from it."
  }

  validation {
    condition     = alltrue([for solution in values(var.solutions) : contains(keys(local.recipes), solution.recipe)])
    error_message = "Set each recipe to one that runs in a batch: aws-user-personalization, aws-user-personalization-v2, aws-popularity-count, aws-personalized-ranking, aws-personalized-ranking-v2, aws-similar-items, aws-sims, aws-item-affinity or aws-item-attribute-affinity. aws-trending-now, aws-next-best-action and the recipes of domains have no batch job."
  }

  validation {
    condition = alltrue([for solution in values(var.solutions) : (
      floor(solution.number_of_results) == solution.number_of_results && solution.number_of_results >= 1 &&
      solution.number_of_results <= (try(local.recipes[solution.recipe].job, "inference") == "segment" ? 5000000 : 500)
    )])
    error_message = "Set number_of_results to a whole number from 1 to 500, and of segments to 5,000,000."
  }

  validation {
    condition     = alltrue([for solution in values(var.solutions) : try(local.asked[solution.batch_input] == local.recipes[solution.recipe].asks, false) if contains(keys(local.recipes), solution.recipe)])
    error_message = "Set each solution's batch_input to a key of batch_inputs with what its recipe is asked: kind users without an item_list for user-personalization and popularity-count, kind users with an item_list for personalized-ranking, kind items for similar-items, sims and item-affinity, kind item_attributes for item-attribute-affinity."
  }

  validation {
    condition = alltrue([for solution in values(var.solutions) : (
      contains(["FULL", "UPDATE"], solution.training.mode) &&
      (solution.training.mode == "FULL" || solution.recipe == "aws-user-personalization")
    )])
    error_message = "Set training.mode to FULL, or to UPDATE with the recipe aws-user-personalization, the only one that can be updated."
  }

  validation {
    condition     = alltrue([for solution in values(var.solutions) : solution.training.reuse_days >= 0])
    error_message = "Set training.reuse_days to a number of days, or to 0: no version is reused for its age."
  }

  validation {
    condition     = alltrue([for solution in values(var.solutions) : solution.event_type == null || var.interactions.event_type != null])
    error_message = "Leave event_type out of solutions, or configure interactions.event_type: the events of the training data have no type."
  }

  validation {
    condition     = alltrue([for solution in values(var.solutions) : solution.event_value_threshold == null || try(var.interactions.event_value.imported, false)])
    error_message = "Leave event_value_threshold out of solutions, or import interactions.event_value: the events of the training data have no value."
  }

  validation {
    condition     = alltrue([for solution in values(var.solutions) : length(solution.filter) >= 1 && length(solution.filter) <= 2500 if solution.filter != null])
    error_message = "Set filter to an expression of 1 to 2500 characters, or leave it out."
  }

  validation {
    condition     = alltrue([for solution in values(var.solutions) : solution.recipe == "aws-similar-items" && var.items != null && contains(try(var.items.metadata[*].name, []), solution.themes_item_name) if solution.themes_item_name != null])
    error_message = "Set themes_item_name only with the recipe aws-similar-items, and to one of the columns in items.metadata: the one that names the items."
  }

  validation {
    condition     = alltrue([for solution in values(var.solutions) : solution.recipe != "aws-item-attribute-affinity" || length([for column in try(var.items.metadata, []) : column if !column.textual]) >= 1])
    error_message = "Configure items with at least one column in items.metadata that is not textual: aws-item-attribute-affinity is trained on it."
  }

  validation {
    condition = alltrue(flatten([for solution in values(var.solutions) : [for name, limit in merge(solution.quality_gate.minimum, solution.quality_gate.maximum_drop) :
      contains(local.metrics[local.recipes[solution.recipe].job], name)
    ] if contains(keys(local.recipes), solution.recipe)]))
    error_message = "Name in quality_gate metrics that Personalize computes: coverage, mean_reciprocal_rank_at_25, normalized_discounted_cumulative_gain_at_5, _10 or _25, precision_at_5, _10 or _25; of segments coverage, hits_at_1_percent and recall_at_1_percent."
  }

  validation {
    condition     = alltrue(flatten([for solution in values(var.solutions) : [for drop in values(solution.quality_gate.maximum_drop) : drop >= 0 && drop <= 1]]))
    error_message = "Set each of quality_gate.maximum_drop to a share from 0 to 1, e.g. 0.2 for a fifth less than what was published last."
  }
}

variable "start_on_new_data" {
  description = "Also start a run whenever new data is complete, which an empty object of this name says, anywhere under raw/ and uploaded last; null: don't. An existing bucket must send its events to EventBridge."
  type = object({
    marker = optional(string, "_READY")
  })
  default = null

  validation {
    condition     = alltrue([for start in var.start_on_new_data[*] : can(regex("^[_.][A-Za-z0-9_.-]{1,99}$", start.marker))])
    error_message = "Set start_on_new_data.marker to a file name of 2 to 100 letters, digits, underscores, full stops and hyphens, with an underscore or a full stop first, e.g. \"_READY\": other files are read as data."
  }
}

variable "tags" {
  description = "Tags of everything that takes some, also of what runs create in Personalize. The dataset group, its datasets and schemas get none: their tags can't be changed without replacing them."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(var.tags) <= 50 && alltrue([for key, value in var.tags : can(regex("^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]{1,128}$", key)) && !startswith(lower(key), "aws:") && can(regex("^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]{0,256}$", value))])
    error_message = "Give at most 50 tags, with keys of 1 to 128 and values of up to 256 letters, digits, spaces and _ . : / = + - @; keys must not begin with \"aws:\"."
  }
}

variable "users" {
  description = "The raw users, if there are files about them: the folder below raw/ they lie in, their format and their columns."
  type = object({
    folder = optional(string, "users")
    format = optional(object({
      column_names = optional(list(string))
      delimiter    = optional(string, ",")
      encoding     = optional(string, "UTF-8")
      escape       = optional(string, "\"")
      multiline    = optional(bool, false)
      quote        = optional(string, "\"") # "": a quotation mark has no meaning
      type         = optional(string, "csv")
    }), {})
    metadata = optional(list(object({
      name        = string
      categorical = optional(bool, false)
      column      = optional(string, "") # "": the name
      required    = optional(bool, false)
      separator   = optional(string, "|")
      textual     = optional(bool, false)
      type        = optional(string, "string")
    })), [])
    user_id = optional(string, "USER_ID")
  })
  default = null

  validation {
    condition     = alltrue([for users in var.users[*] : can(regex("^[A-Za-z0-9][A-Za-z0-9_.=-]*(/[A-Za-z0-9][A-Za-z0-9_.=-]*)*$", users.folder))])
    error_message = "Set users.folder to a folder below raw/, without a slash at either end, e.g. \"users\"."
  }

  validation {
    condition     = alltrue([for folder in var.users[*].folder : !startswith("${folder}/", "${var.interactions.folder}/") && !startswith("${var.interactions.folder}/", "${folder}/")])
    error_message = "Give users.folder a folder of its own: it must not be, hold or lie in that of interactions."
  }

  validation {
    condition = alltrue(flatten([for users in var.users[*] : [
      contains(["csv", "json", "parquet"], users.format.type),
      contains(["UTF-8", "ISO-8859-1"], users.format.encoding),
    ]]))
    error_message = "Set users.format.type to csv, json or parquet, and users.format.encoding to UTF-8 or ISO-8859-1."
  }

  validation {
    condition     = alltrue([for users in var.users[*] : users.format.type == "csv" || [users.format.column_names == null, users.format.delimiter, users.format.escape, users.format.multiline, users.format.quote] == [true, ",", "\"", false, "\""]])
    error_message = "Leave column_names, delimiter, escape, multiline and quote out of users.format, or set its type to csv: they are for csv only."
  }

  validation {
    condition = alltrue(flatten([for users in var.users[*] : [
      can(regex("^[^\\r\\n]$", users.format.delimiter)),
      can(regex("^(?s:.)$", users.format.escape)),
      can(regex("^(?s:.)?$", users.format.quote)),
      !contains([users.format.escape, users.format.quote], users.format.delimiter),
      users.format.quote != "" || !users.format.multiline,
    ]]))
    error_message = "Set users.format.delimiter and escape to one character each, and quote to one or to none without multiline; the delimiter must be no line break and differ from both."
  }

  validation {
    condition     = alltrue([for users in var.users[*] : alltrue([for names in [users.format.column_names] : length(names) >= 1 && length(distinct(names)) == length(names) if names != null])])
    error_message = "Name every column of the files once in users.format.column_names, or leave it out if each file's first line names them."
  }

  validation {
    condition = alltrue(flatten([for users in var.users[*] : [
      alltrue([for column in users.metadata : can(regex("^[A-Za-z_][A-Za-z0-9_]{0,149}$", column.name))]),
      alltrue([for column in users.metadata : !contains(["IMPRESSION", "RECOMMENDATION_ID", "EVENT_ATTRIBUTION_SOURCE"], column.name)]),
      length(distinct(concat(["USERID", "ITEMID", "TIMESTAMP", "EVENTTYPE", "EVENTVALUE", "CREATIONTIMESTAMP"], [for column in users.metadata : upper(replace(column.name, "_", ""))]))) == 6 + length(users.metadata),
    ]]))
    error_message = "Name each of users.metadata with 1 to 150 letters, digits and underscores, not with a digit first, and in a way of its own: Personalize ignores underscores, and USER_ID, ITEM_ID, TIMESTAMP, EVENT_TYPE, EVENT_VALUE and CREATION_TIMESTAMP are taken, and so are IMPRESSION, RECOMMENDATION_ID and EVENT_ATTRIBUTION_SOURCE."
  }

  validation {
    condition = alltrue(flatten([for users in var.users[*] : [
      alltrue([for column in users.metadata : contains(["string", "int", "long", "float", "double", "boolean"], column.type) && column.separator != ""]),
      alltrue([for column in users.metadata : !column.textual && (!column.categorical || column.type == "string")]),
    ]]))
    error_message = "Give each of users.metadata the type string, int, long, float, double or boolean and a separator that is not empty; only a string can be categorical, and none textual."
  }

  validation {
    condition     = alltrue([for users in var.users[*] : length(users.metadata) >= 1 && length(users.metadata) <= 25])
    error_message = "Configure 1 to 25 columns in users.metadata: Personalize takes no dataset of ids alone."
  }

  validation {
    condition     = alltrue([for users in var.users[*] : length(users.metadata) == 0 || anytrue([for column in users.metadata : column.categorical || column.textual || contains(["int", "long", "float", "double"], column.type)])])
    error_message = "Configure at least one column in users.metadata that is categorical or a number: Personalize learns nothing from other strings and booleans, and refuses a schema without."
  }
}
