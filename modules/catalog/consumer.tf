# What whoever reads the recommendations needs: the manifest, the tables that it leads to, and the
# catalogue for Athena.

locals {
  bucket_arn  = "arn:${var.location.partition}:s3:::${var.bucket_name}"
  catalog_arn = "arn:${var.location.partition}:glue:${var.location.region}:${var.location.account_id}"
}

data "aws_iam_policy_document" "consumer" {
  statement {
    sid     = "ReadRecommendations"
    actions = ["s3:GetObject"]
    resources = [
      "${local.bucket_arn}/${var.prefix}curated/latest.json",
      "${local.bucket_arn}/${var.prefix}curated/*/tables/*",
    ]
  }

  statement {
    sid       = "ListRecommendations"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["${var.prefix}curated/*"]
    }
  }

  # Athena asks where the bucket is (Athena User Guide, Control access to Amazon S3 from Athena).
  statement {
    sid       = "LocateBucket"
    actions   = ["s3:GetBucketLocation"]
    resources = [local.bucket_arn]
  }

  statement {
    sid     = "QueryTables"
    actions = ["glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:GetPartition", "glue:GetPartitions"]
    resources = [
      "${local.catalog_arn}:catalog",
      "${local.catalog_arn}:database/${local.database_name}",
      "${local.catalog_arn}:table/${local.database_name}/*",
    ]
  }

  dynamic "statement" {
    for_each = var.kms_key_arn[*]

    content {
      sid       = "DecryptRecommendations"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["s3.${var.location.region}.${var.location.dns_suffix}"]
      }
    }
  }
}
