# Composition only: each module owns one part of the pipeline, in the order of the data.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  # Where this pipeline stands. ARNs are built from it, so that a plan knows them all.
  location = {
    partition  = data.aws_partition.current.partition
    region     = data.aws_region.current.name
    account_id = data.aws_caller_identity.current.account_id
    dns_suffix = data.aws_partition.current.dns_suffix
  }

  # What glue_jobs/configuration.py reads.
  configuration = {
    interactions              = var.interactions
    users                     = var.users
    items                     = var.items
    batch_inputs              = var.batch_inputs
    maximum_quarantined_share = var.maximum_quarantined_share
  }

  folders = {
    for key, dataset in { interactions = var.interactions, users = var.users, items = var.items } :
    key => dataset.folder if dataset != null
  }
}

module "storage" {
  source = "./modules/storage"

  name               = var.name
  location           = local.location
  existing_bucket    = var.existing_bucket
  force_destroy      = var.force_destroy
  kms_key_arn        = var.kms_key_arns.bucket
  notify_eventbridge = var.start_on_new_data != null
  tags               = var.tags
}

module "transform" {
  source = "./modules/transform"

  name                = var.name
  location            = local.location
  bucket_name         = module.storage.bucket_name
  bucket_arn          = module.storage.bucket_arn
  prefix              = module.storage.prefix
  configuration       = jsonencode(local.configuration)
  folders             = local.folders
  maximum_error_share = var.maximum_error_share
  glue                = var.glue
  iam_roles           = var.iam_roles
  kms_key_arns        = var.kms_key_arns
  log_retention_days  = var.log_retention_days
  tags                = var.tags
}

module "personalize" {
  source = "./modules/personalize"

  name         = var.name
  location     = local.location
  bucket_arn   = module.storage.bucket_arn
  prefix       = module.storage.prefix
  interactions = var.interactions
  users        = var.users
  items        = var.items
  iam_roles    = var.iam_roles
  kms_key_arns = var.kms_key_arns
  tags         = var.tags
}

module "monitoring" {
  source = "./modules/monitoring"

  name                   = var.name
  location               = local.location
  dead_letter_queue_name = module.schedule.dead_letter_queue_name
  glue_job_names         = [module.transform.job_name, module.transform.publish_job_name]
  log_group_name         = module.workflow.log_group_name
  monitoring             = var.monitoring
  kms_key_arn            = var.kms_key_arns.messages
  tags                   = var.tags
}

module "workflow" {
  source = "./modules/workflow"

  name        = var.name
  location    = local.location
  bucket_name = module.storage.bucket_name
  prefix      = module.storage.prefix
  glue_jobs = {
    prepare = { name = module.transform.job_name, arn = module.transform.job_arn, timeout_minutes = var.glue.timeout_minutes }
    publish = { name = module.transform.publish_job_name, arn = module.transform.publish_job_arn, timeout_minutes = var.glue.timeout_minutes }
  }
  dataset_group_arn    = module.personalize.dataset_group_arn
  datasets             = module.personalize.datasets
  personalize_role_arn = module.personalize.role_arn
  solutions = {
    for key, solution in var.solutions : key => merge(solution, {
      batch_input_folder = "batch_${solution.batch_input}_input"
      job                = local.recipes[solution.recipe].job
      number_of_results  = local.recipes[solution.recipe].asks == "rankings" ? null : solution.number_of_results
    })
  }
  deadlines          = var.deadlines
  topic_arn          = module.monitoring.topic_arn
  iam_roles          = var.iam_roles
  kms_key_arns       = var.kms_key_arns
  log_retention_days = var.log_retention_days
  tags               = var.tags
}

module "catalog" {
  source = "./modules/catalog"

  name        = var.name
  location    = local.location
  bucket_name = module.storage.bucket_name
  prefix      = module.storage.prefix
  kms_key_arn = var.kms_key_arns.bucket
  tags        = var.tags
  tables = {
    for key, solution in var.solutions :
    key => { asked = var.batch_inputs[solution.batch_input].kind, has_themes = solution.themes_item_name != null }
  }
}

module "schedule" {
  source = "./modules/schedule"

  name              = var.name
  location          = local.location
  state_machine_arn = module.workflow.state_machine_arn
  schedule          = var.schedule
  start_on_new_data = var.start_on_new_data == null ? null : {
    bucket_name = module.storage.bucket_name
    prefix      = module.storage.prefix
    marker      = var.start_on_new_data.marker
  }
  iam_roles   = var.iam_roles
  kms_key_arn = var.kms_key_arns.messages
  tags        = var.tags
}
