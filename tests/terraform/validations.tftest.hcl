# That the whole module, not only its variables, accepts and refuses. A test runs this in a copy.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }

  # The provider looks at every ARN.
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_region" {
    defaults = { name = "eu-central-1" }
  }
}

variables {
  name = "movielens"
}

run "accepts_a_bare_name" {
  command = plan
}

run "refuses_an_upper_case_name" {
  command = plan

  variables {
    name = "Movies"
  }

  expect_failures = [var.name]
}

run "accepts_users_and_items" {
  command = plan

  variables {
    users = { metadata = [{ name = "AGE", type = "int" }] }
    items = { metadata = [{ name = "GENRES", categorical = true }] }
  }
}

run "refuses_users_among_the_interactions" {
  command = plan

  variables {
    users = { folder = "interactions/users", metadata = [{ name = "AGE", type = "int" }] }
  }

  expect_failures = [var.users]
}

run "refuses_a_batch_input_that_is_not_there" {
  command = plan

  variables {
    solutions = { popular = { batch_input = "everybody" } }
  }

  expect_failures = [var.solutions]
}

run "accepts_what_the_caller_brings" {
  command = plan

  variables {
    existing_bucket = { name = "lake", prefix = "shop/" }
    iam_roles       = { path = "/pipelines/" }
    monitoring      = { topic_arn = "arn:aws:sns:eu-central-1:123456789012:alerts" }
    tags            = { Team = "data" }
  }

  assert {
    condition     = output.bucket_name == "lake" && output.raw_interactions_prefix == "shop/raw/interactions/"
    error_message = "The pipeline works in the existing bucket, below the prefix."
  }
}

run "has_prefixes_of_the_datasets_there_are" {
  command = plan

  variables {
    users = { metadata = [{ name = "AGE", type = "int" }] }
  }

  assert {
    condition     = output.raw_users_prefix == "raw/users/" && output.raw_items_prefix == null
    error_message = "Users have a prefix, and items, which aren't there, have none."
  }
}
