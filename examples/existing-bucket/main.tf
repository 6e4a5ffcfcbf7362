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

  # The key is new when this example is first planned, and its ARN unknown; a formatted text is
  # known not to be null, by which the module decides what there is. Of a key that exists, the ARN
  # will do.
  key_arn = format("%s", aws_kms_key.this.arn)
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
