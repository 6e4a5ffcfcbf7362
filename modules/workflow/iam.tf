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
      values   = ["arn:${var.location.partition}:states:${var.location.region}:${var.location.account_id}:stateMachine:${var.name}"]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = "${var.name}-workflow"
  description        = "What the state machine of the pipeline ${var.name} may do."
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

data "aws_iam_policy_document" "permissions" {
  # The four that startJobRun.sync needs (Step Functions Developer Guide, IAM policies for Glue).
  statement {
    sid       = "RunGlueJob"
    actions   = ["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"]
    resources = [var.glue_job_arn]
  }

  statement {
    sid     = "ImportDatasets"
    actions = ["personalize:CreateDatasetImportJob", "personalize:DescribeDatasetImportJob"]
    resources = concat(
      values(var.datasets),
      ["${local.arn_prefix}:dataset-import-job/*"], # job names begin with the run
    )
  }

  statement {
    sid = "TrainSolutions"
    actions = [
      "personalize:CreateSolution",
      "personalize:DescribeSolution",
      "personalize:CreateSolutionVersion",
      "personalize:DescribeSolutionVersion",
      "personalize:GetSolutionMetrics",
    ]
    # A solution version's ARN continues its solution's.
    resources = concat(
      [var.dataset_group_arn],
      flatten([for name in values(local.solution_names) : [
        "${local.arn_prefix}:solution/${name}",
        "${local.arn_prefix}:solution/${name}/*",
      ]]),
    )
  }

  statement {
    sid     = "RunBatchInference"
    actions = ["personalize:CreateBatchInferenceJob", "personalize:DescribeBatchInferenceJob"]
    resources = concat(
      ["${local.arn_prefix}:batch-inference-job/*"], # job names begin with the run
      flatten([for name in values(local.solution_names) : [
        "${local.arn_prefix}:solution/${name}",
        "${local.arn_prefix}:solution/${name}/*",
      ]]),
    )
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
