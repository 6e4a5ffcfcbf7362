# The walk-through: recommendations for every MovieLens user, once a week.

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

  solutions = {
    user-personalization = {
      recipe            = "aws-user-personalization"
      number_of_results = 25
    }
  }

  schedule = {
    expression = "cron(0 3 ? * SUN *)"
    time_zone  = "UTC"
  }
}
