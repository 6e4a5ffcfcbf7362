# When the pipeline starts.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}" # else random characters, which are no policy
    }
  }
}

variables {
  name              = "shop"
  location          = { partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  state_machine_arn = "arn:aws:states:eu-central-1:123456789012:stateMachine:shop"
}

run "starts_every_week" {
  command = plan

  module {
    source = "./modules/schedule"
  }

  assert {
    condition     = aws_scheduler_schedule.this.state == "ENABLED" && aws_scheduler_schedule.this.schedule_expression == "cron(0 3 ? * SUN *)"
    error_message = "By default it starts on Sundays."
  }

  assert {
    condition     = one(aws_scheduler_schedule.this.flexible_time_window).mode == "OFF"
    error_message = "By default it starts on time."
  }
}

run "is_there_when_disabled" {
  command = plan

  module {
    source = "./modules/schedule"
  }

  variables {
    schedule = { enabled = false }
  }

  assert {
    condition     = aws_scheduler_schedule.this.state == "DISABLED"
    error_message = "A schedule that is off starts nothing."
  }
}

run "starts_within_a_window" {
  command = plan

  module {
    source = "./modules/schedule"
  }

  variables {
    schedule = { flexible_window_minutes = 30 }
  }

  assert {
    condition     = one(aws_scheduler_schedule.this.flexible_time_window).mode == "FLEXIBLE" && one(aws_scheduler_schedule.this.flexible_time_window).maximum_window_in_minutes == 30
    error_message = "A window spreads the starts."
  }
}

run "has_no_rule_on_new_data" {
  command = plan

  module {
    source = "./modules/schedule"
  }

  assert {
    condition     = length(aws_cloudwatch_event_rule.new_data) + length(aws_iam_role.new_data) == 0
    error_message = "By default new data starts nothing."
  }
}

run "starts_on_new_data" {
  command = plan

  module {
    source = "./modules/schedule"
  }

  variables {
    start_on_new_data = { bucket_name = "lake", marker = "_DONE", prefix = "shop/" }
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.new_data[0].event_pattern).detail.bucket.name[0] == "lake"
    error_message = "The rule looks at the bucket."
  }

  assert {
    condition     = contains(jsondecode(aws_cloudwatch_event_rule.new_data[0].event_pattern).detail.object.key, "shop/raw/_DONE")
    error_message = "The rule looks for the marker below the prefix."
  }
}

run "refuses_a_time_zone_that_is_none" {
  command = plan

  module {
    source = "./modules/schedule"
  }

  variables {
    schedule = { time_zone = "Europe/Atlantis" }
  }

  expect_failures = [var.schedule]
}
