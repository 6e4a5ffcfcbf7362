# Who is told, and by which alarms.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}" # else random characters, which are no policy
    }
  }
}

variables {
  name                   = "shop"
  location               = { partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  dead_letter_queue_name = "shop-schedule-dead-letters"
}

run "makes_an_encrypted_topic" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  assert {
    condition     = length(aws_sns_topic.this) == 1 && length(aws_kms_key.this) == 1 && aws_kms_key.this[0].enable_key_rotation
    error_message = "A topic of its own is encrypted with a key that rotates."
  }
}

run "uses_a_given_key" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1234"
  }

  assert {
    condition     = length(aws_kms_key.this) == 0 && aws_sns_topic.this[0].kms_master_key_id == "arn:aws:kms:eu-central-1:123456789012:key/1234"
    error_message = "A given key encrypts the topic."
  }
}

run "uses_a_given_topic" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    monitoring = { topic_arn = "arn:aws:sns:eu-central-1:123456789012:alerts" }
  }

  assert {
    condition     = length(aws_sns_topic.this) + length(aws_sns_topic_policy.this) + length(aws_kms_key.this) == 0
    error_message = "A given topic is used as it is."
  }

  assert {
    condition     = output.topic_arn == "arn:aws:sns:eu-central-1:123456789012:alerts"
    error_message = "The output leads to the given topic."
  }
}

run "alarms_by_default" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.failures) + length(aws_cloudwatch_metric_alarm.slow) + length(aws_cloudwatch_metric_alarm.dead_letters) == 3 && length(aws_cloudwatch_dashboard.this) == 1
    error_message = "Failures, slow runs and dead letters are watched."
  }
}

run "watches_for_success_when_asked" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    monitoring = { maximum_days_without_success = 2 }
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.no_success) == 1
    error_message = "Days without a success are watched when a number is given."
  }
}

run "has_no_alarms_when_off" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    monitoring = { enabled = false }
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.failures) + length(aws_cloudwatch_metric_alarm.slow) + length(aws_cloudwatch_metric_alarm.dead_letters) + length(aws_cloudwatch_dashboard.this) == 0
    error_message = "Off, there is neither alarm nor dashboard."
  }

  assert {
    condition     = length(aws_sns_topic.this) == 1
    error_message = "Off, runs still tell the topic how they end."
  }
}

run "tells_each_address" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    monitoring = { email_addresses = ["one@example.com", "two@example.com"] }
  }

  assert {
    condition     = length(aws_sns_topic_subscription.email) == 2
    error_message = "Each address is subscribed."
  }
}

run "refuses_addresses_beside_a_given_topic" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    monitoring = { email_addresses = ["one@example.com"], topic_arn = "arn:aws:sns:eu-central-1:123456789012:alerts" }
  }

  expect_failures = [var.monitoring]
}
