# That the whole module, not only its variables, accepts and refuses. A test runs this in a copy.

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
