data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.location.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [local.state_machine_arn]
    }
  }
}

resource "aws_iam_role" "this" {
  name                 = "${var.name}-${var.location.region}-workflow" # names of roles are one for all Regions of an account
  description          = "What the state machine of the pipeline ${var.name} may do."
  path                 = var.iam_roles.path
  permissions_boundary = var.iam_roles.permissions_boundary_arn
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  tags                 = var.tags
}

locals {
  bucket_arn        = "arn:${var.location.partition}:s3:::${var.bucket_name}"
  state_machine_arn = "arn:${var.location.partition}:states:${var.location.region}:${var.location.account_id}:stateMachine:${var.name}"
  execution_arn     = replace(local.state_machine_arn, ":stateMachine:", ":execution:")

  own_solutions = ["${local.arn_prefix}:solution/${var.name}-*"]
  own_filters   = "${local.arn_prefix}:filter/${var.name}-*"
}

data "aws_iam_policy_document" "permissions" {
  # The four that startJobRun.sync needs (Step Functions Developer Guide, IAM policies for Glue).
  statement {
    sid       = "RunGlueJobs"
    actions   = ["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"]
    resources = [for job in values(var.glue_jobs) : job.arn]
  }

  statement {
    sid     = "ReadReportsAndManifest"
    actions = ["s3:GetObject"]
    resources = [
      "${local.bucket_arn}/${var.prefix}transformed/*/report.json",
      "${local.bucket_arn}/${var.prefix}curated/*/publication.json",
      "${local.bucket_arn}/${var.prefix}curated/latest.json",
    ]
  }

  # Without it, an object that isn't there is one that may not be read.
  statement {
    sid       = "TellMissingFromForbidden"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["${var.prefix}transformed/*", "${var.prefix}curated/*"]
    }
  }

  statement {
    sid     = "ImportDatasets"
    actions = ["personalize:CreateDatasetImportJob", "personalize:DescribeDatasetImportJob"]
    resources = concat(
      values(var.datasets),
      ["${local.arn_prefix}:dataset-import-job/*"], # job names begin with the run
    )
  }

  # A solution version's ARN continues its solution's.
  statement {
    sid = "TrainSolutions"
    actions = [
      "personalize:CreateSolution",
      "personalize:DescribeSolution",
      "personalize:UpdateSolution",
      "personalize:CreateSolutionVersion",
      "personalize:DescribeSolutionVersion",
      "personalize:GetSolutionMetrics",
    ]
    resources = concat([var.dataset_group_arn], local.own_solutions)
  }

  statement {
    sid       = "CreateFilters"
    actions   = ["personalize:CreateFilter", "personalize:DescribeFilter"]
    resources = [var.dataset_group_arn, local.own_filters]
  }

  statement {
    sid = "RunBatchJobs"
    actions = [
      "personalize:CreateBatchInferenceJob",
      "personalize:DescribeBatchInferenceJob",
      "personalize:CreateBatchSegmentJob",
      "personalize:DescribeBatchSegmentJob",
    ]
    resources = concat(
      ["${local.arn_prefix}:batch-inference-job/*", "${local.arn_prefix}:batch-segment-job/*"], # job names begin with the run
      local.own_solutions,
      [local.own_filters],
    )
  }

  # Solutions and filters of earlier configurations too.
  statement {
    sid = "TearDown"
    actions = [
      "personalize:StopSolutionVersionCreation",
      "personalize:DeleteSolution",
      "personalize:DeleteFilter",
    ]
    resources = concat(local.own_solutions, [local.own_filters])
  }

  # It takes no resource either, and is asked for what is created with tags.
  dynamic "statement" {
    for_each = length(var.tags) == 0 ? [] : [1]

    content {
      sid       = "TagWhatItCreates"
      actions   = ["personalize:TagResource"]
      resources = ["*"]
    }
  }

  # These take no resource (Service Authorization Reference, Personalize and Step Functions). What
  # can be failed is named by a token that only its own execution knows.
  statement {
    sid       = "ListForTeardownAndFailOwnTasks"
    actions   = ["personalize:ListSolutions", "personalize:ListFilters", "states:SendTaskFailure"]
    resources = ["*"]
  }

  statement {
    sid       = "LetPersonalizeUseItsRole"
    actions   = ["iam:PassRole"]
    resources = [var.personalize_role_arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["personalize.amazonaws.com"]
    }
  }

  # What Distributed Map states need, for children and their redrive, and a look at who else runs
  # (Step Functions Developer Guide, IAM policies for Distributed Map states).
  statement {
    sid       = "StartChildrenAndSeeOtherRuns"
    actions   = ["states:StartExecution", "states:ListExecutions"]
    resources = [local.state_machine_arn]
  }

  statement {
    sid     = "FollowChildrenAndStopOtherRuns"
    actions = ["states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"]
    resources = [
      "${local.execution_arn}:*",
      "${local.execution_arn}/*",
    ]
  }

  statement {
    sid       = "Notify"
    actions   = ["sns:Publish"]
    resources = [var.topic_arn]
  }

  # What is encrypted, only through the service that keeps it.
  dynamic "statement" {
    for_each = { for service, key in { s3 = var.kms_key_arns.bucket, sns = var.kms_key_arns.messages } : service => key if key != null }

    content {
      sid       = { s3 = "ReadEncryptedObjects", sns = "EncryptNotifications" }[statement.key]
      actions   = { s3 = ["kms:Decrypt"], sns = ["kms:Decrypt", "kms:GenerateDataKey"] }[statement.key]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["${statement.key}.${var.location.region}.${var.location.dns_suffix}"]
      }
    }
  }

  # Log delivery and tracing know no resources (Step Functions Developer Guide, Logging to
  # CloudWatch Logs; X-Ray Developer Guide, identity-based policies).
  statement {
    #checkov:skip=CKV_AWS_111:These actions take no resource.
    #checkov:skip=CKV_AWS_356:These actions take no resource.
    sid = "DeliverLogsAndTraces"
    actions = [
      "logs:CreateLogDelivery",
      "logs:GetLogDelivery",
      "logs:UpdateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:DescribeResourcePolicies",
      "logs:DescribeLogGroups",
      "xray:PutTraceSegments",
      "xray:PutTelemetryRecords",
      "xray:GetSamplingRules",
      "xray:GetSamplingTargets",
    ]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "this" {
  name   = "pipeline"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.permissions.json
}
