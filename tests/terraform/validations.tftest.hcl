# What the root module refuses at plan time, one behaviour a run. A test runs this file in a copy.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
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

run "refuses_a_name_of_36_characters" {
  command = plan

  variables {
    name = "a23456789012345678901234567890123456"
  }

  expect_failures = [var.name]
}

run "refuses_a_name_that_ends_with_a_hyphen" {
  command = plan

  variables {
    name = "movies-"
  }

  expect_failures = [var.name]
}

run "refuses_another_glue_release" {
  command = plan

  variables {
    glue = { version = "4.0" }
  }

  expect_failures = [var.glue]
}

run "refuses_an_unknown_worker_type" {
  command = plan

  variables {
    glue = { worker_type = "Z.2X" }
  }

  expect_failures = [var.glue]
}

run "refuses_a_single_worker" {
  command = plan

  variables {
    glue = { number_of_workers = 1 }
  }

  expect_failures = [var.glue]
}

run "refuses_a_timeout_of_no_minutes" {
  command = plan

  variables {
    glue = { timeout_minutes = 0 }
  }

  expect_failures = [var.glue]
}

run "refuses_a_folder_with_a_slash_at_its_end" {
  command = plan

  variables {
    interactions = { folder = "ratings/" }
  }

  expect_failures = [var.interactions]
}

run "refuses_a_retention_that_cloudwatch_has_not" {
  command = plan

  variables {
    log_retention_days = 8
  }

  expect_failures = [var.log_retention_days]
}

run "refuses_a_cron_of_five_fields" {
  command = plan

  variables {
    schedule = { expression = "cron(0 3 * * SUN)" }
  }

  expect_failures = [var.schedule]
}

run "refuses_a_rate_without_a_unit" {
  command = plan

  variables {
    schedule = { expression = "rate(7)" }
  }

  expect_failures = [var.schedule]
}

run "refuses_no_solution" {
  command = plan

  variables {
    solutions = {}
  }

  expect_failures = [var.solutions]
}

run "refuses_a_recipe_without_batch_inference" {
  command = plan

  variables {
    solutions = { trending = { recipe = "aws-trending-now" } }
  }

  expect_failures = [var.solutions]
}

run "refuses_501_results" {
  command = plan

  variables {
    solutions = { users = { number_of_results = 501 } }
  }

  expect_failures = [var.solutions]
}

run "refuses_a_solution_key_of_21_characters" {
  command = plan

  variables {
    solutions = { user-personalization2 = {} }
  }

  expect_failures = [var.solutions]
}
