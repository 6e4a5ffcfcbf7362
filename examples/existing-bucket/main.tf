# What a platform team already has, in bucket.tf, key.tf, boundary.tf and topic.tf, and the
# pipeline in the middle of it.

provider "aws" {
  region = var.region
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition

  # The first plan doesn't know the ARN of a key that it makes, not even whether it is null, by which
  # the module decides what there is. Built so, it can't be. Of a key that exists, its ARN will do.
  key_arn = "arn:${local.partition}:kms:${var.region}:${local.account_id}:key/${aws_kms_key.this.key_id}"
}

module "recommendations" {
  source = "../../"

  name = var.name
  tags = { Team = "shop" }

  existing_bucket = {
    name   = aws_s3_bucket_server_side_encryption_configuration.lake.bucket # no object before it encrypts
    prefix = "recommendations/shop/"
  }

  iam_roles = {
    path                     = "/pipelines/"
    permissions_boundary_arn = "arn:${local.partition}:iam::${local.account_id}:policy/${aws_iam_policy.boundary.name}"
  }

  kms_key_arns = {
    bucket        = local.key_arn
    dataset_group = local.key_arn
    logs          = local.key_arn
    messages      = local.key_arn
  }

  monitoring = {
    topic_arn = local.topic_arn
  }

  interactions = {
    folder  = "movielens"
    format  = { delimiter = "\t", quote = "" } # HetRec 2011
    user_id = "userID"
    item_id = "movieID"

    timestamp   = { column = "timestamp" }
    event_value = { column = "rating", minimum = 3.5, imported = false }
  }
}
