# What no role of the account's pipelines may exceed: things of this account, and this bucket.

data "aws_iam_policy_document" "boundary" {
  #checkov:skip=CKV_BATCHREC_3:A boundary grants nothing; what the roles may do, their own policies name.
  statement {
    sid = "UseWhatBelongsToTheAccount"
    actions = [
      "glue:*",
      "iam:PassRole",
      "kms:*",
      "personalize:*",
      "sns:Publish",
      "sqs:SendMessage",
      "states:*",
    ]
    resources = ["arn:${local.partition}:*:*:${local.account_id}:*"]
  }

  statement {
    sid     = "UseTheLake"
    actions = ["s3:*"]
    resources = [
      "arn:${local.partition}:s3:::${aws_s3_bucket.lake.bucket}",
      "arn:${local.partition}:s3:::${aws_s3_bucket.lake.bucket}/*",
    ]
  }

  # Log delivery, metrics, tracing and these lists know no resources.
  statement {
    #checkov:skip=CKV_AWS_111:These actions take no resource.
    #checkov:skip=CKV_AWS_356:These actions take no resource.
    sid = "UseWhatHasNoResource"
    actions = [
      "cloudwatch:PutMetricData",
      "logs:*",
      "personalize:ListFilters",
      "personalize:ListSolutions",
      "states:SendTaskFailure",
      "xray:*",
    ]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "boundary" {
  name        = "${var.name}-boundary"
  description = "What no role of the pipelines may exceed."
  policy      = data.aws_iam_policy_document.boundary.json
}
