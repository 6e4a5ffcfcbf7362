# Which datasets there are.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}" # else random characters, which are no policy
    }
  }
}

variables {
  name       = "shop"
  location   = { partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  bucket_arn = "arn:aws:s3:::some-bucket"
}

run "imports_interactions_only" {
  command = plan

  module {
    source = "./modules/personalize"
  }

  assert {
    condition     = keys(aws_cloudcontrolapi_resource.dataset) == ["interactions"]
    error_message = "Without users and items there is one dataset."
  }
}

run "adds_users" {
  command = plan

  module {
    source = "./modules/personalize"
  }

  variables {
    users = { metadata = [{ name = "AGE", type = "int" }] }
  }

  assert {
    condition     = keys(aws_cloudcontrolapi_resource.dataset) == ["interactions", "users"]
    error_message = "Users have a dataset."
  }

  assert {
    condition     = keys(aws_cloudcontrolapi_resource.schema) == ["interactions", "users"]
    error_message = "Users have a schema."
  }
}

run "adds_items" {
  command = plan

  module {
    source = "./modules/personalize"
  }

  variables {
    items = { metadata = [{ name = "GENRES", categorical = true }] }
  }

  assert {
    condition     = keys(aws_cloudcontrolapi_resource.dataset) == ["interactions", "items"]
    error_message = "Items have a dataset."
  }
}

run "names_a_schema_after_its_content" {
  command = plan

  module {
    source = "./modules/personalize"
  }

  variables {
    interactions = { event_type = {} }
  }

  assert {
    condition     = startswith(jsondecode(aws_cloudcontrolapi_resource.schema["interactions"].desired_state).Name, "shop-interactions-")
    error_message = "A schema carries the name."
  }

  assert {
    condition     = contains([for field in jsondecode(jsondecode(aws_cloudcontrolapi_resource.schema["interactions"].desired_state).Schema).fields : field.name], "EVENT_TYPE")
    error_message = "The event type is a field of the schema."
  }
}
