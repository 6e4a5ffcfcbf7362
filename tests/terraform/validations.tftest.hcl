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
