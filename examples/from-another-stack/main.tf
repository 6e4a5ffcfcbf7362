# One stack makes the pipeline; another, in consumer/, reads what it recommends. Each has its own
# state, and the second knows of the first what its outputs say.

provider "aws" {
  region = var.region

  default_tags {
    tags = { Stack = "recommendations" }
  }
}

module "recommendations" {
  # From another repository, at a release:
  #   source = "git::https://HOST/PATH/terraform-aws-personalize-batch.git?ref=v0.1.0"
  source = "../../"

  name          = var.name
  force_destroy = true # an example leaves nothing behind

  interactions = {
    folder = "purchases"
  }

  solutions = {
    for-you = {}
    similar = { recipe = "aws-similar-items", batch_input = "products" }
  }

  batch_inputs = {
    users    = {}
    products = { kind = "items" }
  }
}
