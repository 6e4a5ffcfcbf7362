# A shop's clickstream: events instead of ratings, recommendations once a day.

provider "aws" {
  region = var.region
}

module "recommendations" {
  source = "../../"

  name          = var.name
  force_destroy = true # an example leaves nothing behind

  interactions = {
    folder  = "events"
    user_id = "visitorid"
    item_id = "itemid"

    timestamp  = { column = "timestamp", unit = "milliseconds" }
    event_type = { column = "event", allowed = ["view", "addtocart", "transaction"] }
  }

  solutions = {
    user-personalization = {
      recipe            = "aws-user-personalization"
      number_of_results = 25
    }
  }

  schedule = {
    expression = "cron(0 3 * * ? *)"
    time_zone  = "UTC"
  }
}
