# What a platform team already has, in bucket.tf, key.tf and boundary.tf, and the pipeline in the middle
# of it.

provider "aws" {
  region = var.region
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
}

module "recommendations" {
  source = "../../"

  name = var.name
  tags = { Team = "shop" }

  existing_bucket = {
    name   = aws_s3_bucket.lake.bucket
    prefix = "recommendations/shop/"
  }

  iam_roles = {
    path                     = "/pipelines/"
    permissions_boundary_arn = "arn:${local.partition}:iam::${local.account_id}:policy/${aws_iam_policy.boundary.name}"
  }

  kms_key_arns = {
    bucket        = aws_kms_key.this.arn
    dataset_group = aws_kms_key.this.arn
    logs          = aws_kms_key.this.arn
    messages      = aws_kms_key.this.arn
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
