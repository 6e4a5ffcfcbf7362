# A topic that the platform team reads already. The pipeline changes nothing of it: its owner adds
# what the pipeline's topic_policy_json says.

locals {
  topic_arn = "arn:${local.partition}:sns:${var.region}:${local.account_id}:${var.name}-platform"
}

resource "aws_sns_topic" "platform" {
  name              = "${var.name}-platform"
  kms_master_key_id = aws_kms_key.this.arn
}

data "aws_iam_policy_document" "topic" {
  source_policy_documents = [module.recommendations.topic_policy_json] # and those of others
}

resource "aws_sns_topic_policy" "platform" {
  arn    = aws_sns_topic.platform.arn
  policy = data.aws_iam_policy_document.topic.json
}
