# Whose bucket it is, and what protects it.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}" # else random characters, which are no policy
    }
  }
}

variables {
  name     = "shop"
  location = { partition = "aws", region = "eu-central-1", account_id = "123456789012" }
}

run "makes_a_private_bucket" {
  command = plan

  module {
    source = "./modules/storage"
  }

  assert {
    condition     = aws_s3_bucket.this["bucket"].bucket == "shop-123456789012-eu-central-1"
    error_message = "A bucket of its own carries name, account and Region."
  }

  assert {
    condition     = alltrue([for setting in ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"] : aws_s3_bucket_public_access_block.this["bucket"][setting]])
    error_message = "Public access is blocked in all four ways."
  }
}

run "keeps_the_data_unless_told" {
  command = plan

  module {
    source = "./modules/storage"
  }

  assert {
    condition     = aws_s3_bucket.this["bucket"].force_destroy == false
    error_message = "By default a bucket with data is not destroyed."
  }
}

run "encrypts_with_a_given_key" {
  command = plan

  module {
    source = "./modules/storage"
  }

  variables {
    kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1234"
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this["bucket"].rule).apply_server_side_encryption_by_default).kms_master_key_id == "arn:aws:kms:eu-central-1:123456789012:key/1234"
    error_message = "A given key encrypts the bucket."
  }
}

run "changes_nothing_of_an_existing_bucket" {
  command = plan

  module {
    source = "./modules/storage"
  }

  variables {
    existing_bucket = { name = "lake", prefix = "shop/" }
  }

  assert {
    condition     = length(aws_s3_bucket.this) + length(aws_s3_bucket_policy.this) + length(aws_s3_bucket_lifecycle_configuration.this) + length(aws_s3_bucket_versioning.this) == 0
    error_message = "An existing bucket is used as it is."
  }

  assert {
    condition     = output.bucket_arn == "arn:aws:s3:::lake" && output.prefix == "shop/"
    error_message = "The outputs lead to the existing bucket."
  }
}
