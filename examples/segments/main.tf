# One dataset, three questions: items for users, items like an item, users for an item.

provider "aws" {
  region = var.region
}

module "recommendations" {
  source = "../../"

  name          = var.name
  force_destroy = true # an example leaves nothing behind

  interactions = {
    folder  = "movielens"
    format  = { delimiter = "\t", quote = "" } # HetRec 2011
    user_id = "userID"
    item_id = "movieID"

    timestamp   = { column = "timestamp" }
    event_value = { column = "rating", minimum = var.minimum_rating, imported = false }
  }

  batch_inputs = {
    users         = {}
    items         = { kind = "items" }
    popular_items = { kind = "items", most_frequent = 50 }
  }

  solutions = {
    user-personalization = {
      recipe            = "aws-user-personalization"
      number_of_results = 25
    }

    similar-items = {
      recipe            = "aws-similar-items"
      batch_input       = "items"
      number_of_results = 25
    }

    item-affinity = {
      recipe            = "aws-item-affinity"
      batch_input       = "popular_items"
      number_of_results = 100 # users for each item
    }
  }

  schedule = {
    expression = "cron(0 3 ? * SUN *)"
    time_zone  = "UTC"
  }
}
