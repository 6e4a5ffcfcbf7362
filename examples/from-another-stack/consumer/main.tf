# A stack that reads recommendations: it knows no bucket, prefix or key but those in the other
# stack's outputs.

provider "aws" {
  region = var.region
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "terraform_remote_state" "recommendations" {
  backend = "local" # in earnest "s3" or "remote", with the configuration of the other stack's backend

  config = {
    path = var.recommendations_state
  }
}

locals {
  recommendations = data.terraform_remote_state.recommendations.outputs
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    # Against the confused deputy: only for tasks of this account in this Region.
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${data.aws_partition.current.partition}:ecs:${var.region}:${data.aws_caller_identity.current.account_id}:*"]
    }
  }
}

resource "aws_iam_role" "reader" {
  name               = var.name
  description        = "What the tasks that show recommendations may do."
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "recommendations" {
  name   = "read-recommendations"
  role   = aws_iam_role.reader.id
  policy = local.recommendations.consumer_policy_json
}
